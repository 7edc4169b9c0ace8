"""The function's permissions, out of the CloudFormation template that osls makes, with every name
and ARN filled in.
"""

import re

ARNS = {
    "AWS::SQS::Queue": ("sqs", "{QueueName}"),
    "AWS::DynamoDB::Table": ("dynamodb", "table/{TableName}"),
    "AWS::Kinesis::Stream": ("kinesis", "stream/{Name}"),
    "AWS::Logs::LogGroup": ("logs", "log-group:{LogGroupName}:*"),
}


class Filler:
    def __init__(self, resources, region, account):
        self.resources = resources
        self.region = region
        self.account = account

    def arn(self, logical_id):
        resource = self.resources[logical_id]
        service, form = ARNS[resource["Type"]]
        name = form.format(**resource["Properties"])
        return f"arn:aws:{service}:{self.region}:{self.account}:{name}"

    def fill(self, value):
        """A value of the template as CloudFormation would have it."""
        if isinstance(value, list):
            return [self.fill(one) for one in value]
        if not isinstance(value, dict):
            return value
        if "Fn::GetAtt" in value:
            logical_id, attribute = value["Fn::GetAtt"]
            assert attribute == "Arn", value
            return self.arn(logical_id)
        if "Fn::Sub" in value:
            return re.sub(r"\$\{AWS::Partition\}", "aws", value["Fn::Sub"])
        assert not any(name.startswith("Fn::") or name == "Ref" for name in value), value
        return {name: self.fill(one) for name, one in value.items()}


def statements(resources, region, account):
    """Every statement of the role, those of the stream too."""
    filler = Filler(resources, region, account)
    role = resources["DataProcessorRole"]["Properties"]
    documents = [policy["PolicyDocument"] for policy in role["Policies"]]
    documents += [one["Properties"]["PolicyDocument"] for one in resources.values()
                  if one["Type"] == "AWS::IAM::Policy"]
    return [filler.fill(one) for document in documents for one in document["Statement"]]
