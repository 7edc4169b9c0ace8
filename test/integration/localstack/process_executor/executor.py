"""One execution environment of a function, as LocalStack's Lambda asks for it: at most one process,
started anew after a crash or a time-out.
"""

import time

from localstack import config
from localstack.services.lambda_.invocation.executor_endpoint import StatusErrorException
from localstack.services.lambda_.invocation.lambda_models import InvocationResult
from localstack.services.lambda_.invocation.runtime_executor import RuntimeExecutor

from process_executor.runtime_api import Invocation
from process_executor.sandbox import Sandbox

START_LIMIT_S = 10


class ProcessExecutor(RuntimeExecutor):
    def __init__(self, id, function_version):
        super().__init__(id, function_version)
        self.env = {}
        self.sandbox = None

    @classmethod
    def prepare_version(cls, function_version):
        function_version.config.code.prepare_for_execution()

    @classmethod
    def cleanup_version(cls, function_version):
        pass

    def get_address(self):
        return "127.0.0.1"

    def get_endpoint_from_executor(self):
        return "127.0.0.1"

    def get_runtime_endpoint(self):
        return f"http://127.0.0.1:{config.GATEWAY_LISTEN[0].port}"

    def get_logs(self):
        return self.sandbox.new_log() if self.sandbox else ""

    def start(self, env_vars):
        folder = str(self.function_version.config.code.get_unzipped_code_location())
        self.env = {name: str(value) for name, value in env_vars.items()
                    if not name.startswith("LOCALSTACK_")}
        self.env |= {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "en_US.UTF-8",
                     "LAMBDA_TASK_ROOT": folder}
        why = self.start_process()
        if why:
            raise StatusErrorException("the function did not start", payload=why)

    def start_process(self):
        """None, or as JSON why it did not start."""
        self.sandbox = Sandbox(self.env["LAMBDA_TASK_ROOT"], self.env,
                               self.function_version.config.timeout)
        return self.sandbox.wait_until_ready(START_LIMIT_S)

    def stop(self):
        if self.sandbox:
            self.sandbox.close()

    def invoke(self, payload):
        request_id = payload["invoke-id"]
        why = None if self.sandbox.alive() else self.start_process()
        start = time.monotonic()
        body, is_error = (why, True) if why else self.sandbox.invoke(Invocation(
            request_id, payload["invoked-function-arn"], payload["trace-id"],
            payload["payload"].encode(), self.function_version.config.timeout))
        logs = self.platform_log(request_id, time.monotonic() - start, body, is_error)
        return InvocationResult(request_id=request_id, payload=body, is_error=is_error, logs=logs)

    def platform_log(self, request_id, took_s, body, is_error):
        """The function's lines between those that Lambda adds."""
        said = self.sandbox.new_log()
        died = is_error and not self.sandbox.alive()
        took_ms = took_s * 1000
        return (f"START RequestId: {request_id} Version: {self.function_version.id.qualifier}\n"
                + said + ("" if said.endswith("\n") or not said else "\n")
                + (body.decode("utf-8", "replace") + "\n" if died else "")
                + f"END RequestId: {request_id}\n"
                + f"REPORT RequestId: {request_id}\tDuration: {took_ms:.2f} ms\t"
                + f"Billed Duration: {int(took_ms) + 1} ms\t"
                + f"Memory Size: {self.function_version.config.memory_size} MB\t"
                + f"Max Memory Used: {self.sandbox.peak_kb() // 1024} MB\n")
