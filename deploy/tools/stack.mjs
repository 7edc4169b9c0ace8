// The stack as CloudFormation has it: its state, what is in it, and why it failed.
import {
  CloudFormationClient, DescribeStackEventsCommand, DescribeStacksCommand,
  paginateListStackResources,
} from "@aws-sdk/client-cloudformation";
import { Stop } from "./session.mjs";

const client = () => new CloudFormationClient({});

// "" when there is no such stack.
export async function stackState(name) {
  try {
    const { Stacks } = await client().send(new DescribeStacksCommand({ StackName: name }));
    return Stacks[0].StackStatus;
  } catch (error) {
    if (error.name === "ValidationError" && /does not exist/.test(error.message)) {
      return "";
    }
    throw error;
  }
}

// Name -> value of what stack/*.yml put out.
export async function stackOutputs(name) {
  const { Stacks } = await client().send(new DescribeStacksCommand({ StackName: name }));
  return (Stacks[0].Outputs ?? []).map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]);
}

// Logical id -> { id, type } of all that exists.
export async function stackResources(name) {
  const found = {};
  for await (const page of paginateListStackResources({ client: client() }, { StackName: name })) {
    for (const resource of page.StackResourceSummaries ?? []) {
      if (resource.ResourceStatus !== "DELETE_COMPLETE") {
        found[resource.LogicalResourceId] =
          { id: resource.PhysicalResourceId, type: resource.ResourceType };
      }
    }
  }
  return found;
}

// What failed first, of the newest 100 events: the rest was only cancelled because of it.
export async function whatFailed(name) {
  const { StackEvents } = await client().send(new DescribeStackEventsCommand({ StackName: name }));
  return (StackEvents ?? [])
    .filter((event) => /_FAILED$/.test(event.ResourceStatus) &&
      !/cancelled/i.test(event.ResourceStatusReason ?? ""))
    .map((event) => `  ${event.LogicalResourceId} (${event.ResourceType}): ` +
      `${event.ResourceStatusReason ?? event.ResourceStatus}`)
    .slice(0, 5);
}

const REMOVE = "Nothing can be deployed over it. Remove what is left of it, then deploy again";
const ADVICE = {
  ROLLBACK_COMPLETE: REMOVE,
  ROLLBACK_FAILED: REMOVE,
  CREATE_FAILED: REMOVE,
  DELETE_FAILED: REMOVE,
  REVIEW_IN_PROGRESS: REMOVE,
  UPDATE_ROLLBACK_FAILED: "An update failed, and so did undoing it. Mend what the last lines name, " +
    "let CloudFormation go on undoing, then deploy again",
};

// Stops when the stack is in a state that no deployment can start from.
export async function demandDeployable(session) {
  const state = await stackState(session.stack);
  if (state in ADVICE) {
    throw new Stop(await explain(session, state));
  }
  if (/_IN_PROGRESS$/.test(state)) {
    throw new Stop(`the stack ${session.stack} is at work (${state}). Try again when it is done`);
  }
  return state;
}

async function explain({ stack, stage, region }, state) {
  const command = state === "UPDATE_ROLLBACK_FAILED"
    ? `aws cloudformation continue-update-rollback --region ${region} --stack-name ${stack}`
    : `make undeploy STAGE=${stage}`;
  return [`the stack ${stack} is in state ${state}. ${ADVICE[state]}:`, `  ${command}`,
    ...await whatFailed(stack)].join("\n");
}
