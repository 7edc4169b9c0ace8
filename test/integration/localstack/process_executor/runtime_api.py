"""The Lambda Runtime API for one process of a function, on a port of 127.0.0.1 that the kernel
chooses. It hands over one invocation at a time; what the function says to it goes to a queue.

Source: docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import queue
import re
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MAX_ANSWER_BYTES = 6 * 1024 * 1024
ANSWER = re.compile(r"/2018-06-01/runtime/invocation/([^/]+)/(response|error)")
NEXT = "/2018-06-01/runtime/invocation/next"
INIT_ERROR = "/2018-06-01/runtime/init/error"


@dataclass
class Invocation:
    request_id: str
    function_arn: str
    trace_id: str
    payload: bytes
    timeout_s: int


@dataclass
class Said:
    """What came of the function: "ready", "response", "error" or "init-error"."""
    what: str
    body: bytes = b""


class RuntimeApi:
    def __init__(self, said):
        self.said = said
        self.waiting = queue.Queue()
        self.open_id = None   # of the invocation that is handed over and not answered
        self.ready = False
        self.lock = threading.Lock()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.api = self
        self.address = f"127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={
            "poll_interval": 0.1}, daemon=True)
        self.thread.start()

    def close(self):
        self.waiting.put(None)
        self.server.shutdown()
        self.server.server_close()

    def hand_over(self, invocation):
        self.waiting.put(invocation)

    def next(self):
        """The next invocation, or None once this is closed."""
        with self.lock:
            if not self.ready:
                self.ready = True
                self.said.put(Said("ready"))
        invocation = self.waiting.get()
        if invocation:
            self.open_id = invocation.request_id
        return invocation

    def answer(self, request_id, what, body):
        """False when this is not an answer to what was asked."""
        with self.lock:
            if request_id != self.open_id:
                return False
            self.open_id = None
        self.said.put(Said(what, body))
        return True


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        if self.path != NEXT:
            self.reply(404)
            return
        invocation = self.server.api.next()
        if invocation is None:
            self.close_connection = True
            return
        deadline_ms = int((time.time() + invocation.timeout_s) * 1000)
        self.reply(200, invocation.payload, {
            "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
            "Lambda-Runtime-Deadline-Ms": str(deadline_ms),
            "Lambda-Runtime-Invoked-Function-Arn": invocation.function_arn,
            "Lambda-Runtime-Trace-Id": invocation.trace_id,
        })

    def do_POST(self):
        body = self.read_body()
        answer = ANSWER.fullmatch(self.path)
        if body is None:
            self.close_connection = True
            self.reply(413)
        elif self.path == INIT_ERROR:
            self.server.api.said.put(Said("init-error", body))
            self.reply(202, b'{"status":"OK"}\n')
        elif answer and self.server.api.answer(answer[1], answer[2], body):
            self.reply(202, b'{"status":"OK"}\n')
        else:
            self.reply(400 if answer else 404)

    def read_body(self):
        """None when it is too long, or of unknown length."""
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > MAX_ANSWER_BYTES:
            return None
        return self.rfile.read(int(length))

    def reply(self, status, body=b"", headers=()):
        self.send_response(status)
        for name, value in dict(headers).items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
