import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { HostDefinition, LabDefinition } from "../definition";
import { endGroup, hostCgroup, members } from "../machine/cgroups";
import { listens } from "../machine/listens";
import { labPaths } from "../paths";
import { must } from "../process";
import { enter } from "./enter";
import { hostFiles, hostsFile } from "./files";
import { leaderOf } from "./leader";
import { machineName, makeDisks, startKeeper } from "./start-keeper";
import { writeFiles } from "./write-files";

/** The record of a host whose disks are ready. */
export interface HostRecord {
  address: string;
  image: string;
  /** `ssh-ed25519 AAAA...`, without a comment. */
  hostKey: string;
  /** The last /etc/hosts that was written for it. */
  hosts: string;
}

const recordPath = (lab: string, host: string) => join(labPaths(lab).host(host), "host.json");

/** The record of a host; undefined if its installation was never completed. */
export function readRecord(lab: string, host: string): HostRecord | undefined {
  const path = recordPath(lab, host);
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as HostRecord) : undefined;
}

/** Creates new disks for a host with a new identity, like a new installation. Existing disks are removed. */
export async function installHost(
  lab: LabDefinition,
  host: HostDefinition,
  image: string,
): Promise<void> {
  const paths = labPaths(lab.name);
  const folder = paths.host(host.name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  makeDisks(folder, image);
  const key = join(folder, "host_key");
  await makeKey(key, `root@${host.name}`);
  const hostKey = {
    private: readFileSync(key, "utf8"),
    public: readFileSync(`${key}.pub`, "utf8").trim(),
  };
  rmSync(key);
  rmSync(`${key}.pub`);
  const identity = { machineId: randomBytes(16).toString("hex"), hostKey };
  const authorizedKey = readFileSync(`${paths.privateKey}.pub`, "utf8").trim();
  writeFiles(join(folder, "upper"), image, hostFiles(lab, host.name, identity, authorizedKey));
  saveRecord(lab.name, host.name, {
    address: host.address,
    image,
    hostKey: hostKey.public.split(" ").slice(0, 2).join(" "),
    hosts: hostsFile(lab, host.name),
  });
}

function saveRecord(lab: string, host: string, record: HostRecord): void {
  writeFileSync(recordPath(lab, host), JSON.stringify(record, undefined, 2) + "\n");
}

/** Creates an ed25519 key pair at this path, in OpenSSH's format. */
export async function makeKey(path: string, comment: string): Promise<void> {
  await must("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", path]);
}

/** Updates the names of the lab's hosts in a host's /etc/hosts, if they have changed. */
export async function updateNames(lab: LabDefinition, host: string): Promise<void> {
  const record = readRecord(lab.name, host);
  const hosts = hostsFile(lab, host);
  if (!record || record.hosts === hosts) return;
  const leader = leaderOf(lab.name, host);
  if (leader) await enter(leader, "cat > /etc/hosts", { stdin: hosts });
  else writeFileSync(join(labPaths(lab.name).host(host), "upper/etc/hosts"), hosts);
  saveRecord(lab.name, host, { ...record, hosts });
}

/** Boots a host whose disks are ready, and returns at once; {@link untilReady} waits for it. */
export function bootHost(lab: LabDefinition, host: HostDefinition): void {
  const record = readRecord(lab.name, host.name);
  if (!record) throw new Error(`host ${host.name} of lab ${lab.name} has no disks to boot from`);
  startKeeper(lab, {
    ...host,
    folder: labPaths(lab.name).host(host.name),
    image: record.image,
    script: join(__dirname, "keeper.sh"),
  });
}

/** Ends a host and all of its processes, like a power cut. Its disks stay. */
export async function cutPower(lab: string, host: string): Promise<void> {
  await endGroup(hostCgroup(lab, host));
  rmSync(`/run/systemd/nspawn/propagate/${machineName(lab, host)}`, {
    recursive: true,
    force: true,
  });
}

/** The folder of the keeper that runs a host with this name; undefined if no keeper is alive. */
export function keeperFolder(lab: string, host: string): string | undefined {
  for (const pid of members(join(hostCgroup(lab, host), "keeper"))) {
    try {
      return readlinkSync(`/proc/${pid}/cwd`);
    } catch {
      continue;
    }
  }
  return undefined;
}

/** The host went down during a wait for it. */
export class HostWentDown extends Error {}

/**
 * Waits until systemd has started everything and sshd answers. Rejects at once, with {@link HostWentDown}, if the host
 * goes down.
 */
export async function untilReady(lab: string, host: HostDefinition, seconds = 180): Promise<void> {
  const started = Date.now();
  const deadline = started + seconds * 1000;
  let state = "not booting";
  let lastKeeper = Date.now();
  for (;;) {
    const leader = leaderOf(lab, host.name);
    if (leader) {
      const { stdout } = await enter(leader, "systemctl is-system-running");
      state = stdout.trim() || "without systemd";
      if (/^(running|degraded)$/.test(state) && (await listens(host.address, 22))) return;
    }
    if (keeperFolder(lab, host.name)) lastKeeper = Date.now();
    if (Date.now() - lastKeeper > 1000)
      throw new HostWentDown(bootFailure(lab, host.name, "its keeper ended"));
    if (Date.now() > deadline) {
      throw new Error(bootFailure(lab, host.name, `after ${seconds} s it is still ${state}`));
    }
    // The longer it takes, the more hosts boot at the same time, and each question costs them some of it.
    await sleep(Math.max(50, (Date.now() - started) / 20));
  }
}

function bootFailure(lab: string, host: string, what: string): string {
  const folder = labPaths(lab).host(host);
  const tail = (file: string) =>
    existsSync(join(folder, file))
      ? readFileSync(join(folder, file), "utf8").trimEnd().split("\n").slice(-15).join("\n")
      : "(nothing)";
  return (
    `host ${host} of lab ${lab} did not become ready: ${what}\n` +
    `--- ${join(folder, "keeper.log")}\n${tail("keeper.log")}\n` +
    `--- ${join(folder, "console.log")}\n${tail("console.log")}`
  );
}
