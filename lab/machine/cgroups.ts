import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { parseMounts } from "./mounts";

/**
 * A lab's processes are in control groups with the names of the lab and the host:
 * <cgroup2>/cluster-registry/<lab>/<host>. So the kernel itself knows a lab's processes, even if their parents have
 * ended. They are ended by this membership only, never by a name or by a process id that may have been reused.
 */
export function cgroupRoot(mounts = readFileSync("/proc/self/mounts", "utf8")): string {
  const mount = parseMounts(mounts).find(({ type }) => type === "cgroup2");
  if (!mount) {
    throw new Error(
      "a lab needs control groups v2: expected a mount of type cgroup2 in /proc/self/mounts, found none; " +
        "mount one: mkdir -p /sys/fs/cgroup/unified && mount -t cgroup2 none /sys/fs/cgroup/unified",
    );
  }
  return join(mount.target, "cluster-registry");
}

export const labCgroup = (lab: string) => join(cgroupRoot(), lab);
export const hostCgroup = (lab: string, host: string) => join(labCgroup(lab), host);

/** Creates the control group of one host, with the two groups of its keeper: one for itself, one for the machine. */
export function makeHostCgroup(lab: string, host: string): string {
  const path = hostCgroup(lab, host);
  // A group gets a controller only if all of its ancestors pass it on. Hosts get the controllers of the machine's own
  // root group. With cgroup v1 outside there are none, and hosts work without them.
  const root = cgroupRoot();
  mkdirSync(path, { recursive: true });
  for (const folder of [root, labCgroup(lab), path]) passOnControllers(folder);
  for (const part of ["keeper", "machine"]) mkdirSync(join(path, part), { recursive: true });
  return path;
}

function passOnControllers(folder: string): void {
  const controllers = readFileSync(join(folder, "cgroup.controllers"), "utf8").trim();
  if (controllers === "") return;
  const wanted = controllers.split(" ").map((controller) => `+${controller}`);
  writeFileSync(join(folder, "cgroup.subtree_control"), wanted.join(" "));
}

/** Names of the groups directly below a group; empty if it does not exist. */
export function childGroups(path: string): string[] {
  if (!existsSync(path)) return [];
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);
}

/** The processes directly in a group; empty if it does not exist. */
export function members(path: string): number[] {
  try {
    const text = readFileSync(join(path, "cgroup.procs"), "utf8");
    return text.split("\n").filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** Whether any process is in the group or below. */
export function populated(path: string): boolean {
  try {
    return /^populated 1$/m.test(readFileSync(join(path, "cgroup.events"), "utf8"));
  } catch {
    return false;
  }
}

/** Ends every process in a group and below, and removes the groups. Does nothing if there is no such group. */
export async function endGroup(path: string): Promise<void> {
  if (!existsSync(path)) return;
  writeFileSync(join(path, "cgroup.kill"), "1");
  const deadline = Date.now() + 120_000;
  while (populated(path)) {
    if (Date.now() > deadline) {
      throw new Error(`processes of ${path} did not end within 120 s of being killed`);
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  removeGroup(path);
}

function removeGroup(path: string): void {
  for (const child of childGroups(path)) removeGroup(join(path, child));
  rmdirSync(path);
}

/**
 * Removes the groups above the hosts' groups if they are empty. Another lab may be created or removed at the same time.
 */
export function removeEmptyGroups(lab: string): void {
  for (const path of [labCgroup(lab), cgroupRoot()]) {
    try {
      rmdirSync(path);
    } catch (error) {
      const { code = "" } = error as NodeJS.ErrnoException;
      if (!["EBUSY", "ENOTEMPTY", "ENOENT"].includes(code)) throw error;
    }
  }
}
