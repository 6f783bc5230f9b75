import type { ConfigLine } from "./config-file";
import { ALGORITHMS, HONOURED, isQuiet, LISTS, NOTED } from "./config-keywords";
import { expandHome, expandValue, type TokenValues } from "./config-tokens";
import { matchesPatterns } from "./patterns";
import { plainJump } from "./proxy-jump";

/** The options of an OpenSSH client configuration for one host. Undefined if they are not set. */
export interface ClientOptions {
  hostName?: string;
  port?: number;
  user?: string;
  /** Paths, expanded; empty: `none`. */
  identityFiles?: string[];
  /** Paths, expanded. */
  certificateFiles: string[];
  identitiesOnly?: boolean;
  /** Path of the agent's socket, expanded; `none` for no agent. `SSH_AUTH_SOCK` stays unexpanded. */
  identityAgent?: string;
  /** The bastions in order, each as `[user@]host[:port]`. Empty for none (`ProxyJump none`, `ProxyCommand none`). */
  proxyJump?: string[];
  /** A ProxyCommand that is not just ssh to a bastion. Nothing here can run it. */
  proxyCommand?: string;
  /** Paths, expanded; empty: `none`. */
  userKnownHostsFiles?: string[];
  globalKnownHostsFiles?: string[];
  /** Path of a file of keys that are never accepted. */
  revokedHostKeys?: string;
  strictHostKeyChecking?: string;
  /** The name to look up in known_hosts instead of the host's. */
  hostKeyAlias?: string;
  /** In seconds. */
  connectTimeout?: number;
  /** In seconds; 0: no keepalives. */
  serverAliveInterval?: number;
  serverAliveCountMax?: number;
  /** Options that are not honoured, each as a sentence for the user. */
  notes: string[];
}

/** Values that a configuration may refer to. */
export interface ClientSurroundings {
  /** Home directory, for `~` and `%d`. */
  home: string;
  /** Local user name, for `Match localuser`, `%u`. */
  localUser: string;
  /** Login name, if already known: `ssh -l`. */
  user?: string;
  /** Login name if neither `user` nor the configuration has one. @default localUser */
  defaultUser?: string;
  /** Port, if already known: `ssh -p`. */
  port?: number;
  /** Environment variables. */
  env: (name: string) => string | undefined;
  /** This machine's name. @default localhost */
  localHost?: string;
  /** @default the uid of the process */
  uid?: number;
}

/**
 * The options for `host` in an OpenSSH client configuration, as in the output of `ssh -G`. Nothing is run: `notes`
 * names options that would run something (`Match exec`, canonical names).
 * @throws Error that names file and line
 */
export function clientOptions(
  lines: readonly ConfigLine[],
  host: string,
  around: ClientSurroundings,
): ClientOptions {
  const reading = new Reading(host, around);
  reading.take(lines, true);
  if (reading.wantsFinalPass) reading.finalPass(lines);
  return optionsOf(reading, host, around);
}

/** Reads the lines as OpenSSH does: from top to bottom, and a second time if `Match final` asks for it. */
class Reading {
  readonly found = new Map<string, ConfigLine[]>();
  readonly notes = new Set<string>();
  readonly algorithms = new Set<string>();
  wantsFinalPass = false;
  private isFinal = false;
  /** The name that Host sections are matched with. */
  private name: string;

  constructor(
    private readonly original: string,
    private readonly around: ClientSurroundings,
  ) {
    this.name = original;
  }

  /** In the final pass, HostName is already decided and is not read again. */
  get hostName(): string {
    return this.isFinal ? this.name : expandHostName(this.first("hostname"), this.name);
  }

  first(keyword: string): string | undefined {
    return this.found.get(keyword)?.[0]?.words.join(" ");
  }

  finalPass(lines: readonly ConfigLine[]): void {
    this.name = this.hostName;
    this.isFinal = true;
    this.take(lines, true);
  }

  /** @param enabled false for an Include in a section that does not apply */
  take(lines: readonly ConfigLine[], enabled: boolean): void {
    let applies = enabled;
    for (const line of lines) {
      if (line.keyword === "include") this.take(line.included ?? [], applies);
      else if (line.keyword === "host") applies = enabled && matchesPatterns(line.words, this.name);
      else if (line.keyword === "match") applies = this.matches(line, enabled) && enabled;
      else if (applies) this.takeLine(line);
    }
  }

  private takeLine(line: ConfigLine): void {
    const { keyword, name, words, where } = line;
    const value = words.join(" ");
    if (ALGORITHMS.has(keyword)) this.algorithms.add(name);
    else if (Object.hasOwn(NOTED, keyword)) {
      if (!NOTED[keyword]?.includes(value.toLowerCase()))
        this.notes.add(`${name} ${value} is not honoured (${where})`);
    } else if (!HONOURED.has(keyword)) {
      const ignored = (this.first("ignoreunknown") ?? "").toLowerCase().split(",");
      if (!isQuiet(keyword) && !matchesPatterns(ignored, keyword))
        this.notes.add(`${name} is not known here, and not honoured (${where})`);
    } else {
      if (words.length > 1 && !LISTS.has(keyword) && keyword !== "proxycommand")
        throw new Error(`${where}: ${name}: expected one value, found ${value}`);
      const values = this.found.get(keyword);
      if (values === undefined) this.found.set(keyword, [line]);
      else if (["identityfile", "certificatefile"].includes(keyword)) {
        if (!values.some((each) => each.words[0] === words[0])) values.push(line);
      }
    }
  }

