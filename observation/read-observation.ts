import { TOOL_PACKAGES } from "../helper/commands";
import type {
  EnvironmentVariable,
  ManagedFile,
  ObservedContainer,
  ObservedFile,
  ObservedRecord,
  ObservedService,
  Observation,
} from "./observation";
import { HostRefusal } from "./refusal";
import { readTimer } from "./timer";
import { environmentFile, plainVariables, splitUnits, unitEnvironment } from "./unit-files";
import type { UnitFile } from "./unit-files";

/** One line of the answer, and the bytes that follow it. */
interface Entry {
  word: string;
  rest: string;
  bytes: Buffer;
}

/** The digit 0. */
const ZERO = 0x30;

/** The first form had hexadecimal digits. The program of that time must not take the second for an empty host. */
const START = /\ncluster-registry-observation [12]\n/g;

/**
 * Parses the output of `helper observe`, and skips what a banner or a profile has printed before it.
 *
 * @throws HostRefusal if the host did not permit the observation, or if the answer is incomplete.
 */
export function readObservation(
  result: { code: number | undefined; stdout: Buffer; stderr: Buffer },
  user: string,
): Observation {
  const entries = takeApart(result);
  const refused = entries.find((entry) => entry.word === "refused");
  if (refused !== undefined) throw sudoRefusal(refused.rest, user);
  const missing = entries.find((entry) => entry.word === "missing");
  if (missing !== undefined) throw toolsRefusal(missing.rest);
  const broken = entries.find((entry) => entry.word === "broken");
  if (broken !== undefined) throw brokenRefusal(broken.rest);
  return new Reading(entries, user).observation();
}

function takeApart(result: { code: number | undefined; stdout: Buffer; stderr: Buffer }): Entry[] {
  const text = result.stdout.toString("latin1");
  const start = [...text.matchAll(START)].at(-1);
  const entries: Entry[] = [];
  // An answer is mostly lines of bytes, so these are taken together and not one by one.
  let at = start === undefined ? text.length : start.index + start[0].length;
  while (at < text.length) {
    let end = lineEnd(text, at);
    const line = text.slice(at, end);
    const from = end + 1;
    const packed = text.startsWith("=", from);
    if (packed) end = lineEnd(text, from);
    else while (text.startsWith(" ", end + 1)) end = lineEnd(text, end + 1);
    at = end + 1;
    const bytes = packed
      ? Buffer.from(text.slice(from + 1, end), "base64")
      : bytesOf(result.stdout, from, end);
    const space = line.indexOf(" ");
    const word = space < 0 ? line : line.slice(0, space);
    if (word === "end") return entries;
    entries.push({ word, rest: space < 0 ? "" : line.slice(space + 1), bytes });
  }
  throw new HostRefusal(
    `expected the facts of the host; found ${start === undefined ? "none of them" : "only the first part of them"} ` +
      `(exit code ${result.code ?? "unknown"})${said(result.stderr, result.stdout)}\n` +
      "  fix: the login needs a POSIX shell at `sh`, and coreutils or busybox",
  );
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf("\n", from);
  return end < 0 ? text.length : end;
}

/**
 * The bytes whose hexadecimal digits are between these places of an answer, with spaces and newlines between them: as
 * helpers of earlier versions write them, which a limited sudo may still run.
 */
function bytesOf(answer: Buffer, from: number, to: number): Buffer {
  const bytes = Buffer.allocUnsafe(Math.max(0, to - from) >> 1);
  let digits = 0;
  for (let at = from; at < to; at++) {
    const digit = DIGITS[answer[at]!]!;
    if (digit < 0) continue;
    const index = digits++ >> 1;
    bytes[index] = digits % 2 === 1 ? digit << 4 : bytes[index]! | digit;
  }
  return bytes.subarray(0, digits >> 1);
}

/** The value of each character as a hexadecimal digit, or -1. */
const DIGITS = Int8Array.from({ length: 256 }, (_, code) => {
  const digit = parseInt(String.fromCharCode(code), 16);
  return Number.isNaN(digit) ? -1 : digit;
});

