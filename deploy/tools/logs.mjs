// make logs: the function's log of the last ten minutes, and on until Ctrl-C.
import { main, runOsls, Stop } from "./session.mjs";
import { stackState } from "./stack.mjs";

await main("logs", async ({ stack, stage }) => {
  if (!await stackState(stack)) {
    throw new Stop(`there is no stack ${stack}: make deploy STAGE=${stage}`);
  }
  const what = ["--function", "dataProcessor", "--stage", stage];
  if (!runOsls("logs", ...what, "--startTime", "10m", "--tail")) {
    throw new Stop("no logs; a function that has not run yet has none");
  }
});
