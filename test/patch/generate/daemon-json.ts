import { Random } from "./random";

/** The features of a generated daemon.json. */
export const DAEMON_FEATURES = [
  "no file",
  "an empty file",
  "an empty object",
  "one line",
  "indented by blanks",
  "indented by tabs",
  "no blanks behind colons",
  "CRLF",
  "no last newline",
  "nested objects",
  "non-ASCII text",
  "braces and commas in strings",
  "no insecure-registries",
  "an empty insecure-registries",
  "insecure-registries on one line",
  "insecure-registries over several lines",
  "insecure-registries as the first key",
  "insecure-registries as the last key",
  "the registry already there",
  "the registry there with a scheme",
  "entries that only look like the registry",
  "entries with which dockerd does not start",
  "insecure-registries is null",
  "a CIDR with the registry in it",
  "a CIDR without the registry",
  "several registries wanted",
  "a registry with capitals wanted",
  "a registry that no image name has",
  "keys that look secret",
  "a byte-order mark",
  "a comment",
  "a comma behind the last element",
  "a character that JSON has not",
  "a number that no double holds",
  "text behind the object",
  "a template",
  "a key that dockerd does not know",
  "a value of another type",
  "a value that dockerd does not take",
  "a key twice",
  "insecure-registries of another type",
  "insecure-registries in another case",
  "flags without registries",
  "a flag for our registry",
  "a flag for another registry",
  "a flag with which dockerd does not start",
  "taken out again",
  "a mirror wanted",
  "a mirror wanted beside others",
  "the mirror already there",
] as const;

type Feature = (typeof DAEMON_FEATURES)[number];

/** One generated daemon.json, and the input of its plan. */
export interface DaemonCase {
  seed: number;
  text: string | undefined;
  settings: Record<string, unknown>;
  wanted: string[];
  /** The wanted registries that are missing. */
  missing: string[];
  /** The wanted mirrors of Docker Hub. */
  mirrors: string[];
  /** The wanted mirrors that are missing. */
  missingMirrors: string[];
  /** Lines of dockerd's unit. */
  flags: string[];
  /** Whether dockerd would not start with the file, or with the planned file. */
  refused: boolean;
  features: ReadonlySet<string>;
}