/** A shell that refuses a login says so on stdout or on stderr. */
function said(...streams: Buffer[]): string {
  const text = streams.map((one) => one.toString("utf8").trim()).find((one) => one !== "") ?? "";
  return text === "" ? "" : `; it said: ${text.slice(0, 500)}`;
}

function sudoRefusal(reason: string, user: string): HostRefusal {
  return /^uid \d+$/.test(reason)
    ? new HostRefusal(
        `expected a login as root, or sudo; found that ${user} has ${reason}\n` +
          "  fix: set ssh.sudo: true, or log in as root",
      )
    : new HostRefusal(
        `expected sudo without a password for ${user}; found: ${reason}\n` +
          `  fix: in sudoers, \`${user} ALL=(root) NOPASSWD: ALL\`, or NOPASSWD for /var/lib/cluster-registry/helper alone once root has put it there; and no requiretty`,
      );
}

/** The helper's own error (need_tools): a tool that a change would call is missing. */
function toolsRefusal(names: string): HostRefusal {
  return new HostRefusal(
    `this host lacks tools that a change needs: ${names}\n` +
      `  fix: install them (they are in ${TOOL_PACKAGES})`,
  );
}

/** Nothing was read where something is. `file` is empty if it was another program's output. */
function brokenRefusal(file: string): HostRefusal {
  const encoded = file === "" ? "what was read on this host" : file;
  const deleted = file === "" ? "" : ", or that the file was deleted just then";
  return new HostRefusal(
    `expected \`base64 -w 0\` to encode ${encoded}; found that it failed${deleted}\n` +
      "  fix: run the command again; if it fails again, install coreutils, or busybox 1.33 or later",
  );
}

/** Reads the entries in the order in which `observe` prints them. */
class Reading {
  private readonly files: ObservedFile[] = [];
  private readonly hostsToml: ObservedFile[] = [];
  private readonly certificates: string[] = [];
  private readonly managerFiles: UnitFile[] = [];
  private readonly environmentFiles = { containerd: [] as UnitFile[], docker: [] as UnitFile[] };
  private readonly records: ObservedRecord[] = [];
  private readonly managed: ManagedFile[] = [];
  private readonly payloads = new Map<string, string>();
  private readonly applied = new Map<string, number>();
  private readonly containers: Buffer[] = [];
  private readonly single = new Map<string, Entry>();
  private section: "containerd" | "docker" | undefined;
  private file: ObservedFile | undefined;

  constructor(
    entries: readonly Entry[],
    private readonly user: string,
  ) {
    for (const entry of entries) this.take(entry);
    this.closeFile();
  }

  observation(): Observation {
    const containerd = this.service("containerd");
    const docker = this.service("docker");
    return {
      user: this.user,
      hostId: this.single.get("host")?.rest ?? "",
      ...this.os(),
      files: this.files,
      records: this.records.map((record) => {
        const payload = this.payloads.get(record.id);
        const appliedAt = this.applied.get(record.id);
        return {
          ...record,
          ...(payload !== undefined && { payload }),
          ...(appliedAt !== undefined && { appliedAt }),
        };
      }),
      systemd: this.systemd(),
      managed: this.managed,
      ...(containerd && { containerd: this.containerd(containerd) }),
      ...(docker && { docker: this.docker(docker) }),
      ...this.timer(),
      apt: this.single.has("apt"),
    };
  }

