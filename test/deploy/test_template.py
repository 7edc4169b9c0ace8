"""deploy/serverless.yml, packaged as for a deployment in each of its variants: is it what the
function needs, what the original application's users know, and no more? Each rule is also shown a
template with the fault that it is there for.
"""

import copy
import os
import subprocess
import unittest

import rules
from rules import named, of_type
from tree import DEPLOY, Tree

SECRET = "canary-that-must-not-be-packaged"
VARIANTS = {
    "as it comes": ("dev", {}),
    "with Kinesis and a mail": ("dev", {"KINESIS": "on", "ALARM_EMAIL": "a@example.com"}),
    "arm64, another stage": ("prod", {"ARCH": "arm64"}),
    "another bucket, batch mode": ("dev", {"USER_DATA_BUCKET": "bucket-of-mine",
                                           "WRITE_MODE": "batch", "PROTECT_TABLE": "false"}),
}
ORIGINAL = {
    "AWS::SQS::Queue": ("QueueName", "user-data-queue"),
    "AWS::DynamoDB::Table": ("TableName", "user-data-table"),
    "AWS::SNS::Topic": ("TopicName", "alarm-topic"),
    "AWS::CloudWatch::Alarm": ("AlarmName", "DataProcessorFunctionErrors"),
}


def setUpModule():
    global TREE, PACKAGED
    TREE = Tree()
    unittest.addModuleCleanup(TREE.close)
    TREE.write("deploy/.env", f"AWS_ACCESS_KEY_ID=AKIDEXAMPLE\nAWS_SECRET_ACCESS_KEY={SECRET}\n")
    PACKAGED = {name: TREE.package(stage, **settings)
                for name, (stage, settings) in VARIANTS.items()}


def template(variant="as it comes"):
    return copy.deepcopy(PACKAGED[variant][0])


