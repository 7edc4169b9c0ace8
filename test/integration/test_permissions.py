"""The function's permissions: with those of the template it can do its work, and without any one of
their statements one thing fails. On a moto of its own that checks them: LocalStack does not.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
import unittest

import stack
from targets import ROOT

sys.path.insert(0, os.path.join(ROOT, "deploy", "demo"))

import boto3  # noqa: E402
from botocore.exceptions import ClientError  # noqa: E402
import cloud as names  # noqa: E402
import policy  # noqa: E402
from cloud import Cloud  # noqa: E402
from host import Host  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
FAILED_EVENTS, FAILED_STREAM = "user-data-failed-events", "user-data-failed-stream"
LIMIT_S = 20
LOG_GROUP = f"/aws/lambda/{stack.SERVICE}-dev-dataProcessor"
# lambda-local takes the bucket's notifications from a queue, which Lambda does not.
FOR_THE_TEST = {"Sid": "ForTheTest", "Effect": "Allow",
                "Action": ["sqs:ReceiveMessage", "sqs:DeleteMessage"],
                "Resource": names.queue_arn(names.NOTIFICATIONS)}




class StrictCloud(Cloud):
    """The demo's cloud, but stricter, and with what the stack has besides."""

    def __init__(self, log_path):
        super().__init__(log_path, (os.path.join(HERE, "strict_moto.py"), names.REGION,
                                    names.ACCOUNT, names.STREAM))

    def set_up(self, archive):
        sqs = self.client("sqs")
        for name in (FAILED_EVENTS, FAILED_STREAM):
            self.queues[name] = sqs.create_queue(QueueName=name)["QueueUrl"]
        self.client("logs").create_log_group(logGroupName=LOG_GROUP)
        super().set_up(archive)
        self.client("s3").put_bucket_versioning(
            Bucket=names.BUCKET, VersioningConfiguration={"Status": "Enabled"})

    def allow(self, statements):
        self.client("iam").put_role_policy(
            RoleName=names.ROLE, PolicyName="ingest", PolicyDocument=json.dumps(
                {"Version": "2012-10-17", "Statement": statements}))


def s3_event(key, version=None):
    told = {"key": key} if version is None else {"key": key, "versionId": version}
    return {"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": {
        "bucket": {"name": names.BUCKET}, "object": told}}]}


def sqs_event(body):
    return {"Records": [{"eventSource": "aws:sqs", "messageId": "m", "body": body,
                         "eventSourceARN": names.queue_arn(names.QUEUE)}]}


