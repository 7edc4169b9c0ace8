"""Runs the integration tests against one target: starts it, deploys, tests, removes, ends it.

    main.py TARGET [WORD...]      endpoint (ENDPOINT=http://..), docker, localstack or moto;
                                  with words only the tests whose names hold one of them
"""

import os
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import processes
import targets
from stack import OslsFailed
from world import WORLD

ORDER = ["test_template", "test_permissions", "test_resources", "test_ingest", "test_failures",
         "test_executor", "test_lifecycle"]


def say(text):
    print(text, flush=True)


def suite_of(words):
    loader = unittest.defaultTestLoader
    chosen = unittest.TestSuite()
    for test in flat(loader.loadTestsFromNames(ORDER)):
        if not words or any(word in test.id() for word in words):
            chosen.addTest(test)
    return chosen


def flat(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from flat(test)
        else:
            yield test


class Result(unittest.TextTestResult):
    """Says of each test how long it took, when that is worth a word."""

    def startTest(self, test):
        self.begun = time.monotonic()
        super().startTest(test)

    def addSuccess(self, test):
        took = time.monotonic() - self.begun
        if took >= 1:
            self.stream.write(f"({took:.0f} s) ")
        super().addSuccess(test)

    def getDescription(self, test):
        if not hasattr(test, "_testMethodName"):  # a whole class that could not be set up
            return str(test)
        _, group, name = test.id().rsplit(".", 2)
        return f"{group} {name.replace('test_', '', 1)}".replace("_", " ")


def deploy():
    begun = time.monotonic()
    WORLD.stack.deploy()
    WORLD.deployed()
    say(f"deployed {WORLD.stack.name} in {time.monotonic() - begun:.0f} s")


def run_tests(words):
    """The closing line's numbers."""
    try:
        deploy()
    except OslsFailed as error:
        say(f"{error}\nthe end of the target's log:\n{WORLD.target.end_of_log()}")
        return 0, 1
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2, resultclass=Result).run(
        suite_of(words))
    failed = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
    if failed:
        say(f"the end of the target's log:\n{WORLD.target.end_of_log()}")
    return result.testsRun - failed - len(result.skipped), failed


def leave():
    """What is not ours to end shall not keep our stack."""
    WORLD.end()
    if isinstance(WORLD.target, targets.OwnEndpoint):
        try:
            WORLD.stack.remove()
        except Exception as error:  # whatever it is, the stack may be gone already
            if "does not exist" not in str(error) and "NoSuchBucket" not in str(error):
                say(f"the stack {WORLD.stack.name} may be left at {WORLD.target.url}: {error}")


def keep_proxies_out():
    """What we start is on this machine, whatever proxy the rest of the world is behind."""
    for name in ("no_proxy", "NO_PROXY"):
        os.environ[name] = ",".join(["127.0.0.1", "localhost"] + [
            one for one in [os.environ.get(name)] if one])


def main():
    keep_proxies_out()
    processes.adopt_orphans()
    processes.end_on_signals()
    target = targets.make_target(sys.argv[1])
    passed, failed = 0, 1
    try:
        target.start()
        say(f"integration tests on {target.title}, {target.url}")
        WORLD.begin(target)
        passed, failed = run_tests(sys.argv[2:])
        leave()
    except (targets.CannotStart, AssertionError) as error:
        say(f"integration: {error}")
    except KeyboardInterrupt:
        say("integration: interrupted; ending what was started")
    finally:
        WORLD.end()
        target.close()
        processes.end_all()
    if os.environ.get("REQUIRE_LOCALSTACK") == "1" and not target.is_localstack:
        say(f"integration: REQUIRE_LOCALSTACK=1, and this was {target.title}")
        failed += 1
    say(f"{passed} passed, {failed} failed")
    return 0 if passed and not failed else 1


if __name__ == "__main__":
    sys.exit(main())
