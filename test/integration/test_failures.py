"""The function fails, and somebody hears of it. Slow: an alarm looks once a minute."""

import json

from waiting import until
from world import OnStack, needs

LISTENER = "listener-of-the-alarm-topic"
NONE_OF_OURS = json.dumps({"what": "no event of ours"}).encode()


class AnInvocationThatFails(OnStack):
    @needs("functions")
    def test_says_so(self):
        answer = self.stack.client("lambda").invoke(FunctionName=self.stack.function,
                                                    Payload=NONE_OF_OURS)
        self.assertEqual(answer.get("FunctionError"), "Unhandled")
        self.assertIn("Function.UnknownEvent", answer["Payload"].read().decode())

    @needs("functions")
    def test_three_times_leaves_its_event_in_the_failed_events(self):
        event = json.dumps({"what": "to be found among the failed events"})
        self.stack.client("lambda").invoke(FunctionName=self.stack.function,
                                           InvocationType="Event", Payload=event.encode())
        until(lambda: self.stack.waiting("user-data-failed-events"), "the event is kept", 300)
        kept, = [json.loads(message["Body"]) for message in
                 self.stack.take("user-data-failed-events")]
        self.assertEqual(kept["requestPayload"], json.loads(event))
        self.assertEqual(kept["requestContext"]["approximateInvokeCount"], 3)

    @needs("alarms")
    def test_raises_the_alarm_and_the_topic_tells_its_subscriber(self):
        sqs, sns = self.stack.client("sqs"), self.stack.client("sns")
        url = sqs.create_queue(QueueName=LISTENER)["QueueUrl"]
        self.addCleanup(sqs.delete_queue, QueueUrl=url)
        topic = next(one["TopicArn"] for one in sns.list_topics()["Topics"]
                     if one["TopicArn"].endswith(":" + self.stack.called("alarm-topic")))
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=sqs.get_queue_attributes(
            QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"])
        until(lambda: self.state() != "ALARM", "an alarm of before is over", 300)
        self.stack.client("lambda").invoke(FunctionName=self.stack.function, Payload=NONE_OF_OURS)
        until(lambda: self.state() == "ALARM", "the alarm of errors is raised", 240)
        heard = until(lambda: self.heard(sqs, url), "the topic's subscriber hears of it")
        self.assertEqual(heard["NewStateValue"], "ALARM")

    def state(self):
        return self.stack.client("cloudwatch").describe_alarms(
            AlarmNames=[self.stack.called("DataProcessorFunctionErrors")])["MetricAlarms"][0][
                "StateValue"]

    def heard(self, sqs, url):
        for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10,
                                           WaitTimeSeconds=1).get("Messages", []):
            alarm = json.loads(json.loads(message["Body"])["Message"])
            if alarm["AlarmName"] == self.stack.called("DataProcessorFunctionErrors"):
                return alarm
        return None
