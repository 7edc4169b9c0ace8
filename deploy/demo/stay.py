"""Lets a person play with the local AWS: says how to reach it, and waits."""

import shlex

from cloud import clean_environment
from show import dim, say, title

SEND = """import boto3, os
boto3.client("sqs", os.environ["AWS_REGION"]).send_message(QueueUrl=os.environ["WORK_QUEUE_URL"],
    MessageBody="user_id=u-mine\\nuser_name=Me\\nphone_number=+44 7700 900999")"""


def stay(cloud):
    """Comes back after Enter, Ctrl-C or the end of the input."""
    title(f"The local AWS stays at {cloud.url} until Enter is pressed here")
    say(dim("# In another terminal, in this folder, as the function's role:"))
    usual = clean_environment()
    for name, value in cloud.role_environment().items():
        if name not in usual:
            say(f"export {name}={shlex.quote(value)}")
    say(dim("# Send a user as a message, and let the function work off the queue:"))
    say(f"$(deploy/demo/python.sh) -c {shlex.quote(SEND)}")
    say('build/lambda-local --sqs "$WORK_QUEUE_URL" --partial-response --until-idle build/bootstrap')
    try:
        input()
    except (KeyboardInterrupt, EOFError):
        say()
