import { resolve } from "node:path";

const PROJECT = resolve(__dirname, "..");

/** The folder with all files of labs on this machine. */
export const STATE = resolve(PROJECT, ".lab");

/**
 * Images and packages, which are kept after a lab is removed. A fresh clone can share another clone's cache through the
 * environment.
 */
export function cacheFolder(): string {
  return resolve(process.env["CLUSTER_REGISTRY_CACHE"] ?? resolve(STATE, "cache"));
}

/** The files of one lab. */
export function labPaths(lab: string) {
  const folder = resolve(STATE, lab);
  return {
    folder,
    definition: resolve(folder, "lab.json"),
    privateKey: resolve(folder, "id_ed25519"),
    knownHosts: resolve(folder, "known_hosts"),
    hosts: resolve(folder, "hosts"),
    /** Folder of one host: its keeper's working directory, with the root's upper layer and the disks. */
    host: (host: string) => resolve(folder, "hosts", host),
    hub: resolve(folder, "hub"),
  };
}