class EachVariant(unittest.TestCase):
    def test_keeps_the_rules(self):
        for variant in VARIANTS:
            for rule in rules.RULES:
                with self.subTest(variant, rule=rule.__name__):
                    self.assertEqual(list(rule(template(variant))), [])

    def test_is_clean_for_cfn_lint(self):
        for variant, (stage, settings) in VARIANTS.items():
            with self.subTest(variant):
                TREE.package(stage, **settings)
                path = os.path.join(TREE.deploy, ".serverless",
                                    "cloudformation-template-update-stack.json")
                run = subprocess.run([os.environ["CFN_LINT"], path], text=True, check=False,
                                     stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
                self.assertEqual((run.returncode, run.stdout), (0, ""))


class TheTemplate(unittest.TestCase):
    def test_has_the_original_names_in_dev_and_others_elsewhere(self):
        for kind, (key, name) in ORIGINAL.items():
            with self.subTest(name):
                self.assertIn(name, named(template(), kind, key))
                prod = named(template("arm64, another stage"), kind, key)
                self.assertIn(f"{name}-prod", prod)
                self.assertNotIn(name, prod)

    def test_names_the_bucket_as_it_is_told(self):
        for variant, name in (("as it comes", "shehan-user-data"),
                              ("arm64, another stage", "shehan-user-data-prod"),
                              ("another bucket, batch mode", "bucket-of-mine")):
            with self.subTest(variant):
                made = template(variant)
                bucket = of_type(made, "AWS::S3::Bucket")["S3BucketUserData"]
                self.assertEqual(bucket["BucketName"], name)
                rights = {s["Sid"]: s["Resource"] for s in rules.statements(made)}
                self.assertEqual(rights["ReadObjects"],
                                 {"Fn::Sub": "arn:${AWS::Partition}:s3:::" + name + "/*"})

    def test_alarms_of_a_functions_error_as_the_original_did(self):
        alarm = of_type(template(), "AWS::CloudWatch::Alarm")["FunctionErrorsAlarm"]
        wanted = {"AlarmName": "DataProcessorFunctionErrors", "Namespace": "AWS/Lambda",
                  "MetricName": "Errors", "Threshold": 1, "EvaluationPeriods": 1,
                  "Statistic": "Sum", "ComparisonOperator": "GreaterThanOrEqualToThreshold"}
        self.assertEqual({key: alarm[key] for key in wanted}, wanted)

    def test_takes_the_architecture_it_is_told(self):
        for variant, architecture in (("as it comes", "x86_64"), ("arm64, another stage", "arm64")):
            function, = of_type(template(variant), "AWS::Lambda::Function").values()
            self.assertEqual(function["Architectures"], [architecture])
            self.assertIn(f"/function-{architecture}.zip", function["Code"]["S3Key"])

    def test_gives_batch_mode_its_own_right_and_not_both(self):
        for variant, action in (("as it comes", "dynamodb:PutItem"),
                                ("another bucket, batch mode", "dynamodb:BatchWriteItem")):
            rights = {s["Sid"]: s["Action"] for s in rules.statements(template(variant))}
            self.assertEqual(rights["StoreUsers"], action)

    def test_protects_the_table_unless_told_otherwise(self):
        for variant, protected in (("as it comes", True), ("another bucket, batch mode", False)):
            table, = of_type(template(variant), "AWS::DynamoDB::Table").values()
            self.assertIs(table["DeletionProtectionEnabled"], protected)

    def test_has_kinesis_only_when_it_is_on(self):
        for variant, value in (("as it comes", "off"), ("with Kinesis and a mail", "on")):
            settings = {p["ParameterKey"]: p["ParameterValue"]
                        for p in PACKAGED[variant][1]["provider"]["stackParameters"]}
            self.assertEqual(settings["Kinesis"], value)

    def test_has_no_secret_in_anything_that_is_uploaded(self):
        for path in TREE.packaged_files():
            with open(path, "rb") as file:
                self.assertNotIn(SECRET.encode(), file.read(), path)

    def test_has_a_comment_above_every_right(self):
        self.assertEqual(list(rules.uncommented_statements(role_text())), [])


def role_text():
    with open(os.path.join(DEPLOY, "stack", "role.yml"), encoding="utf-8") as file:
        return file.read()


def plant(*path, value=None):
    """A fault: sets what is at the end of the path below the resources, or removes it."""
    def change(made):
        at = made["Resources"]
        for key in path[:-1]:
            at = at[key]
        if value is None:
            del at[path[-1]]
        else:
            at[path[-1]] = value
    return change


MAPPING = ("DataProcessorEventSourceMappingSQSUserDataQueue", "Properties")
FUNCTION = ("DataProcessorLambdaFunction", "Properties")
RIGHTS = ("DataProcessorRole", "Properties", "Policies", 0, "PolicyDocument", "Statement", 1)
FAULTS = {
    "messages deleted though they failed": (
        rules.mappings_report_each_failure, plant(*MAPPING, "FunctionResponseTypes")),
    "the same on the stream": (
        rules.mappings_report_each_failure,
        plant("UserDataStreamMapping", "Properties", "FunctionResponseTypes")),
    "visibility below six times": (
        rules.messages_stay_hidden_long_enough,
        plant("UserDataQueue", "Properties", "VisibilityTimeout", value=1799)),
    "a window on top of six times": (
        rules.messages_stay_hidden_long_enough,
        plant(*MAPPING, "MaximumBatchingWindowInSeconds", value=1)),
    "a longer time-out": (
        rules.messages_stay_hidden_long_enough, plant(*FUNCTION, "Timeout", value=301)),
    "a queue in clear": (
        rules.queues_keep_and_encrypt,
        plant("UserDataRejects", "Properties", "SqsManagedSseEnabled")),
    "rejects forgotten": (
        rules.queues_keep_and_encrypt,
        plant("UserDataRejects", "Properties", "MessageRetentionPeriod", value=345600)),
    "dead letters unwatched": (
        rules.what_is_kept_is_told_of, plant("DeadLettersAlarm")),
    "an alarm without an action": (
        rules.alarms_reach_the_topic, plant("ThrottlesAlarm", "Properties", "AlarmActions")),
    "an alarm without data": (
        rules.alarms_reach_the_topic, plant("RejectsAlarm", "Properties", "TreatMissingData")),
    "a long run never seen": (
        rules.a_long_run_is_told_of_before_it_is_cut,
        plant("DurationAlarm", "Properties", "Threshold", value=300000)),
    "a right for anything": (rules.rights_are_narrow, plant(*RIGHTS, "Resource", value="*")),
    "a right for all buckets": (
        rules.rights_are_narrow, plant(*RIGHTS, "Resource", value="arn:aws:s3:::*")),
    "any action": (rules.rights_are_narrow, plant(*RIGHTS, "Action", value="s3:*")),
    "a right without a name": (rules.rights_are_narrow, plant(*RIGHTS, "Sid")),
    "a public bucket": (
        rules.data_is_guarded,
        plant("S3BucketUserData", "Properties", "PublicAccessBlockConfiguration",
              "BlockPublicPolicy", value=False)),
    "a bucket without TLS": (rules.data_is_guarded, plant("UserDataBucketPolicy")),
    "a table without backups": (
        rules.data_is_guarded,
        plant("UserDataTable", "Properties", "PointInTimeRecoverySpecification",
              "PointInTimeRecoveryEnabled", value=False)),
    "a loop that Lambda would end": (
        rules.the_function_is_ours_alone, plant(*FUNCTION, "RecursiveLoop")),
    "a setting of no use": (
        rules.the_function_is_ours_alone,
        plant(*FUNCTION, "Environment", "Variables", "REJECT_QUEUE", value="x")),
    "whole batches only": (
        rules.the_function_is_ours_alone,
        plant(*FUNCTION, "Environment", "Variables", "PARTIAL_RESPONSE", value="off")),
    "a second function": (
        rules.the_function_is_ours_alone,
        plant("Other", value={"Type": "AWS::Lambda::Function", "Properties": {}})),
    "a shard blocked by one record": (
        rules.failures_have_a_place,
        plant("UserDataStreamMapping", "Properties", "BisectBatchOnFunctionError", value=False)),
    "a log for ever": (
        rules.the_log_ends, plant("DataProcessorLogGroup", "Properties", "RetentionInDays")),
    "a broken dashboard": (
        rules.the_dashboard_reads,
        plant("Dashboard", "Properties", "DashboardBody", "Fn::Sub", value='{"widgets": [}')),
    "a stream that is always paid for": (
        rules.kinesis_can_be_left_out, plant("UserDataStream", "Condition")),
}


class APlantedFault(unittest.TestCase):
    def test_is_found_by_the_rule_for_it(self):
        for fault, (rule, change) in FAULTS.items():
            with self.subTest(fault):
                made = template()
                change(made)
                self.assertNotEqual(list(rule(made)), [])

    def test_has_every_rule_seen_failing(self):
        self.assertEqual({rule for rule, _ in FAULTS.values()}, set(rules.RULES))

    def test_of_a_right_without_a_comment_is_found(self):
        text = role_text().replace("# The users.\n", "\n")
        self.assertEqual(list(rules.uncommented_statements(text)), ["StoreUsers"])
