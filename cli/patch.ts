import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, posix } from "node:path";
import { parseArgs } from "node:util";

import { createTwoFilesPatch } from "diff";
import { parse } from "smol-toml";

import {
  type FilePlan,
  hasChanges,
  maskSecrets,
  type Plan,
  planContainerd,
  planDaemonJson,
  Refusal,
} from "../patch";

const USAGE = `usage: npm run patch -- FILE --registry HOST:PORT [--containerd-version V] [--remove]

Prints what cluster-registry would change in a copy of daemon.json or of containerd's config.toml.
Nothing is written. Exit code: 0 nothing to change, 2 changes, 1 refused.

  --registry HOST:PORT      the registry, as it stands in image names
  --containerd-version V    containerd's version on the node (default: from the file's version line)
  --remove                  take the registry out instead`;

/** What a command line asks for. */
interface Request {
  file: string;
  registry: string;
  containerdVersion: string | undefined;
  present: boolean;
}

/** `npm run patch`: the plan for one file, shown as a diff. */
export function main(args: string[]): Promise<void> {
  process.exitCode = run(args, {
    out: (text) => process.stdout.write(text),
    error: (text) => process.stderr.write(text),
  });
  return Promise.resolve();
}

/** Where the command writes to. */
export interface Output {
  out: (text: string) => void;
  error: (text: string) => void;
}

/** Runs the command and gives its exit code. */
export function run(args: string[], output: Output): 0 | 1 | 2 {
  const request = parseRequest(args);
  if (typeof request === "string") {
    output.error(`${request}\n\n${USAGE}\n`);
    return 1;
  }
  try {
    const plan = planFile(request, output);
    for (const file of plan.files) output.out(diffOf(file));
    for (const note of plan.notes) output.error(`${note}\n`);
    if (!hasChanges(plan)) return 0;
    output.error(afterwards(plan));
    return 2;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    output.error(`refused:\n${error.message}\n`);
    return 1;
  }
}

function parseRequest(args: string[]): Request | string {
  let parsed;
  try {
    parsed = parseArgs({
      args,
      allowPositionals: true,
      options: {
        registry: { type: "string" },
        "containerd-version": { type: "string" },
        remove: { type: "boolean" },
      },
    });
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  const { values, positionals } = parsed;
  const [file] = positionals;
  if (file === undefined || positionals.length > 1) return "expected one FILE";
  if (values.registry === undefined) return "expected --registry HOST:PORT";
  return {
    file,
    registry: values.registry,
    containerdVersion: values["containerd-version"],
    present: values.remove !== true,
  };
}

function planFile(request: Request, output: Output): Plan {
  const { file, registry, present } = request;
  const bytes = readCopy(file);
  const text = bytes.toString("utf8");
  if (file.endsWith(".json") || /^\uFEFF?\s*\{/.test(text)) {
    return planDaemonJson({ path: file, bytes, registry, present });
  }
  refuseHostsToml(file, text);
  const daemonVersion = request.containerdVersion ?? assumedVersion(text);
  if (request.containerdVersion === undefined) {
    output.error(`assuming containerd ${daemonVersion}; say --containerd-version otherwise\n`);
  }
  return planContainerd({
    configPath: file,
    bytes,
    daemonVersion,
    certsD: hostsFilesBeside(file),
    registry: { address: registry, endpoints: [`http://${registry}`] },
    mirrors: {},
    migrate: false,
    present,
  });
}

/** A hosts.toml has no key of its own in config.toml: as one, it would be taken for a file to add all to. */
function refuseHostsToml(file: string, text: string): void {
  const isHosts =
    basename(file) === "hosts.toml" || /^\s*\[\s*["']?host["']?\s*\.|^server\s*=/m.test(text);
  if (!isHosts || /^\s*(?:version|plugins)\s*[=.]|^\s*\[\s*plugins\b/m.test(text)) return;
  throw new Refusal([
    {
      file,
      expected: "a copy of daemon.json or of containerd's config.toml",
      found: "a hosts.toml, which is written as a whole",
      fix: "name the config.toml: the hosts.toml files in a certs.d beside it are looked at too",
    },
  ]);
}

function readCopy(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    const found = (error as NodeJS.ErrnoException).message;
    const fix = "name a copy of daemon.json or config.toml";
    throw new Refusal([{ file, expected: "a file that can be read", found, fix }], {
      cause: error,
    });
  }
}

/** A version that reads the file: the newest of the oldest line that does. */
function assumedVersion(text: string): string {
  try {
    const version = parse(text)["version"];
    if (version === 3) return "2.2.3";
    if (version === 4) return "2.3.4";
  } catch {
    // Not TOML: the plan says so, with the place.
  }
  return "1.7.28";
}

/** A copy of /etc/containerd may have its certs.d: then those files count as the node's. */
function hostsFilesBeside(file: string): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  const directory = join(dirname(file), "certs.d");
  for (const name of namesIn(directory)) {
    try {
      const bytes = readFileSync(join(directory, name, "hosts.toml"));
      files.set(posix.join("/etc/containerd/certs.d", name, "hosts.toml"), bytes);
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }
  return files;
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "ENOENT" || code === "ENOTDIR";
}

function diffOf(file: FilePlan): string {
  if (file.edits.length === 0) return "";
  const mask = (bytes: Buffer | undefined): string =>
    (bytes ?? Buffer.alloc(0)).toString("utf8").split("\n").map(maskSecrets).join("\n");
  const from = file.base === undefined ? "/dev/null" : file.path;
  const to = file.desired === undefined ? "/dev/null" : file.path;
  const diff = createTwoFilesPatch(from, to, mask(file.base), mask(file.desired), "", "", {
    context: 3,
  });
  return diff.replace(/^(?:Index: .*\n)?=+\n/, "");
}

function afterwards(plan: Plan): string {
  if (plan.activate === "none") return "no restart needed\n";
  return `the daemon needs a ${plan.activate} afterwards\n`;
}
