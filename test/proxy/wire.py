"""HTTP/1.1 as bytes: a request exactly as it was sent, and a reply exactly as it is to be sent."""

import http.client
from dataclasses import dataclass, field

MAX_HEAD_BYTES = 64 * 1024
MAX_BODY_BYTES = 64 * 1024 * 1024


class Broken(Exception):
    """Not a request that can be answered."""


@dataclass
class Request:
    method: str
    target: str    # raw: the client's own encoding
    headers: list  # (name, value) as sent
    body: bytes

    def values(self, name):
        return [value for key, value in self.headers if key.lower() == name]

    def header(self, name):
        """The first of that name (in lower case), or empty."""
        return next(iter(self.values(name)), "")

    @property
    def service(self):
        prefix = self.header("x-amz-target").split(".")[0].split("_")[0]
        return {"DynamoDB": "dynamodb", "AmazonSQS": "sqs", "Kinesis": "kinesis"}.get(prefix, "s3")

    @property
    def operation(self):
        named = self.header("x-amz-target").partition(".")[2]
        return named or {"GET": "GetObject", "HEAD": "HeadObject"}.get(self.method, self.method)


@dataclass
class Reply:
    status: int
    headers: list = field(default_factory=list)
    body: bytes = b""

    def set(self, name, value):
        self.headers = [(key, old) for key, old in self.headers if key.lower() != name.lower()]
        self.headers.append((name, value))

    def head_bytes(self):
        reason = http.client.responses.get(self.status, "Unknown")
        lines = [f"HTTP/1.1 {self.status} {reason}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"


def read_head(file):
    """The request line and the header lines, without their ends; None when the client is gone."""
    lines, length = [], 0
    while True:
        line = file.readline(MAX_HEAD_BYTES)
        length += len(line)
        if not line:
            return None
        if not line.endswith(b"\r\n") or length > MAX_HEAD_BYTES:
            raise Broken("a line that does not end in CRLF, or too many of them")
        if line == b"\r\n":
            return lines
        lines.append(line[:-2].decode("latin-1"))


def read_request(file, connection):
    """None when the client closed between two requests, or within one."""
    lines = read_head(file)
    if not lines:
        return None
    words = lines[0].split(" ")
    if len(words) != 3 or words[2] != "HTTP/1.1" or not words[1].startswith("/"):
        raise Broken(f"not a request line: {lines[0]!r}")
    headers = []
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            raise Broken(f"not a header: {line!r}")
        headers.append((name, value.strip(" \t")))
    request = Request(words[0], words[1], headers, b"")
    if request.header("expect"):
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    request.body = read_body(file, request)
    return None if request.body is None else request


def read_body(file, request):
    if request.header("transfer-encoding"):
        raise Broken("a body without Content-Length")
    length = int(request.header("content-length") or 0)
    if length > MAX_BODY_BYTES:
        raise Broken("a body too large")
    body = file.read(length)
    return body if len(body) == length else None


def forward(address, request):
    """Sends the request on as it is; the reply without what belongs to a connection alone."""
    connection = http.client.HTTPConnection(*address, timeout=30)
    try:
        connection.putrequest(request.method, request.target, skip_host=True,
                              skip_accept_encoding=True)
        for name, value in request.headers:
            if name.lower() not in ("connection", "content-length"):
                connection.putheader(name, value)
        connection.putheader("Content-Length", str(len(request.body)))
        connection.endheaders(request.body)
        answer = connection.getresponse()
        kept = [(name, value) for name, value in answer.getheaders()
                if name.lower() not in ("connection", "date", "server", "transfer-encoding")]
        return Reply(answer.status, kept, answer.read())
    finally:
        connection.close()
