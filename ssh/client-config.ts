import { glob, LineType, parse } from "ssh-config";
import type { Directive, Line } from "ssh-config";

/** What a ~/.ssh/config says of one host. Undefined: it says nothing. */
export interface ClientOptions {
  hostName?: string;
  port?: number;
  user?: string;
  /** Paths, expanded. */
  identityFiles: string[];
  identitiesOnly?: boolean;
  /** Path of the agent's socket, expanded; `none`: no agent. `SSH_AUTH_SOCK` and `$NAME` are left as they are. */
  identityAgent?: string;
  /** The bastions in order, each as `[user@]host[:port]`; empty: none (`ProxyJump none`). */
  proxyJump?: string[];
  /** Paths, expanded. */
  userKnownHostsFiles?: string[];
  strictHostKeyChecking?: string;
  /** The name to look up in known_hosts instead of the host's. */
  hostKeyAlias?: string;
  /** What the file has that is not honoured, each as a sentence that can be shown. */
  notes: string[];
}

/** The surroundings that a config's values may refer to. */
export interface ClientSurroundings {
  /** Home directory, for `~` and `%d`. */
  home: string;
  /** Local user name, for `Match localuser`, `%u`. */
  localUser: string;
  /** Login name, if it is known already, for `Match user` and `%r`. */
  user?: string;
}

/**
 * Reads what an OpenSSH client configuration says of `host`. Nothing is run and no other file is read: `Match exec`,
 * `Include`, ProxyCommand and canonical names are reported in `notes` instead.
 * @throws Error when the text is no ssh_config.
 */
export function clientOptions(
  text: string,
  host: string,
  surroundings: ClientSurroundings,
): ClientOptions {
  const notes: string[] = [];
  const found = collect(parseConfig(text), host, surroundings, notes);
  const first = (name: string): string | undefined => found.get(name)?.[0]?.join(" ");
  const hostName = first("hostname")?.replace(/%h/g, host).replace(/%%/g, "%");
  const user = first("user");
  const portText = first("port");
  const port = portText === undefined ? undefined : Number(portText);
  if (port !== undefined && !(Number.isInteger(port) && port > 0 && port < 65536)) {
    throw new Error(`Port ${portText} for ${host}: expected a number from 1 to 65535`);
  }
  const expand = (value: string): string =>
    expandTokens(
      value,
      { ...surroundings, user: user ?? surroundings.user },
      hostName ?? host,
      port,
    );
  const jump = first("proxyjump");
  const agent = first("identityagent");
  const known = found.get("userknownhostsfile")?.[0];
  const only = first("identitiesonly");
  return {
    ...optional("hostName", hostName),
    ...optional("port", port),
    ...optional("user", user),
    identityFiles: (found.get("identityfile") ?? [])
      .map((words) => words.join(" "))
      .filter((path) => path.toLowerCase() !== "none")
      .map(expand),
    ...optional("identitiesOnly", only === undefined ? undefined : only.toLowerCase() === "yes"),
    ...optional("identityAgent", agent === undefined ? undefined : expand(agent)),
    ...optional("proxyJump", jump === undefined ? undefined : parseJump(jump)),
    ...optional("userKnownHostsFiles", known?.map(expand)),
    ...optional("strictHostKeyChecking", first("stricthostkeychecking")?.toLowerCase()),
    ...optional("hostKeyAlias", first("hostkeyalias")),
    notes,
  };
}

/** Directives that are honoured; of all but identityfile the first value counts. */
const HONOURED = new Set([
  "hostname",
  "port",
  "user",
  "identityfile",
  "identitiesonly",
  "identityagent",
  "proxyjump",
  "userknownhostsfile",
  "stricthostkeychecking",
  "hostkeyalias",
]);

