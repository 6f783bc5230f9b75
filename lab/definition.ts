import { FLAVOURS, type FlavourName } from "./image/flavours";

/** One host in a lab's definition. */
export interface HostDefinition {
  /** Host name: lower-case letters, digits and hyphens, at most 30 characters. */
  name: string;
  /** IPv4 address inside the lab's subnet. */
  address: string;
  /** The Debian release, which determines the versions of containerd and docker.io. */
  flavour: FlavourName;
}

/** The definition of a lab that need not exist yet. */
export interface LabDefinition {
  /**
   * Lower-case letters, digits and hyphens, at most 12 characters, because it is a part of a network interface's name.
   */
  name: string;
  /** Length of the subnet's prefix, in bits. */
  prefixLength: number;
  /** The machine's own address in the lab's subnet. The hosts have no route beyond the subnet. */
  gateway: string;
  /** The address of the stand-in for the public registries. */
  hub: string;
  hosts: HostDefinition[];
}

/** The argument of {@link defineLab}. */
export interface LabRequest {
  name: string;
  /** The N of 10.88.N.0/24, 0 to 255. Labs that are up at the same time need different values. */
  octet: number;
  /** Names, or names with their own address or flavour. Host number k gets 10.88.N.(10+k), counted from 1. */
  hosts: (string | { name: string; address?: string; flavour?: FlavourName })[];
  /** The default flavour of the hosts. @default "debian-12" */
  flavour?: FlavourName;
}

/** Defines a lab with its own subnet. Throws if a name or an address is invalid. */
export function defineLab(request: LabRequest): LabDefinition {
  const { name, octet, flavour = "debian-12" } = request;
  if (!Number.isInteger(octet) || octet < 0 || octet > 255) {
    throw new RangeError(`lab ${name}: octet must be an integer from 0 to 255, found ${octet}`);
  }
  const hosts = request.hosts.map((host, index) => ({
    address: `10.88.${octet}.${11 + index}`,
    flavour,
    ...(typeof host === "string" ? { name: host } : host),
  }));
  return checked({
    name,
    prefixLength: 24,
    gateway: `10.88.${octet}.1`,
    hub: `10.88.${octet}.2`,
    hosts,
  });
}

const NAME = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;

/** Returns the definition, or throws an error with all of its problems. */
export function checked(definition: LabDefinition): LabDefinition {
  const problems: string[] = [];
  const { name, hosts, prefixLength, gateway, hub } = definition;
  if (!NAME.test(name) || name.length > 12 || name === "cache") {
    problems.push(
      `name: expected 1 to 12 of a-z, 0-9 and "-", and not "cache", found ${JSON.stringify(name)}`,
    );
  }
  if (hosts.length === 0) problems.push("hosts: expected at least one");
  const owners = new Map<string, string>([
    [gateway, "the gateway"],
    [hub, "the hub"],
  ]);
  const names = new Set<string>();
  for (const host of hosts) {
    const where = `host ${JSON.stringify(host.name)}`;
    if (!NAME.test(host.name) || host.name.length > 30 || host.name === "hub") {
      problems.push(`${where}: expected 1 to 30 of a-z, 0-9 and "-", and not "hub"`);
    }
    if (names.has(host.name)) problems.push(`${where}: defined twice`);
    names.add(host.name);
    if (!(host.flavour in FLAVOURS)) {
      problems.push(`${where}: flavour must be one of ${Object.keys(FLAVOURS).join(", ")}`);
    }
    const owner = owners.get(host.address);
    if (owner) problems.push(`${where}: ${host.address} belongs to ${owner}`);
    owners.set(host.address, where);
    if (!sameSubnet(host.address, gateway, prefixLength)) {
      problems.push(`${where}: ${host.address} is not in ${gateway}/${prefixLength}`);
    }
  }
  if (problems.length > 0) {
    throw new Error(`lab ${JSON.stringify(name)} cannot work:\n  ${problems.join("\n  ")}`);
  }
  return definition;
}

/** Whether two IPv4 addresses share their first `prefixLength` bits. False if one of them is not an IPv4 address. */
export function sameSubnet(a: string, b: string, prefixLength: number): boolean {
  const [left, right] = [toNumber(a), toNumber(b)];
  if (left === undefined || right === undefined) return false;
  const size = 2 ** (32 - prefixLength);
  return Math.floor(left / size) === Math.floor(right / size);
}

/** An IPv4 address as a number; undefined if the text is not one. */
export function toNumber(address: string): number | undefined {
  const parts = address.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part)))
    return undefined;
  const bytes = parts.map(Number);
  if (bytes.some((byte) => byte > 255)) return undefined;
  return bytes.reduce((number, byte) => number * 256 + byte, 0);
}

/** An IPv4 address as eight hex digits. */
export const hexAddress = (address: string) =>
  (toNumber(address) ?? 0).toString(16).padStart(8, "0");
