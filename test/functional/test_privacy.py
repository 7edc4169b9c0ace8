"""No personal data leaves the function but into the table and the rejects queue. Marked values go in
by every kind of event and by the services' replies, good and bad; none may come out in a log line
of any level, a metric, a response or an error report.
"""

import base64
import gzip
import json
import os
import subprocess
import sys
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, "test", "proxy"), os.path.dirname(os.path.abspath(__file__))]

import stage  # noqa: E402
from faults import Fault, reset_after, reset_within, unprocessed  # noqa: E402
from stage import BUCKET, KEYS, names  # noqa: E402
from test_function import RuntimeApi, RuntimeApiRequest  # noqa: E402
from wire import Reply  # noqa: E402

LIMIT_S = 90
MARK = "zqx7privat"
PHONE = "79460958731"
ACCOUNT_ARN = f"arn:aws:sqs:{names.REGION}:{names.ACCOUNT}:"


def setUpModule():
    stage.open_stage()


def tearDownModule():
    stage.close_stage()


# --- What is looked for ---

def within_base64(mark):
    """What base64 makes of it wherever in a text it begins, without the ends that mix."""
    for shift in range(3):
        text = base64.b64encode(b"\0" * shift + mark.encode()).decode().rstrip("=")
        yield text[4 if shift else 0:-1]


def forbidden():
    yield from (MARK, MARK.encode().hex(), PHONE, KEYS.secret, KEYS.token)
    for mark in (MARK, MARK.upper(), PHONE):
        yield from within_base64(mark)


FORBIDDEN = [mark.lower() for mark in forbidden()]


def leaks(text):
    """The lines that hold something marked, cut around it."""
    for line in text.splitlines():
        for mark in FORBIDDEN:
            at = line.lower().find(mark)
            if at >= 0:
                yield line[max(0, at - 200):at + len(mark) + 60]


# --- What goes in ---

def user(number, **fields):
    return {"user_id": f"{MARK}-id-{number}", "user_name": f"{MARK} Name",
            "phone_number": "+" + PHONE, "email": f"{MARK}@{MARK}.example", **fields}


BAD_USERS = [
    user(100, email=f"{MARK} no address"), user(101, phone_number=PHONE[:3] + MARK),
    user(102, user_name=f"{MARK}\u202e"), user(103, birth_date=f"31/12/{MARK}"),
    user(104, updated_at=f"{MARK}"), user(105, created_at=f"yesterday {MARK}"),
    user(106, user_id=f"{MARK}\u0007"), user(107, user_id=[MARK]), {"user_name": MARK},
    user(108, **{MARK: {MARK: [MARK]}}), user(109, notes=MARK + "x" * 5000),
    user(110, notes=MARK * 45000), {"user_id": MARK, MARK: 10 ** 50}, [MARK], MARK,
]


def as_block(fields):
    return "".join(f"{name}={value}\n" for name, value in fields.items())


TEXTS = [
    as_block(user(1)), json.dumps(user(2)), json.dumps([user(3), user(4)]),
    json.dumps({"users": [user(5)]}), f"user_id,user_name,{MARK}\n{MARK}-id-6,{MARK} N,{MARK}\n",
    *[json.dumps(bad) for bad in BAD_USERS], as_block(user(20, email=MARK)),
    f'{{"user_id":"{MARK}","user_id":"{MARK}"}}', f'{{"user_id":"{MARK}-id-7","user_name":"{MARK}',
    f'[{{"user_id":"{MARK}-id-8"}},{{"{MARK}":{MARK}}}]', f"{MARK},{MARK}\n{MARK},{MARK}\n",
    f"user_id,user_id\n{MARK},{MARK}\n", f'user_id,user_name\n{MARK},"{MARK}\n{MARK},{MARK},{MARK}\n',
    MARK, f"{MARK} = {MARK}", "\ufeff" + as_block(user(9)), f"user_id={MARK}\udcff",
]
OBJECTS = [text.encode("utf-8", "surrogateescape") for text in TEXTS] + [
    "\n".join(json.dumps(one) for one in BAD_USERS).encode(),
    gzip.compress(as_block(user(10)).encode()), gzip.compress(MARK.encode() * 99)[:-9],
    b"\x1f\x8b" + MARK.encode(), b"",
]