/** The file number `seed`. */
export function generateDaemonJson(seed: number): DaemonCase {
  const random = new Random(seed);
  const features = new Set<string>();
  const note = (feature: Feature): void => void features.add(feature);
  const generated = generateFile(seed, random, note);
  const flags = generateFlags(random, note);
  const text = generated.text === undefined ? undefined : spoilt(random, generated.text, note);
  if (random.chance(0.3)) note("taken out again");
  const isFlagged = flags.some((line) => /^[^#].*--insecure-registry/.test(line));
  const covered = features.has("a flag for our registry") ? ["172.30.1.2:5000"] : [];
  const left = generated.missing.filter((name) => !covered.includes(name));
  const unreadable: Feature[] = [
    "a comment",
    "a key twice",
    "a comma behind the last element",
    "a character that JSON has not",
    "a number that no double holds",
    "text behind the object",
    "a template",
    "a key that dockerd does not know",
    "a value of another type",
    "a value that dockerd does not take",
    "insecure-registries of another type",
    "insecure-registries in another case",
    "entries with which dockerd does not start",
    "a registry that no image name has",
    "a flag with which dockerd does not start",
  ];
  const isBoth = isFlagged && ("insecure-registries" in generated.settings || left.length > 0);
  const refused = isBoth || unreadable.some((feature) => features.has(feature));
  const mirrors = generateMirrors(random, generated.settings, note);
  return { ...generated, ...mirrors, text, features, flags, refused, missing: left };
}

const MIRROR = "http://172.30.1.2:5001";

function generateMirrors(
  random: Random,
  settings: Record<string, unknown>,
  note: (feature: Feature) => void,
): Pick<DaemonCase, "mirrors" | "missingMirrors"> {
  if (!random.chance(0.5)) return { mirrors: [], missingMirrors: [] };
  const list = (settings["registry-mirrors"] ?? []) as string[];
  const isThere = list.includes(`${MIRROR}/`);
  if (isThere) note("the mirror already there");
  else note(list.length > 0 ? "a mirror wanted beside others" : "a mirror wanted");
  return { mirrors: [MIRROR], missingMirrors: isThere ? [] : [MIRROR] };
}

/** Lines of a unit that set the same thing or something else. */
function generateFlags(random: Random, note: (feature: Feature) => void): string[] {
  switch (random.below(20)) {
    case 4:
      note("a flag with which dockerd does not start");
      return ["ExecStart=/usr/bin/dockerd --insecure-registry=172.30.1.2:5000/"];
    case 0:
      note("a flag for our registry");
      return ["ExecStart=/usr/bin/dockerd -H fd:// --insecure-registry 172.30.0.0/16"];
    case 1:
      note("a flag for another registry");
      return ["ExecStart=/usr/bin/dockerd $DOCKER_OPTS", "DOCKER_OPTS=--insecure-registry=a:5000"];
    case 2:
    case 3:
      note("flags without registries");
      return ["ExecStart=/usr/bin/dockerd -H fd:// --dns 10.0.0.1", "#--insecure-registry=x:1"];
    default:
      return [];
  }
}

/** Faults that JSON does not allow, or that dockerd reads differently than the author intends. */
function spoilt(random: Random, text: string, note: (feature: Feature) => void): string {
  const brace = text.indexOf("{") + 1;
  if (brace === 0 || !random.chance(0.35)) return text;
  const comma = /^\s*\}/.test(text.slice(brace)) ? "" : ",";
  const front = (added: string): string => text.slice(0, brace) + added + text.slice(brace);
  switch (random.below(11)) {
    case 7:
      note("a key that dockerd does not know");
      return front(random.pick([`"log_level": "info"${comma}`, `"tls": {"nonsense": 1}${comma}`]));
    case 8:
      note("a value of another type");
      return front(random.pick([`"debug": "yes"${comma}`, `"dns": "10.0.0.1"${comma}`]));
    case 9:
      note("a value that dockerd does not take");
      return front(`"log-level": "verbose"${comma}`);
    case 6:
      note("a template");
      return front(`"mtu": {{ mtu }}${comma}`);
    case 0:
      note("a comment");
      return random.pick([
        front("/* why */"),
        front("// why\n"),
        front("# why\n"),
        `${text}// end`,
      ]);
    case 1:
      note("a key twice");
      return front(`"twice": 1, "twice": {}${comma}`);
    case 2:
      note("a comma behind the last element");
      return front(`"list": [1,]${comma}`);
    case 3:
      note("a character that JSON has not");
      return front(random.pick([`\u201ca\u201d: 1${comma}`, "\u00a0", "\u200b", `'a': 1${comma}`]));
    case 4:
      note("a number that no double holds");
      return front(`"many": 1e999${comma}`);
    case 5:
      note("text behind the object");
      return `${text}{}`;
    default:
      note("insecure-registries in another case");
      return front(`"Insecure-Registries": ["a:5000"]${comma}`);
  }
}

type Generated = Omit<DaemonCase, "features" | "flags" | "refused" | "mirrors" | "missingMirrors">;

function generateFile(seed: number, random: Random, note: (feature: Feature) => void): Generated {
  const wanted = ["172.30.1.2:5000"];
  if (random.chance(0.15)) {
    note("several registries wanted");
    wanted.push("registry.lan:5000", "[fd00::2]:5000");
  }
  if (random.chance(0.1)) {
    note("a registry with capitals wanted");
    wanted.push(random.pick(["Registry.lan:5000", "[FD00::2]:5000"]));
  }
  if (random.chance(0.03)) {
    note("a registry that no image name has");
    wanted.push(random.pick(["my_registry.lan:5000", "a..lan:5000", "172.30.1.2:05000"]));
  }
  if (random.chance(0.04)) {
    note("no file");
    return { seed, text: undefined, settings: {}, wanted, missing: wanted };
  }
  if (random.chance(0.04)) {
    note("an empty file");
    const text = random.pick(["", "\n", "  \n\n", "\t"]);
    return { seed, text, settings: {}, wanted, missing: wanted };
  }
  const entries = random.chance(0.06) ? [] : otherKeys(random, note);
  if (entries.length === 0) note("an empty object");
  const list = listOf(random, note);
  let missing = wanted;
  if (list !== undefined) {
    const at = random.pick([0, entries.length, random.below(entries.length + 1)]);
    if (at === 0) note("insecure-registries as the first key");
    if (at === entries.length) note("insecure-registries as the last key");
    entries.splice(at, 0, ["insecure-registries", list]);
    const known = ["172.30.1.2:5000", "http://172.30.1.2:5000", "https://172.30.1.2:5000"];
    const here =
      Array.isArray(list) && [...known, "172.30.0.0/16"].some((entry) => list.includes(entry));
    if (here) missing = wanted.slice(1);
  } else {
    note("no insecure-registries");
  }
  const settings = Object.fromEntries(entries);
  return { seed, text: write(random, entries, note), settings, wanted, missing };
}

function otherKeys(random: Random, note: (feature: Feature) => void): [string, unknown][] {
  const all: [string, unknown][] = [
    ["exec-opts", ["native.cgroupdriver=systemd"]],
    ["log-driver", "json-file"],
    ["log-opts", { "max-size": "10m", "splunk-token": "hunter2" }],
    ["storage-driver", "overlay2"],
    ["registry-mirrors", ["https://mirror.gcr.io", random.pick([`${MIRROR}/`, "http://a.lan"])]],
    ["mtu", 1454],
    ["live-restore", true],
    ["labels", ['{"insecure-registries": []}', "a,b]}", "standort=Zürich"]],
    ["default-address-pools", [{ base: "10.10.0.0/16", size: 24 }]],
    ["empty", {}],
    ["authorization-plugins", ["opa"]],
  ];
  const kept = random.shuffled(all).slice(0, random.below(all.length + 1));
  for (const [key, value] of kept) {
    if (key === "labels") {
      note("braces and commas in strings");
      note("non-ASCII text");
    }
    if (/log-opts|auth/.test(key)) note("keys that look secret");
    if (typeof value === "object" && !Array.isArray(value)) note("nested objects");
  }
  return kept;
}

/** dockerd starts with these, and compares them exactly. */
const LOOKALIKES = ["172.30.1.2:05000", "REGISTRY.lan:5000", "[fD00::2]:5000", "172.30.1.2"];

const BAD_ENTRIES = [
  "172.30.1.2:5000 ",
  "172.30.1.2:5000/",
  "",
  "my_registry:5000",
  "host:port",
  "host:1-9",
  "*.lan",
  "tcp://172.30.1.2:5000",
  "10.0.0.0/33",
  "a:1,b:2",
];

/** The list; undefined for none. A value of another type is not a list. */
function listOf(random: Random, note: (feature: Feature) => void): unknown {
  if (random.chance(0.04)) {
    note("insecure-registries of another type");
    return random.pick<unknown>(["172.30.1.2:5000", { a: 1 }, ["a:5000", 5], [null], true]);
  }
  if (random.chance(0.05)) {
    note("insecure-registries is null");
    return null;
  }
  if (random.chance(0.05)) {
    note("entries with which dockerd does not start");
    return random.shuffled(["old.lan", random.pick(BAD_ENTRIES)]);
  }
  const others = random
    .shuffled(["10.1.1.1:5000", "old.lan", "[fd00::1]:5000"])
    .slice(0, random.below(4));
  switch (random.below(9)) {
    case 6:
      note("entries that only look like the registry");
      return random.shuffled([...others, ...LOOKALIKES]);
    case 0:
      note("an empty insecure-registries");
      return [];
    case 1:
      note("the registry already there");
      return random.shuffled([...others, "172.30.1.2:5000"]);
    case 2:
      note("the registry there with a scheme");
      return random.shuffled([...others, random.pick(["http://", "https://"]) + "172.30.1.2:5000"]);
    case 3:
      note("a CIDR with the registry in it");
      return random.shuffled([...others, "172.30.0.0/16"]);
    case 4:
      note("a CIDR without the registry");
      return random.shuffled([...others, "192.168.0.0/16", "fe80::/10"]);
    case 5:
      return others;
    default:
      return undefined;
  }
}

function write(
  random: Random,
  entries: readonly [string, unknown][],
  note: (feature: Feature) => void,
): string {
  const oneLine = random.chance(0.15);
  const unit = random.pick(["  ", "    ", "\t", ""]);
  const colon = random.chance(0.2) ? ":" : ": ";
  if (colon === ":") note("no blanks behind colons");
  if (oneLine) note("one line");
  else if (unit === "\t") note("indented by tabs");
  else if (unit !== "") note("indented by blanks");
  const lines = entries.map(([key, value]) => {
    const compact = JSON.stringify(value);
    const broken = !oneLine && random.chance(0.4);
    if (key === "insecure-registries" && compact !== "[]") {
      note(broken ? "insecure-registries over several lines" : "insecure-registries on one line");
    }
    const written = broken ? JSON.stringify(value, undefined, unit || 1) : compact;
    return `${JSON.stringify(key)}${colon}${written.replaceAll("\n", `\n${unit}`)}`;
  });
  let text: string;
  if (oneLine) text = random.chance(0.5) ? `{${lines.join(",")}}` : `{ ${lines.join(", ")} }`;
  else if (lines.length === 0) text = random.pick(["{}", "{ }", "{\n}"]);
  else text = `{\n${lines.map((line) => unit + line).join(",\n")}\n}`;
  if (random.chance(0.15)) note("no last newline");
  else text += "\n";
  if (random.chance(0.1)) {
    note("CRLF");
    text = text.replaceAll("\n", "\r\n");
  }
  if (random.chance(0.05)) {
    note("a byte-order mark");
    text = `\uFEFF${text}`;
  }
  return text;
}
