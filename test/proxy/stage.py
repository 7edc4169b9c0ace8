"""The stage of these tests: one local AWS with no checks of its own, the proxy in front of it, and
build/bootstrap in build/lambda-local before both.
"""

import http.server
import json
import os
import sys
import tempfile
import threading
import time
import unittest
import urllib.request
from dataclasses import dataclass

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, "deploy", "demo"), os.path.dirname(os.path.abspath(__file__))]
os.chdir(ROOT)

import cloud as names  # noqa: E402
from cloud import Cloud, clean_environment  # noqa: E402
from host import Host  # noqa: E402
from proxy import Proxy  # noqa: E402

REGION = names.REGION
BUCKET, TABLE, QUEUE = names.BUCKET, names.TABLE, names.QUEUE
LIMIT_S = 60


@dataclass
class Keys:
    key_id: str
    secret: str
    token: str

    def environment(self):
        return {"AWS_ACCESS_KEY_ID": self.key_id, "AWS_SECRET_ACCESS_KEY": self.secret,
                "AWS_SESSION_TOKEN": self.token}


# With what broke signers before: a slash and a plus in the secret, a long token.
KEYS = Keys("ASIAVERIFIED00000001", "/se+cret/" + "k" * 31, "t/+=" * 180)

AWKWARD_KEYS = [
    "a+b", "a=b", "year=2026/month=01/k", "a&b", "100%", "a%20b", "a%2Fb", "ü", "a:b", "a*b",
    "(a)", "a;b", "a b", "a,b", "a$b", "a@b", "a!b", "a'b", "[a]{b}", "a?b", "a#b", "a~b", "😀",
    "日本/é", 'q"<>\\^`|',
]

cloud = proxy = folder = None


def open_stage():
    global cloud, proxy, folder
    folder = tempfile.TemporaryDirectory(prefix="user-proxy-")
    cloud = OpenCloud(os.path.join(folder.name, "moto.log"))
    proxy = Proxy(cloud.url, REGION)


def close_stage():
    proxy.close()
    cloud.close()
    folder.cleanup()


def address():
    return ("127.0.0.1", int(proxy.url.rsplit(":", 1)[1]))


class OpenCloud(Cloud):
    """One that leaves the checking to the proxy."""

    def demand_signatures(self):
        pass

    def start_anew(self):
        urllib.request.urlopen(urllib.request.Request(
            f"{self.url}/moto-api/reset", method="POST"), timeout=10).close()
        self.keys = {"aws_access_key_id": "none", "aws_secret_access_key": "none"}
        self.make_queues()
        self.client("dynamodb").create_table(
            TableName=TABLE, BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "user_id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "user_id", "AttributeType": "S"}])
        self.make_bucket([])


class Case(unittest.TestCase):
    """Each test has an empty AWS and a proxy that knows KEYS."""

    def setUp(self):
        cloud.start_anew()
        proxy.reset()
        proxy.verifier.keys[KEYS.key_id] = (KEYS.secret, KEYS.token)
        self.folder = tempfile.TemporaryDirectory(dir=folder.name)
        self.addCleanup(self.folder.cleanup)

    def environment(self, **more):
        return {**clean_environment(), "AWS_ENDPOINT_URL": proxy.url, "AWS_REGION": REGION,
                "TABLE_NAME": TABLE, "REJECTS_QUEUE_URL": cloud.queues[names.REJECTS],
                "WORK_QUEUE_URL": cloud.queues[QUEUE], "PARTIAL_RESPONSE": "on",
                "AWS_EC2_METADATA_DISABLED": "true", **KEYS.environment(), **more}

    def run_queue(self, **environment):
        return self.run_host(environment, "--sqs", cloud.queues[QUEUE], "--partial-response")

    def run_bucket(self, **environment):
        return self.run_host(environment, "--s3-queue", cloud.queues[names.NOTIFICATIONS])

    def run_host(self, environment, *arguments):
        return Host(self.folder.name).run(
            self.environment(**environment),
            [*arguments, "--retry-delay", "0", "--until-idle=1"], LIMIT_S)


class KeyServer:
    """The container credentials endpoint; `keys` gives those of the moment."""

    def __init__(self, keys):
        self.asked, self.authorizations = 0, set()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(handler):
                self.asked += 1
                self.authorizations.add(handler.headers["Authorization"])
                body = self.document(keys())
                handler.send_response(200)
                handler.send_header("Content-Length", str(len(body)))
                handler.end_headers()
                handler.wfile.write(body)

            def log_message(handler, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/keys"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        self.thread.start()

    @staticmethod
    def document(keys):
        later = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 6 * 3600))
        return json.dumps({"AccessKeyId": keys.key_id, "SecretAccessKey": keys.secret,
                           "Token": keys.token, "Expiration": later}).encode()

    def close(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
