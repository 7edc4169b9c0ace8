"""The CloudFormation template as it is deployed when nobody sets a parameter: what emulators do not
show, and the numbers that the tests' own deployment changes.
"""

import json
import os
import tempfile
import unittest

import stack


def as_list(value):
    return value if isinstance(value, list) else [value]


class TheTemplate(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory() as folder:
            cls.plain = stack.package(os.path.join(folder, "plain"))["Resources"]
            cls.staged = json.dumps(stack.package(os.path.join(folder, "staged"), "test"))

    def of(self, name):
        return self.plain[name]["Properties"]

    def of_type(self, kind):
        return {name: one["Properties"] for name, one in self.plain.items() if one["Type"] == kind}

    def test_hides_a_message_for_six_times_what_the_function_may_take(self):
        visibility = int(self.of("UserDataQueue")["VisibilityTimeout"])
        timeout = int(self.of("DataProcessorLambdaFunction")["Timeout"])
        self.assertGreaterEqual(visibility, 6 * timeout)

    def test_can_bring_the_table_back_to_any_second(self):
        self.assertTrue(self.of("UserDataTable")["PointInTimeRecoverySpecification"]
                        ["PointInTimeRecoveryEnabled"])

    def test_protects_the_table_from_deletion(self):
        self.assertIs(self.of("UserDataTable")["DeletionProtectionEnabled"], True)

    def test_lets_the_function_send_objects_to_the_queue_that_feeds_it(self):
        self.assertEqual(self.of("DataProcessorLambdaFunction")["RecursiveLoop"], "Allow")

    def test_keeps_logs_for_a_while_only(self):
        groups = self.of_type("AWS::Logs::LogGroup")
        self.assertTrue(groups)
        for name, group in groups.items():
            self.assertGreater(int(group.get("RetentionInDays", 0)), 0, name)

    def test_encrypts_every_queue_and_the_stream(self):
        for name, queue in self.of_type("AWS::SQS::Queue").items():
            self.assertIs(queue.get("SqsManagedSseEnabled"), True, name)
        self.assertEqual(self.of("UserDataStream")["StreamEncryption"]["EncryptionType"], "KMS")

    def test_has_a_dashboard_of_valid_json(self):
        body = self.of("Dashboard")["DashboardBody"]["Fn::Sub"]
        self.assertTrue(json.loads(body)["widgets"])

    def test_drops_uploads_that_were_never_finished(self):
        rules = self.of("S3BucketUserData")["LifecycleConfiguration"]["Rules"]
        self.assertTrue(any("AbortIncompleteMultipartUpload" in rule for rule in rules))

    def test_makes_the_stream_only_when_it_is_asked_for(self):
        for name in ("UserDataStream", "UserDataStreamMapping", "StreamAgeAlarm"):
            self.assertEqual(self.plain[name].get("Condition"), "WithKinesis", name)

    def test_sends_every_alarm_to_the_topic(self):
        alarms = self.of_type("AWS::CloudWatch::Alarm")
        self.assertGreaterEqual(len(alarms), 7)
        for name, alarm in alarms.items():
            self.assertEqual(alarm.get("AlarmActions"), [{"Ref": "AlarmTopic"}], name)

    def test_gives_the_function_no_right_on_everything(self):
        policies = [policy["PolicyDocument"] for role in self.of_type("AWS::IAM::Role").values()
                    for policy in role.get("Policies", [])]
        policies += [policy["PolicyDocument"]
                     for policy in self.of_type("AWS::IAM::Policy").values()]
        for policy in policies:
            for statement in policy["Statement"]:
                self.assertNotIn("*", as_list(statement["Resource"]), statement)
                self.assertNotIn("*", "".join(as_list(statement["Action"])), statement)

    def test_names_of_another_stage_are_others(self):
        for name in ("user-data-queue", "user-data-table", "user-data-dlq", "alarm-topic",
                     "DataProcessorFunctionErrors", "shehan-user-data"):
            self.assertNotIn(f'"{name}"', self.staged)
            self.assertIn(f'"{name}-test"', self.staged)
