"""Made-up users in every format the function reads, and what must become of each record.

All is computed, nothing drawn at random: two runs have the same input. The phone numbers are of
ranges that are set aside for fiction.
"""

import csv
import io
import json
from dataclasses import dataclass, field

FIRST = ["Ada", "Benoît", "Chidi", "Dagny", "Emeka", "Farah", "Grace", "Hélène", "Ines", "Jürgen",
         "Kofi", "Lena", "Mário", "Noor", "Olga", "Priya", "Quinn", "Rosa", "Søren", "Tomás"]
LAST = ["Abbott", "Bianchi", "Castro", "Dvořák", "Eriksen", "Fischer", "García", "Haddad", "Ito",
        "Jensen", "Kowalski", "Lindqvist", "Moreau"]


@dataclass
class Upload:
    key: str
    body: bytes
    content_type: str = ""


@dataclass
class Reject:
    """A record that must be refused; `source` is how the reject's source begins."""
    reason: str
    source: str
    line: int = 1
    offset: int = 0


@dataclass
class Input:
    uploads: list = field(default_factory=list)   # the bucket tells its queue of these
    archive: list = field(default_factory=list)   # and nobody of these, but a message
    messages: list = field(default_factory=list)
    stream: list = field(default_factory=list)
    users: dict = field(default_factory=dict)     # as they must be stored in the end
    rejects: list = field(default_factory=list)
    records: dict = field(default_factory=dict)   # how many came by way of s3, sqs, kinesis


def user(number):
    first = FIRST[number % len(FIRST)]
    last = LAST[number * 7 % len(LAST)]
    return {
        "user_id": f"u-{number:04}",
        "user_name": f"{first} {last}",
        "phone_number": f"+44 7700 900{number % 1000:03}",
        "email": f"user.{number}@Example.COM",
    }


def stored(record):
    """What the table must hold for a record: telephone numbers in E.164, domains in lower case."""
    item = dict(record)
    item["phone_number"] = record["phone_number"].replace(" ", "")
    item["email"] = record["email"].lower()
    return item


class Maker:
    """Hands out the users one after the other and keeps the books."""

    def __init__(self):
        self.made = Input(records={"s3": 0, "sqs": 0, "kinesis": 0})
        self.number = 0

    def users(self, count, way):
        batch = [user(self.number + i) for i in range(1, count + 1)]
        self.number += count
        self.made.records[way] += count
        for one in batch:
            self.made.users[one["user_id"]] = stored(one)
        return batch

    def bad(self, way, reason, source, line=1, offset=0):
        self.made.records[way] += 1
        self.made.rejects.append(Reject(reason, source, line, offset))


def as_json(record):
    return json.dumps(record, ensure_ascii=False).encode()


def as_kv(record):
    return "".join(f"{name}={value}\n" for name, value in record.items()).encode()


def as_csv_row(values):
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(values)
    return out.getvalue().encode()


class Lines:
    """A body that knows at which byte and line its next piece begins."""

    def __init__(self):
        self.body = b""

    def add(self, *pieces):
        self.body += b"".join(pieces)

    def place(self):
        return {"line": self.body.count(b"\n") + 1, "offset": len(self.body)}


def make_kv(maker):
    body = b"\n".join(as_kv(one) for one in maker.users(60, "s3"))
    maker.made.uploads.append(Upload("2026/november/users-001.txt", body, "text/plain"))


def make_json_object(maker):
    maker.made.uploads.append(Upload("one-user.json", as_json(maker.users(1, "s3")[0])))


def make_json_array(maker):
    body = json.dumps(maker.users(80, "s3"), indent=1, ensure_ascii=False).encode()
    maker.made.uploads.append(Upload("users of the north.json", body, "application/json"))


