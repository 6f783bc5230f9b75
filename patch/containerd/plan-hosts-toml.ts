import { sameUrl, splitUrl } from "../address";
import { type FilePlan, filePlan, type Plan } from "../plan";
import { Refusal } from "../problem";
import { Source } from "../source";
import { insertLines, type TextEdit, toByteEdits } from "../text-edit";
import { lineEdits } from "../line-edits";
import { type Change, judged } from "../toml/judged";
import { placeKey } from "../toml/place";
import { tomlPath, tomlString } from "../toml/write";
import { hostsTomlPath, usedBelow } from "./certs-d";
import { type CriConfig } from "./config";
import { HOSTS_NOT_ASKED, HOSTS_THROWN_AWAY } from "./hosts-facts";
import { hostsToml, type HostsFile, isOurs, upstreamOf } from "./hosts-toml";
import { needlessSkipVerify, whereElsewhere } from "./asked";
import { refuseFacts } from "./fact";
import { type MergedRegistry } from "./merged";
import { type ContainerdInput, type WantedHost } from "./input";
import { readToml } from "./read-toml";
import { honoursList } from "./pull-mode";
import { isAtLeast } from "./version";

/** The directory for hosts.toml files if config.toml names none. It is the usual one. */
export const DEFAULT_DIRECTORY = "/etc/containerd/certs.d";

const DOCKERS_DIRECTORY = "/etc/docker/certs.d";

/** The plan for a file without `mirrors`: one directory as config_path, and a hosts.toml for each host. */
export function planHosts(
  input: ContainerdInput,
  config: CriConfig,
  merged: MergedRegistry,
  wanted: readonly WantedHost[],
): Plan {
  const { directory, change } = chooseDirectory(input, config, merged);
  const notes: string[] = [];
  const files = wanted.map((host) =>
    planHostsFile(input, config, directory, hostsFileOf(host), notes),
  );
  const step = change ? configPathStep(config, directory) : { edits: [], changes: [] };
  if (!change) {
    const line = config.document.lineNote([...config.registry, "config_path"]);
    notes.push(
      `${input.configPath}: ${merged.configPath === "" ? "without config_path, containerd looks into" : "config_path is already"} ${directory}${line}`,
    );
  } else {
    const ours = new Set(files.map(({ path }) => path));
    const alsoInForce = usedBelow(directory, input).filter((path) => !ours.has(path));
    if (alsoInForce.length > 0)
      notes.push(`config_path also puts into force: ${alsoInForce.join(", ")}`);
  }
  const main = judged(config.document, input.bytes, step.edits, step.changes, 0o644);
  return {
    files: [...files, main],
    notes,
    activate: main.edits.length > 0 ? "restart" : "none",
  };
}

/** The directory for hosts.toml files, and whether config.toml has to be changed to name it. */
function chooseDirectory(
  input: ContainerdInput,
  config: CriConfig,
  merged: MergedRegistry,
): { directory: string; change: boolean } {
  const directories = merged.configPath.split(":").filter((part) => part !== "");
  refuseRelative(config, merged.configPath);
  const [first] = directories;
  if (first === undefined) {
    // From 2.2 on, a missing config_path means a list that includes Docker's directory. If that directory is in use, it
    // must stay in the list.
    const isList = isAtLeast(config.daemon, 2, 2) && honoursList(config, merged);
    const isUsed = isList && usedBelow(DOCKERS_DIRECTORY, input).length > 0;
    return { directory: DEFAULT_DIRECTORY, change: !isUsed };
  }
  if (merged.configPath === first) return { directory: first, change: false };
  // If the daemon reads all directories of a list, ours is among them.
  if (honoursList(config, merged)) return { directory: first, change: false };
  const path = [...config.registry, "config_path"];
  const inOthers = directories.slice(1).flatMap((other) => usedBelow(other, input));
  if (inOthers.length > 0 || config.configPath === "") {
    throw config.document.source.refuse(config.document.offsetOf(path) ?? 0, {
      expected: `one directory as config_path: containerd ${config.daemon.text} ignores a list when it pulls`,
      found:
        `"${merged.configPath}"` +
        (config.configPath === "" ? " from an imported file" : `, with ${inOthers.join(", ")}`),
      fix: `move all of it to ${first} and set config_path = "${first}"`,
    });
  }
  return { directory: first, change: true };
}

/**
 * A relative path depends on the folder in which containerd was started, or on the program that fills in a template.
 */
export function refuseRelative(config: CriConfig, configPath: string): void {
  const relative = configPath.split(":").find((part) => part !== "" && !part.startsWith("/"));
  if (relative === undefined) return;
  const { document, registry } = config;
  throw document.source.refuse(document.offsetOf([...registry, "config_path"]) ?? 0, {
    expected: "an absolute directory as config_path",
    found: `\`${relative}\``,
    fix: relative.includes("${")
      ? "this is a template: plan for the file that is made of it, in which the path is whole"
      : `write the whole path, such as ${DEFAULT_DIRECTORY}`,
  });
}

