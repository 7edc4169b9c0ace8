"""The function as users run it: build/bootstrap in build/lambda-local, on a local AWS (moto) that
checks signatures. Here are the faults of a whole system: refused keys, missing tables and objects,
services that go away. Each must be seen, and nothing lost or acknowledged that is not stored.
"""

import gzip
import http.server
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "deploy", "demo"))
os.chdir(ROOT)

import cloud as names  # noqa: E402
from cloud import Cloud  # noqa: E402
from host import Host  # noqa: E402

LIMIT_S = 90
# moto, when it checks signatures, refuses boto3's as well where a key has other odd characters; for
# these see test_s3.c.
ODD_KEYS = ["a b", "a//b", ".", "..", "./a", "../a", "a/../b", "x/..", "/lead", "//", "a?b", "a#b"]


class WithFolder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="user-test-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def run_host(self, environment, *arguments):
        return Host(self.folder).run(environment, arguments, LIMIT_S)


class WithCloud(WithFolder):
    def setUp(self):
        super().setUp()
        self.cloud = Cloud(os.path.join(self.folder, "moto.log"))
        self.addCleanup(self.cloud.close)
        self.cloud.set_up([])
        self.environment = self.cloud.role_environment()

    def send(self, *bodies):
        sqs = self.cloud.client("sqs")
        for body in bodies:
            sqs.send_message(QueueUrl=self.cloud.queues[names.QUEUE], MessageBody=body)

    def run_queue(self, *arguments, **environment):
        return self.run_host({**self.environment, **environment},
                             "--sqs", self.cloud.queues[names.QUEUE], "--retry-delay", "0",
                             "--partial-response", *arguments)

    def run_bucket(self, *arguments, **environment):
        return self.run_host({**self.environment, **environment},
                             "--s3-queue", self.cloud.queues[names.NOTIFICATIONS],
                             "--retry-delay", "0", *arguments)

    def undelivered(self):
        return self.cloud.waiting(names.QUEUE) + self.cloud.waiting(names.DEAD_LETTERS)


USERS = ["user_id=%d\nuser_name=User %d\n" % (i, i) for i in range(12)]


