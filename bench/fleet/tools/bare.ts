import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { must } from "../../../lab/process";
import type { Fleet, Invocation, Tool } from "../cases";
import { PEERS } from "../peers";
import { onStack } from "./cluster-registry";

/** A program of Pulumi's SDK that declares nothing, with the embedded engine: what is left if a program has no own cost. */
export const bare: Tool = {
  name: "bare program",
  cases: ["preview"],
  whyNot: () => undefined,
  prepare: async (fleet: Fleet) => {
    const project = `name: bare\nruntime: nodejs\nmain: ${join(PEERS, "bare.ts")}\n`;
    writeFileSync(join(fleet.folder, "Pulumi.yaml"), project);
    const { command, env } = onStack(fleet, "stack", "init");
    const [program = "", ...rest] = command;
    await must(program, rest, { env: { ...process.env, ...env }, cwd: fleet.folder });
  },
  invocation: (fleet: Fleet): Invocation =>
    onStack(fleet, "preview", "--engine", "embedded", "--refresh=false"),
};
