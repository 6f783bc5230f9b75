import type { HostAccess, Route } from "../settings/access";
import { Connection } from "../ssh/connection";
import { knownHostsLine } from "../ssh/known-hosts";
import type { Login } from "../ssh/login";
import { rememberHostKey } from "./known-hosts-file";

/** `accept-new`: the key that the host has shown is the one from now on, in this run and in the known_hosts file. */
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

/** Asks a host for its key, logging in once. */
export type ShowKey = (login: Login, waitSeconds: number) => Promise<string>;

/** @param onWaiting told while the host does not answer yet */
export function showKey(onWaiting: (text: string) => void): ShowKey {
  return async (login, waitSeconds) => {
    const connection = await Connection.open(login, { waitSeconds, onWaiting });
    connection.close();
    return connection.hostKey;
  };
}

/**
 * Bastions that are new: each is asked for its key once, before all the hosts go through it, and must show that key to
 * every one of them.
 *
 * @returns the hosts, each with its bastion as it is known now; a bastion that did not answer is left for its hosts to tell
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