def make_ndjson(maker, updates):
    key = "users.ndjson"
    source = f"s3://{{bucket}}/{key}"
    lines = Lines()
    for one in maker.users(50, "s3"):
        lines.add(as_json(one), b"\n")
    maker.bad("s3", "E_JSON", source, **lines.place())
    lines.add(b'{"user_id": "u-bad-1", "user_name": \n')
    maker.bad("s3", "E_PHONE", source, **lines.place())
    lines.add(as_json({"user_id": "u-bad-2", "phone_number": "call me"}), b"\n")
    for one in maker.users(50, "s3"):
        lines.add(as_json(one), b"\n")
    lines.add(as_json(updates["oldest"]), b"\n")
    maker.made.records["s3"] += 1
    maker.made.uploads.append(Upload(key, lines.body, "application/x-ndjson"))


def make_csv(maker):
    key = "2026/users.csv"
    source = f"s3://{{bucket}}/{key}"
    lines = Lines()
    columns = list(user(0))
    lines.add(as_csv_row(columns))
    for i, one in enumerate(maker.users(80, "s3")):
        if i % 10 == 3:  # a comma, quotes: what CSV is feared for
            first, last = one["user_name"].split(" ", 1)
            one["user_name"] = f'{last}, {first} "{first[0]}"'
            maker.made.users[one["user_id"]] = stored(one)
        lines.add(as_csv_row(one.values()))
    maker.bad("s3", "E_CSV_COLUMNS", source, **lines.place())
    lines.add(b"u-bad-3,Too Few\n")
    maker.bad("s3", "E_UTF8", source, **lines.place())
    lines.add(b"u-bad-4,Caf\xe9" + b"," * (len(columns) - 2) + b"\n")
    for one in maker.users(10, "s3"):
        lines.add(as_csv_row(one.values()))
    maker.made.uploads.append(Upload(key, lines.body, "text/csv"))


def make_archive(maker):
    body = b"".join(as_json(one) + b"\n" for one in maker.users(30, "sqs"))
    maker.made.archive.append(Upload("archive/users-2019.ndjson", body))


def make_messages(maker, updates):
    messages = maker.made.messages
    messages.append(as_json(updates["newest"]).decode())
    maker.made.records["sqs"] += 1
    messages += [as_kv(one).decode() for one in maker.users(12, "sqs")]
    messages += [as_json(one).decode() for one in maker.users(12, "sqs")]
    messages.append("\n".join(as_kv(one).decode() for one in maker.users(3, "sqs")))
    maker.bad("sqs", "E_ID_MISSING", "sqs:")
    messages.append('{"user_name": "Nobody In Particular"}')


def make_stream(maker, updates):
    stream = maker.made.stream
    stream.append(as_json(updates["older"]))
    maker.made.records["kinesis"] += 1
    stream += [as_json(one) for one in maker.users(40, "kinesis")]
    maker.bad("kinesis", "E_PHONE", "kinesis:")
    stream.append(as_json({"user_id": "u-bad-5", "phone_number": "+12"}))


def make_updates(maker):
    """Three states of one user that arrive by three ways, the newest most likely first: whatever the
    order, it must stay."""
    def state(name, phone, when):
        return {"user_id": "u-moved", "user_name": name, "phone_number": phone,
                "email": "moved@example.com", "updated_at": when}
    updates = {
        "oldest": state("Mary Ellis", "+44 7700 900901", "2026-03-01T09:00:00Z"),
        "older": state("Mary Ellis-Novak", "+44 7700 900902", "2026-06-01T09:00:00Z"),
        "newest": state("Mary Novak", "+44 7700 900903", "2026-09-01T09:00:00Z"),
    }
    newest = stored(updates["newest"])
    newest["updated_at"] = "2026-09-01T09:00:00.000Z"
    maker.made.users["u-moved"] = newest
    return updates


def make_input():
    maker = Maker()
    updates = make_updates(maker)
    make_kv(maker)
    make_json_object(maker)
    make_json_array(maker)
    make_ndjson(maker, updates)
    make_csv(maker)
    make_archive(maker)
    make_messages(maker, updates)
    make_stream(maker, updates)
    return maker.made


def personal_data(made):
    """Texts that must not be found in any log."""
    texts = set()
    for one in made.users.values():
        texts.update([one["user_name"], one["phone_number"], one["email"]])
    return texts
