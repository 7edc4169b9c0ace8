"""What a service may do to a request but serve it. A fault says which requests it meets, and how
often; what it does is a function of the exchange (see proxy.py), made by one of these.
"""

import hashlib
import json
import threading
import time
import zlib

from verify import Refusal
from wire import Reply


class Fault:
    """Meets requests of one operation: `times` of them at most, every `every`-th, the first of
    which is number `after` + 1."""

    def __init__(self, operation, act, times=1, every=1, after=0):
        self.operation, self.act = operation, act
        self.times, self.every, self.after = times, every, after
        self.seen = self.met = 0
        self.lock = threading.Lock()

    def meets(self, request):
        if request.operation != self.operation:
            return False
        with self.lock:
            self.seen += 1
            count = self.seen - self.after - 1
            hit = count >= 0 and count % self.every == 0 and self.met < self.times
            self.met += hit
            return hit


ALWAYS = 1 << 30


def refuse(status, code, **headers):
    """An error reply; the request is not applied. x_amz_retry_after="50" is a header of it."""
    return lambda exchange: exchange.send(exchange.error(
        status, code, [(name.replace("_", "-"), value) for name, value in headers.items()]))


def reset_before(exchange):
    exchange.reset()


def reset_after(exchange):
    exchange.forward()
    exchange.reset()


def close_before(exchange):
    exchange.close()


def reset_within(share):
    """Applied; of the reply only a part of head and body comes."""
    def act(exchange):
        whole = exchange.bytes_of(exchange.forward())
        exchange.send_bytes(whole[:int(len(whole) * share)])
        exchange.reset()
    return act


def cut_body(share):
    """Applied; the body breaks off, and the connection is closed in order."""
    def act(exchange):
        reply = exchange.forward()
        whole = exchange.bytes_of(reply)
        exchange.send_bytes(whole[:len(whole) - len(reply.body) + int(len(reply.body) * share)])
        exchange.close()
    return act


def wrong_crc32(exchange):
    """Applied; the checksum says that the body was damaged."""
    reply = exchange.forward()
    reply.set("x-amz-crc32", str(zlib.crc32(reply.body) ^ 1))
    exchange.send(reply)


def damaged_body(exchange):
    """Applied; the checksum is right, a bit of the body is not."""
    reply = exchange.forward()
    reply.set("x-amz-crc32", str(zlib.crc32(reply.body)))
    middle = len(reply.body) // 2
    reply.body = reply.body[:middle] + bytes([reply.body[middle] ^ 1]) + reply.body[middle + 1:]
    exchange.send(reply)


def slow(seconds):
    def act(exchange):
        reply = exchange.forward()
        time.sleep(seconds)
        exchange.send(reply)
    return act


def unprocessed(step):
    """Every `step`-th item of a batch is not written, and said so."""
    def act(exchange):
        request = json.loads(exchange.request.body)
        (table, items), = request["RequestItems"].items()
        left = items[::step]
        taken = [item for i, item in enumerate(items) if i % step]
        if taken:
            exchange.forward(json.dumps({"RequestItems": {table: taken}}).encode())
        exchange.send(exchange.json_reply(200, {"UnprocessedItems": {table: left}}))
    return act


def batch_failures(sender_fault):
    """Every second entry of an SQS batch fails, on HTTP 200."""
    def act(exchange):
        request = json.loads(exchange.request.body)
        entries = request["Entries"]
        reply = exchange.forward(json.dumps({**request, "Entries": entries[::2]}).encode())
        answer = json.loads(reply.body)
        answer["Failed"] = [{"Id": entry["Id"], "SenderFault": sender_fault,
                             "Code": "InternalError"} for entry in entries[1::2]]
        exchange.send(exchange.json_reply(200, answer))
    return act


def expire(exchange):
    """From here on the keys that this request came with are no longer good."""
    exchange.expire_keys()
    exchange.refuse(Refusal("expired", "The security token included in the request is expired"))


def close_after(exchange):
    """Served; then the connection is closed without a word, so that its next user finds it dead."""
    exchange.send(exchange.forward())
    exchange.close()


def serve(body):
    """An object that the local AWS cannot keep, its key being what it is."""
    tag = '"%s"' % hashlib.md5(body).hexdigest()
    return lambda exchange: exchange.send(Reply(200, [("ETag", tag)], body))