class AQueue(WithCloud):
    def test_is_emptied_into_the_table(self):
        self.send(*USERS)
        run = self.run_queue()
        self.assertEqual(run.status, 0, run.log_text())
        self.assertEqual(len(self.cloud.stored_users()), 12)
        self.assertEqual(self.undelivered(), 0)

    def test_is_emptied_into_the_table_in_batch_mode(self):
        self.send(*USERS)
        run = self.run_queue(WRITE_MODE="batch")
        self.assertEqual(run.status, 0, run.log_text())
        self.assertEqual(len(self.cloud.stored_users()), 12)
        self.assertEqual(self.undelivered(), 0)

    def test_keeps_every_message_when_the_secret_is_wrong(self):
        self.send(*USERS)
        run = self.run_queue("--env", "AWS_SECRET_ACCESS_KEY=changed")
        self.assertEqual(self.cloud.stored_users(), {})
        self.assertEqual(self.undelivered(), 12)
        invocations = [outcome for outcome in run.outcomes if "source" in outcome]
        self.assertTrue(invocations)
        for outcome in invocations:
            self.assertEqual(outcome["status"], "error", outcome)
        self.assertIn("SignatureDoesNotMatch", run.log_text())
        self.assertNotIn("changed", run.log_text())

    def test_keeps_every_message_when_the_table_is_not_there(self):
        self.send(*USERS)
        run = self.run_queue(TABLE_NAME="no-such-table")
        self.assertEqual(self.undelivered(), 12)
        self.assertIn("ResourceNotFoundException", run.log_text())

    def test_keeps_every_message_when_the_table_has_another_key(self):
        self.cloud.client("dynamodb").create_table(
            TableName="other", BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "userId", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "userId", "AttributeType": "S"}])
        self.send(*USERS)
        run = self.run_queue(TABLE_NAME="other")
        self.assertEqual(self.undelivered(), 12, run.log_text())
        self.assertEqual(self.cloud.rejects(), [])

    def test_loses_no_message_to_an_object_that_may_not_be_read(self):
        s3 = self.cloud.client("s3")
        s3.create_bucket(Bucket="of-others",
                         CreateBucketConfiguration={"LocationConstraint": names.REGION})
        s3.put_object(Bucket="of-others", Key="k", Body=b"user_id=z")
        self.send(json.dumps({"Records": [{
            "eventSource": "aws:s3", "eventName": "ObjectCreated:Put",
            "s3": {"bucket": {"name": "of-others"}, "object": {"key": "k"}}}]}), *USERS[:9])
        run = self.run_queue()
        self.assertEqual(len(self.cloud.stored_users()), 9, run.log_text())
        self.assertEqual(self.cloud.waiting(names.QUEUE), 0)
        self.assertEqual(self.cloud.waiting(names.DEAD_LETTERS), 1)

    def test_keeps_every_message_when_the_rejects_queue_is_not_there(self):
        self.send("user_name=nobody\nx=y")
        run = self.run_queue(
            REJECTS_QUEUE_URL=self.cloud.queues[names.REJECTS].replace("rejects", "nowhere"))
        self.assertEqual(self.undelivered(), 1)
        self.assertIn("NonExistentQueue", run.log_text())

    def test_without_a_rejects_queue_sends_bad_messages_to_the_dead_letters(self):
        self.send(USERS[0], "user_id=x\nphone_number=1", USERS[1])
        self.run_queue(REJECTS_QUEUE_URL="")
        self.assertEqual(sorted(self.cloud.stored_users()), ["0", "1"])
        self.assertEqual(self.cloud.waiting(names.QUEUE), 0)
        self.assertEqual(self.cloud.waiting(names.DEAD_LETTERS), 1)

    def metrics(self, run):
        """Summed over the lines, of which there is one an invocation."""
        lines = [line for _, line in run.log_lines() if "_aws" in line]
        self.assertEqual(len(lines), sum("source" in outcome for outcome in run.outcomes))
        self.assertEqual({line["Source"] for line in lines}, {"sqs"})
        return {name: sum(line[name] for line in lines)
                for name, value in lines[0].items() if isinstance(value, int)}

    def test_counts_in_its_metrics_what_became_of_the_records(self):
        self.send(*USERS, "user_id=x\nphone_number=1")
        sums = self.metrics(self.run_queue())
        expected = {"RecordsIn": 13, "Written": 12, "Rejected": 1, "DynamoRequests": 12,
                    "ColdStart": 1, "Failed": 0, "AccountingMismatch": 0}
        self.assertEqual({name: sums[name] for name in expected}, expected)

    def test_writes_metrics_of_failed_invocations_too(self):
        self.send(USERS[0])
        sums = self.metrics(self.run_queue(TABLE_NAME="no-such-table"))
        self.assertEqual((sums["Written"], sums["Failed"]), (0, names.MAX_RECEIVES))
        self.assertEqual(sums["RecordsIn"], sums["Failed"])

    def test_in_any_order_and_twice_ends_with_the_newest(self):
        versions = ["user_id=u\nuser_name=V%d\nupdated_at=2026-01-0%dT00:00:00Z" % (v, v)
                    for v in (2, 3, 1)]
        self.send(*versions, *versions)
        self.run_queue()
        self.assertEqual(self.cloud.stored_users()["u"]["user_name"], "V3")


