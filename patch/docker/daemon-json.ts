import { isDeepStrictEqual } from "node:util";

import { getNodeValue, type Node } from "jsonc-parser";

import { parseRegistryAddress, type RegistryAddress } from "../address";
import { certain } from "../certain";
import { maskSecrets } from "../mask";
import { type Edit, filePlan, type FilePlan, type Plan } from "../plan";
import { type Problem, Refusal } from "../problem";
import { Source } from "../source";
import { problemIn, type SourcedLine } from "../sourced-line";
import { type TextEdit, toByteEdits } from "../text-edit";
import { visible } from "./characters";
import { type DockerdFlags, flagOf, flagProblem, readFlags } from "./flags";
import { coversRegistry, entryFault, entryFix, namesRegistry, resemblesRegistry } from "./insecure";
import { type JsonObject, parseJsonObject, propertyOf } from "./json-source";
import { additions } from "./list-additions";
import { missingMirrors, MIRRORS_KEY } from "./mirrors";
import { dockerProxyProblems } from "./proxies";
import { keyProblems } from "./keys";
import { OPAQUE, takes } from "./readers";

const KEY = "insecure-registries";

export interface DaemonJsonInput {
  /** Path of the file on the host, for messages. */
  path: string;
  /** Its bytes; undefined if the file does not exist. */
  bytes: Buffer | undefined;
  /** One or several `host:port`, as in image names. */
  registry: string | readonly string[];
  /**
   * URLs of mirrors of Docker Hub, for the front of `registry-mirrors`. A removal does not need them.
   * @default none
   */
  mirrors?: readonly string[];
  /**
   * `false` removes the registries.
   * @default true
   */
  present?: boolean;
  /** dockerd's command line: lines of units and drop-ins, /etc/default/docker, the running process. */
  flags?: readonly (string | SourcedLine)[];
  /** Lines that set dockerd's environment. */
  environment?: readonly SourcedLine[];
  /** dockerd's version. If it is unknown, the oldest version is assumed. */
  dockerVersion?: string;
}

/**
 * Plans `insecure-registries` and `registry-mirrors` in dockerd's daemon.json. It adds the registries and the mirrors,
 * and keeps every other key and the layout. An entry with a scheme, or a CIDR that contains the address, counts as
 * present.
 *
 * @throws Refusal for a file that dockerd would not read, for a flag with the same setting, and for a proxy between
 * dockerd and the registry
 */
export function planDaemonJson(input: DaemonJsonInput): Plan {
  const { path, bytes } = input;
  const registries = parseRegistries(input.registry);
  const source = Source.decode(path, bytes ?? Buffer.alloc(0));
  const present = input.present ?? true;
  const object = readObject(source, input.dockerVersion, present);
  const flags = readFlags((input.flags ?? []).map(sourced));
  if (flags.configFile !== undefined && flags.configFile.value !== path) {
    throw new Refusal([otherFile(path, flags.configFile)]);
  }
  if (!present) return planRemoval(source, bytes, object, registries);

  const proxies = dockerProxyProblems(registries, input.environment ?? [], object);
  if (proxies.length > 0) throw new Refusal(proxies);
  refuseBoth(source, object, KEY, flags.insecureRegistries[0]?.source);
  if (input.mirrors !== undefined && input.mirrors.length > 0)
    refuseBoth(source, object, MIRRORS_KEY, flags.registryMirrors[0]?.source);
  const entries = object === undefined ? [] : entriesOf(object, input.dockerVersion);
  refuseFlags(flags, input.dockerVersion);
  const others = object === undefined ? [] : keyProblems(object, input.dockerVersion);
  if (others.length > 0) throw new Refusal(others);

  const notes: string[] = [];
  const missing = registries.filter((registry) => {
    const flag = flags.insecureRegistries.find(({ value }) => coversRegistry(value, registry));
    if (flag !== undefined) {
      notes.push(`${path}: ${registry.text} is given by dockerd's flag \`${flag.value}\``);
      return false;
    }
    const entry = entries.find((node) => coversRegistry(String(node.value), registry));
    if (entry !== undefined) {
      const { line } = source.position(entry.offset);
      notes.push(`${path}: ${registry.text} is already in ${KEY}, line ${line}`);
      return false;
    }
    if (coversRegistry("127.0.0.0/8", registry)) {
      notes.push(`${path}: ${registry.text} is a loopback address, which dockerd always takes`);
      return false;
    }
    notes.push(...unlike(source, entries, registry));
    if (registry.family === 6 && !takesIPv6Names(input.dockerVersion)) {
      const daemon = `dockerd ${input.dockerVersion ?? "before 25.0"}`;
      notes.push(
        `${path}: ${daemon} takes no image name with an IPv6 address; name the registry by a host name, or upgrade Docker to 25.0`,
      );
    }
    return true;
  });
  const [flag] = flags.insecureRegistries;
  if (missing.length > 0 && flag !== undefined) {
    const values = flags.insecureRegistries.map(({ value }) => value);
    throw new Refusal([
      flagProblem("insecure-registry", flag.source, values, missing[0]?.text ?? ""),
    ]);
  }
  const mirrors = missingMirrors(source, object, flags.registryMirrors, input.mirrors ?? [], notes);
  const lists = [
    { key: KEY, names: missing.map(({ text }) => text) },
    { key: MIRRORS_KEY, names: mirrors },
  ].filter(({ names }) => names.length > 0);
  const edits = toByteEdits(source, additions(source, object, lists));
  const file = checked(source, bytes, edits, object, (settings) => {
    const longer = lists.map(({ key, names }) => [key, [...names, ...strings(settings[key])]]);
    return { ...settings, ...Object.fromEntries(longer) } as Settings;
  });
  return { files: [file], notes, activate: edits.length > 0 ? "reload" : "none" };
}