def key_of(number):
    return f"{MARK}/a b+{number}{('.csv', '.json', '.ndjson', '.txt', '', '.gz')[number % 6]}"


def s3_record(key, bucket=BUCKET, **more):
    return {"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "awsRegion": names.REGION,
            "eventTime": "2026-05-28T20:26:30.000Z", "userIdentity": {"principalId": MARK},
            "s3": {"bucket": {"name": bucket},
                   "object": {"key": key, "size": 9, "sequencer": "00A1"}}, **more}


def encoded(key):
    return key.replace("+", "%2B").replace(" ", "+")


def message(number, body, **attributes):
    return {"messageId": f"m-{number}", "body": body, "eventSource": "aws:sqs",
            "attributes": {"SentTimestamp": "1779999990000", **attributes},
            "messageAttributes": {MARK: {"stringValue": MARK, "dataType": "String"}},
            "eventSourceARN": ACCOUNT_ARN + ("q.fifo" if attributes else "q")}


def sns(text):
    return {"Type": "Notification", "TopicArn": "arn:aws:sns:eu-west-1:1:t", "MessageId": "n",
            "Subject": MARK, "Message": text, "Timestamp": "2026-05-28T20:26:30.000Z"}


def kinesis_record(number, data):
    return {"eventSource": "aws:kinesis", "eventSourceARN": "arn:aws:kinesis:eu-west-1:1:stream/s",
            "kinesis": {"sequenceNumber": f"4959{number:052}", "partitionKey": MARK, "data": data,
                        "approximateArrivalTimestamp": 1779999990.5}}


def events_of_s3():
    yield from ([s3_record(encoded(key_of(i)))] for i in range(len(OBJECTS)))
    yield [s3_record(f"{MARK}%2"), s3_record(f"{MARK}%FF"), s3_record("")]
    yield [s3_record(f"{MARK}-is-gone")]
    yield [s3_record(MARK, bucket=f"{MARK}-bucket"), s3_record(MARK, bucket=f"{MARK}/{MARK}?#")]
    yield [s3_record(MARK, eventName="ObjectRemoved:Delete"), s3_record(MARK, eventName=MARK)]
    yield [s3_record(MARK, eventTime=MARK), s3_record(MARK, s3={"object": MARK})]


def events_of_messages():
    bodies = [text.encode("utf-8", "replace").decode() for text in TEXTS]
    for at in range(0, len(bodies), 8):
        yield [message(at + i, body) for i, body in enumerate(bodies[at:at + 8])]
    inside = json.dumps({"Records": [s3_record(encoded(key_of(0)))]})
    yield [message(0, inside), message(1, json.dumps(sns(inside))),
           message(2, json.dumps(sns(json.dumps(user(11))))), message(3, json.dumps(sns(MARK)))]
    yield [message(i, body, MessageGroupId=f"{MARK}-group") for i, body in enumerate(bodies[:4])]


def events_of_streams():
    for number, body in enumerate(OBJECTS):
        yield [kinesis_record(number, base64.b64encode(body).decode())]
    yield [kinesis_record(1, MARK + "!!"), kinesis_record(2, [MARK])]


def other_events():
    yield json.dumps({"records": [user(12), *BAD_USERS[:3], MARK]})
    yield json.dumps({"s3": {"bucket": BUCKET, "key": key_of(1)}})
    yield json.dumps({"s3": {"bucket": MARK, "key": [MARK]}})
    yield json.dumps({"source": "aws.s3", "detail-type": "Object Created", "detail": {
        "bucket": {"name": BUCKET}, "object": {"key": key_of(2), "size": 9}}})
    yield json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": MARK})
    yield from (MARK, f'"{MARK}"', f'{{"{MARK}":', json.dumps({MARK: user(13)}),
                json.dumps([user(14)]), json.dumps({"Records": [{"eventSource": MARK}]}),
                json.dumps({"Records": MARK}), json.dumps({"Records": [MARK, {MARK: MARK}]}))


