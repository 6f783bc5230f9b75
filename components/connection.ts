import type { types } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { Login } from "../ssh/login";

/**
 * Seconds for one TCP connection. The survey has just connected to the host: a host that does not answer now is down.
 */
const DIAL_SECONDS = 15;
/**
 * A few more tries, for a link that drops a packet. The number is small because the real provider also repeats every
 * failed login.
 */
const DIAL_ERRORS = 2;

/** Key types, the preferred one first: the real provider accepts a single host key. */
const KEY_TYPES = [
  "ssh-ed25519",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
  "ssh-rsa",
];

/**
 * A login as @pulumi/command's `connection`, marked secret as a whole.
 *
 * An agent's socket is left out if it is the one in SSH_AUTH_SOCK, which the provider reads itself: its path changes
 * with every login session, and each change would run every command again.
 */
export function connectionArgs(login: Login): pulumi.Output<types.input.remote.ConnectionArgs> {
  return pulumi.secret(withProxy(login));
}

/** @pulumi/command knows one bastion, the embedded engine any number: see refuseChains. */
function withProxy(login: Login): types.input.remote.ConnectionArgs {
  return { ...plain(login), ...(login.proxy && { proxy: withProxy(login.proxy) }) };
}

function plain(login: Login) {
  const { agentSocket } = login;
  return {
    host: login.host,
    port: login.port,
    user: login.user,
    ...(login.privateKey !== undefined && { privateKey: login.privateKey }),
    ...(login.privateKeyPassphrase !== undefined && {
      privateKeyPassword: login.privateKeyPassphrase,
    }),
    ...(login.password !== undefined && { password: login.password }),
    ...(agentSocket !== undefined &&
      agentSocket !== process.env["SSH_AUTH_SOCK"] && { agentSocketPath: agentSocket }),
    hostKey: acceptedKey(login),
    dialErrorLimit: DIAL_ERRORS,
    perDialTimeout: login.sharedLimits?.connectSeconds ?? DIAL_SECONDS,
  };
}

function acceptedKey({ hostKeys, host }: Login): string {
  const keys = [...(hostKeys ?? [])].sort((a, b) => rank(a) - rank(b));
  const [first] = keys;
  if (first === undefined) throw new Error(`no host key of ${host}: the survey comes first`);
  return first.split(/\s+/).slice(0, 2).join(" ");
}

function rank(key: string): number {
  const position = KEY_TYPES.indexOf(key.split(" ")[0] ?? "");
  return position < 0 ? KEY_TYPES.length : position;
}
