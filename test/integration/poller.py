"""Takes Lambda's place where the target runs no functions: build/lambda-local polls the deployed
queue, the stream, and a queue that the bucket is made to tell of new objects. The function has the
environment that was deployed.
"""

import os
import tempfile

import processes
from targets import REGION, ROOT, environment

NOTIFICATIONS = "notifications-for-the-poller"


class Poller:
    def __init__(self, stack):
        self.stack = stack
        self.folder = tempfile.TemporaryDirectory(prefix="poller-")
        self.log_path = os.path.join(self.folder.name, "function.log")
        self.process = None
        self.notifications = ""

    def start(self):
        settings = self.stack.configuration()["Environment"]["Variables"]
        command = [
            os.path.join(ROOT, "build", "lambda-local"), "--partial-response",
            "--sqs", self.stack.queue_url("user-data-queue"), "--kinesis", self.stack.stream,
            "--s3-queue", self.tell_of_objects(), "--max-retries", "2",
            "--timeout", self.stack.params["timeout"],
            os.path.join(ROOT, "build", "bootstrap")]
        self.process = processes.start(command, self.log_path, environment(
            AWS_ENDPOINT_URL=self.stack.target.url, AWS_REGION=REGION, **self.stack.target.keys,
            **settings))

    def tell_of_objects(self):
        url = self.stack.client("sqs").create_queue(QueueName=NOTIFICATIONS)["QueueUrl"]
        self.notifications = url
        arn = f"arn:aws:sqs:{REGION}:{self.stack.target.account}:{NOTIFICATIONS}"
        self.stack.client("s3").put_bucket_notification_configuration(
            Bucket=self.stack.bucket, NotificationConfiguration={"QueueConfigurations": [
                {"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}]})
        return url

    def close(self):
        if self.process:
            processes.end(self.process)
            self.stack.client("sqs").delete_queue(QueueUrl=self.notifications)
        self.folder.cleanup()

    def log_lines(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read().splitlines()
