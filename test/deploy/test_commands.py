"""make deploy, make undeploy and make logs: what they say when something is missing or stands in
the way, and that they do their work on a local AWS.
"""

import os
import tempfile
import unittest

import boto3
from cloud import Cloud
from scripted_aws import ScriptedAws, error, events, stack
from tree import Tree

SECRET = "canary-that-must-not-be-shown"
KEYS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": SECRET}
REGION = {"AWS_REGION": "eu-west-1"}
STACK = "serverless-user-management-dev"


class WithTree(unittest.TestCase):
    def setUp(self):
        self.tree = Tree()
        self.addCleanup(self.tree.close)

    def script(self, **replies):
        aws = ScriptedAws(**replies)
        self.addCleanup(aws.close)
        return aws

    def refuses(self, command, *words, stage="dev", aws=None, **environment):
        if aws:
            environment = {**KEYS, **REGION, **environment, "AWS_ENDPOINT_URL": aws.url}
        run = self.tree.command(command, stage, **environment)
        self.assertEqual(run.returncode, 1, run.stdout)
        self.assertTrue(run.stdout.startswith(f"{command}: "), run.stdout)
        for word in words:
            self.assertIn(word, run.stdout)
        self.assertNotIn(SECRET, run.stdout)
        self.assertNotIn("make package", run.stdout)


class WhatIsMissing(WithTree):
    def test_is_the_credentials(self):
        self.refuses("deploy", "no credentials", "AWS_ACCESS_KEY_ID", ".env.example", **REGION)

    def test_is_the_profile_that_was_named(self):
        self.refuses("deploy", "no credentials", "AWS_PROFILE", AWS_PROFILE="nobody", **REGION)

    def test_is_the_region(self):
        self.refuses("deploy", "no region", "AWS_REGION", **KEYS)

    def test_is_a_stage_that_can_be_in_names(self):
        for stage in ("", "Prod", "a b", "$(id)", "a" * 21):
            with self.subTest(stage):
                self.refuses("deploy", "STAGE", stage=stage, **KEYS, **REGION)

    def test_is_the_network(self):
        self.refuses("deploy", "cannot be reached", "AWS_ENDPOINT_URL", **KEYS, **REGION,
                     AWS_ENDPOINT_URL="http://127.0.0.1:9")

    def test_is_the_stack_when_its_logs_are_asked_for(self):
        self.refuses("logs", "there is no stack", aws=self.script())


class WhatStandsInTheWay(WithTree):
    def test_is_credentials_that_expired(self):
        for code in ("ExpiredToken", "ExpiredTokenException"):
            aws = self.script(GetCallerIdentity=error(403, code))
            self.refuses("deploy", "have expired", "aws sso login", aws=aws)

    def test_is_credentials_that_are_refused(self):
        for code in ("InvalidClientTokenId", "SignatureDoesNotMatch"):
            aws = self.script(GetCallerIdentity=error(403, code))
            self.refuses("deploy", "refuses the credentials", code, aws=aws)

    def test_is_a_setting_that_is_none(self):
        for name, value in (("ARCH", "mips"), ("WRITE_MODE", "oldest"), ("PROTECT_TABLE", "maybe"),
                            ("USER_DATA_BUCKET", "Not_A_Bucket"), ("KINESIS", "maybe")):
            with self.subTest(name):
                self.refuses("deploy", "serverless.yml", aws=self.script(), **{name: value})

    def test_is_somebody_elses_bucket_of_that_name(self):
        for status in (403, 301, 200):
            with self.subTest(status):
                self.refuses("deploy", "shehan-user-data is taken", "USER_DATA_BUCKET",
                             aws=self.script(HEAD=(status, "")))

    def test_is_a_stack_whose_first_deployment_failed(self):
        for state in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED"):
            with self.subTest(state):
                aws = self.script(
                    DescribeStacks=stack(state),
                    DescribeStackEvents=events(
                        ("S3BucketUserData", "AWS::S3::Bucket", "shehan-user-data already exists"),
                        ("Other", "AWS::SQS::Queue", "Resource creation cancelled")))
                self.refuses("deploy", state, "make undeploy STAGE=dev", "already exists", aws=aws)

    def test_is_an_update_that_could_not_be_undone(self):
        failure = ("UserDataTable", "AWS::DynamoDB::Table", "no")
        aws = self.script(DescribeStacks=stack("UPDATE_ROLLBACK_FAILED"),
                          DescribeStackEvents=events(failure))
        self.refuses("deploy", "continue-update-rollback", "UserDataTable", aws=aws)

    def test_is_a_deployment_that_is_under_way(self):
        aws = self.script(DescribeStacks=stack("UPDATE_IN_PROGRESS"))
        self.refuses("deploy", "UPDATE_IN_PROGRESS", "Try again", aws=aws)


