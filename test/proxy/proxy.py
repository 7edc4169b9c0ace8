"""A proxy in front of the local AWS that trusts nobody: each request is verified (see verify.py),
met by a fault when the test has planned one (see faults.py), or passed on unchanged.

It runs in threads of the test, one a connection. What came is kept in `journal`.
"""

import email.utils
import json
import socket
import struct
import threading
import uuid
import zlib
from dataclasses import dataclass
from xml.sax.saxutils import escape

from verify import Refusal, Verifier, read_claim
from wire import Broken, Reply, Request, forward, read_request


@dataclass
class Entry:
    """A request in the journal."""
    request: Request
    refusal: str = ""  # why it was refused
    met: bool = False  # a fault had it


class Exchange:
    """One request and what is done with it; the faults' view."""

    def __init__(self, proxy, connection, request):
        self.proxy, self.connection, self.request = proxy, connection, request
        self.open = True

    def forward(self, body=None):
        """The reply of the local AWS; with `body`, to another request than was sent."""
        request = self.request
        if body is not None:
            request = Request(request.method, request.target, request.headers, body)
        reply = forward(self.proxy.behind, request)
        reply.set("x-amz-request-id" if request.service == "s3" else "x-amzn-RequestId", new_id())
        return reply

    def json_reply(self, status, answer, headers=()):
        body = json.dumps(answer).encode()
        reply = Reply(status, [("Content-Type", "application/x-amz-json-1.0"),
                               ("x-amzn-RequestId", new_id()), *headers], body)
        if self.request.service == "dynamodb":
            reply.set("x-amz-crc32", str(zlib.crc32(body)))
        return reply

    def error(self, status, code, headers=(), text="", elements=()):
        """In the service's own shape."""
        if self.request.service != "s3":
            space = {"sqs": "com.amazonaws.sqs", "dynamodb": "com.amazonaws.dynamodb.v20120810"}
            kind = space.get(self.request.service, "com.amazon.coral.service") + "#" + code
            return self.json_reply(status, {"__type": kind, "message": text}, headers)
        inside = {"Code": code, "Message": text, **dict(elements), "RequestId": new_id()}
        body = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in inside.items())
        xml = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{body}</Error>'
        if self.request.method == "HEAD":
            xml = ""
        return Reply(status, [("Content-Type", "application/xml"),
                              ("x-amz-request-id", inside["RequestId"]), *headers], xml.encode())

    def refuse(self, refusal):
        service = self.request.service
        region = self.proxy.verifier.regions[service]
        headers, elements, status = [], {}, refusal.status(service)
        code = refusal.code(service)
        if refusal.failure == "scope" and service == "s3":
            headers, elements = [("x-amz-bucket-region", region)], {"Region": region}
            if self.proxy.redirects:
                status, code = 301, "PermanentRedirect"
                headers.append(("Location", f"https://s3.{region}.amazonaws.com/elsewhere"))
        self.send(self.error(status, code, headers, refusal.text, elements))

    def expire_keys(self):
        self.proxy.verifier.expired.add(read_claim(self.request).key_id)

    def bytes_of(self, reply):
        length = dict((name.lower(), value) for name, value in reply.headers)
        if self.request.method != "HEAD" or "content-length" not in length:
            reply.set("Content-Length", str(len(reply.body)))
        reply.set("Date", email.utils.formatdate(self.proxy.verifier.now_s(), usegmt=True))
        return reply.head_bytes() + (b"" if self.request.method == "HEAD" else reply.body)

    def send(self, reply):
        self.send_bytes(self.bytes_of(reply))

    def send_bytes(self, data):
        self.connection.sendall(data)

    def close(self):
        self.open = False

    def reset(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()


def new_id():
    return str(uuid.uuid4())


class Proxy:
    def __init__(self, url_behind, region):
        self.behind = ("127.0.0.1", int(url_behind.rsplit(":", 1)[1]))
        self.region = region
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.url = "http://127.0.0.1:%d" % self.listener.getsockname()[1]
        self.lock = threading.Lock()
        self.connections = set()
        self.reset()
        self.thread = threading.Thread(target=self.accept)
        self.thread.start()

    def reset(self):
        """As new: no faults, no keys, nothing in the journal."""
        self.verifier = Verifier(dict.fromkeys(("s3", "dynamodb", "sqs", "kinesis"), self.region))
        self.faults = []
        self.journal = []
        self.broken = []        # what was no request
        self.redirects = False  # S3 answers 301 to who asks in another region

    def count(self, operation):
        with self.lock:
            return sum(entry.request.operation == operation for entry in self.journal)

    def refusals(self):
        with self.lock:
            return [entry.refusal for entry in self.journal if entry.refusal] + self.broken

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.lock:
                self.connections.add(connection)
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        try:
            with connection.makefile("rb") as file:
                while self.answer(connection, file):
                    pass
        except Broken as broken:
            with self.lock:
                self.broken.append(str(broken))
        except OSError:
            pass  # the client went away
        finally:
            with self.lock:
                self.connections.discard(connection)
            connection.close()

    def answer(self, connection, file):
        """True while the connection is to be kept."""
        request = read_request(file, connection)
        if request is None:
            return False
        entry, exchange = Entry(request), Exchange(self, connection, request)
        with self.lock:
            self.journal.append(entry)
        try:
            self.verifier.check(request)
        except Refusal as refusal:
            entry.refusal = f"{request.operation}: {refusal.failure}: {refusal.text}"
            exchange.refuse(refusal)
            return True
        fault = next((fault for fault in self.faults if fault.meets(request)), None)
        entry.met = fault is not None
        if fault:
            fault.act(exchange)
        else:
            exchange.send(exchange.forward())
        return exchange.open

    def drop_connections(self):
        """Closes what clients keep open, as a service does that heard nothing for a while."""
        with self.lock:
            for connection in self.connections:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()
        self.drop_connections()
