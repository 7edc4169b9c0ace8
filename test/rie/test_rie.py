"""Functions on runtime/lambda in hosts that are not of its own making: AWS's Runtime Interface
Emulator, which carries the code of Lambda's real Runtime API, and, for what that does not show,
build/lambda-local. The functions are the examples, one that fails as it is told, and build/bootstrap.
"""

import json
import os
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "deploy", "demo"))
os.chdir(ROOT)

from cloud import Cloud, clean_environment  # noqa: E402
from emulator import Emulator  # noqa: E402

RIE = os.environ.get("RIE")
BUILD = os.environ.get("BUILD", "build")
ECHO, STREAM = f"{BUILD}/examples/echo", f"{BUILD}/examples/stream"
FAULTY, BOOTSTRAP = f"{BUILD}/test/rie/faulty", f"{BUILD}/bootstrap"
PRELUDE = b'{"statusCode":200,"headers":{"Content-Type":"text/plain"}}' + 8 * b"\0"
MOST_LINES = 500000  # of the streaming example
LIMIT_S = 60


def lines(last):
    return b"".join(b"%d\n" % i for i in range(1, last + 1))


class WithFolder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="user-rie-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name


class Locally(WithFolder):
    """In build/lambda-local."""

    def invoke(self, function, event):
        outcomes = os.path.join(self.folder, "outcomes.jsonl")
        run = subprocess.run([f"{BUILD}/lambda-local", "--event", "-", "--outcomes", outcomes,
                              function], input=event.encode(), stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, timeout=LIMIT_S, check=False,
                             env=clean_environment())
        with open(outcomes, encoding="utf-8") as file:
            outcome = json.loads(file.readline())
        return run.returncode, run.stdout, outcome

    def test_echo_answers_with_the_event(self):
        for event in ('{"a":[1,2]}', '"' + "x" * 100000 + '"'):
            status, answer, _ = self.invoke(ECHO, event)
            self.assertEqual((status, answer.decode()), (0, event + "\n"))

    def test_a_stream_comes_whole_with_its_prelude(self):
        for last in (0, 3, 1000, MOST_LINES):
            with self.subTest(last):
                status, answer, _ = self.invoke(STREAM, str(last))
                self.assertEqual(status, 0)
                self.assertEqual(answer, PRELUDE + lines(last) + b"\n")

    def test_a_stream_that_fails_in_the_middle_is_an_error(self):
        status, answer, outcome = self.invoke(STREAM, str(MOST_LINES + 1))
        self.assertEqual(status, 1)
        self.assertEqual(outcome["errorType"], "Function.Limit")
        self.assertEqual(json.loads(answer)["errorMessage"], "too far to count")

    def test_a_stream_that_fails_before_it_begins_is_an_error(self):
        status, answer, outcome = self.invoke(STREAM, '"x"')
        self.assertEqual((status, outcome["errorType"]), (1, "Function.Input"))
        self.assertEqual(json.loads(answer)["errorMessage"], "the event is not a number")


@unittest.skipUnless(RIE, "there is no Runtime Interface Emulator here")
class InTheEmulator(WithFolder):
    def start(self, function, environment=None):
        emulator = Emulator(RIE, function, environment or clean_environment(),
                            os.path.join(self.folder, "rie.log"))
        self.addCleanup(emulator.close)
        return emulator

    def test_echo_answers_with_the_event(self):
        emulator = self.start(ECHO)
        for event in ("{}", '{"a":"\\u00e9"}', '"' + "x" * 1000000 + '"', "3"):
            self.assertEqual(emulator.invoke(event).decode(), event)

    def test_a_response_of_six_mebibytes_comes_back(self):
        event = '"' + "x" * (6 * 1024 * 1024 - 2) + '"'
        self.assertEqual(self.start(ECHO).invoke(event).decode(), event)

    def test_a_larger_response_is_an_error_and_the_next_is_served(self):
        emulator = self.start(FAULTY)
        error = json.loads(emulator.invoke('"large"'))
        self.assertEqual(error["errorType"], "Function.ResponseSizeTooLarge")
        self.assertEqual(error["errorMessage"], "the response is past 6291556 bytes")
        self.assertIn("deadline", json.loads(emulator.invoke("{}")))

    def test_there_is_a_deadline(self):
        left = json.loads(self.start(FAULTY).invoke("{}"))["deadline"]
        self.assertGreater(left, 0)
        self.assertLess(left, 400000)

    def test_an_error_has_its_type_and_message(self):
        emulator = self.start(FAULTY)
        for _ in range(2):
            error = json.loads(emulator.invoke('"typed"'))
            self.assertEqual(error["errorType"], "Function.NoSuchUser")
            self.assertEqual(error["errorMessage"], 'no "such" user: \u00e9\x01')
            self.assertRegex(error["stackTrace"][0], r"^test/rie/faulty\.c:\d+$")

    def test_a_stream_comes_whole_with_its_prelude(self):
        emulator = self.start(STREAM)
        for last in (3, MOST_LINES, 0):
            self.assertEqual(emulator.invoke(str(last)), PRELUDE + lines(last))

    def test_a_stream_that_fails_in_the_middle_ends_and_the_next_is_served(self):
        """The emulator passes on what it has; trailers it knows, but shows to nobody."""
        emulator = self.start(STREAM)
        self.assertTrue(emulator.invoke(str(MOST_LINES + 1)).startswith(PRELUDE + lines(1000)))
        self.assertEqual(emulator.invoke("2"), PRELUDE + lines(2))
        self.assertNotIn("refused", emulator.log())

    def test_a_crash_is_told_with_its_addresses(self):
        for event, kind in (('"segv"', "Function.SegmentationFault"),
                            ('"abort"', "Function.Aborted")):
            with self.subTest(event):
                emulator = self.start(FAULTY)
                error = json.loads(emulator.invoke(event))
                self.assertEqual(error["errorType"], kind)
                self.assertRegex(error["stackTrace"][0], "^0x[0-9a-f]+")
                emulator.close()

    def test_the_function_stores_the_users_of_a_direct_event(self):
        cloud = Cloud(os.path.join(self.folder, "moto.log"))
        self.addCleanup(cloud.close)
        cloud.set_up([])
        emulator = self.start(BOOTSTRAP, cloud.role_environment())
        with open("test/data/events/direct.json", encoding="utf-8") as file:
            answer = json.loads(emulator.invoke(file.read()))
        self.assertNotIn("errorType", answer, emulator.log())
        self.assertEqual(sorted(cloud.stored_users()), ["2", "u-1"])

    def test_the_function_says_what_is_wrong_with_its_settings(self):
        environment = {**clean_environment(), "AWS_REGION": "eu-west-1", "WRITE_MODE": "oldest",
                       "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
                       "AWS_SECRET_ACCESS_KEY": "secret-example"}
        emulator = self.start(BOOTSTRAP, environment)
        error = json.loads(emulator.invoke("{}"))
        self.assertRegex(error["errorType"], r"^Runtime\.[A-Z]")
        self.assertIn("WRITE_MODE", error["errorMessage"])
        self.assertNotIn("secret-example", emulator.log())


def main():
    result = unittest.TextTestRunner(verbosity=2).run(
        unittest.defaultTestLoader.loadTestsFromModule(sys.modules[__name__]))
    failed = len(result.failures) + len(result.errors)
    skipped = len(result.skipped)
    if skipped:
        print(f"skipped: {skipped} tests: {result.skipped[0][1]}")
    print(f"{result.testsRun - failed - skipped} passed, {failed} failed")
    return 0 if result.wasSuccessful() and result.testsRun > skipped else 1


if __name__ == "__main__":
    sys.exit(main())
