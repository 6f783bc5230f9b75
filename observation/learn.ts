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
  /** The hops before a route first: they lead to it. */
  const withHops = async <R extends Route>(route: R, waitSeconds: number): Promise<R> => {
    if (route.bastion === undefined) return route;
    const hop = await withHops(route.bastion, waitSeconds);
    const bastion = hop.learnHostKey ? await shown(hop, waitSeconds) : hop;
    return { ...route, bastion, login: { ...route.login, proxy: bastion.login } };
  };
  const shown = async (hop: Route, waitSeconds: number): Promise<Route> => {
    const id = JSON.stringify([hop.login.host, hop.login.port]);
    const answer = asked.get(id) ?? show(hop.login, waitSeconds).catch(() => undefined);
    asked.set(id, answer);
    const key = await answer;
    return key === undefined ? hop : learned(hop, key);
  };
  return Promise.all(hosts.map((access) => withHops(access, access.waitSeconds)));
}
