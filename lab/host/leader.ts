import { readFileSync } from "node:fs";
import { join } from "node:path";
import { hostCgroup, members } from "../machine/cgroups";

/**
 * The process on this machine that is the host's PID 1; undefined if the host is off. Each boot has another process.
 */
export function leaderOf(lab: string, host: string): number | undefined {
  // systemd-nspawn moves itself into this group, and its only child is the host's PID 1.
  const nspawn = members(join(hostCgroup(lab, host), "machine", "supervisor"));
  return nspawn.flatMap(children).find(isFirstOfItsNamespace);
}

function children(pid: number): number[] {
  return read(`/proc/${pid}/task/${pid}/children`).split(" ").filter(Boolean).map(Number);
}

function isFirstOfItsNamespace(pid: number): boolean {
  const numbers = /^NSpid:\t(.+)$/m.exec(read(`/proc/${pid}/status`))?.[1]?.split("\t") ?? [];
  return numbers.length > 1 && numbers.at(-1) === "1";
}

/** A process may end in between. Then there is nothing to read. */
function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
