// make undeploy: removes the stack. What holds data is emptied only when EMPTY=1 says so.
import { main, runOsls, Stop } from "./session.mjs";
import { stackResources, stackState, whatFailed } from "./stack.mjs";
import { holdings } from "./holdings.mjs";

async function report(held, { stage }) {
  const lines = held.map(({ name, count }) => `  ${name}: ${count}`);
  throw new Stop(["there is data in", ...lines,
    `Nothing was removed. To delete all of it: make undeploy STAGE=${stage} EMPTY=1`].join("\n"));
}

await main("undeploy", async (session) => {
  const { stack, stage } = session;
  if (!await stackState(stack)) {
    console.log(`undeploy: there is no stack ${stack} in ${session.region}`);
    return;
  }
  const things = holdings(await stackResources(stack));
  const held = [];
  for (const thing of things) {
    const count = await thing.count();
    if (count) {
      held.push({ name: thing.name, count });
    }
  }
  if (held.length && process.env.EMPTY !== "1") {
    await report(held, session);
  }
  for (const thing of things) {
    await thing.release();
  }
  if (!runOsls("remove", "--stage", stage)) {
    throw new Stop([`osls could not remove ${stack}`, ...await whatFailed(stack),
      `Try again: make undeploy STAGE=${stage}`].join("\n"));
  }
});
