"""The function against an AWS that verifies every request and fails in every way it can: whatever
the fault, the table ends as it must, nothing is lost or doubled, and no service is stormed.
"""

import json
import unittest
from urllib.parse import quote, quote_plus

import faults
import stage
from faults import ALWAYS, Fault, refuse
from stage import BUCKET, KEYS, QUEUE, names

COUNT = 30
USERS = {f"u{i}": f"Üser {i}" for i in range(COUNT)}


def as_text(user_id):
    return f"user_id={user_id}\nuser_name={USERS[user_id]}\n"


def as_line(user_id):
    return json.dumps({"user_id": user_id, "user_name": USERS[user_id]}).encode() + b"\n"


class Case(stage.Case):
    def send_users(self):
        sqs = stage.cloud.client("sqs")
        ids = list(USERS)
        for at in range(0, COUNT, 10):
            sqs.send_message_batch(QueueUrl=stage.cloud.queues[QUEUE], Entries=[
                {"Id": one, "MessageBody": as_text(one)} for one in ids[at:at + 10]])

    def put_object(self, key="users.ndjson", padding=0):
        body = b"".join(as_line(one) + b" " * padding for one in USERS)
        stage.cloud.client("s3").put_object(Bucket=BUCKET, Key=key, Body=body)
        return body

    def check_stored(self, run, source="sqs"):
        """Every user as sent, each counted once, no message left, and every request verified."""
        log = run.log_text()
        stored = {key: item["user_name"] for key, item in stage.cloud.stored_users().items()}
        self.assertEqual(stored, USERS, log)
        self.assertEqual(run.status, 0, log)
        counts = run.counts()[source]
        self.assertEqual((counts["in"], counts["written"]), (COUNT, COUNT), log)
        for queue in (QUEUE if source == "sqs" else names.NOTIFICATIONS, names.DEAD_LETTERS):
            self.assertEqual(stage.cloud.waiting(queue), 0, log)

    def check_verified(self, except_for=()):
        for refusal in stage.proxy.refusals():
            self.assertIn(refusal.split(": ")[1], except_for, refusal)

    def check_met(self, *planned):
        for fault in planned:
            self.assertGreater(fault.met, 0, "the fault met no request")

    def check_requests(self, operation, least, most):
        sent = stage.proxy.count(operation)
        self.assertTrue(least <= sent <= most, f"{sent} of {operation}, not {least}..{most}")


class NoFault(Case):
    def test_users_of_messages_are_stored_one_request_each(self):
        self.send_users()
        self.check_stored(self.run_queue())
        self.check_verified()
        self.check_requests("PutItem", COUNT, COUNT)

    def test_users_of_messages_are_stored_in_batches(self):
        self.send_users()
        self.check_stored(self.run_queue(WRITE_MODE="batch"))
        self.check_verified()
        self.check_requests("BatchWriteItem", 3, 3)

    def test_users_of_an_object_are_stored(self):
        self.put_object()
        self.check_stored(self.run_bucket(), "s3")
        self.check_verified()
        self.check_requests("GetObject", 1, 1)

    def test_no_request_expects_a_reply_it_cannot_use(self):
        self.send_users()
        self.put_object()
        self.run_queue()
        self.run_bucket()
        for entry in stage.proxy.journal:
            self.assertEqual(entry.request.values("expect"), [])
            self.assertEqual(entry.request.values("accept-encoding"), [])


