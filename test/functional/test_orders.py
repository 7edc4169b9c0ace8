"""Three versions of a user, each delivered twice, in all 90 orders, by the function as it is and
through the table's real conditions: the newest stays.
"""

import itertools
import json
import os

import test_function

VERSIONS = 3
ORDERS = sorted(set(itertools.permutations(sorted(2 * list(range(VERSIONS))))))
# The last is the newest, though it was sent first: by its own updated_at.
UPDATED = ["2026-01-02T00:00:00Z", "2026-01-02T00:00:01Z", "2026-01-03T00:00:00Z"]
SENT_MS = [1780000000003, 1780000000002, 1780000000001]


def message(number, version):
    return {"messageId": f"{number:04}-{version}", "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:user-data-queue",
            "attributes": {"SentTimestamp": str(SENT_MS[version])},
            "body": f"user_id=u{number}\nuser_name=V{version}\nupdated_at={UPDATED[version]}"}


class AllOrders(test_function.WithCloud):
    def deliver(self, step):
        """To each order's own user, what that order has at this step."""
        event = os.path.join(self.folder, "event.json")
        with open(event, "w", encoding="utf-8") as file:
            json.dump({"Records": [message(number, order[step])
                                   for number, order in enumerate(ORDERS)]}, file)
        run = test_function.invoke(event, {**self.environment, "PARTIAL_RESPONSE": "on"})
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(json.loads(run.stdout), {"batchItemFailures": []})

    def test_end_with_the_newest_version(self):
        self.assertEqual(len(ORDERS), 90)
        for step in range(2 * VERSIONS):
            self.deliver(step)
        users = self.cloud.stored_users()
        self.assertEqual({users[f"u{number}"]["user_name"] for number in range(len(ORDERS))},
                         {f"V{VERSIONS - 1}"})
        self.assertEqual(len(users), len(ORDERS))