class ABucket(WithCloud):
    def put(self, key, body):
        self.cloud.client("s3").put_object(Bucket=names.BUCKET, Key=key, Body=body)

    def test_object_of_many_users_is_stored(self):
        self.put("a folder/users.ndjson", b"".join(b'{"user_id":"%d"}\n' % i for i in range(300)))
        run = self.run_bucket()
        self.assertEqual(run.status, 0, run.log_text())
        self.assertEqual(len(self.cloud.stored_users()), 300)

    def test_object_of_20_megabytes_takes_no_more_memory_than_a_small_one(self):
        line = b'{"user_id":"%d","notes":"' + b"x" * 10000 + b'"}\n'
        self.put("large.ndjson", b"".join(line % i for i in range(2000)))
        run = self.run_bucket()
        self.assertEqual(run.counts()["s3"]["written"], 2000, run.log_text())
        self.assertLess(run.totals()["peak_rss_kb"], 32 * 1024)

    def test_objects_of_odd_keys_and_with_checksums_are_stored(self):
        algorithms = ["CRC32", "SHA1", "SHA256"]
        for i, key in enumerate(ODD_KEYS):
            self.cloud.client("s3").put_object(Bucket=names.BUCKET, Key=key,
                                               Body=b'{"user_id":"%d"}' % i,
                                               ChecksumAlgorithm=algorithms[i % 3])
        run = self.run_bucket()
        self.assertEqual(run.status, 0, run.log_text())
        self.assertEqual(len(self.cloud.stored_users()), len(ODD_KEYS), run.log_text())

    def test_object_that_is_gone_is_done(self):
        self.put("gone.json", b'{"user_id":"1"}')
        self.cloud.client("s3").delete_object(Bucket=names.BUCKET, Key="gone.json")
        self.put("here.json", b'{"user_id":"2"}')
        run = self.run_bucket()
        self.assertEqual(run.status, 0, run.log_text())
        self.assertEqual(list(self.cloud.stored_users()), ["2"])
        self.assertEqual(run.log_text().count("object is gone or was overwritten"), 1, run.log_text())

    def test_object_goes_to_the_on_failure_queue_when_its_users_cannot_be_stored(self):
        self.put("users.json", b'{"user_id":"1"}')
        run = self.run_bucket("--on-failure", self.cloud.queues[names.DEAD_LETTERS],
                              TABLE_NAME="no-such-table")
        self.assertEqual(self.cloud.waiting(names.DEAD_LETTERS), 1, run.log_text())
        self.assertEqual(self.cloud.waiting(names.NOTIFICATIONS), 0)


def many_users(count):
    return {"u-%d" % i: "User %d of %x" % (i, i * 2654435761) for i in range(count)}


def ndjson(users):
    return "".join('{"user_id":"%s","user_name":"%s"}\n' % user for user in users.items()).encode()


def semicolons(users):
    rows = ["name;id\n"] + ["%s;%s\n" % (name, key) for key, name in users.items()]
    return "".join(rows).encode()


class AnObjectTooLargeForOneInvocation(WithCloud):
    """With three seconds, half of them to end in, and a table that takes a few hundred users a second."""

    USERS = many_users(2500)

    def run_short(self, body, key):
        self.cloud.client("s3").put_object(Bucket=names.BUCKET, Key=key, Body=body)
        return self.run_host(self.environment, "--s3-queue", self.cloud.queues[names.NOTIFICATIONS],
                             "--sqs", self.cloud.queues[names.QUEUE], "--partial-response",
                             "--retry-delay", "0", "--timeout", "3")

    def check_stored(self, run):
        counts = run.counts()
        self.assertEqual(run.status, 0, run.log_text())
        self.assertGreaterEqual(counts["s3"]["continuations"], 1, run.log_text())
        self.assertGreaterEqual(counts["sqs"]["continuations"], 1, run.log_text())
        self.assertEqual({key: user["user_name"] for key, user in self.cloud.stored_users().items()},
                         self.USERS)
        self.assertEqual(self.undelivered(), 0)
        self.assertEqual(self.cloud.rejects(), [])
        hops = [line["hop"] for _, line in run.log_lines()
                if line.get("message") == "going on with an object"]
        self.assertEqual(hops, list(range(1, len(hops) + 1)), run.log_text())

    def test_goes_on_by_message_until_all_of_it_is_stored(self):
        self.check_stored(self.run_short(ndjson(self.USERS), "large.ndjson"))

    def test_goes_on_inside_of_a_gzip(self):
        body = gzip.compress(semicolons(self.USERS))
        half = len(body) // 2
        self.check_stored(self.run_short(body, "large.csv.gz"))
        self.cloud.client("s3").put_object(Bucket=names.BUCKET, Key="cut.csv.gz", Body=body[:half])
        run = self.run_bucket()
        self.assertEqual([one["reason"] for one in self.cloud.rejects()], ["E_GZIP"], run.log_text())

    def test_without_a_work_queue_is_an_error_that_says_so(self):
        self.environment["WORK_QUEUE_URL"] = ""
        run = self.run_short(ndjson(self.USERS), "large.ndjson")
        self.assertIn("Function.OutOfTime", run.log_text())
        self.assertIn("WORK_QUEUE_URL", run.log_text())