class AnAwkwardKey(Case):
    def notify(self, keys):
        for key in keys:
            stage.cloud.client("sqs").send_message(
                QueueUrl=stage.cloud.queues[QUEUE], MessageBody=json.dumps({"Records": [{
                    "eventSource": "aws:s3", "eventName": "ObjectCreated:Put",
                    "s3": {"bucket": {"name": BUCKET}, "object": {"key": quote_plus(key)}}}]}))

    def check_read(self, keys):
        run = self.run_queue()
        self.check_verified()
        sent = {entry.request.target for entry in stage.proxy.journal
                if entry.request.operation == "GetObject"}
        self.assertEqual(sent, {f"/{BUCKET}/{quote(key, safe='/-_.~')}" for key in keys})
        self.assertEqual(run.status, 0, run.log_text())
        return run

    def test_is_signed_as_it_is_sent_and_found(self):
        for i, key in enumerate(stage.AWKWARD_KEYS):
            stage.cloud.client("s3").put_object(Bucket=BUCKET, Key=key,
                                                Body=b'{"user_id":"%d"}' % i)
        self.notify(stage.AWKWARD_KEYS)
        run = self.check_read(stage.AWKWARD_KEYS)
        self.assertEqual(len(stage.cloud.stored_users()), len(stage.AWKWARD_KEYS), run.log_text())

    def test_of_slashes_and_dots_is_sent_as_it_is(self):
        keys = ["a//b", "/a", "//", "a/", "a/../b", "./a", "a/.", "..", "../a", ".", "a/%2e%2e/b"]
        stage.proxy.faults = [Fault("GetObject", faults.serve(as_line("u1")), ALWAYS)]
        self.notify(keys)
        self.check_read(keys)


class ADynamoDB(Case):
    """Each row: a fault that PutItem meets, and how often."""

    ROWS = {
        "500": (refuse(500, "InternalServerError"), 4),
        "503": (refuse(503, "ServiceUnavailable"), 4),
        "throttles": (refuse(400, "ThrottlingException"), 9),
        "has no throughput left": (refuse(400, "ProvisionedThroughputExceededException"), 9),
        "says when to come again": (refuse(503, "SlowDown", x_amz_retry_after="30"), 4),
        "says nonsense of when": (refuse(503, "SlowDown", x_amz_retry_after="soon"), 4),
        "is in a transaction": (refuse(400, "TransactionConflictException"), 4),
        "replicates": (refuse(400, "ReplicatedWriteConflictException"), 4),
        "resets before it is done": (faults.reset_before, 4),
        "resets after it is done": (faults.reset_after, 4),
        "closes before it is done": (faults.close_before, 4),
        "resets in the reply's head": (faults.reset_within(0.1), 4),
        "resets at the reply's end": (faults.reset_within(0.99), 4),
        "cuts the reply short": (faults.cut_body(0.5), 4),
        "sends a wrong checksum": (faults.wrong_crc32, 4),
        "damages the reply": (faults.damaged_body, 4),
    }
    HARMLESS = {
        "is slow": (faults.slow(0.3), 4),
        "closes after each reply": (faults.close_after, ALWAYS),
    }

    def check_row(self, act, times):
        self.setUp()
        fault = Fault("PutItem", act, times, every=3)
        stage.proxy.faults = [fault]
        self.send_users()
        self.check_stored(self.run_queue())
        self.check_met(fault)
        self.check_verified()
        return fault.met

    def test_that_fails_is_asked_once_more_each_time(self):
        for word, (act, times) in self.ROWS.items():
            with self.subTest(word):
                met = self.check_row(act, times)
                self.check_requests("PutItem", COUNT + met, COUNT + met)

    def test_that_is_only_slow_or_hangs_up_later_is_asked_once(self):
        for word, (act, times) in self.HARMLESS.items():
            with self.subTest(word):
                self.check_row(act, times)
                self.check_requests("PutItem", COUNT, COUNT)

    def test_that_resets_after_it_is_done_every_time_ends(self):
        stage.proxy.faults = [Fault("PutItem", faults.reset_after, ALWAYS)]
        self.send_users()
        run = self.run_queue()
        self.assertEqual(len(stage.cloud.stored_users()), COUNT, run.log_text())
        # Each of three deliveries, four attempts.
        self.check_requests("PutItem", COUNT, COUNT * 3 * 4)

    def test_that_refuses_is_not_asked_again(self):
        stage.proxy.faults = [Fault("PutItem", refuse(400, "AccessDeniedException"), ALWAYS)]
        self.send_users()
        run = self.run_queue()
        self.assertEqual(stage.cloud.stored_users(), {}, run.log_text())
        waiting = stage.cloud.waiting(QUEUE) + stage.cloud.waiting(names.DEAD_LETTERS)
        self.assertEqual(waiting, COUNT, run.log_text())
        # Of each invocation, those that were under way when the first came back.
        self.check_requests("PutItem", 1, COUNT * 3)