  /** @param enabled false if the section applies to nothing. As in OpenSSH, its `final` still asks for a second pass */
  private matches(line: ConfigLine, enabled: boolean): boolean {
    // `host=a` and `host a` are the same.
    const rest = line.words.flatMap((word) => {
      const [, criterion, value] = /^(!?[A-Za-z]+)=(.*)$/s.exec(word) ?? [];
      return criterion === undefined ? [word] : [criterion, value ?? ""];
    });
    let all = true;
    const unsupported: string[] = [];
    for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
      const negated = word.startsWith("!");
      const keyword = (negated ? word.slice(1) : word).toLowerCase();
      if (keyword === "all") continue;
      if (keyword === "canonical" || keyword === "final") {
        if (keyword === "final") this.wantsFinalPass = true;
        if (this.isFinal === negated) all = false;
        continue;
      }
      const value = rest.shift();
      if (value === undefined)
        throw new Error(`${line.where}: Match ${keyword}: expected a value, found none`);
      const text = this.criterion(keyword);
      if (text === undefined) unsupported.push(keyword);
      else if (matchesPatterns(value.split(","), text) === negated) all = false;
    }
    if (!all || unsupported.length === 0) return all;
    if (!enabled) return false;
    this.notes.add(
      `Match ${line.words.join(" ")}: "${unsupported.join('", "')}" is not supported; the section is skipped (${line.where})`,
    );
    return false;
  }

  /** Undefined if it is not supported. */
  private criterion(keyword: string): string | undefined {
    const { user, localUser, defaultUser } = this.around;
    switch (keyword) {
      case "host":
        return this.hostName;
      case "originalhost":
        return this.original;
      case "user":
        return user ?? this.first("user") ?? defaultUser ?? localUser;
      case "localuser":
        return localUser;
      case "tagged":
        return this.first("tag") ?? "";
      default:
        return undefined;
    }
  }
}

function optionsOf(reading: Reading, host: string, around: ClientSurroundings): ClientOptions {
  const { hostName } = reading;
  const refused = reading.found.get("refuseconnection")?.[0];
  if (refused !== undefined)
    throw new Error(`${refused.where}: RefuseConnection ${refused.words.join(" ")}`);
  const user = reading.first("user");
  const port = portOf(reading);
  const strict = strictness(reading);
  const proxy = proxyOf(reading);
  const alias = reading.first("hostkeyalias");
  const only = flagOf(reading, "identitiesonly");
  const values: TokenValues = {
    home: around.home,
    env: around.env,
    tokens: tokensOf(around, {
      host,
      hostName,
      port: around.port ?? port ?? 22,
      user: around.user ?? user ?? around.defaultUser ?? around.localUser,
      alias: alias ?? host,
    }),
  };
  const list = (keyword: string, expand = expandValue): string[] | undefined =>
    reading.found
      .get(keyword)
      ?.flatMap(({ words, name, where }) =>
        words
          .filter((word) => word.toLowerCase() !== "none")
          .map((word) => expand(word, `${where}: ${name}`, values)),
      );
  const homeOnly: typeof expandValue = (value, what, { home }) => expandHome(value, what, home);
  const agent = agentOf(reading, values);
  const [revoked] = list("revokedhostkeys", homeOnly) ?? [];
  return {
    ...(hostName !== host && { hostName }),
    ...(port !== undefined && { port }),
    ...(user !== undefined && { user }),
    ...optional("identityFiles", list("identityfile")),
    certificateFiles: list("certificatefile") ?? [],
    ...(only !== undefined && { identitiesOnly: only }),
    ...(agent !== undefined && { identityAgent: agent }),
    ...proxy,
    ...optional("userKnownHostsFiles", list("userknownhostsfile")),
    ...optional("globalKnownHostsFiles", list("globalknownhostsfile", homeOnly)),
    ...(revoked !== undefined && { revokedHostKeys: revoked }),
    ...(strict !== undefined && { strictHostKeyChecking: strict }),
    ...(alias !== undefined && { hostKeyAlias: alias }),
    ...optional("connectTimeout", secondsOf(reading, "connecttimeout")),
    ...optional("serverAliveInterval", secondsOf(reading, "serveraliveinterval")),
    ...optional("serverAliveCountMax", countOf(reading, "serveralivecountmax")),
    notes: [...reading.notes, ...algorithmNote(reading.algorithms)],
  };
}