function parseRegistries(registry: string | readonly string[]): RegistryAddress[] {
  const texts = typeof registry === "string" ? [registry] : registry;
  const problems: Problem[] = [];
  const addresses = new Map<string, RegistryAddress>();
  for (const text of texts) {
    const address = parseRegistryAddress(text);
    if (address !== undefined) addresses.set(address.text, address);
    else {
      problems.push({
        file: "settings",
        expected: "a registry as HOST:PORT, such as 172.30.1.2:5000 or [fd00::1]:5000",
        found: text.includes("_")
          ? `\`${text}\`: no image can be named so, since a host in an image name has no underscore`
          : `\`${text}\``,
        fix: text.includes("_")
          ? "give the registry's host a name of letters, digits, dashes and dots, or name its address"
          : "name the host and the port alone, without scheme and path",
      });
    }
  }
  if (problems.length > 0) throw new Refusal(problems);
  return [...addresses.values()];
}

/** The object in the file; undefined if the file is empty. */
function readObject(
  source: Source,
  dockerVersion: string | undefined,
  present: boolean,
): JsonObject | undefined {
  if (present && source.hasByteOrderMark && !takes("byteOrderMark", dockerVersion)) {
    throw source.refuse(0, {
      expected: "JSON without a byte-order mark",
      found: `a byte-order mark, which dockerd ${dockerVersion ?? "before 23.0"} does not take`,
      fix: "take the first three bytes (EF BB BF) out of the file",
    });
  }
  if (source.text.replace(/^\uFEFF/, "").trim() === "") return undefined;
  const object = parseJsonObject(source);
  if (present) refuseOtherCase(object);
  return object;
}

/**
 * Go's JSON decoder accepts a key in any letter case. dockerd looks up each key among its flags first, and accepts only
 * one spelling.
 */
function refuseOtherCase(object: JsonObject): void {
  for (const property of object.root.children ?? []) {
    const key = String(property.children?.[0]?.value);
    if (key === KEY || key.toLowerCase() !== KEY) continue;
    throw object.source.refuse(property.offset, {
      expected: `"${KEY}", the only spelling with which dockerd starts`,
      found: JSON.stringify(key),
      fix: `write "${KEY}" in its place, or join the two where both are there`,
    });
  }
}

function sourced(line: string | SourcedLine): SourcedLine {
  return typeof line === "string" ? { file: "dockerd's command line", text: line } : line;
}

function otherFile(path: string, flag: { value: string; source: SourcedLine }): Problem {
  return problemIn(flag.source, "--config-file", {
    expected: `dockerd to read ${path}`,
    found: `\`${maskSecrets(flag.source.text.trim())}\`, so it reads ${flag.value}`,
    fix: `plan the change for ${flag.value}, or take --config-file away`,
  });
}