class ABatch(Case):
    ROWS = {
        "leaves every second item": (faults.unprocessed(2), 4),
        "takes nothing at first": (faults.unprocessed(1), 2),
        "throttles": (refuse(400, "ThrottlingException"), 3),
        "503": (refuse(503, "ServiceUnavailable"), 2),
        "resets before it is done": (faults.reset_before, 2),
        "resets after it is done": (faults.reset_after, 2),
        "cuts the reply short": (faults.cut_body(0.5), 2),
        "sends a wrong checksum": (faults.wrong_crc32, 2),
        "damages the reply": (faults.damaged_body, 2),
    }

    def test_that_fails_is_asked_once_more_each_time(self):
        for word, (act, times) in self.ROWS.items():
            with self.subTest(word):
                self.setUp()
                fault = Fault("BatchWriteItem", act, times)
                stage.proxy.faults = [fault]
                self.send_users()
                self.check_stored(self.run_queue(WRITE_MODE="batch"))
                self.check_met(fault)
                self.check_verified()
                self.check_requests("BatchWriteItem", 3 + fault.met, 3 + fault.met)


class AnS3(Case):
    ROWS = {
        "503": (refuse(503, "SlowDown"), 1),
        "500": (refuse(500, "InternalError"), 2),
        "says when to come again": (refuse(503, "SlowDown", x_amz_retry_after="30"), 1),
        "resets before the reply": (faults.reset_before, 2),
        "closes before the reply": (faults.close_before, 2),
        "resets in the reply's head": (faults.reset_within(0.001), 2),
        "resets in the object": (faults.reset_within(0.5), 2),
        "cuts the object short": (faults.cut_body(0.7), 2),
        "cuts the object's last byte": (faults.cut_body(0.999999), 1),
        "has waited too long": (refuse(400, "RequestTimeout"), 1),
    }

    def test_that_fails_gives_the_whole_object(self):
        for word, (act, times) in self.ROWS.items():
            with self.subTest(word):
                self.setUp()
                fault = Fault("GetObject", act, times)
                stage.proxy.faults = [fault]
                self.put_object(padding=40000)
                self.check_stored(self.run_bucket(), "s3")
                self.check_met(fault)
                self.check_verified()
                self.check_requests("GetObject", times + 1, times + 1)

    def test_that_damages_an_object_is_found_out(self):
        fault = Fault("GetObject", faults.damaged_body)
        stage.proxy.faults = [fault]
        self.put_object(padding=1000)
        run = self.run_bucket()
        self.assertIn("do not have the object's x-amz-checksum-", run.log_text())
        # It was handed to the work queue, and is read once more from there.
        run = self.run_queue()
        stored = {key: item["user_name"] for key, item in stage.cloud.stored_users().items()}
        self.assertEqual(stored, USERS, run.log_text())
        self.check_met(fault)
        self.check_verified()
        self.check_requests("GetObject", 2, 2)

    def check_other_region(self, redirects):
        stage.proxy.verifier.regions["s3"] = "ap-south-1"
        stage.proxy.redirects = redirects
        self.put_object("one.ndjson")
        self.put_object("two.ndjson")
        run = self.run_bucket()
        stored = {key: item["user_name"] for key, item in stage.cloud.stored_users().items()}
        self.assertEqual(stored, USERS, run.log_text())
        self.check_verified(except_for=["scope"])
        # What was learned of the bucket holds for the second object too.
        self.assertEqual(len(stage.proxy.refusals()), 1)
        self.check_requests("GetObject", 3, 3)

    def test_of_another_region_is_asked_there_when_it_redirects(self):
        self.check_other_region(redirects=True)

    def test_of_another_region_is_asked_there_when_it_refuses_the_scope(self):
        self.check_other_region(redirects=False)


