"""Our process executor in LocalStack, with a function that does as it is told: the tests of the
stack are worth no more than it.
"""

import io
import json
import os
import time
import unittest
import zipfile

from targets import REGION
from waiting import until
from world import WORLD

FUNCTION = "does-as-told"
BOOTSTRAP = r'''#!/usr/bin/env python3
import http.client, json, os, sys, time
host = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])

def call(method, path, body=None):
    host.request(method, "/2018-06-01/runtime/" + path, body)
    answer = host.getresponse()
    return answer.headers, answer.read()

while True:
    headers, event = call("GET", "invocation/next")
    path = "invocation/" + headers["Lambda-Runtime-Aws-Request-Id"]
    event = json.loads(event)
    if "say" in event:
        print(event["say"], flush=True)
    if "sleep" in event:
        time.sleep(event["sleep"])
    if "exit" in event:
        os._exit(event["exit"])
    if "fail" in event:
        call("POST", path + "/error", json.dumps({"errorType": event["fail"]}))
        continue
    left = int(headers["Lambda-Runtime-Deadline-Ms"]) / 1000 - time.time()
    call("POST", path + "/response", json.dumps({
        "pid": os.getpid(), "env": dict(os.environ), "left": left,
        "arn": headers["Lambda-Runtime-Invoked-Function-Arn"]}))
'''


def zipped(text):
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w") as file:
        entry = zipfile.ZipInfo("bootstrap")
        entry.external_attr = 0o755 << 16
        file.writestr(entry, text)
    return into.getvalue()


class TheExecutor(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if "executor" in WORLD.target.lacks:
            raise unittest.SkipTest(WORLD.target.lacks["executor"])
        cls.client = WORLD.stack.client("lambda")
        cls.client.create_function(
            FunctionName=FUNCTION, Runtime="provided.al2023", Handler="bootstrap", Timeout=2,
            Role=f"arn:aws:iam::{WORLD.target.account}:role/any",
            Environment={"Variables": {"COLOUR": "green"}}, Code={"ZipFile": zipped(BOOTSTRAP)})
        cls.client.get_waiter("function_active_v2").wait(FunctionName=FUNCTION)

    @classmethod
    def tearDownClass(cls):
        cls.client.delete_function(FunctionName=FUNCTION)

    def invoke(self, **event):
        """Its answer, and the word of AWS when it is an error."""
        answer = self.client.invoke(FunctionName=FUNCTION, Payload=json.dumps(event).encode())
        return json.loads(answer["Payload"].read()), answer.get("FunctionError")

    def works(self):
        answer, error = self.invoke()
        self.assertIsNone(error)
        return answer

    def test_gives_the_function_its_environment_and_the_time_it_has(self):
        answer = self.works()
        env = answer["env"]
        self.assertEqual(env["COLOUR"], "green")
        self.assertEqual(env["AWS_REGION"], REGION)
        self.assertEqual(env["AWS_ENDPOINT_URL"], WORLD.target.url)
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
            self.assertTrue(env[name])
        self.assertEqual([name for name in env if name.startswith("LOCALSTACK_")], [])
        self.assertTrue(0 < answer["left"] <= 2)
        self.assertTrue(answer["arn"].endswith(":" + FUNCTION))

    def test_keeps_the_process_from_one_invocation_to_the_next(self):
        self.assertEqual(self.works()["pid"], self.works()["pid"])

    def test_hands_on_the_function_s_own_error(self):
        self.assertEqual(self.invoke(fail="My.Error"), ({"errorType": "My.Error"}, "Unhandled"))

    def test_tells_of_a_crash_and_starts_anew(self):
        answer, error = self.invoke(exit=3)
        self.assertEqual((answer["errorType"], error), ("Runtime.ExitError", "Unhandled"))
        self.assertIn("exit status 3", answer["errorMessage"])
        self.works()

    def test_tells_of_a_time_out_and_starts_anew(self):
        hanging = self.works()["pid"]
        answer, error = self.invoke(sleep=60)
        self.assertEqual((answer["errorType"], error), ("Sandbox.Timedout", "Unhandled"))
        self.assertFalse(os.path.exists(f"/proc/{hanging}"))
        self.works()

    def test_starts_anew_after_a_process_that_was_killed_between_invocations(self):
        pid = self.works()["pid"]
        os.kill(pid, 9)
        until(lambda: not os.path.exists(f"/proc/{pid}"), "the process is gone")
        self.assertNotEqual(self.works()["pid"], pid)

    def test_delivers_what_the_function_prints(self):
        word = f"a word of {time.time()}"
        self.invoke(say=word)
        self.invoke(say=word + " and last words", exit=1)
        logs = WORLD.stack.client("logs")
        group = f"/aws/lambda/{FUNCTION}"

        def printed():
            found = []
            for stream in logs.describe_log_streams(logGroupName=group)["logStreams"]:
                found += [event["message"].strip() for event in logs.get_log_events(
                    logGroupName=group, logStreamName=stream["logStreamName"])["events"]]
            return {word, word + " and last words"} <= set(found)
        until(printed, "both lines stand in the log group, once each")

    def test_ends_the_process_with_its_function(self):
        pid = self.works()["pid"]
        self.tearDownClass()
        until(lambda: not os.path.exists(f"/proc/{pid}"), "the process is gone")
        self.setUpClass()
