import { isRegistryHost, splitUrl, withScheme } from "../address";
import { type Plan } from "../plan";
import type { Refusal } from "../problem";
import { lineEdits } from "../line-edits";
import { type Change, judged } from "../toml/judged";
import { edited, withoutPath } from "../toml/remove";
import { isTable, type TreeTable } from "../toml/value";
import { usedBelow } from "./certs-d";
import { type CriConfig } from "./config";
import { type Endpoint } from "./endpoint";
import { type HostsFile, registryServedBy } from "./hosts-toml";
import {
  configPathStep,
  DEFAULT_DIRECTORY,
  hostsFileOf,
  planHostsFile,
  refuseRelative,
} from "./plan-hosts-toml";
import { type MergedRegistry } from "./merged";
import { endpointsOf, mirrorKey, sameMirror } from "./mirrors";
import { type ContainerdInput, type WantedHost } from "./input";
import { tlsOf } from "./tls";
import { shown } from "./version";

/**
 * Plans the move to hosts.toml files: every `mirrors` entry becomes a hosts.toml, and config.toml keeps only
 * config_path. On 1.x, the TLS tables of the endpoints are moved too, because they exclude config_path as well.
 */
export function planMigration(
  input: ContainerdInput,
  config: CriConfig,
  merged: MergedRegistry,
  wanted: readonly WantedHost[],
  tls: readonly string[][],
): Plan {
  const { document, registry } = config;
  refuseImported(config, merged);
  const [first, ...others] = merged.configPath.split(":").filter((part) => part !== "");
  refuseRelative(config, merged.configPath);
  const directory = first ?? DEFAULT_DIRECTORY;
  const inOthers = others.flatMap((other) => usedBelow(other, input));
  if (inOthers.length > 0) {
    throw document.source.refuse(document.offsetOf([...registry, "config_path"]) ?? 0, {
      expected: "one directory as config_path: migrate leaves the first one alone",
      found: `"${merged.configPath}", with ${inOthers.join(", ")}`,
      fix: `move all of it to ${directory} first`,
    });
  }

  const notes: string[] = [];
  const asked = new Set(wanted.map(({ host }) => host));
  const files = hostsFiles(config, wanted, tls, notes).map((file) => {
    if (!asked.has(file.host)) {
      notes.push(`${input.configPath}: mirrors of ${file.host} moved to its hosts.toml`);
    }
    return planHostsFile(input, config, directory, file, notes);
  });

  const gone = [[...registry, "mirrors"], ...tls];
  let changed = document;
  for (const path of gone) changed = withoutPath(changed, path);
  // The step uses the original table. A file that had only mirrors would now be read as one without a plugin.
  const step = configPathStep({ ...config, document: changed }, directory);
  changed = edited(changed, step.edits);
  const changes: Change[] = [
    ...gone.map((path) => ({ path, means: (after: unknown) => after === undefined })),
    ...step.changes,
  ];
  const edits = lineEdits(document.text, changed.text);
  const main = judged(document, input.bytes, edits, changes, 0o644);
  return {
    files: [...files, main],
    notes,
    activate: main.edits.length > 0 ? "restart" : "none",
  };
}

function refuseImported(config: CriConfig, merged: MergedRegistry): void {
  const { document, registry } = config;
  const elsewhere = Object.keys(merged.mirrors).filter(
    (host) => !Object.hasOwn(config.mirrors, host),
  );
  if (elsewhere.length === 0) return;
  throw document.source.refuse(document.offsetOf(["imports"]) ?? 0, {
    expected: `all of ${shown(document, [...registry, "mirrors"])} in this file`,
    found: `mirrors for ${elsewhere.join(", ")} in an imported file`,
    fix: "move them into this file first",
  });
}

/**
 * The contents of each hosts.toml. Hosts of the settings have exactly the settings. Other hosts in the file have what
 * the file says, with its TLS settings for every server that is asked by https.
 */
function hostsFiles(
  config: CriConfig,
  wanted: readonly WantedHost[],
  tls: readonly string[][],
  notes: string[],
): HostsFile[] {
  const files = new Map<string, HostsFile>();
  for (const host of wanted) files.set(host.host, hostsFileOf(host));
  for (const key of Object.keys(config.mirrors)) {
    const host = key === mirrorKey("_default") ? "_default" : key;
    refuseNoHost(config, host, [...config.registry, "mirrors", key]);
    const asked = wanted.find((other) => other.host === host);
    const endpoints = existingEndpoints(config, host);
    // Without an endpoint and without a server, containerd has nothing to ask.
    if (host === "_default" && endpoints.length === 0) continue;
    if (asked === undefined) files.set(host, movedFile(config, host, endpoints));
    else refuseUnlisted(config, asked, endpoints);
  }
  for (const { host } of wanted) {
    const file = files.get(host);
    if (file !== undefined)
      for (const server of serversOf(file)) refuseUnsaid(config, host, server);
  }
  const reached = new Set(
    [...files.values()].flatMap(serversOf).flatMap(({ url }) => {
      const parts = splitUrl(url);
      return parts?.scheme === "https" ? [parts.host] : [];
    }),
  );
  for (const path of tls) {
    const server = path[path.length - 2] ?? "";
    if (reached.has(server)) continue;
    refuseNoHost(config, server, path);
    // No mirror uses the server, so the settings are for the registry itself, at its own address.
    const host = registryServedBy(server);
    if (files.has(host) || server === "docker.io") {
      const { path: file } = config.document.source;
      notes.push(`${file}: the TLS settings of ${server} go, since nothing asks it by https`);
    } else {
      const endpoint = withTls(config, { url: `https://${server}` });
      files.set(host, movedFile(config, host, [endpoint]));
    }
  }
  return [...files.values()];
}

