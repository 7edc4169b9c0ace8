"""A moto that checks permissions as AWS does, for test_permissions.py. moto itself matches a
statement's Resource for S3 and SQS only, and asks for a permission of its own for each batch call.
Says which port the kernel chose, and ends when its standard input does.
"""

import sys

from moto.dynamodb.responses import DynamoHandler
from moto.iam.access_control import IAMRequest
from moto.kinesis.responses import KinesisResponse
from moto.logs.responses import LogsResponse
from moto.server import ThreadedMotoServer

REGION, ACCOUNT, STREAM = sys.argv[1:]


def arn(service, resource):
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


def of_table(self):
    return arn("dynamodb", f"table/{self._get_param('TableName') or '*'}")


def of_stream(self):
    # GetRecords names its stream inside the iterator only: there is but one.
    name = self._get_param("StreamName") or STREAM
    return self._get_param("StreamARN") or arn("kinesis", f"stream/{name}")


def of_log(self):
    return arn("logs", f"log-group:{self._get_param('logGroupName') or '*'}"
                       f":log-stream:{self._get_param('logStreamName') or ''}")


def check_single(self, resource):
    """The permission for a batch is that for a single one (docs.aws.amazon.com/
    AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html)."""
    if self._action.startswith("sqs:"):
        self._action = self._action.removesuffix("Batch")
    check_action(self, resource)


check_action = IAMRequest.check_action_permitted
IAMRequest.check_action_permitted = check_single
DynamoHandler._determine_resource = of_table
KinesisResponse._determine_resource = of_stream
LogsResponse._determine_resource = of_log

server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
