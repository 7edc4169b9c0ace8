"""AWS's Runtime Interface Emulator with a function inside it, and what came of its invocations."""

import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

PATIENCE_S = 20
INVOKE = "/2015-03-31/functions/function/invocations"


class Emulator:
    """Starts the function at its first invocation, as Lambda does."""

    def __init__(self, program, function, environment, log_path):
        self.address, api = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
        self.log_path = log_path
        with open(log_path, "wb") as log:
            self.process = subprocess.Popen(
                [program, "--runtime-interface-emulator-address", self.address,
                 "--runtime-api-address", api, os.path.abspath(function), "handler"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                env=environment)
        try:
            self.wait_until_it_listens()
        except BaseException:
            self.close()
            raise

    def wait_until_it_listens(self):
        host, port = self.address.split(":")
        limit = time.monotonic() + PATIENCE_S
        while True:
            try:
                socket.create_connection((host, int(port)), 1).close()
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > limit:
                    raise RuntimeError("the emulator did not start:\n" + self.log()) from None
            time.sleep(0.02)

    def invoke(self, event):
        """The body of the answer, as bytes."""
        request = urllib.request.Request(f"http://{self.address}{INVOKE}", data=event.encode())
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=PATIENCE_S) as answer:
                return answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.read()

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def close(self):
        """Ends it and the function, which is in its session."""
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            pass
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
