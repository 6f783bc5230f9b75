import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { must } from "../../../lab/process";
import { whyNotOnPath } from "../why-not";
import type { Case, Fleet, Invocation, Tool } from "../cases";

const ROOT = join(__dirname, "../../..");
const STACK = "bench";

/** A command of this project on the stack in the fleet's folder. */
export function onStack(fleet: Fleet, ...args: string[]): Invocation {
  return {
    command: [
      process.execPath,
      "--max-semi-space-size=4", // as in package.json
      join(ROOT, "cli/run.mjs"),
      ...args,
      ...["--stack", STACK, "--cwd", fleet.folder],
    ],
    env: { PULUMI_BACKEND_URL: `file://${fleet.folder}`, PULUMI_CONFIG_PASSPHRASE: "" },
  };
}

/**
 * This project. Its stack has the registry's host as its only node between the rounds, so that the nodes' half of the
 * job is what is measured.
 */
export function clusterRegistry(engine: "embedded" | "pulumi"): Tool {
  const run = (fleet: Fleet, ...args: string[]) =>
    onStack(fleet, ...args, ...(args[0] === "stack" ? [] : ["--engine", engine]));
  const configure = (fleet: Fleet, nodes: Fleet["nodes"]) => {
    const { registryHost, privateKeyPath, knownHostsPath } = fleet;
    const settings = {
      registry: { host: registryHost.name, address: registryHost.address },
      nodes: [
        { ...registryHost, role: "master" },
        ...nodes.map((node) => ({ ...node, role: "worker" })),
      ],
      ssh: { privateKeyPath, knownHostsPath, config: "none", user: "root" },
      health: { wait: "120s", watchdog: "300s" },
    };
    const config = Object.fromEntries(
      Object.entries(settings).map(([key, value]) => [`cluster-registry:${key}`, value]),
    );
    const salt = /^encryptionsalt: .*$/m.exec(readFileSync(join(ROOT, "Pulumi.dev.yaml"), "utf8"));
    writeFileSync(
      join(fleet.folder, `Pulumi.${STACK}.yaml`),
      `${salt?.[0] ?? ""}\n${stringify({ config })}`,
    );
  };
  const name = engine === "embedded" ? "cluster-registry" : "cluster-registry, Pulumi CLI";
  return {
    name,
    whyNot: () => (engine === "pulumi" ? whyNotOnPath("pulumi") : undefined),
    prepare: async (fleet) => {
      const project = readFileSync(join(ROOT, "Pulumi.yaml"), "utf8");
      writeFileSync(
        join(fleet.folder, "Pulumi.yaml"),
        project.replace(/^main: .*$/m, `main: ${join(ROOT, "index.ts")}`),
      );
      configure(fleet, []);
      for (const args of [
        ["stack", "init"],
        ["up", "--yes", "--skip-preview"],
      ]) {
        const { command, env } = run(fleet, ...args);
        const [program = "", ...rest] = command;
        await must(program, rest, { env: { ...process.env, ...env }, cwd: fleet.folder });
      }
    },
    invocation: (fleet: Fleet, one: Case) => {
      configure(fleet, one === "destroy" ? [] : fleet.nodes);
      switch (one) {
        case "apply":
        case "destroy":
          return run(fleet, "up", "--yes", "--skip-preview");
        case "second run":
          return run(fleet, "up", "--yes");
        case "preview":
        case "preview, drifted":
          return run(fleet, "preview");
      }
    },
    foundDrift: (output, nodes) => new RegExp(`~ ${nodes} to update`).test(output),
  };
}