/** Sets config_path: changes the value if the key exists, or else adds a line. */
export function configPathStep(
  config: CriConfig,
  directory: string,
): { edits: TextEdit[]; changes: Change[] } {
  const { document, registry, addVersion } = config;
  const path = [...registry, "config_path"];
  const edits: TextEdit[] = [];
  const changes: Change[] = [{ path, means: (after) => after === directory }];
  if (addVersion !== undefined) {
    changes.push({ path: ["version"], means: (after) => after === addVersion });
  }
  if (addVersion !== undefined && document.text.replace("\uFEFF", "") === "") {
    const lines = newConfigLines(addVersion, registry, directory);
    return { edits: [insertLines(document.text, document.text.length, lines)], changes };
  }
  if (addVersion !== undefined) {
    edits.push(placeKey(document, [], "version", String(addVersion)));
  }
  const [existing] = document.definitions(path);
  if (existing !== undefined && existing.kind !== "table") {
    const { valueStart, valueEnd } = existing.element;
    const quote = document.text[valueStart] === "'" ? "'" : '"';
    const text = tomlString(directory, quote);
    edits.push({ offset: valueStart, length: valueEnd - valueStart, text });
  } else {
    const value = tomlString(directory, document.quote);
    edits.push(placeKey(document, registry, "config_path", value));
  }
  return { edits, changes };
}

/** A new config.toml with nothing else. */
export function newConfigLines(
  version: number,
  registry: readonly string[],
  directory: string,
): string[] {
  const line = `config_path = ${tomlString(directory, '"')}`;
  return [`version = ${version}`, "", `[${tomlPath(registry, '"')}]`, `  ${line}`];
}

/** The contents of a host's hosts.toml, including the server that is asked last. */
export function hostsFileOf({ host, endpoints, own }: WantedHost): HostsFile {
  if (host === "_default") return { host, endpoints, server: undefined };
  const named = endpoints.find(({ url }) => isServedBy(url, host));
  if (named !== undefined) return { host, endpoints, server: named };
  if (own) return { host, endpoints, server: endpoints[endpoints.length - 1] };
  // The mirrors may include the upstream of docker.io, with its own certificates.
  const upstream = upstreamOf(host);
  const listed = endpoints.find(({ url }) => sameUrl(url, upstream.url));
  return { host, endpoints, server: listed ?? upstream };
}

function isServedBy(url: string, host: string): boolean {
  return splitUrl(url)?.host === host;
}

/**
 * The plan for one hosts.toml. A file of this program gets the wanted text; a file of somebody else is adopted or
 * refused.
 */
export function planHostsFile(
  input: ContainerdInput,
  config: CriConfig,
  directory: string,
  wanted: HostsFile,
  notes: string[],
): FilePlan {
  const path = hostsTomlPath(directory, wanted.host, input.certsD);
  const bytes = input.certsD.get(path);
  const text = hostsToml(wanted, config.daemon);
  if (bytes === undefined || bytes.length === 0) {
    refuseUnsaidCertificate(input, path, wanted);
    return filePlan(path, bytes, [{ offset: 0, length: 0, text }], 0o644);
  }
  const source = Source.decode(path, bytes);
  if (isOurs(source)) {
    // A last line without a newline stays so: see hunks.ts.
    const wantedText = source.text.endsWith("\n") ? text : text.slice(0, -1);
    if (source.text === wantedText) notes.push(`${path}: already as it is to be`);
    return filePlan(path, bytes, toByteEdits(source, lineEdits(source.text, wantedText)));
  }
  const document = readToml(source, config.daemon);
  refuseFacts(HOSTS_THROWN_AWAY, document, config.daemon);
  const elsewhere = whereElsewhere(document, wanted, config.daemon);
  if (elsewhere === undefined) {
    notes.push(`${path}: written by somebody else, and leads there already`);
    for (const line of needlessSkipVerify(document, config.daemon)) {
      notes.push(
        `${path}: skip_verify${line}, makes containerd try TLS before it asks by http; take it out`,
      );
    }
    return filePlan(path, bytes, []);
  }
  refuseFacts(HOSTS_NOT_ASKED, document, config.daemon);
  const urls = wanted.endpoints.map(({ url }) => url).join(", ");
  throw source.refuse(elsewhere.offset, {
    expected: `a hosts.toml that leads ${wanted.host} to ${urls}, or none`,
    found: `one that somebody else wrote and that leads elsewhere: ${elsewhere.found}`,
    fix: `move the file away, or write in it:\n${indented(text)}`,
  });
}

/** If a folder has a hosts.toml, containerd no longer reads the certificates in it. */
function refuseUnsaidCertificate(input: ContainerdInput, path: string, wanted: HostsFile): void {
  const folder = path.slice(0, path.lastIndexOf("/") + 1);
  const found = (input.certificates ?? []).filter((file) => file.startsWith(folder));
  const { host, endpoints, server } = wanted;
  const unsaid = [...endpoints, ...(server ? [server] : [])].find(
    ({ url, ca, client }) => url.startsWith("https:") && ca === undefined && client === undefined,
  );
  const [certificate] = found;
  if (certificate === undefined || unsaid === undefined) return;
  throw new Refusal([
    {
      file: path,
      expected: `certificates of ${host} in the settings: containerd uses none of the folder beside a hosts.toml`,
      found: found.join(", "),
      fix: `write in the settings {"url": "${unsaid.url}", "ca": "${certificate}"} among the endpoints of ${host}, or move the certificate away`,
    },
  ]);
}

function indented(text: string): string {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => `    ${line}`.trimEnd())
    .join("\n");
}
