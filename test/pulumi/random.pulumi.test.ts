import * as fc from "fast-check";
import { ensurePulumi } from "../../lab/go/pulumi";
import { cacheFolder } from "../../lab/paths";
import { run, type Run } from "../engine/random-runs";
import { compare } from "./compare";
import { testWithPulumi } from "./cli";
import type { Operation } from "./engines";

jest.setTimeout(3_600_000);

/** How many stacks, and from which seed: another seed is another set of programs. */
const ROUNDS = Number(process.env["ORACLE_ROUNDS"] ?? 12);
const SEED = Number(process.env["ORACLE_SEED"] ?? 1);

function operation({ program, failing, half, destroy, options }: Run): Operation {
  return {
    kind: destroy ? "destroy" : "up",
    things: program,
    failing,
    half,
    continueOnError: options.continueOnError,
    refresh: options.refresh,
    targets: options.targets,
    targetDependents: options.targetDependents && options.targets.length > 0,
  };
}

const stacks = fc.sample(fc.array(run, { minLength: 1, maxLength: 3 }), {
  seed: SEED,
  numRuns: ROUNDS,
});

for (const [index, runs] of stacks.entries()) {
  testWithPulumi(`both engines do the same with random programs (${SEED}, ${index})`, async () => {
    await compare(await ensurePulumi(cacheFolder(), console.error), runs.map(operation));
  });
}
