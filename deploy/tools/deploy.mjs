// make deploy: finds first what can be known to be wrong, then builds the zip, then lets osls work.
import { HeadBucketCommand } from "@aws-sdk/client-s3";
import { main, runMake, runOsls, s3Client, Stop } from "./session.mjs";
import {
  demandDeployable, stackOutputs, stackResources, stackState, whatFailed,
} from "./stack.mjs";

// Bucket names are global, and CloudFormation finds out only in the middle of its work.
async function demandBucket({ bucket, stack, account }, exists) {
  if (exists && (await stackResources(stack)).S3BucketUserData?.id === bucket) {
    return;
  }
  const owner = await ownerOf(bucket);
  if (owner) {
    throw new Stop(`the bucket name ${bucket} is taken (${owner}; this is account ${account}). ` +
      "Choose another: USER_DATA_BUCKET=name-of-your-own, in the environment or in deploy/.env");
  }
}

// Who has it; nothing when nobody has.
async function ownerOf(bucket) {
  try {
    await s3Client().send(new HeadBucketCommand({ Bucket: bucket }));
    return "by a bucket that you may use, which is not of this stack";
  } catch (error) {
    if (error.$metadata?.httpStatusCode === 404) {
      return "";
    }
    if ([301, 400, 403].includes(error.$metadata?.httpStatusCode)) {
      return "by a bucket that you may not look at";
    }
    throw error;
  }
}

async function reportFailure({ stack, stage }) {
  const state = await stackState(stack);
  const lines = state ? await whatFailed(stack) : [];
  const now = state ? `; the stack ${stack} is in state ${state}` : "";
  throw new Stop([`osls could not deploy${now}`, ...lines,
    `Try again: make deploy STAGE=${stage}`].join("\n"));
}

await main("deploy", async (session) => {
  const state = await demandDeployable(session);
  await demandBucket(session, state !== "");
  console.log(`deploy: ${session.stack} to account ${session.account}, ${session.region}; ` +
    `bucket ${session.bucket}; ${session.architecture}`);
  if (!runMake(`package-${session.architecture}`)) {
    throw new Stop("the zip could not be built");
  }
  if (!runOsls("deploy", "--stage", session.stage)) {
    await reportFailure(session);
  }
  for (const [name, value] of await stackOutputs(session.stack)) {
    console.log(`  ${name.padEnd(28)}${value}`);
  }
});