  private take(entry: Entry): void {
    switch (entry.word) {
      case "file":
      case "hosts-toml":
      case "environment":
      case "manager":
        this.closeFile();
        this.file = { path: entry.rest, kind: "absent" };
        this.fileWord = entry.word;
        break;
      case "managed":
        this.closeFile();
        this.file = { path: entry.rest, kind: "absent" };
        this.fileWord = entry.word;
        this.managed.push({ file: this.file, claims: [] });
        break;
      case "claims":
      case "kept":
      case "baseline": // by helpers of earlier versions
      case "baseline-ended":
      case "edited":
        Object.assign(this.managed.at(-1) ?? {}, managedFacts(entry));
        break;
      case "absent":
        break;
      case "other":
        if (this.file) Object.assign(this.file, { kind: "other", is: entry.rest });
        break;
      case "stat":
        if (this.file) Object.assign(this.file, fileFacts(entry.rest));
        break;
      case "fixed":
        if (this.file) this.file.fixed = entry.rest;
        break;
      case "real":
        if (this.file) this.file.realPath = entry.bytes.toString("utf8");
        break;
      case "content":
        if (this.file) this.file.content = entry.bytes.toString("base64");
        break;
      case "certificate":
        this.certificates.push(entry.rest);
        break;
      case "payload":
        this.payloads.set(entry.rest, entry.bytes.toString("utf8"));
        break;
      case "applied": {
        const [, seconds, id] = /^(\d+) .*\/([^/]+)\/payload$/.exec(entry.rest) ?? [];
        if (id !== undefined) this.applied.set(id, Number(seconds));
        break;
      }
      case "record":
        this.records.push(record(entry.rest));
        break;
      case "unfinished": {
        const last = this.records[this.records.length - 1];
        if (last) last.unfinished = entry.rest;
        break;
      }
      case "containerd":
      case "docker":
        this.section = entry.word;
        this.single.set(entry.word, entry);
        break;
      case "timer":
        this.section = undefined;
        this.single.set(entry.word, entry);
        break;
      case "container":
        this.containers.push(entry.bytes);
        break;
      default:
        this.single.set(this.section ? `${this.section} ${entry.word}` : entry.word, entry);
    }
  }

  private fileWord = "file";

  private closeFile(): void {
    const file = this.file;
    this.file = undefined;
    if (file === undefined) return;
    if (this.fileWord === "file") this.files.push(file);
    else if (this.fileWord === "hosts-toml") this.hostsToml.push(file);
    else if (this.fileWord === "manager" || this.fileWord === "environment") {
      const text = Buffer.from(file.content ?? "", "base64").toString("utf8");
      const unitFile = { path: file.path, text };
      if (this.fileWord === "manager") this.managerFiles.push(unitFile);
      else if (this.section) this.environmentFiles[this.section].push(unitFile);
    }
  }

  private text(key: string): string {
    return this.single.get(key)?.bytes.toString("utf8") ?? "";
  }

