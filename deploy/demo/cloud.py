"""A local AWS for the demo: moto in a process of its own, with request authentication switched on,
and in it what the function needs. Names are those of the deployment.
"""

import json
import os
import subprocess
import sys
import urllib.request

import boto3
from botocore.config import Config

REGION = "eu-west-1"
ACCOUNT = "123456789012"  # the one that moto knows
BUCKET = "shehan-user-data"
TABLE = "user-data-table"
QUEUE = "user-data-queue"
DEAD_LETTERS = "user-data-dlq"
REJECTS = "user-data-rejects"
NOTIFICATIONS = "bucket-notifications"
STREAM = "user-data-stream"
ROLE = "user-data-function"
MAX_RECEIVES = 3

# Runs in the child: says which port the kernel chose, and ends when its standard input does, which
# is when the demo ends, however that happens.
SERVER = """
import sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
"""

# What the deployed function may do. moto knows DynamoDB's resources by * only.
ROLE_POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{BUCKET}/*"},
        {"Effect": "Allow", "Action": ["dynamodb:PutItem", "dynamodb:BatchWriteItem"],
         "Resource": "*"},
        {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"},
        {"Effect": "Allow", "Action": ["kinesis:DescribeStream*", "kinesis:ListShards",
                                       "kinesis:GetShardIterator", "kinesis:GetRecords"],
         "Resource": "*"},
    ],
}
ADMIN_POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}
# On AWS the Lambda service takes the role; here the administrator does, on its behalf.
TRUST_POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
                   "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:user/administrator"}}],
}


class Cloud:
    def __init__(self, log_path, server=("-c", SERVER)):
        """`server` is what Python runs: something that behaves as SERVER does."""
        with open(log_path, "wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, *server], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=log, start_new_session=True, env=clean_environment())
        port = self.process.stdout.readline().strip()
        if not port:
            with open(log_path, encoding="utf-8", errors="replace") as log:
                raise RuntimeError("the local AWS did not start:\n" + log.read()[-2000:])
        self.url = f"http://127.0.0.1:{int(port)}"
        self.keys = {"aws_access_key_id": "none", "aws_secret_access_key": "none"}
        self.queues = {}

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def client(self, service):
        return boto3.client(service, endpoint_url=self.url, region_name=REGION, **self.keys,
                            config=Config(retries={"max_attempts": 2}))

    def set_up(self, archive):
        self.make_identities()
        self.make_queues()
        self.client("dynamodb").create_table(
            TableName=TABLE, BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "user_id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "user_id", "AttributeType": "S"}])
        self.client("kinesis").create_stream(StreamName=STREAM, ShardCount=2)
        self.make_bucket(archive)
        self.demand_signatures()

    def make_identities(self):
        iam = self.client("iam")
        iam.create_user(UserName="administrator")
        iam.put_user_policy(UserName="administrator", PolicyName="all",
                            PolicyDocument=json.dumps(ADMIN_POLICY))
        key = iam.create_access_key(UserName="administrator")["AccessKey"]
        iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=json.dumps(TRUST_POLICY))
        iam.put_role_policy(RoleName=ROLE, PolicyName="ingest",
                            PolicyDocument=json.dumps(ROLE_POLICY))
        self.keys = {"aws_access_key_id": key["AccessKeyId"],
                     "aws_secret_access_key": key["SecretAccessKey"]}

    def make_queues(self):
        sqs = self.client("sqs")
        for name in (DEAD_LETTERS, REJECTS, NOTIFICATIONS):
            self.queues[name] = sqs.create_queue(QueueName=name)["QueueUrl"]
        redrive = {"deadLetterTargetArn": queue_arn(DEAD_LETTERS), "maxReceiveCount": MAX_RECEIVES}
        self.queues[QUEUE] = sqs.create_queue(
            QueueName=QUEUE, Attributes={"RedrivePolicy": json.dumps(redrive)})["QueueUrl"]

    def make_bucket(self, archive):
        """The archive lies there before the bucket begins to tell of new objects."""
        s3 = self.client("s3")
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        for upload in archive:
            put_object(s3, upload)
        s3.put_bucket_notification_configuration(
            Bucket=BUCKET, NotificationConfiguration={"QueueConfigurations": [
                {"QueueArn": queue_arn(NOTIFICATIONS), "Events": ["s3:ObjectCreated:*"]}]})

    def demand_signatures(self):
        """From here on every request's signature and its signer's rights are checked."""
        request = urllib.request.Request(f"{self.url}/moto-api/reset-auth", data=b"0",
                                         headers={"Content-Type": "text/plain"})
        urllib.request.urlopen(request, timeout=10).close()

    def role_environment(self):
        """The environment of something that runs under the function's role."""
        credentials = self.client("sts").assume_role(
            RoleArn=f"arn:aws:iam::{ACCOUNT}:role/{ROLE}", RoleSessionName="demo")["Credentials"]
        return {
            **clean_environment(),
            "AWS_ENDPOINT_URL": self.url,
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": credentials["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": credentials["SecretAccessKey"],
            "AWS_SESSION_TOKEN": credentials["SessionToken"],
            "TABLE_NAME": TABLE,
            "REJECTS_QUEUE_URL": self.queues[REJECTS],
            "WORK_QUEUE_URL": self.queues[QUEUE],
            "PARTIAL_RESPONSE": "on",
        }

    def send(self, made):
        s3, sqs, kinesis = self.client("s3"), self.client("sqs"), self.client("kinesis")
        for upload in made.uploads:
            put_object(s3, upload)
        for body in made.messages + [notification(upload) for upload in made.archive]:
            sqs.send_message(QueueUrl=self.queues[QUEUE], MessageBody=body)
        for i, data in enumerate(made.stream):
            kinesis.put_record(StreamName=STREAM, Data=data, PartitionKey=f"key-{i}")

    def stored_users(self):
        pages = self.client("dynamodb").get_paginator("scan").paginate(TableName=TABLE)
        return {item["user_id"]["S"]: {name: next(iter(value.values()))
                                       for name, value in item.items()}
                for page in pages for item in page["Items"]}

    def rejects(self):
        """Every reject once: a redelivery writes the same id again."""
        sqs = self.client("sqs")
        found = {}
        while True:
            messages = sqs.receive_message(QueueUrl=self.queues[REJECTS], MaxNumberOfMessages=10,
                                           WaitTimeSeconds=0).get("Messages", [])
            if not messages:
                return list(found.values())
            for message in messages:
                for reject in json.loads(message["Body"])["rejects"]:
                    found[reject["id"]] = reject
                sqs.delete_message(QueueUrl=self.queues[REJECTS],
                                   ReceiptHandle=message["ReceiptHandle"])

    def waiting(self, name):
        """Messages in a queue, those in flight included."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        attributes = self.client("sqs").get_queue_attributes(
            QueueUrl=self.queues[name], AttributeNames=names)["Attributes"]
        return sum(int(attributes[name]) for name in names)


def clean_environment():
    """Ours without the AWS settings and the proxies of the person at the keyboard."""
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith("AWS_") and not name.lower().endswith("_proxy")}
    return {**kept, "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}


def queue_arn(name):
    return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"


def put_object(s3, upload):
    extra = {"ContentType": upload.content_type} if upload.content_type else {}
    s3.put_object(Bucket=BUCKET, Key=upload.key, Body=upload.body, **extra)


def notification(upload):
    """What S3 would have said of the object, for sending as a message by hand."""
    return json.dumps({"Records": [{
        "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": REGION,
        "eventTime": "2026-11-01T10:00:00.000Z", "eventName": "ObjectCreated:Put",
        "s3": {"s3SchemaVersion": "1.0", "bucket": {"name": BUCKET},
               "object": {"key": upload.key, "size": len(upload.body),
                          "sequencer": "0055AED6DCD90281E5"}}}]})