/** Directives that change where or how a connection goes, and cannot be honoured: worth a note. */
const NOTED: Record<string, string> = {
  include: "Include is not followed",
  proxycommand: "ProxyCommand is not supported; use ProxyJump",
  certificatefile: "CertificateFile is not supported",
  pkcs11provider: "PKCS11Provider is not supported",
  securitykeyprovider: "SecurityKeyProvider is not supported",
  canonicalizehostname: "CanonicalizeHostname is not supported",
  knownhostscommand: "KnownHostsCommand is not supported",
};

function parseConfig(text: string): Line[] {
  try {
    return parse(text);
  } catch (error) {
    throw new Error(`the ssh client configuration cannot be read: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

function collect(
  lines: Line[],
  host: string,
  surroundings: ClientSurroundings,
  notes: string[],
): Map<string, string[][]> {
  const found = new Map<string, string[][]>();
  const take = (line: Line): void => {
    if (line.type !== LineType.DIRECTIVE) return;
    const name = line.param.toLowerCase();
    const words = wordsOf(line);
    const note = NOTED[name];
    if (note !== undefined && !["none", "no"].includes(words[0]?.toLowerCase() ?? "")) {
      notes.push(`${note} (${line.param} ${words.join(" ")})`);
    }
    if (!HONOURED.has(name)) return;
    const values = found.get(name);
    if (values === undefined) found.set(name, [words]);
    else if (name === "identityfile") values.push(words);
  };
  for (const line of lines) {
    if (line.type !== LineType.DIRECTIVE) continue;
    const name = line.param.toLowerCase();
    if (name !== "host" && name !== "match") {
      take(line);
      continue;
    }
    const section = "config" in line ? line.config : [];
    const applies =
      name === "host"
        ? matchesPatterns(wordsOf(line), host)
        : matchesCriteria(wordsOf(line), host, found, surroundings, notes);
    if (applies) section.forEach(take);
  }
  return found;
}

function wordsOf(line: Directive): string[] {
  return typeof line.value === "string" ? [line.value] : line.value.map((word) => word.val);
}

function matchesPatterns(patterns: string[], text: string): boolean {
  if (patterns.some((one) => one.startsWith("!") && glob(one.slice(1), text))) return false;
  return patterns.some((one) => !one.startsWith("!") && glob(one, text));
}

function matchesCriteria(
  words: string[],
  host: string,
  found: Map<string, string[][]>,
  surroundings: ClientSurroundings,
  notes: string[],
): boolean {
  const rest = [...words];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const negated = word.startsWith("!");
    const keyword = (negated ? word.slice(1) : word).toLowerCase();
    if (keyword === "all") continue;
    const value = ["canonical", "final"].includes(keyword) ? "" : (rest.shift() ?? "");
    const text = criterionText(keyword, host, found, surroundings);
    if (text === undefined) {
      notes.push(`Match ${words.join(" ")}: "${keyword}" is not supported; the section is skipped`);
      return false;
    }
    if (matchesPatterns(value.split(","), text) === negated) return false;
  }
  return true;
}

function criterionText(
  keyword: string,
  host: string,
  found: Map<string, string[][]>,
  surroundings: ClientSurroundings,
): string | undefined {
  switch (keyword) {
    case "host":
      return found.get("hostname")?.[0]?.[0]?.replace(/%h/g, host) ?? host;
    case "originalhost":
      return host;
    case "user":
      return surroundings.user ?? found.get("user")?.[0]?.[0] ?? surroundings.localUser;
    case "localuser":
      return surroundings.localUser;
    default:
      return undefined;
  }
}

function expandTokens(
  value: string,
  { home, localUser, user }: ClientSurroundings,
  host: string,
  port = 22,
): string {
  const tokens: Record<string, string> = {
    "%%": "%",
    "%d": home,
    "%h": host,
    "%p": String(port),
    "%r": user ?? localUser,
    "%u": localUser,
  };
  const path = value === "~" || value.startsWith("~/") ? home + value.slice(1) : value;
  return path.replace(/%./g, (token) => tokens[token] ?? token);
}

function parseJump(value: string): string[] {
  return value.toLowerCase() === "none" ? [] : value.split(",").map((hop) => hop.trim());
}

function optional<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]?: V });
}
