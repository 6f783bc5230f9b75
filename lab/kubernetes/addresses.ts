import type { LabDefinition } from "../definition";

/**
 * The addresses inside every cluster of a lab. Two clusters may use the same ones, because there is no route between
 * them.
 */
export const POD_NETWORK = "10.244.0.0/16";
export const SERVICE_NETWORK = "10.96.0.0/16";
/** The first address of the Services' network, which Kubernetes gives to its own API. */
export const API_SERVICE = "10.96.0.1";

/** The Pods' network on one node: host number k of the lab has 10.244.k.0/24, counted from 1. */
export function podNetwork(lab: LabDefinition, host: string): string {
  return `10.244.${lab.hosts.findIndex(({ name }) => name === host) + 1}.0/24`;
}

/** The host of the control plane: the one with that name, or else the first. */
export function controlPlane(lab: LabDefinition): { name: string; address: string } {
  const host = lab.hosts.find(({ name }) => name === "controlplane") ?? lab.hosts[0];
  if (host === undefined) throw new Error(`lab ${lab.name} has no hosts`);
  return host;
}

export const apiAddress = (lab: LabDefinition) => `https://${controlPlane(lab).address}:6443`;
