import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { parseArgs } from "node:util";

import { parse } from "smol-toml";

import {
  fileDiff,
  hasChanges,
  mixesWays,
  type Plan,
  planContainerd,
  planDaemonJson,
  Refusal,
} from "../patch";
import { copiedCertsD } from "./copied-certs-d";

const USAGE = "usage: npm run patch -- FILE --registry HOST:PORT [options]";

const HELP = `${USAGE}

Shows what cluster-registry would change in a copy of containerd's config.toml or Docker's daemon.json.
It writes nothing and connects to no host.

  FILE                     the copy. A .toml file is read as config.toml, a .json file as daemon.json; for other
                           names the content decides
  --registry HOST:PORT     the registry, as image names begin with it
  --containerd-version V   the node's containerd version (default: a version that supports the file)
  --docker-version V       the host's Docker version (default: the oldest supported version)
  --migrate                plan with the setting migrate: true
  --remove                 remove the registry
  -h, --help               print this text

To include the node's hosts.toml files and certificates, copy their directory next to FILE. For
config_path = "/etc/k0s/certs.d", the command reads the first directory that exists: etc/k0s/certs.d, k0s/certs.d or
certs.d, next to FILE.

Prints the diff to stdout, with passwords masked, and everything else to stderr.
Exit codes: 0 no changes, 2 changes, 1 the file was refused or the command line is invalid.

Examples:
  scp node01:/etc/containerd/config.toml . && npm run -s patch -- config.toml --registry 10.0.0.11:5000
  scp -r node01:/etc/containerd . && npm run -s patch -- containerd/config.toml --registry 10.0.0.11:5000
  npm run -s patch -- daemon.json --registry 10.0.0.11:5000 --docker-version 26.1.5
  npm run -s patch -- config.toml --registry 10.0.0.11:5000 --containerd-version 2.2.3 --remove`;

/** The parsed command line. */
interface Request {
  file: string;
  registry: string;
  containerdVersion: string | undefined;
  dockerVersion: string | undefined;
  present: boolean;
  migrate: boolean;
}

/** `npm run patch`: the plan for one file, shown as a diff. */
export function main(args: string[]): Promise<void> {
  process.exitCode = run(args, {
    out: (text) => process.stdout.write(text),
    error: (text) => process.stderr.write(text),
  });
  return Promise.resolve();
}

/** The output streams of the command. */
export interface Output {
  out: (text: string) => void;
  error: (text: string) => void;
}

/** Runs the command and returns its exit code. */
export function run(args: string[], output: Output): 0 | 1 | 2 {
  const request = parseRequest(args);
  if (request === "help") {
    output.out(`${HELP}\n`);
    return 0;
  }
  if ("wrong" in request) {
    output.error(`patch: ${request.wrong}\n${USAGE}\nRun with --help for details.\n`);
    return 1;
  }
  try {
    const plan = planFile(request, output);
    for (const file of plan.files) output.out(fileDiff(file));
    for (const note of plan.notes) output.error(`${note}\n`);
    output.error(`${outcome(plan)}\n`);
    return hasChanges(plan) ? 2 : 0;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    output.error(`refused:\n${error.message}\n`);
    return 1;
  }
}

function parseRequest(args: string[]): Request | "help" | { wrong: string } {
  let parsed;
  try {
    parsed = parseArgs({
      args,
      allowPositionals: true,
      options: {
        registry: { type: "string" },
        "containerd-version": { type: "string" },
        "docker-version": { type: "string" },
        help: { type: "boolean", short: "h" },
        migrate: { type: "boolean" },
        remove: { type: "boolean" },
      },
    });
  } catch (error) {
    return { wrong: error instanceof Error ? error.message : String(error) };
  }
  const { values, positionals } = parsed;
  if (values.help === true) return "help";
  const [file] = positionals;
  if (file === undefined || positionals.length > 1) {
    const found = positionals.length === 0 ? "none" : positionals.join(" ");
    return { wrong: `expected one FILE, found ${found}` };
  }
  if (values.registry === undefined) return { wrong: "expected --registry HOST:PORT, found none" };
  return {
    file,
    registry: values.registry,
    containerdVersion: values["containerd-version"],
    dockerVersion: values["docker-version"],
    present: values.remove !== true,
    migrate: values.migrate === true,
  };
}

function planFile(request: Request, output: Output): Plan {
  const { file, registry, present } = request;
  const bytes = readCopy(file);
  const text = bytes.toString("utf8");
  if (isDaemonJson(file, text)) {
    const { dockerVersion } = request;
    return planDaemonJson({
      path: file,
      bytes,
      registry,
      present,
      ...(dockerVersion !== undefined && { dockerVersion }),
    });
  }
  refuseHostsToml(file, text);
  const daemonVersion = request.containerdVersion ?? assumedVersion(text);
  if (request.containerdVersion === undefined) {
    output.error(
      `assuming containerd ${daemonVersion}; use --containerd-version for another one\n`,
    );
  }
  const asked = {
    configPath: file,
    bytes,
    daemonVersion,
    ...copiedCertsD(file, text),
    registry: { address: registry, endpoints: [`http://${registry}`] },
    mirrors: {},
    present,
  };
  return planContainerd({ ...asked, migrate: request.migrate && mixesWays(asked) });
}

function isDaemonJson(file: string, text: string): boolean {
  if (file.endsWith(".toml")) return false;
  return file.endsWith(".json") || /^\uFEFF?\s*\{(?![{%])/.test(text);
}

/**
 * Refuses a hosts.toml: it has no key of config.toml, so it would be taken for a config.toml without registry settings.
 */
function refuseHostsToml(file: string, text: string): void {
  const isHosts =
    basename(file) === "hosts.toml" || /^\s*\[\s*["']?host["']?\s*\.|^server\s*=/m.test(text);
  if (!isHosts || /^\s*(?:version|plugins)\s*[=.]|^\s*\[\s*plugins\b/m.test(text)) return;
  throw new Refusal([
    {
      file,
      expected: "a copy of daemon.json or of containerd's config.toml",
      found: "a hosts.toml, which is written as a whole",
      fix: "name the config.toml: the hosts.toml files in a certs.d beside it count as well",
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

/** A version that reads the file: the newest of the oldest release line that does. */
function assumedVersion(text: string): string {
  try {
    const version = parse(text)["version"];
    if (version === 3) return "2.2.3";
    if (version === 4) return "2.3.4";
  } catch {
    // This is not TOML: the plan's error names the place.
  }
  return "1.7.28";
}

function outcome(plan: Plan): string {
  if (!hasChanges(plan)) return "no change";
  if (plan.activate === "none")
    return "no restart needed: containerd reads hosts.toml files at each pull";
  return `the daemon needs a ${plan.activate} afterwards`;
}
