"""What LocalStack finds by its entry points: the executor, for LAMBDA_RUNTIME_EXECUTOR=process, and
what it does when it starts.
"""

import os
import tempfile

from localstack.runtime import hooks
from localstack.services.lambda_.invocation.plugins import RuntimeExecutorPlugin


class ProcessExecutorPlugin(RuntimeExecutorPlugin):
    name = "process"

    def load(self, *args, **kwargs):
        # Late, as the executor pulls in half of LocalStack.
        from process_executor.executor import ProcessExecutor

        return ProcessExecutor


@hooks.on_infra_start()
def use_own_s3_folder():
    """LocalStack's is a fixed one in /tmp, which two of them would share, and it stays there."""
    from localstack.services.s3 import provider

    provider.DEFAULT_S3_TMP_DIR = os.path.join(tempfile.gettempdir(), "s3")