def all_events():
    for records in (*events_of_s3(), *events_of_messages(), *events_of_streams()):
        yield json.dumps({"Records": records})
    yield from other_events()


# --- What the services say ---

def says(status, code):
    """A refusal whose text, and what else comes with it, quotes the request as services do."""
    def act(exchange):
        elements = {"Key": MARK, "BucketName": MARK, "Region": MARK, "Resource": MARK,
                    "HostId": MARK}
        headers = [("x-amz-bucket-region", MARK), ("Location", f"https://{MARK}/{MARK}"),
                   ("x-amzn-query-error", f"{code};{MARK} {MARK}")]
        exchange.send(exchange.error(status, code, headers, f"{MARK}: {user(1)}", elements))
    return act


def says_more_in_its_code(status, code):
    return says(status, f"{code}:http://{MARK} {MARK}")


def babbles(exchange):
    """A success that is none."""
    exchange.send(Reply(200, [("Content-Type", MARK), ("ETag", f'"{MARK}"')],
                        f'"{MARK} {user(1)}'.encode()))


def breaks_http(exchange):
    exchange.send_bytes(f"HTTP/1.1 2OO {MARK}\r\n{MARK}\r\n\r\n{MARK}".encode())
    exchange.close()


class RecordingRequest(RuntimeApiRequest):
    """Keeps the headers of what is posted too: errors have some."""

    def do_POST(self):
        self.server.headers.append(str(self.headers))
        super().do_POST()


