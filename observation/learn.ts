import type { HostAccess, Route } from "../settings/access";
import { openForCommands } from "../ssh/borrow";
import { knownHostsLine } from "../ssh/known-hosts";
import type { Login } from "../ssh/login";
import { rememberHostKey } from "./known-hosts-file";

/** Accepts the key that the host has shown (`accept-new`), for this run and in the known_hosts file. */
export function learned<R extends Route>(route: R, key: string): R {
  const { login, hostKeyAlias, knownHostsFiles } = route;
  const [file] = knownHostsFiles;
  if (file === undefined) throw new Error(`no known_hosts file for ${login.host}`);
  rememberHostKey(
    file,
    hostKeyAlias === undefined
      ? knownHostsLine(login.host, login.port, key)
      : knownHostsLine(hostKeyAlias, 22, key),
  );
  return {
    ...route,
    login: { ...login, hostKeys: [key], hostKeyPolicy: "verify" },
    learnHostKey: false,
    keyInFiles: true,
  };
}

/** Logs in to a host once to read its key. */
export type ShowKey = (login: Login, waitSeconds: number) => Promise<string>;

/** @param onWaiting  called while the host does not answer yet */
export function showKey(onWaiting: (text: string) => void): ShowKey {
  return async (login, waitSeconds) => {
    const connection = await openForCommands(login, { waitSeconds, onWaiting });
    connection.close();
    return connection.hostKey;
  };
}

/**
 * Reads the key of each new bastion once, before all hosts connect through it. Each later connection must find this
 * key.
 *
 * @returns the hosts, each with its bastion as it is known now. If a bastion did not answer, its hosts report the error
 */
export async function learnBastions(
  hosts: readonly HostAccess[],
  show: ShowKey,
): Promise<HostAccess[]> {
  const asked = new Map<string, Promise<string | undefined>>();
  return Promise.all(
    hosts.map(async (access) => {
      const { bastion, login, waitSeconds } = access;
      if (bastion?.learnHostKey !== true) return access;
      const id = JSON.stringify([bastion.login.host, bastion.login.port]);
      const answer = asked.get(id) ?? show(bastion.login, waitSeconds).catch(() => undefined);
      asked.set(id, answer);
      const key = await answer;
      if (key === undefined) return access;
      const known = learned(bastion, key);
      return { ...access, bastion: known, login: { ...login, proxy: known.login } };
    }),
  );
}
