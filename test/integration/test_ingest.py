"""Users on every way in: objects of each form and of awkward names, messages, records of a stream;
what becomes of them in the table, the rejects, the dead letters and the log.
"""

import json

from waiting import until
from world import OnStack, WORLD, needs

# Name of an object, what is in it, content type, who is in it.
FORMS = [
    ("it/users.txt", b"user_id=f-kv-1\nuser_name=Ada\n\nuser_id=f-kv-2\nuser_name=Bo\n",
     "text/plain", ["f-kv-1", "f-kv-2"]),
    ("it/user.json", b'{"user_id":"f-json","user_name":"Ada"}', "application/json", ["f-json"]),
    ("it/users.json", b'[{"user_id":"f-array-1"},{"user_id":"f-array-2"}]', "",
     ["f-array-1", "f-array-2"]),
    ("it/wrapped.json", b'{"users":[{"user_id":"f-wrapped"}]}', "", ["f-wrapped"]),
    ("it/users.ndjson", b'{"user_id":"f-nd-1"}\n{"user_id":"f-nd-2"}\n', "application/x-ndjson",
     ["f-nd-1", "f-nd-2"]),
    ("it/users.csv", "user_id;user_name\nf-csv;Käthe\n".encode(), "text/csv", ["f-csv"]),
]
KEYS = {
    "a space": "it/two words.json",
    "a plus": "it/one+one.json",
    "a percent sign": "it/100%.json",
    "an escaped space": "it/two%20words.json",
    "two slashes": "it//double.json",
    "umlauts": "it/Käthe.json",
    "an emoji": "it/\N{GRINNING FACE}.json",
    "two dots": "it/../up.json",
    "signs of a query": "it/a=b&c?d#e.json",
    "all of them": "it/../ä b+c%2B//\N{GRINNING FACE}&=.json",
}


def json_user(user_id):
    return json.dumps({"user_id": user_id}).encode()


class AnObject(OnStack):
    def test_of_each_form_is_stored(self):
        for key, body, content_type, _ in FORMS:
            self.stack.put(key, body, content_type)
        self.stack.wait_for_users(*[one for form in FORMS for one in form[3]])
        self.assertEqual(self.stack.user("f-csv"), {"user_id": "f-csv", "user_name": "Käthe"})

    def test_with_an_awkward_name_is_stored(self):
        for word, key in KEYS.items():
            self.stack.put(key, json_user(f"key with {word}"))
        self.stack.wait_for_users(*[f"key with {word}" for word in KEYS])

    def test_with_one_bad_line_is_stored_but_for_that(self):
        self.stack.put("it/bad.ndjson", b'{"user_id":"b-1"}\n{"user_id":"b-2","email":"no"}\n'
                                        b'{"user_id":"b-3"}\n')
        self.stack.wait_for_users("b-1", "b-3")
        reject = until(lambda: next((one for one in self.stack.rejects()
                                     if one["source"].endswith("it/bad.ndjson")), None),
                       "the bad line comes to the rejects")
        self.assertEqual((reject["line"], reject["offset"], reject["field"]), (2, 18, "email"))
        self.assertIsNone(self.stack.user("b-2"))


class AMessage(OnStack):
    def test_is_stored(self):
        self.stack.send("user_id=m-1\nuser_name=Ada Lovelace\nphone_number=+44 20 7946 0958",
                        '{"user_id":"m-2"}')
        self.stack.wait_for_users("m-1", "m-2")
        self.assertEqual(self.stack.user("m-1")["phone_number"], "+442079460958")

    def test_with_bad_data_goes_to_the_rejects(self):
        message, = self.stack.send("user_name=nobody\nemail=x@example.com")
        reject = until(lambda: next((one for one in self.stack.rejects()
                                     if one["source"] == f"sqs:{message}"), None),
                       "the message comes to the rejects")
        self.assertEqual(reject["reason"], "E_ID_MISSING")

    def test_that_cannot_be_done_with_comes_back_alone_and_ends_in_the_dead_letters(self):
        # Bad data that is too long for a message to the rejects.
        poison = "user_id=poison\nphone_number=1\nnotes=" + "x" * 900_000
        good = [f"user_id=beside-poison-{i}" for i in range(4)]
        sent, *_ = self.stack.send(poison, *good)
        self.stack.wait_for_users(*[f"beside-poison-{i}" for i in range(4)])
        until(lambda: self.stack.waiting("user-data-dlq"), "the poison ends in the dead letters")
        dead = self.stack.take("user-data-dlq")
        self.assertEqual([one["MessageId"] for one in dead], [sent])
        self.assertEqual(dead[0]["Body"], poison)
        self.assertEqual(self.stack.waiting("user-data-queue"), 0)
        if "receive counts" not in self.target.lacks:
            told = [line for line in WORLD.log_lines() if "reject not kept" in line]
            self.assertEqual(len(told), 5, "the poison was tried as often as it may be")