class Privacy(stage.Case):
    def setUp(self):
        super().setUp()
        s3 = stage.cloud.client("s3")
        for number, body in enumerate(OBJECTS):
            s3.put_object(Bucket=BUCKET, Key=key_of(number), Body=body)

    def run_function(self, events, **environment):
        """All that the function lets out: streams, posts and their headers."""
        api = RuntimeApi(events, 1)
        api.headers, api.RequestHandlerClass = [], RecordingRequest
        self.addCleanup(api.server_close)
        self.addCleanup(api.shutdown)
        run = subprocess.run(
            ["build/bootstrap"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, timeout=LIMIT_S, check=False,
            env=self.environment(AWS_LAMBDA_RUNTIME_API=f"127.0.0.1:{api.server_port}",
                                 AWS_LAMBDA_FUNCTION_NAME="users", MAX_RECORD_BYTES="4000",
                                 AWS_MAX_ATTEMPTS="2", **environment))
        self.assertEqual(run.returncode, 2, run.stderr[-2000:])
        self.assertEqual(len(api.posts), len(events))
        said = run.stdout.decode(errors="replace") + run.stderr.decode(errors="replace")
        posted = "\n".join(f"{path} {body}" for path, body in api.posts)
        return said, posted, "\n".join(api.headers)

    def sweep(self, events=None, faults=(), **environment):
        """Runs all events; gives what was logged, with the streams checked for marks."""
        stage.proxy.faults = list(faults)
        environment = {"AWS_LAMBDA_LOG_LEVEL": "TRACE", **environment}
        outputs = self.run_function(events or list(all_events()), **environment)
        found = list(leaks("\n".join(outputs)))
        self.assertEqual(found[:3], [], f"{len(found)} leaks")
        for fault in faults:
            self.assertGreater(fault.met, 0, "the fault met no request")
        return outputs

    def test_at_every_level_and_in_both_formats(self):
        for level in ("DEBUG", "TRACE"):
            for log_format in ("JSON", "Text"):
                with self.subTest(level=level, format=log_format):
                    said, posted, headers = self.sweep(AWS_LAMBDA_LOG_LEVEL=level,
                                                       AWS_LAMBDA_LOG_FORMAT=log_format)
                    # The marks were there to be found, and each channel was in use.
                    self.assertIn(f"{MARK}-id-1", stage.cloud.stored_users())
                    self.assertIn("record rejected", said)
                    self.assertIn('"Namespace":"UserIngest"', said)
                    self.assertIn("/response ", posted)
                    self.assertIn("Function.UnknownEvent", posted)
                    self.assertIn("Function.UnknownEvent", headers)
        self.assertGreater(len(stage.cloud.rejects()), len(BAD_USERS))

    def test_in_batch_mode(self):
        self.sweep(WRITE_MODE="batch", faults=[Fault("BatchWriteItem", unprocessed(2), times=2)])

    def test_with_nowhere_to_put_rejects_and_failures(self):
        said, posted, _ = self.sweep(REJECTS_QUEUE_URL="", WORK_QUEUE_URL="")
        self.assertIn("record refused, not kept", said)
        self.assertIn("Function.BadData", posted)

    def test_without_partial_responses(self):
        _, posted, _ = self.sweep(PARTIAL_RESPONSE="off", TABLE_NAME="no-such-table")
        self.assertIn("ResourceNotFoundException", posted)

    def test_when_the_table_s_refusals_quote_the_item(self):
        for say in (says, says_more_in_its_code):
            for status, code in ((400, "ValidationException"), (400, "AccessDeniedException"),
                                 (400, "SerializationException"), (500, "InternalServerError"),
                                 (400, "ConditionalCheckFailedException"), (413, f"{MARK} {MARK}")):
                for mode, operation in (("newest", "PutItem"), ("batch", "BatchWriteItem")):
                    with self.subTest(code=code, mode=mode):
                        self.sweep(list(self.few_events()), WRITE_MODE=mode, faults=[
                            Fault(operation, say(status, code), times=1000, after=1)])

    def test_when_the_bucket_s_refusals_quote_the_key(self):
        for status, code in ((403, "AccessDenied"), (404, "NoSuchKey"), (404, "NoSuchBucket"),
                             (412, "PreconditionFailed"), (301, "PermanentRedirect"),
                             (400, "InvalidArgument"), (503, "SlowDown"), (418, f"{MARK} {MARK}")):
            with self.subTest(code):
                self.sweep(list(self.few_events()),
                           faults=[Fault("GetObject", says(status, code), times=1000)])

    def test_when_the_queue_s_refusals_quote_the_message(self):
        for status, code in ((400, "QueueDoesNotExist"), (400, "InvalidMessageContents"),
                             (403, "AccessDenied"), (500, "InternalError")):
            for say in (says, says_more_in_its_code):
                with self.subTest(code):
                    self.sweep(list(self.few_events()),
                               faults=[Fault("SendMessage", say(status, code), times=1000)])

    def test_when_replies_are_lost_broken_or_nonsense(self):
        for act in (babbles, breaks_http, reset_after, reset_within(0.6)):
            for operation in ("PutItem", "GetObject", "SendMessage"):
                with self.subTest(act=act, operation=operation):
                    self.sweep(list(self.few_events()),
                               faults=[Fault(operation, act, times=1000, every=2)])

    @staticmethod
    def few_events():
        """Of each kind, good and bad."""
        yield json.dumps({"Records": [s3_record(encoded(key_of(i))) for i in (0, 5, 8)]})
        yield json.dumps({"Records": [message(i, text) for i, text in enumerate(TEXTS[:12])]})
        yield json.dumps({"Records": [kinesis_record(i, base64.b64encode(OBJECTS[i]).decode())
                                      for i in range(8)]})
        yield json.dumps({"records": [user(12), *BAD_USERS[:3]]})


class TheSweep(unittest.TestCase):
    def test_finds_a_mark_however_it_is_written(self):
        for around in ("", "x", "xy", "xyz"):
            text = f"{around}{MARK}{around}"
            for written in (text, text.upper(), text.encode().hex(),
                            base64.b64encode(text.encode()).decode()):
                self.assertTrue(list(leaks(f"before\n{{{written}}}\nafter")), written)
        self.assertEqual(list(leaks("zqx7 privat 7946")), [])


if __name__ == "__main__":
    unittest.main()