class Gate:
    """A TCP relay to the local AWS that shuts for good after so many connections."""

    def __init__(self, url, connections):
        self.target = ("127.0.0.1", int(url.rsplit(":", 1)[1]))
        self.left = connections
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:%d" % self.listener.getsockname()[1]
        self.threads = [threading.Thread(target=self.serve)]
        self.threads[0].start()

    def serve(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            if self.left <= 0:
                client.close()
                continue
            self.left -= 1
            server = socket.create_connection(self.target)
            for ends in ((client, server), (server, client)):
                thread = threading.Thread(target=self.relay, args=ends, daemon=True)
                thread.start()
                self.threads.append(thread)

    @staticmethod
    def relay(source, into):
        try:
            while data := source.recv(65536):
                into.sendall(data)
            into.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.threads[0].join()


class ATableThatGoesAway(WithCloud):
    def test_in_the_middle_loses_nothing(self):
        self.send(*USERS)
        gate = Gate(self.cloud.url, 7)
        self.addCleanup(gate.close)
        run = self.run_queue(AWS_ENDPOINT_URL_DYNAMODB=gate.url)
        stored = set(self.cloud.stored_users())
        self.assertEqual(len(stored), 7, run.log_text())
        self.assertEqual(self.undelivered(), 5, run.log_text())
        # What was not stored is what is still there.
        again = self.run_queue()
        self.assertEqual(again.status, 0)
        self.assertEqual(self.cloud.waiting(names.QUEUE), 0)

    def test_with_all_of_aws_hands_every_message_back(self):
        self.cloud.process.kill()
        self.cloud.process.wait()
        run = invoke("test/data/events/sqs.json", self.environment)
        self.assertEqual(run.returncode, 0, run.stderr)
        with open("test/data/events/sqs.json", encoding="utf-8") as file:
            sent = [record["messageId"] for record in json.load(file)["Records"]]
        failures = json.loads(run.stdout)["batchItemFailures"]
        self.assertEqual([one["itemIdentifier"] for one in failures], sent)


def invoke(event, environment, *arguments):
    """build/lambda-local --event, to its end."""
    return subprocess.run(
        ["build/lambda-local", "--env-file", os.devnull, "--event", event, *arguments,
         "build/bootstrap"], env=environment,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        timeout=LIMIT_S, check=False)


class RuntimeApi(http.server.ThreadingHTTPServer):
    """Gives each event to whoever asks once `park` ask at the same time, then breaks."""

    daemon_threads = True

    def __init__(self, events, park):
        super().__init__(("127.0.0.1", 0), RuntimeApiRequest)
        self.events, self.park, self.count = list(events), park, len(events)
        self.waiting, self.restores = 0, 0
        self.posts = []
        self.moved = threading.Condition()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):
        """Whoever asked has gone: the first 500 ends them all."""

    def next(self):
        """The number and text of an event, or None at the end."""
        with self.moved:
            self.waiting += 1
            self.moved.notify_all()
            self.moved.wait_for(lambda: self.waiting >= self.park and
                                (self.events or len(self.posts) == self.count), LIMIT_S)
            return (len(self.events), self.events.pop()) if self.events else None

    def post(self, path, body):
        with self.moved:
            self.posts.append((path, body))
            self.moved.notify_all()