  private os(): Pick<Observation, "os"> {
    const written = this.single.get("os")?.rest ?? "";
    const [, , quoted] = /^(["'])(.*)\1$/.exec(written) ?? [];
    const text = (quoted ?? written).replace(/\\(.)/g, "$1");
    // The answer was read byte by byte.
    return text === "" ? {} : { os: Buffer.from(text, "latin1").toString("utf8") };
  }

  private systemd(): NonNullable<Observation["systemd"]> {
    const [version = "", bus] = (this.single.get("systemd")?.rest ?? "").split(" ");
    return { ...(/^\d+$/.test(version) && { version: Number(version) }), bus: bus !== "no" };
  }

  /** The environment for every service from systemd: from its files, and as it is in force. */
  private managerEnvironment(): EnvironmentVariable[] {
    const written = unitEnvironment(this.managerFiles, "DefaultEnvironment");
    const now = plainVariables(this.text("proxies"), "systemctl show-environment");
    const isWritten = (one: EnvironmentVariable) =>
      written.some(({ name, value }) => name === one.name && value === one.value);
    return [...written, ...now.filter((one) => !isWritten(one))];
  }

  private service(name: "containerd" | "docker"): ObservedService | undefined {
    if (!this.single.has(name)) return undefined;
    const facts = keyValues(this.text(name));
    const units = splitUnits(this.text(`${name} units`));
    const extra = this.environmentFiles[name];
    const masked = this.single.get(`${name} needs-masked`)?.rest ?? "";
    const startedAt = this.startTime(Number(facts.get("ExecMainStartTimestampMonotonic") ?? 0));
    return {
      unit: `${name}.service`,
      installed: facts.get("LoadState") === "loaded",
      active: facts.get("ActiveState") ?? "",
      sub: facts.get("SubState") ?? "",
      enabled: facts.get("UnitFileState") ?? "",
      invocation: facts.get("InvocationID") ?? "",
      ...(startedAt !== undefined && { startedAt }),
      killMode: facts.get("KillMode") ?? "",
      canReload: facts.get("CanReload") === "yes",
      needsDaemonReload:
        facts.get("NeedDaemonReload") === "yes" || this.single.has(`${name} unread`),
      ...(masked !== "" && { needsMasked: masked }),
      execStart: /argv\[\]=(.*?) ; ignore_errors/.exec(facts.get("ExecStart") ?? "")?.[1] ?? "",
      environment: [
        ...this.managerEnvironment(),
        ...unitEnvironment(units),
        ...extra.flatMap(environmentFile),
      ],
      processEnvironment: plainVariables(
        this.text(`${name} process`),
        `/proc/${facts.get("MainPID")}/environ`,
      ),
      unitFiles: [...this.managerFiles, ...units, ...extra],
    };
  }

  /** Converts microseconds since boot into seconds since 1970. */
  private startTime(monotonic: number): number | undefined {
    const [uptime, , now] = (this.single.get("uptime")?.rest ?? "").split(" ").map(parseFloat);
    if (monotonic === 0 || uptime === undefined || now === undefined) return undefined;
    return now - (uptime - monotonic / 1e6);
  }

  private containerd(service: ObservedService): NonNullable<Observation["containerd"]> {
    const version = /\bv?(\d+\.\d+\.\d+\S*)/.exec(this.text("containerd version"))?.[1];
    return {
      ...(version !== undefined && { version }),
      service,
      ...(this.single.has("containerd dump") && { dump: this.text("containerd dump") }),
      ...(this.single.has("containerd dump-error") && {
        dumpError: this.text("containerd dump-error").trim(),
      }),
      hostsToml: this.hostsToml,
      certificates: this.certificates,
      ...this.rest("containerd config", "configPath"),
      ...this.rest("containerd config-doubt", "configDoubt"),
      ctr: this.single.has("containerd ctr"),
    };
  }

  private rest<K extends string>(key: string, name: K): Partial<Record<K, string>> {
    const entry = this.single.get(key);
    return (entry === undefined ? {} : { [name]: entry.rest }) as Partial<Record<K, string>>;
  }

  private timer(): Pick<Observation, "timer"> {
    if (!this.single.has("timer")) return {};
    const problem = this.text("calendar").trim();
    return {
      timer: {
        ...readTimer(this.text("timer")),
        ...(problem !== "" && { calendarProblem: problem }),
      },
    };
  }

  private docker(service: ObservedService): NonNullable<Observation["docker"]> {
    const version = /version (\d+\.\d+\.\d+[^,\s]*)/.exec(this.text("docker version"))?.[1];
    const [volume, size, free] = this.single.get("docker volume")?.rest.split(" ") ?? [];
    return {
      ...(version !== undefined && { version }),
      service,
      asks: this.single.has("docker asks"),
      ...forwards(this.single.get("docker forwards")?.rest),
      ...(this.single.has("docker insecure") && {
        insecureRegistries: this.text("docker insecure").split("\n").filter(Boolean),
      }),
      ...(this.single.has("docker mirrors") && {
        registryMirrors: this.text("docker mirrors").split("\n").filter(Boolean),
      }),
      loginReachesSocket: this.single.get("docker socket")?.rest === "yes",
      // Without this entry docker has not answered, whatever entries came before it.
      ...(this.single.has("docker containers") && {
        containers: this.containers.map(readContainer),
        ...(isVolumeState(volume) && { volume }),
        ...(free !== undefined && {
          disk: { size: Number(size) * 1024, free: Number(free) * 1024 },
        }),
      }),
    };
  }
}

function forwards(text = ""): Pick<NonNullable<Observation["docker"]>, "forwards"> {
  const [now = "", atBoot = ""] = text.split(" ");
  if (now === "") return {};
  return { forwards: { now: now === "1", ...(isForwarding(atBoot) && { atBoot }) } };
}

const isForwarding = (text: string) => text === "1" || text === "0" || text === "unset";

function record(text: string): ObservedRecord {
  const [id = "", enrolled = "", running = ""] = text.split(" ");
  return { id, enrolled, ...(running !== "" && { running }) };
}

function managedFacts({ word, rest, bytes }: Entry): Partial<ManagedFile> {
  if (word === "claims") return { claims: rest.split(" ").filter(Boolean) };
  if (word === "baseline") return { baseline: bytes.toString("base64") };
  // The last byte says whether the text is to be trusted.
  if (word === "baseline-ended")
    return bytes.at(-1) === ZERO ? { baseline: bytes.subarray(0, -1).toString("base64") } : {};
  if (word === "edited") return bytes.length === 0 ? {} : { edited: bytes.toString() };
  const space = rest.indexOf(" ");
  return { kept: { size: Number(rest.slice(0, space)), path: rest.slice(space + 1) } };
}

function fileFacts(text: string): Partial<ObservedFile> {
  const [mode = "", uid, gid, changedAt] = text.split(" ");
  return {
    kind: "file",
    mode: parseInt(mode, 8),
    uid: Number(uid),
    gid: Number(gid),
    changedAt: Number(changedAt),
  };
}

/** KEY=value lines. Quotes around a value do not belong to it. */
function keyValues(text: string): Map<string, string> {
  return new Map(
    text.split("\n").flatMap((line): [string, string][] => {
      const equals = line.indexOf("=");
      if (equals < 1) return [];
      return [[line.slice(0, equals), line.slice(equals + 1).replace(/^(["'])(.*)\1$/, "$2")]];
    }),
  );
}

/** The part of the Docker API's answer that is used. */
interface InspectedContainer {
  Id: string;
  Created?: string;
  Name: string;
  Config: { Image: string; Labels: Record<string, string> | null; Env?: string[] | null };
  State: { Running: boolean; Status: string; ExitCode: number };
  HostConfig: {
    RestartPolicy?: { Name: string };
    PortBindings?: Record<string, { HostIp: string; HostPort: string }[] | null> | null;
  };
  Mounts: { Type: string; Name?: string; Source: string; Destination: string }[];
}

type VolumeState = NonNullable<NonNullable<Observation["docker"]>["volume"]>;

function isVolumeState(word: string | undefined): word is VolumeState {
  return ["absent", "empty", "images", "unknown"].includes(word ?? "");
}

const DELETE_ENABLED = "REGISTRY_STORAGE_DELETE_ENABLED=";

function readContainer(bytes: Buffer): ObservedContainer {
  const found = JSON.parse(bytes.toString("utf8")) as InspectedContainer;
  // The rest of the environment can have passwords.
  const deletes = found.Config.Env?.find((each) => each.startsWith(DELETE_ENABLED));
  return {
    id: found.Id,
    name: found.Name.replace(/^\//, ""),
    image: found.Config.Image,
    running: found.State.Running,
    status: found.State.Status,
    exitCode: found.State.ExitCode,
    labels: found.Config.Labels ?? {},
    ports: Object.entries(found.HostConfig.PortBindings ?? {}).flatMap(([port, bindings]) =>
      (bindings ?? []).map((one) => `${one.HostIp || "0.0.0.0"}:${one.HostPort}->${port}`),
    ),
    mounts: found.Mounts.map((mount) => ({
      type: mount.Type,
      source: mount.Source,
      ...(mount.Name !== undefined && { name: mount.Name }),
      destination: mount.Destination,
    })),
    restartPolicy: found.HostConfig.RestartPolicy?.Name ?? "",
    ...(found.Created !== undefined && { created: found.Created }),
    ...(deletes !== undefined && { deleteEnabled: deletes === `${DELETE_ENABLED}true` }),
  };
}
