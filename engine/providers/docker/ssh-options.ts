/** The flags of `sshOpts` that are honoured; anything else is refused by name, as nothing may be dropped in silence. */
export interface SshOptions {
  user?: string;
  port?: number;
  identityFiles: string[];
  identitiesOnly?: boolean;
  /** Socket of an agent, or "none". */
  identityAgent?: string;
  userKnownHostsFiles?: string[];
  strictHostKeyChecking?: string;
  hostKeyAlias?: string;
  /** The bastions in order, each `[user@]host[:port]`; empty: none, whatever the configuration says. */
  proxyJump?: string[];
  /** A bastion that an ssh command of its own goes to; undefined inside: none, whatever the configuration says. */
  proxyCommand?: { through: ProxyCommand | undefined };
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

/**
 * Reads the arguments that the real provider hands to the `ssh` command. The first value of an option counts.
 * @throws Error that names the flag.
 */
export function parseSshOptions(args: readonly string[]): SshOptions {
  const options: SshOptions = { identityFiles: [] };
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
    switch (letter) {
      case "i":
        options.identityFiles.push(value);
        break;
      case "o":
        applyOption(options, value);
        break;
      default:
        applyKeyword(
          options,
          { p: "port", J: "proxyjump", l: "user", F: "-F" }[letter] ?? "",
          value,
        );
    }
  }
  return options;
}

function applyOption(options: SshOptions, text: string): void {
  const parts = /^\s*([A-Za-z]+)(?:\s*=\s*|\s+)(.*?)\s*$/s.exec(text);
  const [, keyword, value] = parts ?? [];
  if (keyword === undefined || value === undefined)
    throw refuse(`-o ${text}`, "expected NAME=VALUE");
  const name = keyword.toLowerCase();
  // A list and a command have quotes of their own.
  const whole = ["userknownhostsfile", "proxycommand"].includes(name)
    ? value
    : value.replace(/^"(.*)"$/s, "$1");
  if (!applyKeyword(options, name, whole)) {
    throw refuse(`-o ${keyword}`, "it is not supported");
  }
}

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

function applyKeyword(options: SshOptions, keyword: string, value: string): boolean {
  switch (keyword) {
    case "identityfile":
      options.identityFiles.push(value);
      return true;
    case "user":
      options.user ??= value;
      return true;
    case "port":
      options.port ??= positive("port", value);
      return true;
    case "connecttimeout":
      options.connectSeconds ??= positive("ConnectTimeout", value);
      return true;
    case "identitiesonly":
      options.identitiesOnly ??= value.toLowerCase() === "yes";
      return true;
    case "identityagent":
      options.identityAgent ??= value;
      return true;
    case "userknownhostsfile":
      options.userKnownHostsFiles ??= (value.match(/"[^"]*"|\S+/g) ?? []).map((word) =>
        word.replace(/^"(.*)"$/s, "$1"),
      );
      return true;
    case "stricthostkeychecking":
      options.strictHostKeyChecking ??= value.toLowerCase();
      return true;
    case "hostkeyalias":
      options.hostKeyAlias ??= value;
      return true;
    case "proxyjump":
      options.proxyJump ??=
        value.toLowerCase() === "none" ? [] : value.split(",").map((hop) => hop.trim());
      return true;
    case "proxycommand":
      options.proxyCommand ??= {
        through: value.toLowerCase() === "none" ? undefined : parseProxyCommand(value),
      };
      return true;
    case "-F":
      options.configFile ??= value;
      return true;
    default:
      return HARMLESS.has(keyword);
  }
}

/**
 * The one command that is understood: ssh itself, connecting its input and output to the target. Nothing is run.
 * @throws Error for any other.
 */
function parseProxyCommand(text: string): ProxyCommand {
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

function refuse(what: string, why: string): Error {
  return new Error(
    `sshOpts: ${what}: ${why}. The embedded engine honours -i, -p, -l, -J, -F, and of -o: IdentityFile, IdentitiesOnly, ` +
      "IdentityAgent, User, Port, ProxyJump, ProxyCommand=ssh ... -W %h:%p HOST, UserKnownHostsFile, StrictHostKeyChecking, HostKeyAlias, ConnectTimeout",
  );
}
