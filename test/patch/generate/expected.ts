import { parse } from "smol-toml";

import { type Case } from "./containerd-config";
import { isSpecial, sameEndpoint, type Wanted } from "./wanted";

export type Tree = { [key: string]: unknown };

/** The settings in force, from the model of the file. */
export function inForce({ merged, mirrors, configPath }: Case): {
  mirrors: Record<string, string[]>;
  configPath: string;
} {
  return merged ?? { mirrors, configPath };
}

/** Whether the plan writes hosts.toml files. */
export function usesHosts(generated: Case): boolean {
  return !isOldWay(generated) || generated.input.migrate;
}

/** Whether there are mirrors, or the TLS tables that 1.x accepts only with mirrors. */
function isOldWay(generated: Case): boolean {
  const { mirrors, configPath } = inForce(generated);
  return Object.keys(mirrors).length > 0 || (generated.tls && configPath === "");
}

/** Whether CRI reads every directory of a list. From 2.1 on, it does so only without the transfer service. */
export function honoursList({ input, merged, cri }: Case): boolean {
  if (/^(?:1|2\.0)\./.test(input.daemonVersion)) return true;
  const plugins = (read(merged?.dump ?? "")?.["plugins"] ?? {}) as Record<string, Tree>;
  const tables = merged === undefined ? [cri as Tree] : Object.values(plugins);
  return tables.some((table) => {
    const registry = (table["registry"] ?? {}) as Tree;
    const isUsed = Object.keys(registry["configs"] ?? {}).length > 0;
    return isUsed || (table["max_concurrent_downloads"] ?? 3) !== 3;
  });
}

/** Whether there are mirrors or TLS tables to migrate. */
export function isMigrating(generated: Case): boolean {
  const isOld = Object.keys(inForce(generated).mirrors).length > 0 || generated.tls;
  return generated.input.migrate && isOld;
}

/** Whether there are certificates in a directory that would no longer be read. */
function losesCertificates(generated: Case): boolean {
  const [, second] = inForce(generated).configPath.split(":");
  const isLost = isMigrating(generated) || !honoursList(generated);
  return isLost && second !== undefined && hasCertificates(generated, second);
}

export function hasCertificates({ input }: Case, directory: string): boolean {
  return (input.certificates ?? []).some((path) => path.startsWith(`${directory}/`));
}

/** Whether a hosts.toml would disable the certificates in its folder. Only those for https count. */
function hidesCertificates({ input, features, wanted }: Case): boolean {
  const [ours] = wanted;
  const said = ours?.endpoints.every(
    ({ url, ca, client }) => url.startsWith("http:") || ca !== undefined || client !== undefined,
  );
  const isThere = [...input.certsD.keys()].some((path) => path.includes(`/${ours?.host}/`));
  return (
    features.has("certificates of the registry as Docker has them") && said === false && !isThere
  );
}

/** The key of `mirrors` for a host of the settings. */
export function keyOf(host: string): string {
  return host === "_default" ? "*" : host;
}

export function urlsOf({ endpoints }: Wanted): string[] {
  return endpoints.map(({ url }) => url);
}

/** Whether the wanted endpoints are in the list in their order, in any spelling. */
export function holds(list: readonly string[] | undefined, wanted: readonly string[]): boolean {
  if (list === undefined) return false;
  const places = wanted.map((url) => list.findIndex((other) => sameEndpoint(url, other)));
  return places.every((place, index) => place > (places[index - 1] ?? -1));
}

/** Whether every wanted host is in the mirrors that are in force. */
export function isInSync(generated: Case): boolean {
  const { mirrors } = inForce(generated);
  return generated.wanted.every((host) => holds(mirrors[keyOf(host.host)], urlsOf(host)));
}