/** dockerd does not start with the key and the flag together, whatever is in the list. */
function refuseBoth(
  source: Source,
  object: JsonObject | undefined,
  name: typeof KEY | typeof MIRRORS_KEY,
  flag: SourcedLine | undefined,
): void {
  const key = object && (propertyOf(object, name) ?? nestedKey(object, name));
  if (object === undefined || key === undefined || flag === undefined) return;
  const line = flag.line === undefined ? "" : `, line ${flag.line}`;
  throw source.refuse(key.offset, {
    expected: `${name} here or as a flag of dockerd, not both: dockerd does not start then`,
    found: `the key, and \`${maskSecrets(flag.text.trim())}\` in ${flag.file}${line}`,
    fix:
      propertyOf(object, name) === undefined
        ? "take the key out: dockerd reads no list there"
        : `take --${flagOf(name)} out of that line, and write its values here`,
  });
}

/** From 25.0 on, `[fd00::1]:5000/image` is an image name. */
function takesIPv6Names(dockerVersion: string | undefined): boolean {
  return takes("bracketsWithoutPort", dockerVersion);
}

/** dockerd also takes the keys of any other object for flags, but reads no list there. */
function nestedKey({ root }: JsonObject, name: string): Node | undefined {
  return (root.children ?? [])
    .filter(({ children }) => !OPAQUE.includes(String(children?.[0]?.value)))
    .flatMap(({ children }) => children?.[1] ?? [])
    .flatMap(({ type, children }) => (type === "object" ? (children ?? []) : []))
    .find(({ children }) => children?.[0]?.value === name);
}

/** The nodes of the existing entries. null is an empty list for dockerd. */
function entriesOf(object: JsonObject, dockerVersion: string | undefined): Node[] {
  const value = propertyOf(object, KEY)?.children?.[1];
  if (value === undefined || value.type === "null") return [];
  const { source } = object;
  const entries = value.children ?? [];
  const wrong = value.type === "array" ? entries.find((entry) => entry.type !== "string") : value;
  if (wrong !== undefined) {
    const inList = value.type === "array";
    const written = wrong.type === "string" ? [wrong.value] : [];
    throw source.refuse(wrong.offset, {
      expected: `"${KEY}" as an array of strings: dockerd does not start with anything else`,
      found: `a value of type ${wrong.type}${inList ? " in it" : ""}`,
      fix: inList ? "take it out" : `write ${JSON.stringify(written)} in its place`,
    });
  }
  const problems = entries.flatMap((node) => {
    const what = entryProblem(String(node.value), dockerVersion);
    return what === undefined ? [] : [source.problem(node.offset, what)];
  });
  if (problems.length > 0) throw new Refusal(problems);
  return entries;
}

function entryProblem(
  entry: string,
  dockerVersion: string | undefined,
): Pick<Problem, "expected" | "found" | "fix"> | undefined {
  const fault = entryFault(entry, dockerVersion);
  if (fault === undefined) return undefined;
  return {
    expected: "a host, HOST:PORT or a network: dockerd does not start with anything else",
    found: `${maskSecrets(visible(entry))}, which ${fault}`,
    fix: entryFix(entry, dockerVersion),
  };
}

/** The same check for the flags. */
function refuseFlags(flags: DockerdFlags, dockerVersion: string | undefined): void {
  const problems = flags.insecureRegistries.flatMap(({ value, source }) => {
    const what = entryProblem(value, dockerVersion);
    return what === undefined ? [] : [problemIn(source, value, what)];
  });
  if (problems.length > 0) throw new Refusal(problems);
}

/** Entries that resemble the registry, but that dockerd does not match with it. */
function unlike(source: Source, entries: readonly Node[], registry: RegistryAddress): string[] {
  return entries
    .filter((node) => resemblesRegistry(String(node.value), registry))
    .map(({ value, offset }) => {
      const { line } = source.position(offset);
      return `${source.path}: "${String(value)}" in line ${line} does not count, since dockerd compares letter by letter`;
    });
}

