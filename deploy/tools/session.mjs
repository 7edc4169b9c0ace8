// What the commands share: the settings, who we are at AWS, what osls makes of serverless.yml, and
// how a command ends. Secrets are read by the AWS SDK and by osls alone and never shown.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

// Node.js 20 will do until the lock file says otherwise.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";
const { STSClient, GetCallerIdentityCommand } = await import("@aws-sdk/client-sts");
const { S3Client } = await import("@aws-sdk/client-s3");

export const folder = fileURLToPath(new URL("..", import.meta.url));
const osls = fileURLToPath(new URL("../node_modules/.bin/osls", import.meta.url));

// An end with a message that says what to do.
export class Stop extends Error {}

// Runs a command's main function with the session of the stage in the command's first argument.
export async function main(command, run) {
  try {
    await run(await begin(process.argv[2] ?? ""));
  } catch (error) {
    const known = error instanceof Stop;
    console.error(`${command}: ${known ? error.message : describe(error)}`);
    process.exitCode = 1;
  }
}

async function begin(stage) {
  if (!/^[a-z][a-z0-9-]{0,19}$/.test(stage)) {
    throw new Stop("STAGE is up to 20 letters a-z, digits and hyphens, e.g. STAGE=dev");
  }
  loadEnvironment(stage);
  const region = await findRegion();
  const identity = await whoAmI(region);
  const config = readConfig(stage);
  return {
    stage,
    region,
    account: identity.Account,
    stack: `${config.service}-${stage}`,
    bucket: config.provider.s3.userData.name,
    architecture: config.provider.architecture,
  };
}

// As osls does it: the stage's own file or the common one, and the environment goes first.
function loadEnvironment(stage) {
  const file = [`${folder}.env.${stage}`, `${folder}.env`].find(existsSync);
  if (file) {
    process.loadEnvFile(file);
  }
}

// osls knows no region but the environment's; the SDK knows the profile's too.
async function findRegion() {
  process.env.AWS_REGION ||= process.env.AWS_DEFAULT_REGION || "";
  if (!process.env.AWS_REGION) {
    delete process.env.AWS_REGION;
    process.env.AWS_REGION = await new STSClient({}).config.region().catch(() => {
      throw new Stop("no region is set. Set AWS_REGION, e.g. AWS_REGION=eu-west-1, in the " +
        "environment or in deploy/.env, or name a profile that has one in AWS_PROFILE");
    });
  }
  return process.env.AWS_REGION;
}

const EXPIRED = ["ExpiredToken", "ExpiredTokenException", "RequestExpired"];
const REFUSED = ["InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch",
  "InvalidSignatureException", "InvalidAccessKeyId", "AuthFailure", "IncompleteSignature",
  "AccessDenied", "AccessDeniedException"];

async function whoAmI(region) {
  try {
    return await new STSClient({ region }).send(new GetCallerIdentityCommand({}));
  } catch (error) {
    throw new Stop(explainCredentials(error));
  }
}

function explainCredentials(error) {
  if (EXPIRED.includes(error.name)) {
    return `the credentials have expired (${error.name}). Get new ones, e.g. aws sso login`;
  }
  if (REFUSED.includes(error.name)) {
    return `AWS refuses the credentials (${error.name}). Are key id, secret and, for temporary ` +
      "ones, the session token of the same pair?";
  }
  if (/Credentials|TokenProvider/.test(error.name)) {
    return `no credentials (${error.message}). Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, ` +
      "or AWS_PROFILE, in the environment or in deploy/.env: cp deploy/.env.example deploy/.env";
  }
  return `AWS cannot be reached: ${describe(error)}` +
    (process.env.AWS_ENDPOINT_URL ? `. AWS_ENDPOINT_URL is ${process.env.AWS_ENDPOINT_URL}` : "");
}

// No bucket is a host name of another endpoint than AWS's own.
export function s3Client() {
  return new S3Client({
    followRegionRedirects: true,
    forcePathStyle: Boolean(process.env.AWS_ENDPOINT_URL || process.env.AWS_ENDPOINT_URL_S3),
  });
}

// Some errors of the network have a code and no message.
function describe(error) {
  return [error.name, error.code, error.message].filter(Boolean).join(": ");
}

function readConfig(stage) {
  try {
    return JSON.parse(execFileSync(osls, ["print", "--stage", stage, "--format", "json"],
      { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }));
  } catch (error) {
    throw new Stop(`osls cannot read deploy/serverless.yml with these settings:\n` +
      `${error.stdout ?? ""}${error.stderr ?? error.message}`.trim());
  }
}

// Both run in our process group: Ctrl-C ends them too. False: they failed, and said why.
export function runOsls(...args) {
  return succeeds(spawnSync(osls, args, { cwd: folder, stdio: "inherit" }));
}

// Not with the flags of the make that started us: its job server is not ours to hand on.
export function runMake(target) {
  const { MAKEFLAGS, MFLAGS, MAKELEVEL, ...env } = process.env;
  return succeeds(spawnSync("make", ["--no-print-directory", "-C", "..", target],
    { cwd: folder, stdio: "inherit", env }));
}

function succeeds(child) {
  if (child.signal) {
    throw new Stop(`ended by ${child.signal}`);
  }
  return child.status === 0;
}