/** Whether a plan must refuse. */
export function mustRefuse(generated: Case): boolean {
  const { input, features, mirrors, wanted, merged } = generated;
  const old = input.daemonVersion.startsWith("1.");
  if (features.has("a table twice")) return true;
  // In a version 1 file, 1.x ignores the tables of version 2.
  const elsewhere = features.has("registry settings in another version's table");
  if (elsewhere && !features.has("version 1")) return true;
  if (features.has("a byte-order mark") && !old) return true;
  if (features.has("registry keys in other letters") && !old) return true;
  // containerd 1.x does not read such a header as TOML specifies, or not at all.
  const unread = features.has("escapes in headers") || features.has("brackets in headers");
  if (unread && old) return true;
  // 1.6 accepts no image name with an IPv6 address.
  if (input.daemonVersion === "1.6.20" && wanted[0]?.host.startsWith("[")) return true;
  if (merged?.kind === "an import that switches CRI off") return true;
  const effective = inForce(generated);
  if (usesHosts(generated) && (losesCertificates(generated) || hidesCertificates(generated)))
    return true;
  if (isMigrating(generated)) {
    if (isHidden(generated)) return true;
    if (Object.keys(effective.mirrors).some((host) => !(host in mirrors))) return true;
    // A migration would lose endpoints that the settings do not have.
    const lost = wanted.some((host) =>
      (mirrors[keyOf(host.host)] ?? []).some(
        (url) => !urlsOf(host).some((known) => sameEndpoint(known, url)),
      ),
    );
    return lost || leadsElsewhere(generated);
  }
  if (generated.tls && !isOldWay(generated)) return true;
  if (!isOldWay(generated)) {
    return isHidden(generated) || leadsElsewhere(generated);
  }
  if (effective.configPath !== "" || wanted.some(isSpecial)) return true;
  if (isInSync(generated)) return false;
  if (isHidden(generated)) return true;
  return wanted.some((host) => {
    const key = keyOf(host.host);
    return (
      !(key in mirrors) && key in effective.mirrors && !holds(effective.mirrors[key], urlsOf(host))
    );
  });
}

function leadsElsewhere({ features, input, wanted }: Case): boolean {
  if (features.has("a foreign hosts.toml that leads elsewhere")) return true;
  // 1.x reads no file with brackets in a header, as an IPv6 host has them.
  const unread = input.daemonVersion.startsWith("1.") && wanted[0]?.host.startsWith("[") === true;
  return unread && features.has("a foreign hosts.toml that leads there");
}

/** Whether an import hides something in the file. */
function isHidden(generated: Case): boolean {
  const { merged, mirrors, configPath, cri, input } = generated;
  if (merged === undefined || merged.kind === "a dump, nothing imported") return false;
  const changed = Object.entries(mirrors).some(
    ([host, list]) => show(merged.mirrors[host]) !== show(list),
  );
  if (changed || (configPath !== "" && merged.configPath !== configPath)) return true;
  if (!input.daemonVersion.startsWith("1.")) return false;
  const added = Object.keys(merged.mirrors).some((host) => !(host in mirrors));
  if (added) return true;
  const plugins = (read(merged.dump)?.["plugins"] ?? {}) as Tree;
  return merged.replaced && hasLeafBeside(cri, plugins["io.containerd.grpc.v1.cri"]);
}

function hasLeafBeside(own: unknown, other: unknown): boolean {
  if (typeof own !== "object" || own === null || Array.isArray(own))
    return show(own) !== show(other);
  return Object.entries(own).some(([key, value]) =>
    hasLeafBeside(value, (other as Tree | undefined)?.[key]),
  );
}

export function read(text: string): Tree | undefined {
  try {
    return parse(text, { integersAsBigInt: "asNeeded" });
  } catch {
    return undefined;
  }
}

/** The table at a path, which is created if it does not exist. */
export function make(tree: Tree, path: readonly string[]): Tree {
  let table = tree;
  for (const part of path) table = (table[part] ??= {}) as Tree;
  return table;
}

/** A value as text with sorted keys, for comparisons. */
export function show(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(show).join(",")}]`;
  if (typeof value !== "object" || value === null) return `${typeof value}:${String(value)}`;
  if (Object.prototype.toString.call(value) === "[object Date]")
    return (value as Date).toISOString();
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}=${show(inner)}`).join(",")}}`;
}
