/** A Pulumi CLI as a user has it, of what can be had here: built from its Go module, with this project's providers as its plugins. */
import { copyFileSync, linkSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { install } from "../../plugin/install";
import { plugins } from "../../engine/providers";
import { ensurePulumi } from "../../lab/go/pulumi";
import { cacheFolder, STATE } from "../../lab/paths";

const ROOT = resolve(__dirname, "..", "..");

/** What a process must have in its environment to find the CLI, its language host, and its plugins. */
export interface Toolchain {
  env: Record<string, string>;
  remove(): void;
}

/** In a folder of its own. Builds the CLI where that is not done yet. */
export async function makeToolchain(log: (line: string) => void): Promise<Toolchain> {
  const built = await ensurePulumi(cacheFolder(), log);
  mkdirSync(STATE, { recursive: true });
  const folder = mkdtempSync(join(STATE, "pulumi-"));
  const bin = join(folder, "bin");
  const home = join(folder, "home");
  mkdirSync(bin);
  linkOrCopy(built, join(bin, "pulumi"));
  // The CLI looks for its language host beside itself.
  const host = [
    "#!/bin/sh",
    `export TS_NODE_PROJECT='${join(ROOT, "tsconfig.json")}' TS_NODE_TRANSPILE_ONLY=true`,
    `exec '${process.execPath}' -r '${require.resolve("ts-node/register/transpile-only")}' ` +
      `'${join(__dirname, "language-host.ts")}' "$@"`,
    "",
  ].join("\n");
  writeFileSync(join(bin, "pulumi-language-nodejs"), host, { mode: 0o755 });
  const witness = join(ROOT, "cli", "run.mjs");
  install(plugins, { home, program: [process.execPath, witness, "provider"], witness }, false);
  return {
    env: {
      PATH: [bin, process.env["PATH"] ?? ""].join(delimiter),
      PULUMI_HOME: home,
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** A link where both are on one file system: the CLI has 200 megabytes. */
function linkOrCopy(program: string, as: string): void {
  try {
    linkSync(program, as);
  } catch {
    copyFileSync(program, as);
  }
}