class TheSettings(WithTree):
    """The bucket's name is a setting of ours, and refused: so far it comes, and is seen."""

    def setUp(self):
        super().setUp()
        self.aws = self.script(HEAD=(403, ""))

    def reaches(self, *words, **environment):
        self.refuses("deploy", "is taken", *words, **environment, AWS_ENDPOINT_URL=self.aws.url)
        self.assertEqual(self.aws.key_ids, {"AKIDEXAMPLE"})

    def test_come_from_the_environment(self):
        self.reaches("bucket-of-mine", **KEYS, **REGION, USER_DATA_BUCKET="bucket-of-mine")

    def test_come_from_the_stages_file_rather_than_the_common_one(self):
        self.tree.write("deploy/.env.dev", dotenv("from-dev"))
        self.tree.write("deploy/.env", dotenv("from-another"))
        self.reaches("from-dev")
        self.refuses("deploy", "from-another is taken", stage="prod", AWS_ENDPOINT_URL=self.aws.url)

    def test_come_from_the_environment_before_any_file(self):
        self.tree.write("deploy/.env", dotenv("from-a-file"))
        self.reaches("bucket-of-mine", USER_DATA_BUCKET="bucket-of-mine")

    def test_may_be_a_profile_and_its_region(self):
        self.tree.write("config", "[profile work]\nregion = eu-west-1\n"
                        f"aws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = {SECRET}\n")
        self.reaches("shehan-user-data", AWS_PROFILE="work",
                     AWS_CONFIG_FILE=os.path.join(self.tree.root, "config"))


def dotenv(bucket):
    return (f"AWS_ACCESS_KEY_ID=AKIDEXAMPLE\nAWS_SECRET_ACCESS_KEY={SECRET}\n"
            f"AWS_REGION=eu-west-1\nUSER_DATA_BUCKET={bucket}\n")


RELEASE = """
import { holdings } from "./tools/holdings.mjs";
const [bucket] = holdings({ S3BucketUserData: { id: "many-versions" } });
console.log(await bucket.count());
await bucket.release();
"""


class ALocalAws(WithTree):
    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory(prefix="user-deploy-moto-")
        self.addCleanup(folder.cleanup)
        self.cloud = Cloud(os.path.join(folder.name, "moto.log"))
        self.addCleanup(self.cloud.close)

    def run_command(self, name, status=0, **environment):
        run = self.tree.command(name, AWS_ENDPOINT_URL=self.cloud.url, **environment)
        self.assertEqual(run.returncode, status, run.stdout)
        self.assertNotIn(SECRET, run.stdout)
        return run.stdout

    def client(self, service):
        return boto3.client(service, endpoint_url=self.cloud.url, aws_access_key_id="a",
                            aws_secret_access_key="a", region_name="eu-west-1")

    def stacks(self):
        return [s["StackName"] for s in self.client("cloudformation").describe_stacks()["Stacks"]]

    def test_is_deployed_to_by_osls_alone_then_by_make_and_left_empty(self):
        settings = {**KEYS, **REGION}
        run = self.tree.run(["node_modules/.bin/serverless", "deploy", "--stage", "dev"],
                            AWS_ENDPOINT_URL=self.cloud.url, **settings)
        self.assertEqual(run.returncode, 0, run.stdout)
        self.assertIn("make --no-print-directory -C .. package-x86_64",
                      self.run_command("deploy", **settings))
        self.run_command("deploy", KINESIS="on", **settings)
        self.assertEqual(self.stacks(), [STACK])
        self.put_data()
        said = self.run_command("undeploy", 1, **settings)
        for word in ("bucket shehan-user-data: 1", "table user-data-table: 1",
                     "queue user-data-rejects: 1", "EMPTY=1"):
            self.assertIn(word, said)
        self.assertEqual(self.stacks(), [STACK])
        self.run_command("undeploy", EMPTY="1", **settings)
        self.assertEqual(self.stacks(), [])
        self.assertEqual(self.client("dynamodb").list_tables()["TableNames"], [])
        self.assertIn("there is no stack", self.run_command("undeploy", **settings))

    def test_has_its_bucket_emptied_of_every_version(self):
        s3 = self.client("s3")
        s3.create_bucket(Bucket="many-versions",
                         CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        s3.put_bucket_versioning(Bucket="many-versions",
                                 VersioningConfiguration={"Status": "Enabled"})
        for key in ("a", "a", "b c", "d+e"):
            s3.put_object(Bucket="many-versions", Key=key, Body=b"x")
        s3.delete_object(Bucket="many-versions", Key="a")
        run = self.tree.run(["node", "--input-type=module", "-e", RELEASE], **KEYS, **REGION,
                            AWS_ENDPOINT_URL=self.cloud.url)
        self.assertEqual((run.returncode, run.stdout), (0, "5 objects or versions of them\n"))
        left = s3.list_object_versions(Bucket="many-versions")
        self.assertEqual((left.get("Versions"), left.get("DeleteMarkers")), (None, None))

    def put_data(self):
        self.client("s3").put_object(Bucket="shehan-user-data", Key="a b+c", Body=b"user_id=1")
        self.client("dynamodb").put_item(TableName="user-data-table", Item={"user_id": {"S": "1"}})
        sqs = self.client("sqs")
        url = sqs.get_queue_url(QueueName="user-data-rejects")["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody="{}")
