import { spawn } from "node:child_process";
import { mkdirSync, openSync, closeSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hexAddress, type LabDefinition } from "../definition";
import { makeHostCgroup } from "../machine/cgroups";
import { portName, switchName } from "../machine/network";

/** A machine with a keeper: a host, or the hub. */
export interface Kept {
  name: string;
  address: string;
  /** The folder with its disks, which is the keeper's working directory. */
  folder: string;
  /** The root file system of the lower layer. */
  image: string;
  /** The keeper's shell script, and its variables beside the common ones. */
  script: string;
  env?: NodeJS.ProcessEnv;
}

/** The label of a lab's mounts and ports. */
export const label = (lab: string, host: string) => `cluster-registry-${lab}-${host}`;

/** Creates the folders that a keeper expects. Existing ones stay, because they are the host's disks. */
export function makeDisks(folder: string, image: string): void {
  for (const disk of ["upper", "work", "root", "docker", "containerd"]) {
    mkdirSync(join(folder, disk), { recursive: true });
  }
  rmSync(join(folder, "image"), { force: true });
  symlinkSync(image, join(folder, "image"));
}

/** Starts a keeper, which keeps running after this process. Its output goes to keeper.log in its folder. */
export function startKeeper(lab: LabDefinition, kept: Kept): void {
  const cgroup = makeHostCgroup(lab.name, kept.name);
  const log = openSync(join(kept.folder, "keeper.log"), "a");
  try {
    const child = spawn("unshare", ["--mount", "--propagation", "slave", "sh", kept.script], {
      cwd: kept.folder,
      detached: true,
      stdio: ["ignore", log, log],
      env: {
        PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin`,
        SCRIPTS: join(__dirname),
        CGROUP: cgroup,
        SWITCH: switchName(lab.name),
        SWITCH_PORT: portName(kept.address),
        HOST_NAME: kept.name,
        HOST_ADDRESS: `${kept.address}/${lab.prefixLength}`,
        HOST_MAC: macAddress(kept.address),
        HOST_LABEL: label(lab.name, kept.name),
        MACHINE_NAME: machineName(lab.name, kept.name),
        ...kept.env,
      },
    });
    // The script does the same, but on a loaded machine only seconds later: until then it would look like one that ended.
    if (child.pid !== undefined)
      writeFileSync(join(cgroup, "keeper", "cgroup.procs"), String(child.pid));
    child.unref();
  } finally {
    closeSync(log);
  }
}

/** systemd-nspawn's name of a host, which is unique on this machine. */
export const machineName = (lab: string, host: string) => `${lab}-${host}`;

/** A hardware address that depends only on the IP address, so that neighbours' caches stay valid after a reboot. */
export function macAddress(address: string): string {
  const bytes = hexAddress(address).match(/../g) ?? [];
  return ["02", "63", ...bytes].join(":");
}