/** The host becomes the name of a folder. */
function refuseNoHost(config: CriConfig, host: string, path: readonly string[]): void {
  if (host === "_default" || isRegistryHost(host)) return;
  const { document } = config;
  throw document.source.refuse(document.offsetOf(path) ?? 0, {
    expected: "a registry's host as in image names, which its folder can be named by",
    found: `\`${host}\``,
    fix: "write HOST or HOST:PORT, or take this entry out: containerd finds no image by it",
  });
}

function movedFile(config: CriConfig, host: string, endpoints: readonly Endpoint[]): HostsFile {
  const file = hostsFileOf({ host, endpoints, own: false });
  return { ...file, server: file.server && withTls(config, file.server) };
}

/** All servers that containerd asks because of a hosts.toml. */
function serversOf({ endpoints, server }: HostsFile): Endpoint[] {
  return server === undefined ? [...endpoints] : [...endpoints, server];
}

/**
 * Refuses TLS settings that only the file has, for a host of the settings: its hosts.toml has exactly the settings,
 * also in the next plan.
 */
function refuseUnsaid(config: CriConfig, host: string, said: Endpoint): void {
  const moved = withTls(config, { url: said.url });
  const lost = [
    moved.ca !== undefined && moved.ca !== said.ca && `ca_file = "${moved.ca}"`,
    moved.client !== undefined &&
      (moved.client.cert !== said.client?.cert || moved.client.key !== said.client.key) &&
      `cert_file = "${moved.client.cert}", key_file = "${moved.client.key}"`,
    moved.skipVerify === true && said.skipVerify !== true && "insecure_skip_verify = true",
  ].filter((name) => name !== false);
  if (lost.length === 0) return;
  const { document, registry } = config;
  const server = splitUrl(said.url)?.host ?? "";
  throw document.source.refuse(document.offsetOf([...registry, "configs", server, "tls"]) ?? 0, {
    expected:
      `the TLS settings of ${server} in the settings' endpoints of ${host} too, ` +
      "since its hosts.toml says what they say",
    found: `${lost.join(", ")} here alone`,
    fix: `write there ${JSON.stringify({ ...said, ...moved })}, or take this table out`,
  });
}

/**
 * Refuses endpoints that only the file has: a hosts.toml of this program has exactly the settings, so these would be
 * lost.
 */
function refuseUnlisted(config: CriConfig, asked: WantedHost, existing: readonly Endpoint[]): void {
  const { document, registry } = config;
  const unlisted = existing.filter(
    ({ url }) => !asked.endpoints.some((endpoint) => sameMirror(endpoint.url, url)),
  );
  if (unlisted.length === 0) return;
  const urls = unlisted.map(({ url }) => url).join(", ");
  throw document.source.refuse(
    document.offsetOf([...registry, "mirrors", mirrorKey(asked.host)]) ?? 0,
    {
      expected: `only endpoints of ${asked.host} that the settings have too`,
      found: urls,
      fix: `add ${urls} to the settings' mirrors of ${asked.host}, or take it out here`,
    },
  );
}

function existingEndpoints(config: CriConfig, host: string): Endpoint[] {
  const entry = config.mirrors[mirrorKey(host)];
  const path = [...config.registry, "mirrors", mirrorKey(host)];
  const more = isTable(entry) ? Object.keys(entry).find((key) => key !== "endpoint") : undefined;
  if (more !== undefined) throw cannotMove(config, [...path, more]);
  const urls = endpointsOf(config, host) ?? [];
  return urls.map((url) => {
    const full = withScheme(url);
    if (splitUrl(full) === undefined) throw cannotMove(config, [...path, "endpoint"]);
    return withTls(config, withRoot(full));
  });
}

/** `mirrors` uses a path that does not end in /v2 as it is. In hosts.toml, this needs override_path. */
function withRoot(url: string): Endpoint {
  const path = (splitUrl(url)?.path ?? "").replace(/\/+$/, "");
  const plain = url.replace(/\/+$/, "");
  return path === "" || path.endsWith("/v2") ? { url: plain } : { url: plain, overridePath: true };
}

function withTls(config: CriConfig, endpoint: Endpoint): Endpoint {
  const host = splitUrl(endpoint.url)?.host ?? "";
  const tls = config.daemon.major < 2 ? tlsOf(config, host) : undefined;
  if (tls === undefined || endpoint.url.startsWith("http:")) return endpoint;
  const path = [...config.registry, "configs", host, "tls"];
  const text = (key: string): string | undefined => {
    const value = tls[key];
    if (value !== undefined && typeof value !== "string") throw cannotMove(config, [...path, key]);
    return value === "" ? undefined : value;
  };
  const [ca, cert, key] = [text("ca_file"), text("cert_file"), text("key_file")];
  const known = ["ca_file", "cert_file", "key_file", "insecure_skip_verify"];
  const more = Object.keys(tls satisfies TreeTable).find((name) => !known.includes(name));
  if (more !== undefined) throw cannotMove(config, [...path, more]);
  if ((cert === undefined) !== (key === undefined)) throw cannotMove(config, path);
  return {
    ...endpoint,
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && key !== undefined && { client: { cert, key } }),
    ...(tls["insecure_skip_verify"] === true && { skipVerify: true }),
  };
}

function cannotMove(config: CriConfig, path: readonly string[]): Refusal {
  const { document } = config;
  return document.source.refuse(document.offsetOf(path) ?? 0, {
    expected: "only settings that hosts.toml has too",
    found: shown(document, path),
    fix: "move this entry by hand, or take it out",
  });
}
