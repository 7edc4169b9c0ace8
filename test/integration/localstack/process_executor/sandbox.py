"""One process of a function, with a Runtime API of its own and a file for what it prints. A process
that crashed or ran out of time is done: the next invocation gets a new sandbox, as on AWS.
"""

import json
import os
import queue
import subprocess
import tempfile
import threading

from process_executor.runtime_api import RuntimeApi, Said


class Sandbox:
    def __init__(self, folder, env, timeout_s):
        self.timeout_s = timeout_s
        self.said = queue.Queue()
        self.api = RuntimeApi(self.said)
        self.log = tempfile.TemporaryFile("ab+", prefix="function-log-")
        self.log_read = 0
        try:
            self.process = subprocess.Popen(
                ["./bootstrap"], cwd=folder, stdin=subprocess.DEVNULL, stdout=self.log,
                stderr=self.log, env={**env, "AWS_LAMBDA_RUNTIME_API": self.api.address})
        except OSError:
            self.api.close()
            self.log.close()
            raise
        threading.Thread(target=self.tell_of_its_end, daemon=True).start()

    def tell_of_its_end(self):
        self.process.wait()
        self.said.put(Said("exit"))

    def close(self):
        """Ends the process; who waits for it learns of its end. Safe twice."""
        self.process.kill()
        self.process.wait()
        self.api.close()

    def alive(self):
        return self.process.poll() is None

    def wait_until_ready(self, limit_s):
        """None, or as JSON why the function did not start."""
        said = self.hear(limit_s)
        if said.what == "ready":
            return None
        self.close()
        if said.what == "init-error":
            return said.body
        return failure("Runtime.ExitError" if said.what == "exit" else "Sandbox.Timedout",
                       self.how_it_ended() if said.what == "exit" else
                       f"Initialisation took longer than {limit_s} s")

    def invoke(self, invocation):
        """The answer, and whether it is an error."""
        self.api.hand_over(invocation)
        said = self.hear(self.timeout_s)
        if said.what in ("response", "error"):
            return said.body, said.what == "error"
        self.close()
        prefix = f"RequestId: {invocation.request_id} Error: "
        if said.what == "exit":
            return failure("Runtime.ExitError", prefix + self.how_it_ended()), True
        return failure("Sandbox.Timedout",
                       f"{prefix}Task timed out after {self.timeout_s:.2f} seconds"), True

    def hear(self, limit_s):
        try:
            return self.said.get(timeout=limit_s)
        except queue.Empty:
            return Said("timeout")

    def how_it_ended(self):
        status = self.process.returncode
        return ("Runtime exited with error: "
                + (f"signal {-status}" if status < 0 else f"exit status {status}"))

    def new_log(self):
        """What the process printed since this was asked last."""
        # By position: the file's own one belongs to the process.
        size = os.fstat(self.log.fileno()).st_size
        text = os.pread(self.log.fileno(), size - self.log_read, self.log_read)
        self.log_read += len(text)
        return text.decode("utf-8", "replace")

    def peak_kb(self):
        """The most memory that the process has had, 0 when it has ended."""
        try:
            with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
                return next((int(line.split()[1]) for line in file
                             if line.startswith("VmHWM:")), 0)
        except OSError:
            return 0


def failure(error_type, message):
    return json.dumps({"errorType": error_type, "errorMessage": message}).encode()
