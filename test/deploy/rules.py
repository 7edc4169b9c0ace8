"""What must hold for the stack's template, whatever its settings. Each rule yields its findings."""

import json
import re

SIX_TIMES = 6
TWO_WEEKS_S = 14 * 24 * 3600
# user-data-queue is what the others are kept for.
SOURCE = "UserDataQueue"


def of_type(template, kind):
    return {name: resource["Properties"] for name, resource in template["Resources"].items()
            if resource["Type"] == kind}


def named(template, kind, key):
    return {properties[key] for properties in of_type(template, kind).values()}


def queue_of(mapping, template):
    """The logical name of the queue that a mapping reads; None for a stream."""
    source = mapping["EventSourceArn"]["Fn::GetAtt"][0]
    return source if source in of_type(template, "AWS::SQS::Queue") else None


def statements(template):
    for policy in of_type(template, "AWS::IAM::Policy").values():
        yield from policy["PolicyDocument"]["Statement"]
    for role in of_type(template, "AWS::IAM::Role").values():
        for policy in role["Policies"]:
            yield from policy["PolicyDocument"]["Statement"]


def listed(value):
    return value if isinstance(value, list) else [value]


def mappings_report_each_failure(template):
    for name, mapping in of_type(template, "AWS::Lambda::EventSourceMapping").items():
        if mapping.get("FunctionResponseTypes") != ["ReportBatchItemFailures"]:
            yield f"{name} deletes what failed, as PARTIAL_RESPONSE is on"


def messages_stay_hidden_long_enough(template):
    function, = of_type(template, "AWS::Lambda::Function").values()
    queues = of_type(template, "AWS::SQS::Queue")
    for name, mapping in of_type(template, "AWS::Lambda::EventSourceMapping").items():
        queue = queue_of(mapping, template)
        window = mapping.get("MaximumBatchingWindowInSeconds", 0)
        if queue and (queues[queue]["VisibilityTimeout"]
                      < SIX_TIMES * function["Timeout"] + window):
            yield f"{name}: {queue} shows a message again while it may be worked on"


def queues_keep_and_encrypt(template):
    for name, queue in of_type(template, "AWS::SQS::Queue").items():
        if queue.get("SqsManagedSseEnabled") is not True:
            yield f"{name} is not encrypted"
        if name == SOURCE and queue["RedrivePolicy"]["maxReceiveCount"] < 5:
            yield f"{name} gives up too early"
        if name != SOURCE and queue["MessageRetentionPeriod"] != TWO_WEEKS_S:
            yield f"{name} forgets within two weeks"


def what_is_kept_is_told_of(template):
    watched = {dimension["Value"]["Fn::GetAtt"][0]
               for alarm in of_type(template, "AWS::CloudWatch::Alarm").values()
               for dimension in alarm["Dimensions"] if dimension["Name"] == "QueueName"}
    for name in of_type(template, "AWS::SQS::Queue").keys() - watched:
        yield f"no alarm watches {name}"


def alarms_reach_the_topic(template):
    for name, alarm in of_type(template, "AWS::CloudWatch::Alarm").items():
        if alarm.get("AlarmActions") != [{"Ref": "AlarmTopic"}]:
            yield f"{name} tells nobody"
        if alarm.get("TreatMissingData") != "notBreaching":
            yield f"{name} is undecided while nothing happens"


def a_long_run_is_told_of_before_it_is_cut(template):
    function, = of_type(template, "AWS::Lambda::Function").values()
    for name, alarm in of_type(template, "AWS::CloudWatch::Alarm").items():
        if alarm["MetricName"] == "Duration" and (
                not 0.5 <= alarm["Threshold"] / 1000 / function["Timeout"] < 1):
            yield f"{name} does not fit the function's time-out"


def rights_are_narrow(template):
    seen = set()
    for statement in statements(template):
        sid = statement.get("Sid")
        if not sid or sid in seen:
            yield f"a statement without a name of its own: {sid}"
        seen.add(sid)
        for resource in listed(statement["Resource"]):
            if "*" in str(resource).replace("/*", ""):
                yield f"{sid} is for any resource"
        for action in listed(statement["Action"]):
            if "*" in action:
                yield f"{sid} allows any action"


