/**
 * Installs this engine's providers as plugins of the Pulumi CLI, in the folder where it searches for them, and removes
 * them.
 */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { shellWord } from "../engine/display/shell";

/** The name and version under which the CLI searches for a plugin. */
export interface Named {
  name: string;
  version: string;
}

export interface Installation {
  /** The CLI's own folder, see `pulumiHome`. */
  home: string;
  /** The program that the plugin's executable starts, with the provider's name as its last argument. */
  program: string[];
  /** A file of this project. If it does not exist, the plugin reports that the project is gone. */
  witness: string;
}

/** A line in our executables that distinguishes them from all others. */
const MARK = "# A provider of cluster-registry, put here by `npm run plugins -- install`.";

/** The folder where the CLI stores its own files. */
export function pulumiHome(env: NodeJS.ProcessEnv): string {
  return path.resolve(env["PULUMI_HOME"] || path.join(os.homedir(), ".pulumi"));
}

export function pluginFolder(home: string, { name, version }: Named): string {
  return path.join(home, "plugins", `resource-${name}-v${version}`);
}

/**
 * The folder for an official plugin while ours is in its place. It is not among the plugins, because the CLI reads that
 * whole folder.
 */
function asideFolder(home: string, plugin: Named): string {
  return path.join(home, "cluster-registry-set-aside", path.basename(pluginFolder(home, plugin)));
}

const executable = (folder: string, { name }: Named): string =>
  path.join(folder, `pulumi-resource-${name}`);

export type Presence = "absent" | "ours" | "another";

export function presence(home: string, plugin: Named): Presence {
  const folder = pluginFolder(home, plugin);
  if (!fs.lstatSync(folder, { throwIfNoEntry: false })) return "absent";
  const file = executable(folder, plugin);
  if (!fs.statSync(file, { throwIfNoEntry: false })?.isFile()) return "another";
  // Reads only the beginning: an official plugin is a program of many megabytes.
  const head = Buffer.alloc(200);
  const handle = fs.openSync(file, "r");
  try {
    fs.readSync(handle, head);
  } finally {
    fs.closeSync(handle);
  }
  return head.toString("latin1").split("\n")[1] === MARK ? "ours" : "another";
}

/**
 * Installs plugins, and returns what was done with each. If another plugin is already there, throws before it changes
 * anything, unless `replace` allows setting that plugin aside.
 */
export function install(
  plugins: readonly Named[],
  installation: Installation,
  replace: boolean,
): string[] {
  const { home } = installation;
  const taken = plugins.filter((plugin) => presence(home, plugin) === "another");
  if (taken.length > 0 && !replace) {
    const folders = taken.map((plugin) => `  ${pluginFolder(home, plugin)}\n`).join("");
    throw new Error(
      `expected no plugin, or one of cluster-registry's own; found another:\n${folders}` +
        "Nothing was changed. It is most likely Pulumi's official plugin: keep that where you have it. " +
        "To use ours all the same, and have `npm run plugins -- remove` put the other one back: npm run plugins -- install --replace",
    );
  }
  return plugins.map((plugin) => installOne(plugin, installation));
}

function installOne(plugin: Named, installation: Installation): string {
  const { home } = installation;
  const folder = pluginFolder(home, plugin);
  const was = presence(home, plugin);
  fs.mkdirSync(path.dirname(folder), { recursive: true });
  const draft = fs.mkdtempSync(path.join(path.dirname(folder), ".cluster-registry-"));
  try {
    fs.writeFileSync(executable(draft, plugin), script(plugin, installation), { mode: 0o755 });
    fs.chmodSync(draft, 0o755);
    if (was === "another") setAside(home, plugin);
    if (was === "ours") fs.rmSync(folder, { recursive: true });
    fs.renameSync(draft, folder);
  } finally {
    fs.rmSync(draft, { recursive: true, force: true });
  }
  if (was === "another")
    return `installed ${folder}; the plugin that was there was moved to ${asideFolder(home, plugin)}`;
  return `${was === "ours" ? "installed again" : "installed"} ${folder}`;
}

function setAside(home: string, plugin: Named): void {
  const aside = asideFolder(home, plugin);
  fs.mkdirSync(path.dirname(aside), { recursive: true });
  fs.rmSync(aside, { recursive: true, force: true });
  fs.renameSync(pluginFolder(home, plugin), aside);
}

/**
 * Removes the plugins that `install` installed, restores those that it set aside, and returns what was done with each.
 */
export function remove(plugins: readonly Named[], home: string): string[] {
  return plugins.map((plugin) => {
    const folder = pluginFolder(home, plugin);
    const was = presence(home, plugin);
    if (was === "absent") return `${folder} is not there`;
    if (was === "another") return `left ${folder}: it is not cluster-registry's`;
    fs.rmSync(folder, { recursive: true });
    const aside = asideFolder(home, plugin);
    if (!fs.lstatSync(aside, { throwIfNoEntry: false })) return `removed ${folder}`;
    fs.renameSync(aside, folder);
    if (fs.readdirSync(path.dirname(aside)).length === 0) fs.rmdirSync(path.dirname(aside));
    return `removed ${folder}; restored the plugin that was there before`;
  });
}

function script({ name }: Named, { program, witness }: Installation): string {
  const gone =
    `the ${name} plugin needs cluster-registry at ${path.dirname(path.dirname(witness))}, which is not there any more; ` +
    "run `npm run plugins -- install` where it is now";
  return [
    "#!/bin/sh",
    MARK,
    `[ -f ${shellWord(witness)} ] || { echo ${shellWord(gone)} >&2; exit 1; }`,
    `exec ${[...program, name].map(shellWord).join(" ")} "$@"`,
    "",
  ].join("\n");
}
