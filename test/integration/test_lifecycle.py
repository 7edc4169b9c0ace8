"""The stack is deployed again while it runs, and in the end it goes without a trace. Comes last."""

from stack import SERVICE, Stack
from world import OnStack, WORLD, needs


class ASecondDeployment(OnStack):
    def test_changes_what_it_should_and_nothing_else(self):
        self.stack.send("user_id=before-the-second")
        self.stack.wait_for_users("before-the-second")
        self.stack.deploy(visibility="5")
        self.assertEqual(self.stack.queue("user-data-queue")["VisibilityTimeout"], "5")
        self.assertTrue(self.stack.user("before-the-second"), "the table is the same")
        self.stack.send("user_id=after-the-second")
        self.stack.put("it/after the second.json", b'{"user_id":"object-after-the-second"}')
        self.stack.wait_for_users("after-the-second", "object-after-the-second")

    @needs("revisions")
    def test_without_a_change_leaves_all_as_it_is(self):
        before = self.stack.configuration()["RevisionId"]
        self.stack.deploy()
        self.assertEqual(self.stack.configuration()["RevisionId"], before)


class AnInterruptedDeployment(OnStack):
    def test_is_made_whole_by_the_next(self):
        half = Stack(self.target, "interrupted")
        self.addCleanup(half.remove)
        half.deploy_and_interrupt()
        half.deploy()
        self.assertEqual(half.state(), "UPDATE_COMPLETE")
        self.assertEqual(half.queue("user-data-queue")["VisibilityTimeout"],
                         half.params["visibility"])


class TheRemoval(OnStack):
    def test_leaves_nothing(self):
        WORLD.end()
        self.stack.remove()
        self.assertEqual(found(self.stack), [])


def found(stack):
    """The names of all that is there of the stack."""
    names = [one["Name"] for one in stack.client("s3").list_buckets()["Buckets"]]
    names += [url.rsplit("/", 1)[1] for url in
              stack.client("sqs").list_queues().get("QueueUrls", [])]
    names += stack.client("dynamodb").list_tables()["TableNames"]
    names += stack.client("kinesis").list_streams()["StreamNames"]
    names += [one["FunctionName"] for one in stack.client("lambda").list_functions()["Functions"]]
    names += [one["EventSourceArn"] for one in
              stack.client("lambda").list_event_source_mappings()["EventSourceMappings"]]
    names += [one["RoleName"] for one in stack.client("iam").list_roles()["Roles"]]
    names += [one["logGroupName"] for one in
              stack.client("logs").describe_log_groups()["logGroups"]]
    names += [one["TopicArn"] for one in stack.client("sns").list_topics()["Topics"]]
    names += [one["AlarmName"] for one in
              stack.client("cloudwatch").describe_alarms()["MetricAlarms"]]
    names += [one["StackName"] for one in
              stack.client("cloudformation").describe_stacks()["Stacks"]
              if one["StackStatus"] != "DELETE_COMPLETE"]
    return sorted(name for name in names if belongs(stack, name))


def belongs(stack, name):
    """Of a stage other than dev every name has its suffix."""
    ours = ("user-data", "alarm-topic", "DataProcessor", "UserData", SERVICE)
    return any(word in name for word in ours) and (not stack.suffix or stack.stage in name)