class RuntimeApiRequest(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, headers, body=""):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def do_GET(self):
        if self.path.endswith("/restore/next"):
            self.server.restores += 1
            return self.answer(200, {})
        event = self.server.next()
        if not event:
            return self.answer(500, {})
        deadline_ms = str(int(time.time() + 60) * 1000)
        return self.answer(200, {"Lambda-Runtime-Aws-Request-Id": f"id-{event[0]}",
                                 "Lambda-Runtime-Deadline-Ms": deadline_ms}, event[1])

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.post(self.path, body)
        self.answer(202, {})


class SeveralWorkers(WithCloud):
    def run_function(self, events, park, **environment):
        api = RuntimeApi(events, park)
        self.addCleanup(api.server_close)
        self.addCleanup(api.shutdown)
        run = subprocess.run(
            ["build/bootstrap"], env={**self.environment, **environment,
                                      "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:%d" % api.server_port},
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, timeout=LIMIT_S,
            check=False)
        self.assertEqual(run.returncode, 2, run.stderr)
        return api

    @staticmethod
    def event(number):
        return json.dumps({"Records": [{
            "messageId": f"m{i}", "eventSource": "aws:sqs",
            "body": f"user_id={number}-{i}\nuser_name=User {i}"} for i in range(10)]})

    def test_store_what_comes_at_the_same_time(self):
        api = self.run_function([self.event(i) for i in range(12)], 4,
                                AWS_LAMBDA_MAX_CONCURRENCY="4")
        self.assertEqual(len(self.cloud.stored_users()), 120)
        self.assertEqual([path for path, _ in api.posts if path.endswith("/error")], [])

    def test_restored_from_a_snapshot_stores_users(self):
        api = self.run_function([self.event(1)], 1, AWS_LAMBDA_INITIALIZATION_TYPE="snap-start")
        self.assertEqual(api.restores, 1)
        self.assertEqual(len(self.cloud.stored_users()), 10)


class AnEvent(unittest.TestCase):
    environment = {"PATH": os.environ["PATH"], "AWS_REGION": "eu-west-1",
                   "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret-example",
                   "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}

    def test_that_is_unknown_is_an_error(self):
        run = invoke("test/data/events/unknown.json", self.environment)
        self.assertEqual(run.returncode, 1, run.stderr)
        self.assertIn("Function.UnknownEvent", run.stdout)

    def test_of_s3_that_only_tests_is_a_success(self):
        run = invoke("test/data/events/s3-test-event.json", self.environment)
        self.assertEqual(run.returncode, 0, run.stderr)

    def test_meets_a_clear_error_when_a_setting_is_bad(self):
        for setting in ("WRITE_MODE=oldest", "MAX_RECORD_BYTES=many", "AWS_ENDPOINT_URL=localhost",
                        "AWS_REGION=Europe!", "AWS_ACCESS_KEY_ID="):
            with self.subTest(setting):
                run = invoke("test/data/events/sqs.json", self.environment, "--env", setting)
                self.assertNotEqual(run.returncode, 0)
                self.assertIn(setting.split("=")[0], run.stderr)
                self.assertNotIn("secret-example", run.stderr)


def main():
    result = unittest.TextTestRunner(verbosity=2).run(
        unittest.defaultTestLoader.loadTestsFromModule(sys.modules[__name__]))
    failed = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - failed} passed, {failed} failed")
    return 0 if result.wasSuccessful() and result.testsRun else 1


if __name__ == "__main__":
    sys.exit(main())
