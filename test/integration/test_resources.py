"""Every resource of the deployed stack, as the target shows it. What no emulator shows is looked
for in the template: test_template.py.
"""

import json

from world import OnStack, needs


class TheBucket(OnStack):
    @needs("notifications")
    def test_tells_the_function_of_every_new_object(self):
        told = self.stack.client("s3").get_bucket_notification_configuration(
            Bucket=self.stack.bucket)["LambdaFunctionConfigurations"]
        self.assertEqual([one["Events"] for one in told], [["s3:ObjectCreated:*"]])
        self.assertTrue(told[0]["LambdaFunctionArn"].endswith(":" + self.stack.function))
        self.assertNotIn("Filter", told[0])

    def test_may_invoke_the_function(self):
        policy = json.loads(self.stack.client("lambda").get_policy(
            FunctionName=self.stack.function)["Policy"])
        services = [one["Principal"]["Service"] for one in policy["Statement"]]
        self.assertEqual(services, ["s3.amazonaws.com"])
        self.assertIn(f"arn:aws:s3:::{self.stack.bucket}", json.dumps(policy))

    def test_is_encrypted(self):
        rule = self.stack.client("s3").get_bucket_encryption(Bucket=self.stack.bucket)[
            "ServerSideEncryptionConfiguration"]["Rules"][0]
        self.assertIn(rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"],
                      ("AES256", "aws:kms"))

    @needs("bucket policies")
    def test_is_not_public(self):
        block = self.stack.client("s3").get_public_access_block(
            Bucket=self.stack.bucket)["PublicAccessBlockConfiguration"]
        self.assertEqual(set(block.values()), {True})

    @needs("bucket policies")
    def test_is_reached_by_tls_only(self):
        policy = json.loads(self.stack.client("s3").get_bucket_policy(
            Bucket=self.stack.bucket)["Policy"])
        denied = [one for one in policy["Statement"] if one["Effect"] == "Deny"]
        self.assertEqual(denied[0]["Condition"], {"Bool": {"aws:SecureTransport": "false"}})

    @needs("lifecycles")
    def test_drops_uploads_that_were_never_finished(self):
        rules = self.stack.client("s3").get_bucket_lifecycle_configuration(
            Bucket=self.stack.bucket)["Rules"]
        self.assertTrue(any("AbortIncompleteMultipartUpload" in rule for rule in rules))


class TheQueues(OnStack):
    def test_hands_what_failed_five_times_to_the_dead_letters(self):
        redrive = json.loads(self.stack.queue("user-data-queue")["RedrivePolicy"])
        self.assertEqual(int(redrive["maxReceiveCount"]), 5)
        self.assertTrue(redrive["deadLetterTargetArn"].endswith(
            ":" + self.stack.called("user-data-dlq")))

    def test_hides_a_message_as_long_as_was_deployed(self):
        self.assertEqual(self.stack.queue("user-data-queue")["VisibilityTimeout"],
                         self.stack.params["visibility"])

    def test_keeps_what_failed_longer_than_what_is_to_come(self):
        coming = int(self.stack.queue("user-data-queue")["MessageRetentionPeriod"])
        for name in ("user-data-dlq", "user-data-rejects", "user-data-failed-events",
                     "user-data-failed-stream"):
            kept = int(self.stack.queue(name)["MessageRetentionPeriod"])
            self.assertEqual(kept, 14 * 24 * 3600, name)
            self.assertGreater(kept, coming)

    def test_encrypts_each(self):
        for name in ("user-data-queue", "user-data-dlq", "user-data-rejects",
                     "user-data-failed-events", "user-data-failed-stream"):
            self.assertEqual(self.stack.queue(name).get("SqsManagedSseEnabled"), "true", name)


