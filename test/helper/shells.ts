import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const FOLDER = join(__dirname, "../../helper/shell");

/** A shell and the tools beside it: what the helper may find on a host. */
export interface Userland {
  name: string;
  shell: string[];
  awk: string;
}

const CANDIDATES: Userland[] = [
  { name: "dash with mawk", shell: ["dash"], awk: "mawk" },
  { name: "bash with gawk", shell: ["bash", "--posix"], awk: "gawk" },
  { name: "busybox sh and awk", shell: ["busybox", "sh"], awk: "busybox awk" },
];

/** Those of the userlands that this machine has. */
export const userlands: Userland[] = CANDIDATES.filter((one) =>
  [one.shell[0], one.awk.split(" ")[0]].every(
    (program) => spawnSync("which", [program ?? ""]).status === 0,
  ),
);

/** Runs a script in which the helper's functions of the named parts are defined. */
export function runWithParts(
  userland: Userland,
  parts: readonly string[],
  script: string,
  options: { stdin?: Buffer | string; args?: readonly string[] } = {},
): { code: number | null; stdout: Buffer; stderr: string } {
  const texts = readdirSync(FOLDER)
    .filter((name) => parts.includes(name))
    .sort()
    .map((name) => readFileSync(join(FOLDER, name), "utf8"));
  const busybox = userland.shell[0] === "busybox";
  const tools = busybox ? ["diff", "tail", "wc", "sed", "grep", "sha256sum", "base64"] : [];
  const program = [
    ...texts,
    `awk() { ${userland.awk} "$@"; }`,
    ...tools.map((tool) => `${tool}() { busybox ${tool} "$@"; }`),
    script,
    "exit",
    "}",
  ].join("\n");
  const [command = "", ...rest] = userland.shell;
  // As a file: one argument of a process holds 128 kB at most.
  const folder = mkdtempSync(join(tmpdir(), "cluster-registry-shells-"));
  const file = join(folder, "helper");
  writeFileSync(file, program);
  const result = spawnSync(command, [...rest, file, ...(options.args ?? [])], {
    input: options.stdin ?? "",
    maxBuffer: 64 * 1024 * 1024,
  });
  rmSync(folder, { recursive: true });
  return { code: result.status, stdout: result.stdout, stderr: result.stderr.toString("utf8") };
}
