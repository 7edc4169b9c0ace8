"""What the tests run against. Each target has a url, may be started and closed, and `lacks` says
what it cannot do: a word that a test may need, and the reason to tell when that test is skipped.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request

import processes
from waiting import until

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
REGION = "eu-west-1"
SERVICES = ("s3,sqs,dynamodb,dynamodbstreams,kinesis,lambda,iam,sts,cloudformation,cloudwatch,"
            "logs,sns,events,ssm")
START_LIMIT_S = 120
PREPARED = os.path.join(ROOT, "build", "integration", "localstack")

LOCALSTACK_LACKS = {
    "dashboards": "LocalStack's CloudFormation passes dashboards over",
    "lifecycles": "LocalStack's CloudFormation passes a bucket's lifecycle over",
    "recovery": "LocalStack does not switch point-in-time recovery on",
    "retention": "LocalStack's CloudFormation passes a log group's retention over",
    "recursion": "LocalStack's CloudFormation passes RecursiveLoop over",
    "stream encryption": "LocalStack does not encrypt streams",
}
PASSES_OVER = "moto's CloudFormation passes {} over"
MOTO_LACKS = {
    "alarms": PASSES_OVER.format("alarms") + ", and moto does not watch metrics",
    "bucket policies": PASSES_OVER.format("a bucket's policy and its public access block"),
    "dashboards": PASSES_OVER.format("dashboards"),
    "event settings": PASSES_OVER.format("a function's settings for S3's events"),
    "lifecycles": PASSES_OVER.format("a bucket's lifecycle"),
    "notifications": PASSES_OVER.format("a bucket's notifications"),
    "recovery": PASSES_OVER.format("point-in-time recovery"),
    "stream encryption": PASSES_OVER.format("a stream's encryption"),
    "table encryption": PASSES_OVER.format("a table's encryption"),
    "functions": "moto runs no functions without Docker: lambda-local polls in Lambda's place",
    "executor": "the process executor is LocalStack's",
    "receive counts": "moto counts some receipts of a long message twice",
    "recursion": "moto does not know RecursiveLoop",
    "revisions": "moto's functions have no RevisionId",
}


class CannotStart(Exception):
    """A sentence for the person at the keyboard."""


def environment(**more):
    """Ours without AWS settings, proxies and files of the person at the keyboard."""
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith(("AWS_", "LOCALSTACK_")) and not name.lower().endswith("_proxy")}
    return {**kept, "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true", **more}


def get_json(url):
    """None when there is no such answer."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return json.load(answer)
    except (OSError, ValueError):
        return None


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def chosen_port():
    """PORT, which must be free, or one that the kernel gives."""
    port = os.environ.get("PORT")
    if not port:
        return free_port()
    try:
        with socket.create_server(("127.0.0.1", int(port))):
            return int(port)
    except (OSError, ValueError, OverflowError) as error:
        raise CannotStart(f"PORT={port} cannot be used ({error}): name another, or leave PORT out "
                          "and the kernel chooses one") from error


class Target:
    title = ""
    is_localstack = False
    stage = "dev"
    account = "000000000000"
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    url = ""

    def __init__(self):
        self.lacks = {}
        self.log_path = ""

    def start(self):
        pass

    def close(self):
        pass

    def end_of_log(self):
        if not self.log_path or not os.path.exists(self.log_path):
            return ""
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return "".join(file.readlines()[-25:])


class OwnEndpoint(Target):
    """Something that runs already. A stage of its own, lest it takes away somebody's dev."""
    stage = "integration"

    def __init__(self, url):
        super().__init__()
        self.url = url.rstrip("/")
        self.title = "an endpoint of yours"
        self.keys = {name: os.environ.get(name, "test") for name in Target.keys}
        if os.environ.get("AWS_SESSION_TOKEN"):
            self.keys["AWS_SESSION_TOKEN"] = os.environ["AWS_SESSION_TOKEN"]

    def start(self):
        health = get_json(f"{self.url}/_localstack/health")
        if health:
            self.title += f", LocalStack {health.get('version')}"
            self.is_localstack = True
            self.lacks = {**LOCALSTACK_LACKS, "executor": "that LocalStack has one of its own"}
            return
        try:
            urllib.request.urlopen(self.url, timeout=5).close()
        except urllib.error.HTTPError:
            pass  # an answer, then
        except (OSError, ValueError) as error:
            raise CannotStart(f"nothing answers at ENDPOINT={self.url}: {error}") from error
        self.lacks = {"executor": "only LocalStack in host mode has it"}


