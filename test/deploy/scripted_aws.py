"""An AWS that answers each operation as a test tells it to, on 127.0.0.1: the states and refusals
that no emulator can be brought into.
"""

import re
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

IDENTITY = ("<GetCallerIdentityResponse><GetCallerIdentityResult><Account>123456789012</Account>"
            "<Arn>arn:aws:iam::123456789012:user/a</Arn><UserId>A</UserId>"
            "</GetCallerIdentityResult></GetCallerIdentityResponse>")
NO_STACK = "Stack with id serverless-user-management-dev does not exist"


def error(status, code, message="as scripted"):
    return status, (f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code>"
                    f"<Message>{message}</Message></Error></ErrorResponse>")


def stack(state):
    return 200, ("<DescribeStacksResponse><DescribeStacksResult><Stacks><member>"
                 "<StackName>serverless-user-management-dev</StackName>"
                 f"<StackStatus>{state}</StackStatus>"
                 "</member></Stacks></DescribeStacksResult></DescribeStacksResponse>")


def events(*failures):
    members = "".join(
        f"<member><LogicalResourceId>{name}</LogicalResourceId><ResourceType>{kind}</ResourceType>"
        f"<ResourceStatus>CREATE_FAILED</ResourceStatus>"
        f"<ResourceStatusReason>{reason}</ResourceStatusReason></member>"
        for name, kind, reason in failures)
    return 200, ("<DescribeStackEventsResponse><DescribeStackEventsResult>"
                 f"<StackEvents>{members}</StackEvents>"
                 "</DescribeStackEventsResult></DescribeStackEventsResponse>")


class ScriptedAws:
    def __init__(self, **replies):
        """`replies`: by operation (S3's by method), (status, body)."""
        self.replies = {"GetCallerIdentity": (200, IDENTITY),
                        "DescribeStacks": error(400, "ValidationError", NO_STACK),
                        "HEAD": (404, ""), **replies}
        self.key_ids = set()  # of those who asked
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(self))
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def answer(self, operation, headers):
        self.key_ids.update(re.findall(r"Credential=([^/]*)/", headers.get("Authorization", "")))
        return self.replies.get(operation, error(400, "NotScripted", operation))


def handler_of(aws):
    class Handler(BaseHTTPRequestHandler):
        def serve(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            status, text = aws.answer(self.operation(body), self.headers)
            data = text.encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)

        def operation(self, body):
            target = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
            action = urllib.parse.parse_qs(body).get("Action", [""])[0]
            return target or action or self.command

        def log_message(self, *_):
            pass

        do_GET = do_HEAD = do_POST = serve

    return Handler
