"""The deployed stack: deployed and removed by osls from deploy/serverless.yml, and looked at
through boto3. Only what makes tests short is other than in a real deployment: see PARAMS.
"""

import json
import os
import subprocess

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from no_images import NoImages
from targets import REGION, ROOT, environment
from waiting import until

DEPLOY = os.path.join(ROOT, "deploy")
OSLS = os.path.join(DEPLOY, "node_modules", ".bin", "osls")
SERVICE = "serverless-user-management"
PARAMS = {
    "kinesis": "on",
    "protect": "false",
    "timeout": "4",       # seconds
    "visibility": "4",    # so that five failures do not take hours
}
# The settings' defaults, lest those of a person's deploy/.env are taken.
DEFAULTS = {"ARCH": "x86_64", "KINESIS": "off", "ALARM_EMAIL": "", "PHONE_REGION": "",
            "WRITE_MODE": "newest", "PROTECT_TABLE": "true"}


class OslsFailed(Exception):
    pass


def osls_env(env):
    return {**env, **DEFAULTS, "AWS_REGION": REGION, "NO_COLOR": "1", "SLS_TELEMETRY_DISABLED": "1",
            "SLS_NOTIFICATIONS_MODE": "off", "NODE_NO_WARNINGS": "1"}


def run_osls(env, *arguments, limit_s=300):
    """Its output."""
    run = subprocess.run(
        [OSLS, *arguments], cwd=DEPLOY, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, timeout=limit_s, check=False,
        env=osls_env(env))
    if run.returncode:
        raise OslsFailed(f"osls {' '.join(arguments[:3])} failed:\n{run.stdout[-3000:]}")
    return run.stdout


def params(values):
    return [word for name, value in values.items() for word in ("--param", f"{name}={value}")]


def package(folder, stage="dev", **changed):
    """The CloudFormation template as osls makes it, with no parameter but those that are given."""
    env = environment(AWS_ACCESS_KEY_ID="none", AWS_SECRET_ACCESS_KEY="none")
    run_osls(env, "package",
             "--stage", stage, "--package", folder, *params(changed))
    with open(os.path.join(folder, "cloudformation-template-update-stack.json"),
              encoding="utf-8") as file:
        return json.load(file)


class Stack:
    def __init__(self, target, stage=None, **changed):
        self.target = target
        self.stage = stage or target.stage
        self.suffix = "" if self.stage == "dev" else f"-{self.stage}"
        self.name = f"{SERVICE}-{self.stage}"
        self.function = f"{self.name}-dataProcessor"
        self.log_group = f"/aws/lambda/{self.function}"
        self.bucket = self.called("shehan-user-data")
        self.table = self.called("user-data-table")
        self.stream = self.called("user-data-stream")
        self.params = {**PARAMS, "bucket": self.bucket, **changed}
        self.clients = {}

    def called(self, name):
        return name + self.suffix

    def env(self):
        return environment(AWS_ENDPOINT_URL=self.target.url, **self.target.keys)

    def client(self, service):
        if service not in self.clients:
            self.clients[service] = boto3.client(
                service, endpoint_url=self.target.url, region_name=REGION,
                aws_access_key_id=self.target.keys["AWS_ACCESS_KEY_ID"],
                aws_secret_access_key=self.target.keys["AWS_SECRET_ACCESS_KEY"],
                aws_session_token=self.target.keys.get("AWS_SESSION_TOKEN"),
                config=Config(retries={"max_attempts": 3}, s3={"addressing_style": "path"}))
        return self.clients[service]

    def deploy(self, **changed):
        self.params.update(changed)
        return run_osls(self.env(), "deploy", "--stage", self.stage, *params(self.params))

    def deploy_and_interrupt(self):
        """osls is killed as soon as there is a stack, which holds but a bucket then."""
        osls = subprocess.Popen(
            [OSLS, "deploy", "--stage", self.stage, *params(self.params)], cwd=DEPLOY,
            env=osls_env(self.env()), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        try:
            until(self.state, f"osls begins to make {self.name}")
        finally:
            osls.kill()
            osls.wait()
        until(lambda: not self.state().endswith("IN_PROGRESS"), f"{self.name} comes to rest")

    def state(self):
        """Of the stack; empty when there is none."""
        try:
            return self.client("cloudformation").describe_stacks(
                StackName=self.name)["Stacks"][0]["StackStatus"]
        except ClientError:
            return ""

    def remove(self):
        """As the README says: first what is in the bucket, then the stack."""
        self.empty_bucket()
        with NoImages() as ecr:
            return run_osls({**self.env(), "AWS_ENDPOINT_URL_ECR": ecr}, "remove",
                            "--stage", self.stage, *params(self.params))

    def empty_bucket(self):
        s3 = self.client("s3")
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket):
            for one in page.get("Contents", []):
                s3.delete_object(Bucket=self.bucket, Key=one["Key"])

    def queue_url(self, name):
        return self.client("sqs").get_queue_url(QueueName=self.called(name))["QueueUrl"]

    def queue(self, name):
        return self.client("sqs").get_queue_attributes(
            QueueUrl=self.queue_url(name), AttributeNames=["All"])["Attributes"]

    def waiting(self, name):
        """Messages in a queue, those in flight included."""
        attributes = self.queue(name)
        return sum(int(attributes[one]) for one in ("ApproximateNumberOfMessages",
                                                    "ApproximateNumberOfMessagesNotVisible"))

    def send(self, *bodies):
        """The messages' ids."""
        sqs, url = self.client("sqs"), self.queue_url("user-data-queue")
        return [sqs.send_message(QueueUrl=url, MessageBody=body)["MessageId"] for body in bodies]

    def take(self, name):
        """Every message of a queue, taken out of it."""
        sqs, url = self.client("sqs"), self.queue_url(name)
        found = []
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10,
                                              WaitTimeSeconds=0).get("Messages", []):
            for message in messages:
                found.append(message)
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return found

    def rejects(self):
        return [reject for message in self.take("user-data-rejects")
                for reject in json.loads(message["Body"])["rejects"]]

    def put(self, key, body, content_type=""):
        extra = {"ContentType": content_type} if content_type else {}
        self.client("s3").put_object(Bucket=self.bucket, Key=key, Body=body, **extra)

    def put_records(self, *bodies):
        return [self.client("kinesis").put_record(StreamName=self.stream, PartitionKey="one",
                                                  Data=body)["SequenceNumber"] for body in bodies]

    def user(self, user_id):
        """As it is stored, without what the function keeps for itself; None when there is none."""
        item = self.client("dynamodb").get_item(
            TableName=self.table, Key={"user_id": {"S": user_id}}, ConsistentRead=True).get("Item")
        return item and {name: value["S"] for name, value in item.items()
                         if not name.startswith("_")}

    def wait_for_users(self, *user_ids):
        missing = list(user_ids)

        def look():
            missing[:] = [one for one in missing if not self.user(one)]
            return not missing
        until(look, f"the users {', '.join(user_ids)} are stored")

    def configuration(self):
        return self.client("lambda").get_function_configuration(FunctionName=self.function)

    def log_lines(self):
        """Every line of the function's log group."""
        logs = self.client("logs")
        lines = []
        streams = logs.describe_log_streams(logGroupName=self.log_group)["logStreams"]
        for stream in streams:
            events = logs.get_log_events(logGroupName=self.log_group, startFromHead=True,
                                         logStreamName=stream["logStreamName"])["events"]
            lines += [event["message"].rstrip("\n") for event in events]
        return lines