class ARecordOfTheStream(OnStack):
    def test_is_stored(self):
        self.stack.put_records(*[json_user(f"k-{i}") for i in range(20)])
        self.stack.wait_for_users(*[f"k-{i}" for i in range(20)])

    def test_with_bad_data_goes_to_the_rejects_and_the_stream_goes_on(self):
        _, bad, _ = self.stack.put_records(json_user("k-before"), b'{"user_id":""}',
                                           json_user("k-after"))
        self.stack.wait_for_users("k-before", "k-after")
        reject = until(lambda: next((one for one in self.stack.rejects()
                                     if bad in one["source"]), None),
                       "the record comes to the rejects")
        self.assertTrue(reject["source"].startswith("kinesis:"))
        self.assertEqual(self.stack.waiting("user-data-failed-stream"), 0)


class TheNewestVersion(OnStack):
    def test_stays_whatever_way_the_others_come(self):
        def state(name, day):
            return json.dumps({"user_id": "versions", "user_name": name,
                               "updated_at": f"2026-01-0{day}T00:00:00Z"})
        self.stack.send(state("third", 3), "user_id=v-message")
        self.stack.wait_for_users("versions", "v-message")
        self.stack.put("it/versions.json", state("first", 1).encode())
        self.stack.put_records(state("second", 2).encode(), json_user("v-record"))
        self.stack.put("it/versions-end.json", json_user("v-object"))
        self.stack.wait_for_users("v-record", "v-object")
        until(lambda: stale_lines() >= 2, "the function tells of two stale records")
        self.assertEqual(self.stack.user("versions")["user_name"], "third")


def ingested():
    """The function's own accounting, one line an invocation."""
    found = []
    for line in WORLD.log_lines():
        if '"message":"ingested"' in line:
            found.append(json.loads(line))
    return found


def stale_lines():
    return sum(line["stale"] for line in ingested())


class TheLog(OnStack):
    def test_counts_every_record_in_one_outcome(self):
        self.stack.send("user_id=logged")
        self.stack.wait_for_users("logged")
        lines = until(ingested, "the log tells what became of records")
        for line in lines:
            outcomes = sum(line[name] for name in ("written", "duplicate", "stale", "rejected",
                                                   "deferred", "failed"))
            self.assertEqual(line["in"], outcomes, line)
        self.assertTrue(until(lambda: {line["source"] for line in ingested()} >= {"sqs"},
                              "a line of the queue"))

    def test_holds_no_personal_data(self):
        self.stack.send("user_id=l-private\nuser_name=Zebedee Quux\nemail=zebedee@example.com",
                        "user_id=l-bad\nuser_name=Zebedee Quux\nemail=zebedee")
        self.stack.put("it/zebedee-key.json", json_user("l-object"))
        self.stack.wait_for_users("l-private", "l-object")
        text = "\n".join(WORLD.log_lines()).lower()
        self.assertNotIn("zebedee", text)

    @needs("functions")
    def test_says_how_long_each_invocation_took(self):
        self.stack.send("user_id=reported")
        self.stack.wait_for_users("reported")
        until(lambda: [line for line in WORLD.log_lines() if line.startswith("REPORT RequestId: ")
                       and "Duration: " in line and "Max Memory Used: " in line],
              "Lambda's report stands in the log")
