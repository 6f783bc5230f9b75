import { type ConfigLine, parseLine } from "./config-file";

/** What the arguments say; anything that is not honoured is refused by name, as nothing may be dropped in silence. */
export interface SshOptions {
  /** As lines of a configuration: they come before those of the files. */
  lines: ConfigLine[];
  /** False, by `-F none`: the user's and the machine's configuration files are not read. */
  readsFiles: boolean;
}

/** `ssh [OPTIONS] -W %h:%p [user@]host`, taken apart. */
export interface ProxyCommand {
  /** `ssh://[user@]host` */
  url: string;
  args: string[];
}

/** Flags that say in one letter what -o says by name. */
const KEYWORDS: Record<string, string> = { "-i": "IdentityFile", "-p": "Port" };

/** Of -o, in the order in which an error lists them. BatchMode asks for what is done here anyway. */
const HONOURED = [
  ...["IdentityFile", "IdentitiesOnly", "IdentityAgent", "HostKeyAlias", "UserKnownHostsFile"],
  ...["GlobalKnownHostsFile", "RevokedHostKeys", "StrictHostKeyChecking", "BatchMode"],
  ...["ProxyCommand", "ConnectTimeout", "ServerAliveInterval", "ServerAliveCountMax"],
];
const KNOWN = new Set(HONOURED.map((name) => name.toLowerCase()));

/**
 * Reads the arguments that the real provider hands to the `ssh` command: those that the program makes.
 * @throws Error that names the flag.
 */
export function parseSshOptions(args: readonly string[]): SshOptions {
  const options: SshOptions = { lines: [], readsFiles: true };
  for (let i = 0; i < args.length; i += 2) {
    const [flag = "", value] = args.slice(i, i + 2);
    const name = KEYWORDS[flag];
    if (flag !== "-o" && flag !== "-F" && name === undefined)
      throw refuse(flag, "it is not supported");
    if (value === undefined) throw refuse(flag, "its value is missing");
    if (flag === "-F") {
      if (value !== "none") throw refuse(`-F ${value}`, "it is not supported");
      options.readsFiles = false;
    } else if (name === undefined) options.lines.push(optionLine(value));
    else {
      const keyword = name.toLowerCase();
      options.lines.push({ keyword, name, words: [value], where: `sshOpts: ${flag}` });
    }
  }
  return options;
}

/** An option is a line of the configuration. */
function optionLine(text: string): ConfigLine {
  const line = text.includes("=") ? readLine(text) : undefined;
  if (line === undefined) throw refuse(`-o ${text}`, "expected NAME=VALUE");
  if (!KNOWN.has(line.keyword)) throw refuse(`-o ${line.name}`, "it is not supported");
  return { ...line, where: `sshOpts: -o ${line.name}` };
}

/**
 * The one command that is understood: ssh itself, connecting its input and output to the target. Nothing is run.
 * @throws Error for any other.
 */
export function parseProxyCommand(text: string): ProxyCommand {
  const plainly = "expected ssh [OPTIONS] -W %h:%p [USER@]HOST";
  const [program, ...rest] = shellWords(text) ?? [];
  const [way, target, destination] = rest.splice(-3);
  const words = [...rest, destination ?? ""].map((word) => word.replaceAll("%%", "\0"));
  const [, user, host = ""] = /^(?:(.*)@)?([^@]*)$/.exec(destination ?? "") ?? [];
  if (
    program !== "ssh" ||
    way !== "-W" ||
    target !== "%h:%p" ||
    words.some((word) => word.includes("%")) ||
    /^(-|$)/.test(host)
  )
    throw refuse(`-o ProxyCommand=${text}`, plainly);
  const login = user === undefined ? "" : `${encodeURIComponent(user)}@`;
  return {
    url: `ssh://${login}${host.includes(":") ? `[${host}]` : host}`,
    args: rest.map((word) => word.replaceAll("%%", "%")),
  };
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

function readLine(text: string): ConfigLine | undefined {
  try {
    return parseLine(text, "-o");
  } catch (error) {
    throw refuse((error as Error).message);
  }
}

function refuse(what: string, why?: string): Error {
  return new Error(
    `sshOpts: ${what}${why === undefined ? "" : `: ${why}`}. The embedded engine honours -i, -p, -F none, and of -o: ${HONOURED.join(", ")}`,
  );
}