def data_is_guarded(template):
    bucket = of_type(template, "AWS::S3::Bucket")["S3BucketUserData"]
    if set(bucket["PublicAccessBlockConfiguration"].values()) != {True}:
        yield "the bucket may be made public"
    if not bucket.get("BucketEncryption"):
        yield "the bucket is not encrypted"
    denied = [statement for policy in of_type(template, "AWS::S3::BucketPolicy").values()
              if policy["Bucket"] == {"Ref": "S3BucketUserData"}
              for statement in policy["PolicyDocument"]["Statement"]]
    if not any(s["Effect"] == "Deny" and s["Condition"]["Bool"]["aws:SecureTransport"] == "false"
               and s["Action"] == "s3:*" for s in denied):
        yield "the bucket answers without TLS"
    table, = of_type(template, "AWS::DynamoDB::Table").values()
    if not table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]:
        yield "the table cannot be wound back"
    if not table["SSESpecification"]["SSEEnabled"] or table["BillingMode"] != "PAY_PER_REQUEST":
        yield "the table is not encrypted by the account's key, or not on demand"


def the_function_is_ours_alone(template):
    functions = of_type(template, "AWS::Lambda::Function")
    if list(functions) != ["DataProcessorLambdaFunction"]:
        yield f"other functions too: {sorted(functions)}"
    function = functions["DataProcessorLambdaFunction"]
    if function["Runtime"] != "provided.al2023" or function.get("RecursiveLoop") != "Allow":
        yield "runtime or RecursiveLoop is not what the function needs"
    variables = function["Environment"]["Variables"]
    if variables.get("PARTIAL_RESPONSE") != "on":
        yield "PARTIAL_RESPONSE is not on"
    if variables.get("WORK_QUEUE_URL") != {"Ref": SOURCE}:
        yield "the work queue is not the one that is mapped"
    with open("runtime/config.h", encoding="utf-8") as file:
        known = set(re.findall(r"/\* ([A-Z_]+)[,:]", file.read()))
    for name in variables.keys() - known:
        yield f"the function knows no setting {name}"


def failures_have_a_place(template):
    invoke, = of_type(template, "AWS::Lambda::EventInvokeConfig").values()
    if not invoke["DestinationConfig"]["OnFailure"]["Destination"] or (
            invoke["MaximumRetryAttempts"] != 2 or not invoke["MaximumEventAgeInSeconds"]):
        yield "S3's events are dropped when they fail"
    for name, mapping in of_type(template, "AWS::Lambda::EventSourceMapping").items():
        if queue_of(mapping, template):
            if not mapping["ScalingConfig"]["MaximumConcurrency"]:
                yield f"{name} has no bound"
        elif not (mapping["BisectBatchOnFunctionError"] and mapping["MaximumRetryAttempts"] > 0
                  and mapping["DestinationConfig"]["OnFailure"]["Destination"]):
            yield f"{name} may block its shard or lose records unseen"


def the_log_ends(template):
    group, = of_type(template, "AWS::Logs::LogGroup").values()
    if not group.get("RetentionInDays"):
        yield "the log is kept for ever"


def the_dashboard_reads(template):
    for name, dashboard in of_type(template, "AWS::CloudWatch::Dashboard").items():
        body = re.sub(r"\$\{[A-Za-z.:]+\}", "x", dashboard["DashboardBody"]["Fn::Sub"])
        try:
            if not json.loads(body)["widgets"]:
                yield f"{name} is empty"
        except ValueError as error:
            yield f"{name} is not JSON: {error}"


def kinesis_can_be_left_out(template):
    for name, resource in template["Resources"].items():
        if "Stream" in name and resource.get("Condition") != "WithKinesis":
            yield f"{name} is there, and paid for, without Kinesis"


RULES = (mappings_report_each_failure, messages_stay_hidden_long_enough, queues_keep_and_encrypt,
         what_is_kept_is_told_of, alarms_reach_the_topic, a_long_run_is_told_of_before_it_is_cut,
         rights_are_narrow, data_is_guarded, the_function_is_ours_alone, failures_have_a_place,
         the_log_ends, the_dashboard_reads, kinesis_can_be_left_out)


def uncommented_statements(text):
    """Sids in the YAML of the role that no comment stands above."""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        found = re.match(r"\s+- Sid: (\w+)", line)
        if found and not lines[number - 1].lstrip().startswith("#"):
            yield found[1]
