"""build/replay on what the function really refused: listed, saved, mended, sent again, stored; and
what happens when it is killed, when AWS goes away, and when the queue holds what is not ours.
"""

import base64
import glob
import hashlib
import http.client
import http.server
import json
import os
import re
import signal
import stat
import subprocess
import threading
import time

from test_function import LIMIT_S, WithCloud, names

BAD_PHONE = "user_id=%s\nuser_name=Ada Nowhere\nphone_number=12"
NAME = re.compile(r"^[0-9a-f]{64}\.[0-9a-f]{16}\.(txt|cut)$")


class Relay:
    """HTTP to the local AWS; `judge` sees each request's operation first, and what it answers other
    than None is done in place of passing it on: "drop" or a (status, body)."""

    def __init__(self, url, judge):
        relay = self
        self.target = url.split("//")[1]
        self.judge = judge
        self.seen = []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_POST(self):
                relay.serve(self)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = "http://127.0.0.1:%d" % self.server.server_port
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def serve(self, handler):
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        operation = handler.headers["X-Amz-Target"].split(".")[1]
        self.seen.append(operation)
        verdict = self.judge(operation, json.loads(body))
        if verdict == "drop":
            handler.close_connection = True
            return
        status, reply = verdict or self.forward(handler, body)
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(reply)))
        handler.end_headers()
        handler.wfile.write(reply)

    def forward(self, handler, body):
        connection = http.client.HTTPConnection(self.target, timeout=LIMIT_S)
        connection.request("POST", handler.path, body, dict(handler.headers))
        reply = connection.getresponse()
        answer = reply.status, reply.read()
        connection.close()
        return answer

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class WithRejects(WithCloud):
    def setUp(self):
        super().setUp()
        self.saved = os.path.join(self.folder, "rejects")
        self.rejects = self.cloud.queues[names.REJECTS]

    def refuse(self, *bodies):
        """Lets the function refuse these messages."""
        self.send(*bodies)
        run = self.run_queue()
        self.assertEqual(run.status, 0, run.log_text())

    def refuse_object(self, key, body):
        self.cloud.client("s3").put_object(Bucket=names.BUCKET, Key=key, Body=body)
        run = self.run_bucket()
        self.assertEqual(run.status, 0, run.log_text())

    def put_reject(self, **changes):
        """A message by hand, in the form of the function's."""
        reject = {"id": "ab" * 32, "reason": "E_PHONE", "text": "t", "field": "phone_number",
                  "source": "sqs:1", "offset": 0, "length": 1, "line": 1, "raw": "eA==", **changes}
        self.put_message(json.dumps({"rejects": [reject]}))

    def put_message(self, body):
        self.cloud.client("sqs").send_message(QueueUrl=self.rejects, MessageBody=body)

    def command(self, *arguments):
        return ["build/replay", *arguments, "--env-file", os.devnull]

    def replay(self, *arguments, **environment):
        return subprocess.run(self.command(*arguments), env={**self.environment, **environment},
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=LIMIT_S, check=False)

    def list(self, *arguments, **environment):
        return self.replay("list", "--queue", self.rejects, *arguments, **environment)

    def save(self, *arguments, **environment):
        return self.replay("save", "--queue", self.rejects, "--to", self.saved, *arguments,
                           **environment)

    def send_again(self, *arguments, **environment):
        return self.replay("send", "--from", self.saved, "--to", self.cloud.queues[names.QUEUE],
                           *arguments, **environment)

    def files(self, pattern="*.*.txt"):
        return sorted(glob.glob(os.path.join(self.saved, pattern)))

    def index(self):
        with open(os.path.join(self.saved, "rejects.ndjson"), encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def mend(self, old, new):
        subprocess.run(["sed", "-i", f"s/{old}/{new}/", *self.files()], check=True)

    def relay(self, judge):
        relay = Relay(self.cloud.url, judge)
        self.addCleanup(relay.close)
        return relay

    def assert_done(self, run):
        self.assertEqual(run.returncode, 0, run.stderr + run.stdout)


class WhatWasRefused(WithRejects):
    def test_is_listed_without_personal_data_and_stays_in_the_queue(self):
        self.refuse(*[BAD_PHONE % i for i in range(12)])
        self.refuse_object("new users.ndjson", b'{"user_id":"a"}\n{"user_id":"b","email":"at home"}\n')
        run = self.list()
        self.assert_done(run)
        self.assertEqual(run.stdout.count("E_PHONE "), 12, run.stdout)
        self.assertRegex(run.stdout, r"E_EMAIL +email +2 +16 +\d+  [0-9a-f]{16}  s3://%s/new users"
                         % names.BUCKET)
        for private in ("Ada", "at home", "=12"):
            self.assertNotIn(private, run.stdout + run.stderr)
        self.assertEqual(len(self.cloud.rejects()), 13)

    def test_is_shown_whole_when_asked_for(self):
        self.refuse(BAD_PHONE % "u\033[2J\u202e")
        run = self.list("--raw")
        self.assertIn("\n    user_name=Ada Nowhere\n    phone_number=12\n", run.stdout)

    def test_is_saved_mended_sent_and_stored(self):
        self.refuse(*[BAD_PHONE % i for i in range(23)])
        self.refuse_object("u.ndjson", b"".join(
            b'{"user_id":"o%d","phone_number":"12"}\n' % i for i in range(5)))
        self.assert_done(self.save())
        self.assertEqual(self.cloud.waiting(names.REJECTS), 0)
        self.assertEqual(len(self.files()), 28)
        self.mend("12", "+447700900123")
        sent = self.send_again()
        self.assert_done(sent)
        self.assertIn("28 sent, 0 left", sent.stdout)
        self.assertEqual(self.files(), [])
        self.assertEqual(len(self.files("sent/*.txt")), 28)
        self.assertEqual(self.run_queue().status, 0)
        users = self.cloud.stored_users()
        self.assertEqual(len(users), 28)
        self.assertEqual({user["phone_number"] for user in users.values()}, {"+447700900123"})
        self.assertEqual(self.cloud.rejects(), [])

    def test_is_saved_for_its_owner_alone_byte_for_byte(self):
        self.refuse(BAD_PHONE % "u1")
        self.assert_done(self.save())
        [line], [path] = self.index(), self.files()
        self.assertEqual(stat.S_IMODE(os.stat(self.saved).st_mode), 0o700)
        for name in os.listdir(self.saved):
            mode = os.stat(os.path.join(self.saved, name)).st_mode
            self.assertEqual(stat.S_IMODE(mode), 0o600, name)
        with open(path, encoding="utf-8") as file:
            self.assertEqual(file.read(), BAD_PHONE % "u1")
        self.assertEqual(line["file"], os.path.basename(path))
        self.assertEqual((line["reason"], line["field"], line["truncated"]),
                         ("E_PHONE", "phone_number", False))
        self.assertNotIn("raw", line)

    def test_comes_back_under_the_same_name_and_not_over_what_was_mended(self):
        self.refuse(BAD_PHONE % "u1")
        [message] = self.cloud.client("sqs").receive_message(
            QueueUrl=self.rejects, VisibilityTimeout=0)["Messages"]
        self.assert_done(self.save())
        self.mend("12", "mended")
        self.put_message(message["Body"])
        again = self.save()
        self.assertIn("0 rejects saved, 1 were there already", again.stdout)
        with open(self.files()[0], encoding="utf-8") as file:
            self.assertIn("mended", file.read())
        self.assertEqual(len(self.index()), 1)
        self.assertEqual(self.cloud.waiting(names.REJECTS), 0)

    def test_is_not_sent_unchanged_unless_that_is_wanted(self):
        self.refuse(BAD_PHONE % "u1")
        self.save()
        run = self.send_again()
        self.assertEqual(run.returncode, 1)
        self.assertIn("nobody has changed it", run.stderr)
        self.assertEqual(self.cloud.waiting(names.QUEUE), 0)
        self.assert_done(self.send_again("--unchanged"))
        self.assertEqual(self.cloud.waiting(names.QUEUE), 1)

    def test_and_was_cut_is_not_sent_before_it_is_whole(self):
        whole = b'{"user_id":"u","phone_number":"12","x":"' + b"x" * 70000 + b'"}'
        self.refuse_object("long.ndjson", whole)
        saved = self.save()
        self.assertIn("1 of them are cut", saved.stdout)
        [cut] = self.files("*.cut")
        self.assertTrue(self.index()[0]["truncated"])
        run = self.send_again("--unchanged")
        self.assertEqual(run.returncode, 1)
        self.assertIn("only the beginning", run.stderr)
        with open(cut, "wb") as file:
            file.write(whole.replace(b'"12"', b'"+447700900123"'))
        os.rename(cut, cut[:-4] + ".txt")
        self.assert_done(self.send_again())
        self.run_queue()
        self.assertIn("u", self.cloud.stored_users())

    def test_cannot_be_sent_when_sqs_cannot_carry_it_but_all_else_is(self):
        self.refuse_object("u.csv", b"user_id,user_name\nu1,Ada\nu2,\xff\xfe\n")
        self.refuse(BAD_PHONE % "u3")
        self.save()
        run = self.send_again("--unchanged")
        self.assertEqual(run.returncode, 1)
        self.assertIn("upload it to the bucket", run.stderr)
        self.assertIn("1 sent, 1 left", run.stdout)
        self.assertEqual(len(self.files()), 1)


class AKilledReplay(WithRejects):
    def run_until(self, operation, *arguments):
        """Kills it with the first such request, which never reaches AWS."""
        started = threading.Event()
        process = []

        def judge(name, _):
            if name != operation:
                return None
            started.wait(LIMIT_S)
            process[0].send_signal(signal.SIGKILL)
            return "drop"

        relay = self.relay(judge)
        process.append(subprocess.Popen(
            self.command(*arguments), env={**self.environment, "AWS_ENDPOINT_URL": relay.url},
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL))
        started.set()
        self.assertEqual(process[0].wait(LIMIT_S), -signal.SIGKILL)

    def test_between_writing_and_deleting_loses_and_doubles_nothing(self):
        self.refuse(*[BAD_PHONE % i for i in range(5)])
        self.run_until("DeleteMessage", "save", "--queue", self.rejects, "--to", self.saved,
                       "--visibility", "1")
        written = self.files()
        self.assertTrue(written)
        self.assertGreater(self.cloud.waiting(names.REJECTS), 0)
        limit = time.monotonic() + LIMIT_S
        while self.cloud.waiting(names.REJECTS) and time.monotonic() < limit:
            self.assert_done(self.save())
        self.assertEqual(len(self.files()), 5)
        self.assertTrue(set(written) <= set(self.files()))
        self.assertEqual(len(self.index()), 5)

    def test_while_sending_keeps_the_files(self):
        self.refuse(*[BAD_PHONE % i for i in range(3)])
        self.save()
        self.run_until("SendMessageBatch", "send", "--from", self.saved, "--unchanged",
                       "--to", self.cloud.queues[names.QUEUE])
        self.assertEqual(len(self.files()), 3)
        self.assert_done(self.send_again("--unchanged"))
        self.assertEqual(self.cloud.waiting(names.QUEUE), 3)

    def test_by_ctrl_c_hands_back_what_it_has_not_saved(self):
        for i in range(15):
            self.put_reject(id="%064x" % i)
        process = []

        def judge(name, _):
            if name == "DeleteMessage":
                process[0].send_signal(signal.SIGINT)

        relay = self.relay(judge)
        process.append(subprocess.Popen(
            self.command("save", "--queue", self.rejects, "--to", self.saved),
            env={**self.environment, "AWS_ENDPOINT_URL": relay.url}, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, text=True))
        said, _ = process[0].communicate(timeout=LIMIT_S)
        self.assertIn("there may be more", said)
        self.assertEqual(len(self.files()), 10)
        self.assertEqual(len(self.cloud.rejects()), 5)


class AnAwsThatFails(WithRejects):
    def test_at_each_delete_leaves_every_reject_in_the_queue(self):
        self.put_reject()
        relay = self.relay(lambda name, _: (403, b'{"__type":"AccessDenied"}')
                           if name == "DeleteMessage" else None)
        run = self.save(AWS_ENDPOINT_URL=relay.url)
        self.assertEqual(run.returncode, 1)
        self.assertIn("AccessDenied", run.stderr)
        self.assertEqual(len(self.files()), 1)
        self.assertEqual(len(self.cloud.rejects()), 1)  # visible again

    def test_for_some_of_a_batch_keeps_their_files(self):
        for i in range(4):
            self.put_reject(id="%064x" % i)
        self.save()

        def judge(name, body):
            if name != "SendMessageBatch":
                return None
            failed = {"1", "3"}
            answer = {"Successful": [{"Id": one["Id"], "MessageId": "m", "MD5OfMessageBody": md5(one)}
                                     for one in body["Entries"] if one["Id"] not in failed],
                      "Failed": [{"Id": id_, "Code": "Refused", "SenderFault": True}
                                 for id_ in sorted(failed)]}
            return 200, json.dumps(answer).encode()

        before = self.files()
        run = self.send_again("--unchanged", AWS_ENDPOINT_URL=self.relay(judge).url)
        self.assertEqual(run.returncode, 1)
        self.assertIn("2 sent, 2 left", run.stdout)
        self.assertEqual(self.files(), [before[1], before[3]])

    def test_with_a_queue_that_is_not_there_says_so(self):
        run = self.replay("list", "--queue", self.rejects + "-not")
        self.assertEqual(run.returncode, 1)
        self.assertIn("NonExistentQueue", run.stderr)


def md5(entry):
    return hashlib.md5(entry["MessageBody"].encode()).hexdigest()


class WhatIsNotOurs(WithRejects):
    STRANGERS = [
        "hello",
        "{}",
        '{"rejects":[]}',
        '{"rejects":{"id":"a"}}',
        '{"rejects":["%s"]}' % ("a" * 64),
    ]

    def test_stays_in_the_queue_and_is_told(self):
        self.put_reject(id="../../../../" + "a" * 52)
        self.put_reject(id="a" * 63 + "/")
        self.put_reject(id="A" * 64)
        self.put_reject(raw="not base64")
        self.put_reject(offset=-1)
        for body in self.STRANGERS:
            self.put_message(body)
        self.put_reject(id="12" * 32)
        count = 5 + len(self.STRANGERS)
        listed = self.list()
        self.assertEqual(listed.returncode, 1)
        self.assertIn(f"{count} of the messages are not", listed.stdout)
        saved = self.save()
        self.assertEqual(saved.returncode, 1)
        self.assertIn(f"{count} messages are not", saved.stdout)
        self.assertEqual(len(saved.stderr.splitlines()), count)
        self.assertEqual(self.cloud.waiting(names.REJECTS), count)
        self.assertEqual(os.listdir(self.folder).count("rejects"), 1)
        for name in os.listdir(self.saved):
            self.assertTrue(name == "rejects.ndjson" or NAME.match(name), name)
        self.assertEqual(len(self.files()), 1)

    def test_cannot_steer_the_terminal(self):
        evil = "\033[2J\x9b\u202e\n"
        self.put_reject(source=evil, field=evil, reason=evil,
                        raw=base64.b64encode(evil.encode() + b"\xff").decode())
        run = self.list("--raw")
        self.assert_done(run)
        for character in "\033\x9b\u202e":
            self.assertNotIn(character, run.stdout)
        self.assertIn("\\u{1b}[2J", run.stdout)
        self.assertIn("\\xff", run.stdout)

    def test_folder_is_not_written_to(self):
        self.put_reject()
        os.mkdir(self.saved, 0o755)
        run = self.save()
        self.assertEqual(run.returncode, 1)
        self.assertIn("chmod 700", run.stderr)
        self.assertEqual(os.listdir(self.saved), [])
        self.assertEqual(self.cloud.waiting(names.REJECTS), 1)


class TheEnvFile(WithRejects):
    def test_gives_the_keys(self):
        path = os.path.join(self.folder, "keys")
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(f"{name}={value}\n" for name, value in self.environment.items()
                            if name.startswith("AWS_"))
        bare = {name: value for name, value in self.environment.items() if "AWS_" not in name}
        self.put_reject()
        run = subprocess.run(["build/replay", "list", "--queue", self.rejects, "--env-file", path],
                             env=bare, stdout=subprocess.PIPE, text=True, timeout=LIMIT_S, check=False)
        self.assert_done_text(run)

    def assert_done_text(self, run):
        self.assertEqual(run.returncode, 0)
        self.assertIn("1 rejects in 1 messages", run.stdout)