class Role(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="permissions-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = folder.name
        cls.statements = policy.statements(stack.package(cls.folder)["Resources"], names.REGION,
                                           names.ACCOUNT)
        cls.cloud = StrictCloud(os.path.join(cls.folder, "moto.log"))
        cls.addClassCleanup(cls.cloud.close)
        cls.cloud.set_up([])
        cls.environment = cls.cloud.role_environment()

    def setUp(self):
        self.number = 0

    def statement_is_needed(self, sid, work):
        """`work` succeeds under the whole policy, and not without that statement."""
        self.assertIn(sid, [one["Sid"] for one in self.statements])
        self.cloud.allow(self.statements + [FOR_THE_TEST])
        self.assertTrue(work(self.new_id(sid)), f"refused though {sid} is there")
        self.cloud.allow([one for one in self.statements if one["Sid"] != sid] + [FOR_THE_TEST])
        self.assertFalse(work(self.new_id(sid)), f"{sid} is not needed")

    def new_id(self, sid):
        self.number += 1
        return f"{sid}-{self.number}"

    def stored(self, user_id):
        return user_id in self.cloud.stored_users()

    def put(self, user_id):
        """The version of the new object, which holds one user."""
        return self.cloud.client("s3").put_object(
            Bucket=names.BUCKET, Key=user_id,
            Body=json.dumps({"user_id": user_id}).encode())["VersionId"]

    def invoke(self, event, **environment):
        path = os.path.join(self.folder, "event.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(event, file)
        subprocess.run(
            ["build/lambda-local", "--quiet", "--event", path, "build/bootstrap"], cwd=ROOT,
            env={**self.environment, **environment}, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=LIMIT_S, check=False)

    def poll(self, *arguments, **environment):
        """As Lambda's pollers would, under the role: until nothing is left, or for a while."""
        try:
            Host(tempfile.mkdtemp(dir=self.folder)).run(
                {**self.environment, **environment}, ("--partial-response", *arguments), LIMIT_S)
        except RuntimeError:
            pass  # it did not come to an end: what it was for says whether it worked

    def client(self, service):
        """As the role."""
        return boto3.client(
            service, endpoint_url=self.cloud.url, region_name=names.REGION,
            aws_access_key_id=self.environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.environment["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=self.environment["AWS_SESSION_TOKEN"])

    def came(self, name):
        """Whether there is a message in the queue, which is empty then."""
        messages = self.cloud.waiting(name)
        self.cloud.client("sqs").purge_queue(QueueUrl=self.cloud.queues[name])
        return messages > 0


class AStatement(Role):
    """Each test takes away the statement that it names."""

    def test_write_logs_is_needed_for_the_log(self):
        def work(user_id):
            logs = self.client("logs")
            try:
                logs.create_log_stream(logGroupName=LOG_GROUP, logStreamName=user_id)
                logs.put_log_events(logGroupName=LOG_GROUP, logStreamName=user_id, logEvents=[
                    {"timestamp": int(time.time() * 1000), "message": "a line"}])
            except ClientError:
                return False
            return True
        self.statement_is_needed("WriteLogs", work)

    def test_read_objects_is_needed_for_an_object(self):
        def work(user_id):
            self.put(user_id)
            self.invoke(s3_event(user_id))
            return self.stored(user_id)
        self.statement_is_needed("ReadObjects", work)

    def test_read_object_versions_is_needed_for_an_object_of_a_bucket_with_versions(self):
        def work(user_id):
            self.invoke(s3_event(user_id, self.put(user_id)))
            return self.stored(user_id)
        self.statement_is_needed("ReadObjectVersions", work)

    def test_tell_missing_objects_is_needed_to_be_told_that_an_object_is_not_there(self):
        """moto says "not there" to everybody; what S3 asks for is this permission."""
        def work(_):
            try:
                self.client("s3").list_objects_v2(Bucket=names.BUCKET)
            except ClientError:
                return False
            return True
        self.statement_is_needed("TellMissingObjects", work)

    def test_store_users_is_needed_for_the_table(self):
        def work(user_id):
            self.invoke(sqs_event(f"user_id={user_id}"))
            return self.stored(user_id)
        self.statement_is_needed("StoreUsers", work)

    def test_receive_messages_is_needed_to_poll_the_queue(self):
        def work(user_id):
            self.cloud.client("sqs").send_message(QueueUrl=self.cloud.queues[names.QUEUE],
                                                  MessageBody=f"user_id={user_id}")
            self.poll("--sqs", self.cloud.queues[names.QUEUE])
            return self.stored(user_id) and not self.came(names.QUEUE)
        self.statement_is_needed("ReceiveMessages", work)

    def test_hand_on_work_is_needed_when_the_table_is_away(self):
        def work(user_id):
            self.put(user_id)
            self.invoke(s3_event(user_id), AWS_ENDPOINT_URL_DYNAMODB="http://127.0.0.1:9")
            return self.came(names.QUEUE)
        self.statement_is_needed("HandOnWork", work)

    def test_keep_rejects_is_needed_for_bad_data(self):
        def work(user_id):
            self.invoke(sqs_event(f"user_id={user_id}\nphone_number=1"))
            return self.came(names.REJECTS)
        self.statement_is_needed("KeepRejects", work)

    def test_keep_failed_events_is_needed_for_events_that_failed_for_good(self):
        def work(user_id):
            self.came(names.NOTIFICATIONS)
            self.put(user_id)
            self.poll("--s3-queue", self.cloud.queues[names.NOTIFICATIONS], "--max-retries", "0",
                      "--on-failure", self.cloud.queues[FAILED_EVENTS], TABLE_NAME="nowhere")
            return self.came(FAILED_EVENTS)
        self.statement_is_needed("KeepFailedEvents", work)

    def test_read_stream_is_needed_to_poll_the_stream(self):
        def work(user_id):
            self.put_record(user_id)
            self.poll("--kinesis", names.STREAM)
            return self.stored(user_id)
        self.statement_is_needed("ReadStream", work)

    def test_keep_failed_stream_is_needed_for_records_that_are_given_up(self):
        def work(user_id):
            self.put_record(user_id)
            self.poll("--kinesis", names.STREAM, "--max-retries", "0",
                      "--on-failure", self.cloud.queues[FAILED_STREAM], TABLE_NAME="nowhere")
            return self.came(FAILED_STREAM)
        self.statement_is_needed("KeepFailedStream", work)

    def put_record(self, user_id):
        self.cloud.client("kinesis").put_record(
            StreamName=names.STREAM, PartitionKey=user_id,
            Data=json.dumps({"user_id": user_id}).encode())

    def test_of_the_role_has_a_test_here_each(self):
        tested = {name.replace("_", "") for name in dir(self) if name.startswith("test_")}
        for one in self.statements:
            name = "test" + one["Sid"].lower() + "isneeded"
            self.assertTrue([other for other in tested if other.startswith(name)], one["Sid"])
