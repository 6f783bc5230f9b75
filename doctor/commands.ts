import { shellWord } from "../helper/shell-word";
import type { HostAccess } from "../settings/access";

/** Commands for the operator's shell, which cures what a check has found. */
export interface Commands {
  /** A command that runs as root on the host. */
  readonly on: (host: Pick<HostAccess, "login" | "sudo">, command: string) => string;
  /** `npm run SCRIPT` for this stack. */
  readonly npm: (script: string, ...args: string[]) => string;
}

/** @param stackFlags  the flags that have selected the stack, such as `--stack prod` */
export function commandsFor(stackFlags: readonly string[]): Commands {
  return {
    on: ({ login: { user, host, port, proxy }, sudo }, command) => {
      const jump =
        proxy && `${proxy.user}@${proxy.host}${proxy.port === 22 ? "" : `:${proxy.port}`}`;
      const words = [
        "ssh",
        ...(port === 22 ? [] : ["-p", String(port)]),
        ...(jump === undefined ? [] : ["-J", jump]),
        `${user}@${host}`,
        shellWord(sudo ? `sudo sh -c ${shellWord(command)}` : command),
      ];
      return words.join(" ");
    },
    npm: (script, ...args) => {
      const all = [...args, ...stackFlags].map(plainWord);
      return all.length === 0 ? `npm run ${script}` : `npm run ${script} -- ${all.join(" ")}`;
    },
  };
}

/** A word without quotes where it needs none. */
export const plainWord = (word: string) => (/^[\w@%+=:,./-]+$/.test(word) ? word : shellWord(word));