class HostLocalStack(Target):
    title = "LocalStack 4.14.0 in host mode"
    is_localstack = True

    def __init__(self):
        super().__init__()
        self.lacks = dict(LOCALSTACK_LACKS)
        self.folder = tempfile.mkdtemp(prefix="localstack-")
        self.log_path = os.path.join(self.folder, "localstack.log")
        self.process = None

    def start(self):
        port = chosen_port()
        self.url = f"http://127.0.0.1:{port}"
        # State is new every time, what was installed is shared.
        volume = os.path.join(self.folder, "var", "lib", "localstack")
        os.makedirs(volume)
        os.makedirs(os.path.join(self.folder, "tmp"))
        os.symlink(os.path.join(PREPARED, "lib"), os.path.join(volume, "lib"))
        self.process = processes.start(
            [os.path.join(PREPARED, "venv", "bin", "python"), "-m", "localstack.runtime.main"],
            self.log_path, self.settings(port), cwd=self.folder)
        until(self.is_up, f"LocalStack starts; its log is {self.log_path}", START_LIMIT_S)

    def settings(self, port):
        return environment(
            PYTHONPATH=os.path.join(HERE, "localstack"), HOME=self.folder,
            TEMP=os.path.join(self.folder, "tmp"), FILESYSTEM_ROOT=self.folder,
            OVERRIDE_IN_DOCKER="0", LAMBDA_RUNTIME_EXECUTOR="process",
            GATEWAY_LISTEN=f"127.0.0.1:{port}", LOCALSTACK_HOST=f"127.0.0.1:{port}",
            SERVICES=SERVICES, SQS_ENDPOINT_STRATEGY="path", DYNAMODB_IN_MEMORY="1",
            LAMBDA_RETRY_BASE_DELAY="1",
            # What DynamoDB Local unpacks goes with the rest, too.
            JAVA_TOOL_OPTIONS=f"-Djava.io.tmpdir={self.folder}/tmp -XX:-UsePerfData",
            SKIP_SSL_CERT_DOWNLOAD="1", DISABLE_EVENTS="1", DNS_ADDRESS="0")

    def is_up(self):
        if self.process.poll() is not None:
            raise CannotStart("LocalStack ended while it started; the end of its log:\n"
                              + self.end_of_log())
        return get_json(f"{self.url}/_localstack/health")

    def close(self):
        if self.process:
            processes.end(self.process)
            processes.end_all()
        shutil.rmtree(self.folder, ignore_errors=True)


class DockerLocalStack(Target):
    title = "LocalStack 4.14.0 in Docker"
    is_localstack = True

    def __init__(self):
        super().__init__()
        self.lacks = {**LOCALSTACK_LACKS, "executor": "in Docker LocalStack has its own executor"}
        self.project = f"user-integration-{os.getpid()}"

    def compose(self, *arguments):
        return subprocess.run(
            ["docker", "compose", "--project-name", self.project, "--file",
             os.path.join(HERE, "compose.yml"), *arguments], stdin=subprocess.DEVNULL,
            capture_output=True, text=True, check=False,
            env={**os.environ, "SERVICES": SERVICES, "PORT": os.environ.get("PORT", "")})

    def start(self):
        up = self.compose("up", "--detach", "--wait")
        if up.returncode:
            raise CannotStart("docker compose could not start LocalStack:\n" + up.stderr[-2000:])
        address = self.compose("port", "localstack", "4566").stdout.strip()
        self.url = f"http://{address}"
        until(lambda: get_json(f"{self.url}/_localstack/health"), "LocalStack starts",
              START_LIMIT_S)

    def end_of_log(self):
        return self.compose("logs", "--tail", "25").stdout

    def close(self):
        self.compose("down", "--volumes", "--timeout", "10")


class Moto(Target):
    """In a process of its own, without request authentication: see test_permissions.py for that."""
    title = "moto"
    account = "123456789012"

    def __init__(self):
        super().__init__()
        self.lacks = dict(MOTO_LACKS)
        self.folder = tempfile.mkdtemp(prefix="moto-")
        self.log_path = os.path.join(self.folder, "moto.log")
        self.process = None

    def start(self):
        port = chosen_port()
        self.url = f"http://127.0.0.1:{port}"
        self.process = processes.start(
            [sys.executable, "-c", "import sys; from moto.server import main; main(sys.argv[1:])",
             "-H", "127.0.0.1", "-p", str(port)], self.log_path, environment())
        until(self.is_up, "moto starts", START_LIMIT_S)

    def is_up(self):
        if self.process.poll() is not None:
            raise CannotStart("moto ended while it started:\n" + self.end_of_log())
        return get_json(f"{self.url}/moto-api/data.json") is not None

    def close(self):
        if self.process:
            processes.end(self.process)
        shutil.rmtree(self.folder, ignore_errors=True)


def make_target(name):
    if name == "endpoint":
        return OwnEndpoint(os.environ["ENDPOINT"])
    return {"localstack": HostLocalStack, "docker": DockerLocalStack, "moto": Moto}[name]()
