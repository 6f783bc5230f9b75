import { clientOptions } from "../../../ssh/client-config";
import { type ConfigLine, parseLine } from "../../../ssh/config-file";

/** What the arguments say; anything that is not honoured is refused by name, as nothing may be dropped in silence. */
export interface SshOptions {
  /** As lines of a configuration: they come before those of the files. */
  lines: ConfigLine[];
  connectSeconds?: number;
  /** A configuration file instead of ~/.ssh/config; "none": none. */
  configFile?: string;
}

/** `ssh [OPTIONS] -W %h:%p [user@]host`, taken apart. */
export interface ProxyCommand {
  /** `ssh://[user@]host` */
  url: string;
  args: string[];
}

/** Flags that say in one letter what -o says by name. */
const KEYWORDS: Record<string, string> = {
  i: "IdentityFile",
  p: "Port",
  J: "ProxyJump",
  l: "User",
};

const HONOURED = new Set([
  "globalknownhostsfile",
  "hostkeyalias",
  "identitiesonly",
  "identityagent",
  "identityfile",
  "port",
  "proxycommand",
  "proxyjump",
  "revokedhostkeys",
  "stricthostkeychecking",
  "user",
  "userknownhostsfile",
]);

/** Options that ask for what is done here anyway, or that only concern the ssh command's own behaviour. */
const HARMLESS = new Set([
  "batchmode",
  "checkhostip",
  "compression",
  "controlmaster",
  "controlpath",
  "controlpersist",
  "loglevel",
  "passwordauthentication",
  "preferredauthentications",
  "requesttty",
  "serveralivecountmax",
  "serveraliveinterval",
  "tcpkeepalive",
  "updatehostkeys",
]);

/**
 * Reads the arguments that the real provider hands to the `ssh` command.
 * @throws Error that names the flag.
 */
export function parseSshOptions(args: readonly string[]): SshOptions {
  const options: SshOptions = { lines: [] };
  const rest = [...args];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    const flag = /^-([a-zA-Z0-9])(.*)$/s.exec(arg);
    const letter = flag?.[1];
    if (letter === undefined) throw refuse(arg, "it is no flag");
    const inline = flag?.[2] ?? "";
    if ("TqnC".includes(letter) && inline === "") continue; // nothing to do with this connection
    if (!"iopJlF".includes(letter)) throw refuse(`-${letter}`, "it is not supported");
    const value = inline === "" ? rest.shift() : inline;
    if (value === undefined) throw refuse(`-${letter}`, "its value is missing");
    if (letter === "F") options.configFile ??= value;
    else if (letter === "o") applyOption(options, value);
    else {
      const name = KEYWORDS[letter] ?? "";
      options.lines.push({
        keyword: name.toLowerCase(),
        name,
        words: [value],
        where: `sshOpts: -${letter}`,
      });
    }
  }
  check(options.lines);
  return options;
}

/** An option is a line of the configuration. */
function applyOption(options: SshOptions, text: string): void {
  const line = text.includes("=") || /\s/.test(text.trim()) ? readLine(text) : undefined;
  if (line === undefined) throw refuse(`-o ${text}`, "expected NAME=VALUE");
  const { keyword, name, words } = line;
  if (keyword === "connecttimeout") options.connectSeconds ??= positive(name, words.join(" "));
  else if (HONOURED.has(keyword)) options.lines.push({ ...line, where: `sshOpts: -o ${name}` });
  else if (!HARMLESS.has(keyword)) throw refuse(`-o ${name}`, "it is not supported");
}

/** Values that cannot be are found now, not at the first connection. */
function check(lines: readonly ConfigLine[]): void {
  const around = { home: "/", localUser: "user", env: () => "" };
  let proxyCommand: string | undefined;
  try {
    ({ proxyCommand } = clientOptions(lines, "host", around));
  } catch (error) {
    throw refuse((error as Error).message.replace("sshOpts: ", ""));
  }
  if (proxyCommand !== undefined) parseProxyCommand(proxyCommand);
}

/**
 * The one command that is understood: ssh itself, connecting its input and output to the target. Nothing is run.
 * @throws Error for any other.
 */
export function parseProxyCommand(text: string): ProxyCommand {
  const refused = (why: string): Error => refuse(`-o ProxyCommand=${text}`, why);
  const [program, ...rest] = shellWords(text) ?? [];
  const at = rest.findIndex((word, index) => word === "%h:%p" && rest[index - 1] === "-W");
  const destination = rest.at(-1);
  const plainly = "expected ssh [OPTIONS] -W %h:%p [USER@]HOST";
  if (program !== "ssh" || at < 1 || destination === undefined || at === rest.length - 1)
    throw refused(plainly);
  const args = [...rest.slice(0, at - 1), ...rest.slice(at + 1, -1)];
  const words = [...args, destination];
  if (words.some((word) => /%/.test(word.replaceAll("%%", "")))) throw refused(plainly);
  const plain = args.map((word) => word.replaceAll("%%", "%"));
  parseSshOptions(plain); // told now, not at the first connection
  const [, user, host = ""] = /^(?:(.*)@)?([^@]*)$/.exec(destination) ?? [];
  if (host === "" || host.startsWith("-")) throw refused(plainly);
  const login = user === undefined ? "" : `${encodeURIComponent(user)}@`;
  return { url: `ssh://${login}${host.includes(":") ? `[${host}]` : host}`, args: plain };
}

/** Words as the POSIX shell splits them; undefined where it would do more than that. */
function shellWords(text: string): string[] | undefined {
  const word = /\s*((?:[^\s'"\\|&;<>()$`*?[#~]|'[^']*'|"[^"\\$`]*"|\\.)+)/y;
  const words: string[] = [];
  while (text.slice(word.lastIndex).trim() !== "") {
    const found = word.exec(text)?.[1];
    if (found === undefined) return undefined;
    words.push(
      found.replace(
        /'([^']*)'|"([^"]*)"|\\(.)/gs,
        (_, single?: string, double?: string, one?: string) => single ?? double ?? one ?? "",
      ),
    );
  }
  return words;
}

function positive(what: string, value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number <= 0)
    throw refuse(`${what} ${value}`, "expected a number");
  return number;
}

function readLine(text: string): ConfigLine | undefined {
  try {
    return parseLine(text, "-o");
  } catch (error) {
    throw refuse((error as Error).message);
  }
}

function refuse(what: string, why?: string): Error {
  return new Error(
    `sshOpts: ${what}${why === undefined ? "" : `: ${why}`}. The embedded engine honours -i, -p, -l, -J, -F, and of -o: IdentityFile, IdentitiesOnly, ` +
      "IdentityAgent, User, Port, ProxyJump, ProxyCommand=ssh ... -W %h:%p HOST, UserKnownHostsFile, GlobalKnownHostsFile, " +
      "RevokedHostKeys, StrictHostKeyChecking, HostKeyAlias, ConnectTimeout",
  );
}