function planRemoval(
  source: Source,
  bytes: Buffer | undefined,
  object: JsonObject | undefined,
  registries: readonly RegistryAddress[],
): Plan {
  const nothing = (note: string): Plan => ({
    files: [filePlan(source.path, bytes, [])],
    notes: [`${source.path}: ${note}`],
    activate: "none",
  });
  const names = registries.map(({ text }) => text).join(", ");
  if (object === undefined) return nothing(`there is nothing in it, so nothing of ${names}`);
  // A fault that keeps dockerd from starting is not ours: it stays, and does not block the removal of our entries.
  const entries = propertyOf(object, KEY)?.children?.[1]?.children ?? [];
  const ours = entries.filter((entry) =>
    registries.some((registry) => namesRegistry(String(entry.value), registry)),
  );
  if (ours.length === 0) return nothing(`${names} is not in ${KEY}`);

  const [firstKey] = object.root.children ?? [];
  if (ours.length === entries.length && firstKey?.children?.[0]?.value === KEY) {
    // Remove the key with its line if the line is exactly what an addition writes. Otherwise keep the list.
    const values = ours.map((entry) => String(entry.value));
    const edits = toByteEdits(source, [keyRemoval(source.text, object)]);
    const file = filePlan(source.path, bytes, edits);
    if (isAddition(file.desired, source, values)) {
      const checkedFile = checked(source, bytes, edits, object, ({ [KEY]: _, ...rest }) => rest);
      const note = `${source.path}: dockerd forgets the entries only at a restart, or by a reload with an empty list first`;
      return { files: [checkedFile], notes: [note], activate: "restart" };
    }
  }
  const edits = toByteEdits(source, entryRemovals(source.text, entries, new Set(ours)));
  const kept = entries
    .filter((entry) => !ours.includes(entry))
    .map((node) => getNodeValue(node) as unknown);
  const file = checked(source, bytes, edits, object, (settings) => ({ ...settings, [KEY]: kept }));
  return { files: [file], notes: [], activate: "reload" };
}

/** Whether adding these entries to the text would give the present file. */
function isAddition(
  without: Buffer | undefined,
  source: Source,
  values: readonly string[],
): boolean {
  const before = Source.decode(source.path, without ?? Buffer.alloc(0));
  const lists = [{ key: KEY, names: values }];
  const edits = toByteEdits(before, additions(before, parseJsonObject(before), lists));
  return filePlan(source.path, before.bytes, edits).desired?.equals(source.bytes) === true;
}

/** Removes the key if it is the first one, which is where an addition puts it. */
function keyRemoval(text: string, object: JsonObject): TextEdit {
  const [property, next] = object.root.children ?? [];
  const start = property?.offset ?? 0;
  const end = start + (property?.length ?? 0);
  const lineStart = text.lastIndexOf("\n", start - 1) + 1;
  const line = /[ \t]*,?[ \t]*\r?\n/y;
  line.lastIndex = end;
  if (lineStart > 0 && /^[ \t]*$/.test(text.slice(lineStart, start)) && line.test(text)) {
    return { offset: lineStart, length: line.lastIndex - lineStart, text: "" };
  }
  if (next !== undefined) return { offset: start, length: next.offset - start, text: "" };
  return { offset: object.root.offset + 1, length: object.root.length - 2, text: "" };
}

/** Removes entries one by one, each with a comma. */
function entryRemovals(
  text: string,
  entries: readonly Node[],
  gone: ReadonlySet<Node>,
): TextEdit[] {
  const edits: TextEdit[] = [];
  let kept: Node | undefined; // the last entry before it that stays
  entries.forEach((entry, index) => {
    if (!gone.has(entry)) {
      kept = entry;
      return;
    }
    const next = entries[index + 1];
    const end = entry.offset + entry.length;
    if (next !== undefined) {
      const lineStart = text.lastIndexOf("\n", entry.offset - 1) + 1;
      const nextLine = text.lastIndexOf("\n", next.offset - 1) + 1;
      const own = nextLine > entry.offset && /^[ \t]*$/.test(text.slice(lineStart, entry.offset));
      const from = own ? lineStart : entry.offset;
      edits.push({ offset: from, length: (own ? nextLine : next.offset) - from, text: "" });
    } else if (kept !== undefined) {
      const from = kept.offset + kept.length;
      // This edit goes back to the last kept entry, and so includes the edits of the entries in between.
      while ((edits[edits.length - 1]?.offset ?? -1) >= from) edits.pop();
      edits.push({ offset: from, length: end - from, text: "" });
    } else {
      edits.push({ offset: entry.offset, length: end - entry.offset, text: "" });
    }
  });
  return edits;
}

type Settings = Record<string, unknown>;

/** The plan of the file, after a check that it means what was asked and can be undone. */
function checked(
  source: Source,
  bytes: Buffer | undefined,
  edits: Edit[],
  object: JsonObject | undefined,
  change: (settings: Settings) => Settings,
): FilePlan {
  const file = filePlan(source.path, bytes, edits, 0o644);
  if (edits.length === 0) return file;
  const mark = /^\uFEFF/;
  const before =
    object === undefined ? {} : (JSON.parse(source.text.replace(mark, "")) as Settings);
  return certain(file, () => {
    const after: unknown = JSON.parse((file.desired ?? "").toString().replace(mark, ""));
    return isDeepStrictEqual(after, change(before));
  });
}

function strings(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
