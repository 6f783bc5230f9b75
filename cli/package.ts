import { spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { buildPage } from "../ui/build-page";

const ROOT = join(__dirname, "..");
const DIST = join(ROOT, "dist");

/**
 * Runs before `npm pack`: builds the components' JavaScript and types, the programs that they run on hosts, the
 * registry's page, and the plugin.
 */
export async function main(): Promise<void> {
  rmSync(DIST, { recursive: true, force: true });
  const compiler = require.resolve("typescript/bin/tsc");
  const { status } = spawnSync(process.execPath, [compiler, "-p", "tsconfig.package.json"], {
    cwd: ROOT,
    stdio: ["ignore", process.stderr, process.stderr],
  });
  if (status !== 0) process.exit(status ?? 1);
  for (const folder of ["shell", "images"])
    cpSync(join(ROOT, "helper", folder), join(DIST, "helper", folder), { recursive: true });
  await writePage(join(DIST, "ui", "build-page.js"));
  cpSync(join(ROOT, "images", "shell"), join(DIST, "images", "shell"), { recursive: true });
  writePlugin(join(DIST, "plugin"));
}

/** Replaces the module that builds the page by one that has it: a user has neither the page's source nor esbuild. */
async function writePage(file: string): Promise<void> {
  const page = JSON.stringify(await buildPage());
  writeFileSync(file, `"use strict";\nexports.buildPage = () => Promise.resolve(${page});\n`);
}

/**
 * Union types, for which the SDK makes no schema, with the types that replace them there. The arguments are still
 * checked.
 */
const PLAIN = {
  Role: "string",
  DockerArgs: "any",
  EndpointArgs: "any",
  NodesArgs: "any",
  PullCheckSetting: "any",
  BastionSetting: "any",
  BatchSize: "any",
  FailOrSkip: "string",
};

/**
 * The plugin through which programs in other languages use the components. The SDK's component provider host derives
 * the schema from the types that it finds beside the plugin.
 */
function writePlugin(folder: string): void {
  const types = join(folder, "types");
  mkdirSync(types, { recursive: true });
  const components = join(DIST, "components");
  for (const file of readdirSync(components).filter((name) => name.endsWith(".d.ts"))) {
    const text = readFileSync(join(components, file), "utf8");
    writeFileSync(join(types, file), file === "args.d.ts" ? withoutUnions(text) : text);
  }
  const { name, version, description } = JSON.parse(
    readFileSync(join(ROOT, "package.json"), "utf8"),
  ) as Record<string, string>;
  const write = (file: string, text: string) => writeFileSync(join(folder, file), text);
  const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
  write("package.json", json({ name, version, description, main: "index.js" }));
  write("PulumiPlugin.yaml", "runtime: nodejs\n");
  const compilerOptions = { module: "commonjs", moduleResolution: "node", target: "es2020" };
  write("tsconfig.json", json({ compilerOptions, files: ["index.ts"] }));
  write("index.ts", 'export * from "./types/index";\n');
  write(
    "index.js",
    `#!/usr/bin/env node
const { componentProviderHost } = require("@pulumi/pulumi/provider/experimental");
const components = Object.values(require("../components")).filter((each) => typeof each === "function");
void componentProviderHost({ name: ${JSON.stringify(name)}, dirname: __dirname, components });
`,
  );
  chmodSync(join(folder, "index.js"), 0o755);
}

function withoutUnions(text: string): string {
  return Object.entries(PLAIN).reduce((before, [name, plain]) => {
    const found = new RegExp(`^export type ${name} = [^;]*;`, "m");
    if (!found.test(before)) throw new Error(`components/args.ts has no type ${name}`);
    return before.replace(found, `export type ${name} = ${plain};`);
  }, text);
}
