/**
 * Converts `ssh [-p PORT] [-l USER] -W %h:%p [USER@]HOST`, which is the same as a ProxyJump, to `[user@]host[:port]`.
 * Undefined for any other command.
 */
export function plainJump(command: string): string | undefined {
  const plain = command.replace("[%h]:%p", "%h:%p").replace(/^exec\s+/, "");
  if (/[|&;<>()$`\\*?[\]#~"']/.test(plain)) return undefined; // the shell would not only split it
  const [program, ...words] = plain.split(/\s+/);
  if (program !== "ssh" && program !== "/usr/bin/ssh") return undefined;
  let forwards = false;
  let port: string | undefined;
  let user: string | undefined;
  const rest: string[] = [];
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    const [, letter, inline] = /^-([Wpl])(.*)$/s.exec(word) ?? [];
    if (["-q", "-x", "-a", "-T"].includes(word)) continue;
    if (letter === undefined) {
      rest.push(word);
      continue;
    }
    const value = inline === "" ? words.shift() : inline;
    if (value === undefined) return undefined;
    if (letter === "W") forwards = value === "%h:%p";
    else if (letter === "p") port = value;
    else user = value;
  }
  const [destination] = rest;
  if (!forwards || destination === undefined || rest.length !== 1) return undefined;
  const [, own, host = ""] = /^(?:(.*)@)?([^@]*)$/.exec(destination) ?? [];
  if (/^-|%|^$/.test(host) || /%/.test(`${own}${user}${port}`)) return undefined;
  const login = own ?? user;
  const name = host.includes(":") ? `[${host}]` : host;
  return `${login === undefined ? "" : `${login}@`}${name}${port === undefined ? "" : `:${port}`}`;
}
