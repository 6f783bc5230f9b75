import { cidrContains, parseRegistryAddress, type RegistryAddress } from "../address";

/**
 * Does an `insecure-registries` entry make dockerd use this registry without TLS? dockerd takes a scheme
 * off an entry, matches names and addresses with their port, and addresses by CIDR too. A name is not
 * matched by CIDR here, although dockerd would resolve it: what DNS says on the node is not known.
 */
export function coversRegistry(entry: string, registry: RegistryAddress): boolean {
  return namesRegistry(entry, registry) || cidrContains(withoutScheme(entry), registry);
}

/** Is an entry this very registry, with or without a scheme? A CIDR is not. */
export function namesRegistry(entry: string, registry: RegistryAddress): boolean {
  return parseRegistryAddress(withoutScheme(entry))?.text === registry.text;
}

function withoutScheme(entry: string): string {
  return entry.trim().replace(/^https?:\/\//i, "");
}
