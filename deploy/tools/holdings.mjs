// What in the stack may hold users' data: the bucket, the table, the queues. Each has a name, a
// count() of what is in it, as text, "" for nothing, and a release() that lets the stack delete it.
import {
  DescribeTableCommand, DynamoDBClient, ScanCommand, UpdateTableCommand,
} from "@aws-sdk/client-dynamodb";
import { DeleteObjectsCommand, ListObjectVersionsCommand } from "@aws-sdk/client-s3";
import { GetQueueAttributesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { s3Client, Stop } from "./session.mjs";

const MOST = 1000; // counted; beyond it "or more" is enough to know
const OF_STACK = {
  S3BucketUserData: bucket,
  UserDataTable: table,
  UserDataQueue: queue,
  UserDataDeadLetters: queue,
  UserDataRejects: queue,
  UserDataFailedEvents: queue,
};

export function holdings(resources) {
  return Object.entries(OF_STACK)
    .filter(([logical]) => resources[logical]?.id)
    .map(([logical, kind]) => kind(resources[logical].id));
}

function text(count, what, more) {
  return count ? `${count}${more ? " or more" : ""} ${what}` : "";
}

// The result of an asking; `otherwise` when what was asked of is gone already.
async function unlessGone(asking, otherwise) {
  try {
    return await asking;
  } catch (error) {
    if (/NoSuchBucket|ResourceNotFound|QueueDoesNotExist|NonExistentQueue/.test(error.name)) {
      return otherwise;
    }
    throw error;
  }
}

function bucket(name) {
  const s3 = s3Client();
  const list = async () => {
    const page = await unlessGone(
      s3.send(new ListObjectVersionsCommand({ Bucket: name, MaxKeys: MOST })), {});
    return [...page.Versions ?? [], ...page.DeleteMarkers ?? []]
      .map(({ Key, VersionId }) => ({ Key, VersionId }));
  };
  const remove = async (objects) => {
    const { Errors } = await s3.send(
      new DeleteObjectsCommand({ Bucket: name, Delete: { Objects: objects, Quiet: true } }));
    if (Errors?.length) {
      throw new Stop(`${Errors.length} objects of ${name} could not be deleted: ${Errors[0].Code}`);
    }
  };
  return {
    name: `bucket ${name}`,
    async count() {
      const { length } = await list();
      return text(length, "objects or versions of them", length >= MOST);
    },
    async release() {
      for (let objects = await list(); objects.length; objects = await list()) {
        await remove(objects);
      }
    },
  };
}

// Its users need no deleting; its protection is taken off.
function table(name) {
  const dynamodb = new DynamoDBClient({});
  return {
    name: `table ${name}`,
    async count() {
      const { Count, LastEvaluatedKey } = await unlessGone(dynamodb.send(new ScanCommand(
        { TableName: name, Select: "COUNT", Limit: MOST, ConsistentRead: true })), { Count: 0 });
      return text(Count, "users", LastEvaluatedKey);
    },
    async release() {
      const { Table } = await unlessGone(
        dynamodb.send(new DescribeTableCommand({ TableName: name })), {});
      if (Table?.DeletionProtectionEnabled) {
        await dynamodb.send(new UpdateTableCommand(
          { TableName: name, DeletionProtectionEnabled: false }));
      }
    },
  };
}

function queue(url) {
  const names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"];
  const sqs = new SQSClient({ useQueueUrlAsEndpoint: false }); // the URL's host may be AWS's own
  return {
    name: `queue ${url.split("/").pop()}`,
    async count() {
      const { Attributes } = await unlessGone(sqs.send(new GetQueueAttributesCommand(
        { QueueUrl: url, AttributeNames: names })), {});
      const counts = names.map((name) => Number(Attributes?.[name] ?? 0));
      return text(counts[0] + counts[1], "messages");
    },
    async release() {},
  };
}