class TheTable(OnStack):
    def setUp(self):
        super().setUp()
        self.table = self.stack.client("dynamodb").describe_table(
            TableName=self.stack.table)["Table"]

    def test_has_the_user_id_as_its_key(self):
        self.assertEqual(self.table["KeySchema"], [{"AttributeName": "user_id", "KeyType": "HASH"}])
        self.assertEqual(self.table["AttributeDefinitions"],
                         [{"AttributeName": "user_id", "AttributeType": "S"}])

    def test_is_paid_by_request(self):
        self.assertEqual(self.table["BillingModeSummary"]["BillingMode"], "PAY_PER_REQUEST")

    @needs("table encryption")
    def test_is_encrypted(self):
        self.assertEqual(self.table["SSEDescription"]["Status"], "ENABLED")

    @needs("recovery")
    def test_can_be_brought_back_to_any_second(self):
        backups = self.stack.client("dynamodb").describe_continuous_backups(
            TableName=self.stack.table)["ContinuousBackupsDescription"]
        self.assertEqual(
            backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"], "ENABLED")


class TheStream(OnStack):
    def setUp(self):
        super().setUp()
        self.summary = self.stack.client("kinesis").describe_stream_summary(
            StreamName=self.stack.stream)["StreamDescriptionSummary"]

    def test_has_one_shard_and_keeps_a_day(self):
        self.assertEqual(self.summary["OpenShardCount"], 1)
        self.assertEqual(self.summary["RetentionPeriodHours"], 24)

    @needs("stream encryption")
    def test_is_encrypted(self):
        self.assertEqual(self.summary["EncryptionType"], "KMS")


class TheMappings(OnStack):
    def mapping(self, source):
        found = [one for one in self.stack.client("lambda").list_event_source_mappings()
                 ["EventSourceMappings"] if one["EventSourceArn"].endswith(source)]
        self.assertEqual(len(found), 1, source)
        self.assertTrue(found[0]["FunctionArn"].endswith(":" + self.stack.function))
        self.assertEqual(found[0]["State"], "Enabled")
        return found[0]

    def test_of_the_queue_takes_back_only_what_failed(self):
        mapping = self.mapping(":" + self.stack.called("user-data-queue"))
        self.assertEqual(mapping["FunctionResponseTypes"], ["ReportBatchItemFailures"])
        self.assertEqual(mapping["BatchSize"], 10)
        self.assertEqual(mapping["ScalingConfig"], {"MaximumConcurrency": 10})

    def test_of_the_stream_halves_and_gives_up_what_fails(self):
        mapping = self.mapping("/" + self.stack.stream)
        self.assertEqual(mapping["FunctionResponseTypes"], ["ReportBatchItemFailures"])
        self.assertEqual(mapping["StartingPosition"], "TRIM_HORIZON")
        self.assertTrue(mapping["BisectBatchOnFunctionError"])
        self.assertGreater(mapping["MaximumRetryAttempts"], 0)
        self.assertGreater(mapping["MaximumRecordAgeInSeconds"], 0)
        self.assertTrue(mapping["DestinationConfig"]["OnFailure"]["Destination"].endswith(
            ":" + self.stack.called("user-data-failed-stream")))


class TheFunction(OnStack):
    def test_is_the_zip_on_al2023(self):
        found = self.stack.configuration()
        self.assertEqual(found["Runtime"], "provided.al2023")
        self.assertEqual(found["Architectures"], ["x86_64"])
        self.assertEqual(str(found["Timeout"]), self.stack.params["timeout"])

    def test_knows_where_all_is(self):
        settings = self.stack.configuration()["Environment"]["Variables"]
        self.assertEqual(settings["TABLE_NAME"], self.stack.table)
        self.assertTrue(settings["WORK_QUEUE_URL"].endswith(
            "/" + self.stack.called("user-data-queue")))
        self.assertTrue(settings["REJECTS_QUEUE_URL"].endswith(
            "/" + self.stack.called("user-data-rejects")))
        self.assertEqual(settings["PARTIAL_RESPONSE"], "on")

    @needs("event settings")
    def test_has_events_of_s3_tried_again_and_kept(self):
        found = self.stack.client("lambda").get_function_event_invoke_config(
            FunctionName=self.stack.function)
        self.assertEqual(found["MaximumRetryAttempts"], 2)
        self.assertTrue(found["DestinationConfig"]["OnFailure"]["Destination"].endswith(
            ":" + self.stack.called("user-data-failed-events")))

    @needs("recursion")
    def test_may_feed_itself(self):
        found = self.stack.client("lambda").get_function_recursion_config(
            FunctionName=self.stack.function)
        self.assertEqual(found["RecursiveLoop"], "Allow")

    def test_may_do_only_what_its_role_says(self):
        role = self.stack.configuration()["Role"].rsplit("/", 1)[1]
        iam = self.stack.client("iam")
        self.assertEqual(sorted(iam.list_role_policies(RoleName=role)["PolicyNames"]),
                         ["ingest", "stream"])
        self.assertEqual(iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"], [])
        policy = iam.get_role_policy(RoleName=role, PolicyName="ingest")["PolicyDocument"]
        self.assertIn(f":table/{self.stack.table}", str(policy))

    @needs("retention")
    def test_has_a_log_that_is_kept_for_a_while_only(self):
        groups = self.stack.client("logs").describe_log_groups(
            logGroupNamePrefix=self.stack.log_group)["logGroups"]
        self.assertEqual([one.get("retentionInDays") for one in groups], [30])


class TheAlarms(OnStack):
    @needs("alarms")
    def test_all_tell_the_topic(self):
        alarms = {one["AlarmName"]: one for one in self.stack.client("cloudwatch").describe_alarms()
                  ["MetricAlarms"]}
        for name in ("DataProcessorFunctionErrors", "DataProcessorThrottles",
                     "DataProcessorDuration", "DataProcessorLostEvents", "UserDataDeadLetters",
                     "UserDataFailedEvents", "UserDataRejects", "UserDataQueueAge",
                     "UserDataStreamAge", "UserDataFailedStream"):
            actions = alarms[self.stack.called(name)]["AlarmActions"]
            self.assertEqual([one.rsplit(":", 1)[1] for one in actions],
                             [self.stack.called("alarm-topic")], name)

    @needs("alarms")
    def test_of_errors_is_as_it_always_was(self):
        alarm = self.stack.client("cloudwatch").describe_alarms(
            AlarmNames=[self.stack.called("DataProcessorFunctionErrors")])["MetricAlarms"][0]
        self.assertEqual((alarm["Namespace"], alarm["MetricName"]), ("AWS/Lambda", "Errors"))
        self.assertEqual((alarm["Threshold"], alarm["EvaluationPeriods"], alarm["Statistic"]),
                         (1.0, 1, "Sum"))
        self.assertEqual(alarm["ComparisonOperator"], "GreaterThanOrEqualToThreshold")
        self.assertEqual(alarm["Dimensions"],
                         [{"Name": "FunctionName", "Value": self.stack.function}])

    @needs("dashboards")
    def test_stand_beside_a_dashboard(self):
        entries = self.stack.client("cloudwatch").list_dashboards()["DashboardEntries"]
        self.assertIn(self.stack.called("user-data"), [one["DashboardName"] for one in entries])