function tokensOf(
  { home, localUser, localHost = "localhost", uid = process.getuid?.() ?? 0 }: ClientSurroundings,
  to: { host: string; hostName: string; port: number; user: string; alias: string },
): Record<string, string> {
  return {
    "%d": home,
    "%h": to.hostName,
    "%i": String(uid),
    "%k": to.alias,
    "%L": localHost.split(".")[0] ?? "",
    "%l": localHost,
    "%n": to.host,
    "%p": String(to.port),
    "%r": to.user,
    "%u": localUser,
  };
}

/** HostName supports two tokens. */
function expandHostName(value: string | undefined, name: string): string {
  return value?.replace(/%[h%]/g, (token) => (token === "%h" ? name : "%")) ?? name;
}

function portOf(reading: Reading): number | undefined {
  const line = reading.found.get("port")?.[0];
  if (line === undefined) return undefined;
  const [text = ""] = line.words;
  const port = Number(text);
  if (!/^\d+$/.test(text) || port < 1 || port > 65535)
    throw new Error(`${line.where}: Port ${text}: expected a number from 1 to 65535`);
  return port;
}

/** OpenSSH's time format: `30`, `30s`, `1m30s`; `none` is no value. */
function secondsOf(reading: Reading, keyword: string): number | undefined {
  const line = reading.found.get(keyword)?.[0];
  const [text = ""] = line?.words ?? [];
  if (line === undefined || text.toLowerCase() === "none") return undefined;
  if (!/^(\d+[smhdw]?)+$/i.test(text))
    throw new Error(`${line.where}: ${line.name} ${text}: expected a time such as 30 or 1m30s`);
  const unit: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
  return [...text.matchAll(/(\d+)([smhdw]?)/gi)].reduce(
    (sum, [, number, name = ""]) => sum + Number(number) * (unit[name.toLowerCase()] ?? 1),
    0,
  );
}

function countOf(reading: Reading, keyword: string): number | undefined {
  const line = reading.found.get(keyword)?.[0];
  const [text = ""] = line?.words ?? [];
  if (line === undefined) return undefined;
  if (!/^\d+$/.test(text))
    throw new Error(`${line.where}: ${line.name} ${text}: expected a number`);
  return Number(text);
}

function flagOf(reading: Reading, keyword: string): boolean | undefined {
  const line = reading.found.get(keyword)?.[0];
  if (line === undefined) return undefined;
  const [text = ""] = line.words;
  // OpenSSH accepts `true` and `false` as well.
  if (/^(yes|true)$/i.test(text)) return true;
  if (/^(no|false)$/i.test(text)) return false;
  throw new Error(`${line.where}: ${line.name} ${text}: expected yes or no`);
}

const STRICTNESS: Record<string, string> = {
  yes: "yes",
  true: "yes",
  no: "no",
  false: "no",
  off: "no",
  ask: "ask",
  "accept-new": "accept-new",
};

function strictness(reading: Reading): string | undefined {
  const line = reading.found.get("stricthostkeychecking")?.[0];
  if (line === undefined) return undefined;
  const [text = ""] = line.words;
  const known = STRICTNESS[text.toLowerCase()];
  if (known === undefined)
    throw new Error(
      `${line.where}: ${line.name} ${text}: expected yes, no, ask, off or accept-new`,
    );
  return known;
}

function agentOf(reading: Reading, values: TokenValues): string | undefined {
  const line = reading.found.get("identityagent")?.[0];
  const [text] = line?.words ?? [];
  if (line === undefined || text === undefined || text === "SSH_AUTH_SOCK") return text;
  if (text.toLowerCase() === "none") return "none";
  const variable = /^\$([A-Za-z_]\w*)$/.exec(text)?.[1];
  return expandValue(variable === undefined ? text : `\${${variable}}`, `${line.where}: ${line.name}`, values); // prettier-ignore
}

/** The first one of ProxyJump and ProxyCommand counts. */
function proxyOf(reading: Reading): Pick<ClientOptions, "proxyJump" | "proxyCommand"> {
  const command = reading.found.get("proxycommand")?.[0];
  const jump = reading.found.get("proxyjump")?.[0];
  const order = [...reading.found.keys()];
  const commandFirst = order.indexOf("proxycommand") < order.indexOf("proxyjump");
  if (command !== undefined && (jump === undefined || commandFirst)) {
    const text = command.words.join(" ");
    if (text.toLowerCase() === "none") return { proxyJump: [] };
    const hop = plainJump(text);
    return hop === undefined ? { proxyCommand: text } : { proxyJump: [hop] };
  }
  if (jump === undefined) return {};
  const text = jump.words.join(" ");
  if (text.toLowerCase() === "none") return { proxyJump: [] };
  return { proxyJump: text.split(",").map((hop) => hop.trim().replace(/^ssh:\/\//, "")) };
}

function algorithmNote(names: ReadonlySet<string>): string[] {
  if (names.size === 0) return [];
  return [`${[...names].join(", ")}: not honoured, the usual algorithms are offered`];
}

function optional<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]?: V });
}