class AnSqs(Case):
    ROWS = {
        "SendMessageBatch": {
            "503": (refuse(503, "ServiceUnavailable"), 1),
            "throttles": (refuse(400, "RequestThrottled"), 1),
            "resets before it is done": (faults.reset_before, 1),
            "fails every second entry": (faults.batch_failures(False), 1),
        },
        "DeleteMessageBatch": {
            "503": (refuse(503, "ServiceUnavailable"), 2),
            "resets before it is done": (faults.reset_before, 2),
            "resets after it is done": (faults.reset_after, 1),
            "fails every second entry": (faults.batch_failures(False), 1),
        },
        "ReceiveMessage": {
            "503": (refuse(503, "ServiceUnavailable"), 2),
            "resets before it is done": (faults.reset_before, 2),
        },
    }

    def send_bad(self, count):
        for i in range(count):
            stage.cloud.client("sqs").send_message(
                QueueUrl=stage.cloud.queues[QUEUE], MessageBody=f"user_name=nobody {i}")

    def test_that_fails_loses_no_user_and_no_reject(self):
        for operation, rows in self.ROWS.items():
            for word, (act, times) in rows.items():
                with self.subTest(f"{operation}: {word}"):
                    self.setUp()
                    fault = Fault(operation, act, times)
                    stage.proxy.faults = [fault]
                    self.send_users()
                    self.send_bad(3)
                    self.run_queue()
                    stored = stage.cloud.stored_users()
                    self.assertEqual(sorted(stored), sorted(USERS))
                    self.assertEqual(len(stage.cloud.rejects()), 3)
                    self.assertEqual(stage.cloud.waiting(QUEUE), 0)
                    self.check_verified()


class AClock(Case):
    def run_off(self, ahead_s, **environment):
        stage.proxy.verifier.ahead_s = ahead_s
        self.send_users()
        return self.run_queue(**environment)

    def test_an_hour_off_is_corrected(self):
        for ahead_s in (3600, -3600):
            with self.subTest(ahead_s):
                self.setUp()
                self.check_stored(self.run_off(ahead_s))
                self.check_verified(except_for=["skew"])
                # The host's first, and of the function those that went out together.
                self.assertLessEqual(len(stage.proxy.refusals()), 1 + 10)

    def test_ten_minutes_off_is_not_noticed(self):
        self.check_stored(self.run_off(600))
        self.check_verified()

    def test_an_hour_off_is_an_error_when_correction_is_off(self):
        run = self.run_off(3600, AWS_DISABLE_CLOCK_SKEW_CORRECTION="true")
        self.assertEqual(stage.cloud.stored_users(), {}, run.log_text())
        self.assertEqual(stage.cloud.waiting(QUEUE), COUNT)
        self.check_verified(except_for=["skew"])


class AToken(Case):
    def test_that_expires_is_replaced_once(self):
        following = stage.Keys("ASIAVERIFIED00000002", "another/+", "next" * 200)
        stage.proxy.verifier.keys[following.key_id] = (following.secret, following.token)
        endpoint = stage.KeyServer(lambda: following if stage.proxy.verifier.expired else KEYS)
        self.addCleanup(endpoint.close)
        fault = Fault("PutItem", faults.expire, after=12)
        # Keys that were only just fetched are not fetched again.
        stage.proxy.faults = [Fault("PutItem", faults.slow(1.1)), fault]
        self.send_users()
        self.check_stored(self.run_queue(
            AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="", AWS_SESSION_TOKEN="",
            AWS_CONTAINER_CREDENTIALS_FULL_URI=endpoint.url,
            AWS_CONTAINER_AUTHORIZATION_TOKEN="let me in"))
        self.check_met(fault)
        self.check_verified(except_for=["expired"])
        # The function asks twice and the host as often, at most.
        self.assertLessEqual(endpoint.asked, 4)
        self.assertEqual(endpoint.authorizations, {"let me in"})

    def test_that_expires_without_another_loses_no_message(self):
        stage.proxy.faults = [Fault("PutItem", faults.expire, after=12)]
        self.send_users()
        run = self.run_queue()
        stored = stage.cloud.stored_users()
        waiting = stage.cloud.waiting(QUEUE) + stage.cloud.waiting(names.DEAD_LETTERS)
        self.assertGreaterEqual(len(stored) + waiting, COUNT, run.log_text())
        self.assertIn("ExpiredToken", run.log_text())
        self.assertNotIn(KEYS.secret, run.log_text())
        self.assertNotIn(KEYS.token, run.log_text())


def setUpModule():
    stage.open_stage()


def tearDownModule():
    stage.close_stage()


if __name__ == "__main__":
    unittest.main()
