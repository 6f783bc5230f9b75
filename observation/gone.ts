import { HELPER } from "../helper/commands";
import { Connection } from "../ssh/connection";
import { type ConnectionSettings, connectionSettings } from "../ssh/connection-input";
import { connectTcp } from "../ssh/dial";
import { SshError } from "../ssh/error";
import type { Login } from "../ssh/login";
import { withPatience } from "../ssh/patience";
import type { PastGuard } from "./past";

/** A node's patch on a host where nothing answers any more. */
export interface Gone {
  readonly guard: PastGuard;
  /** What happened at the attempt to connect. */
  readonly reason: string;
}

/** What a host says that is off, or that is not there. A name that cannot be looked up may be a problem of this side. */
const SILENT: readonly string[] = ["ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH", "ETIMEDOUT"];

/** RFC 4254, 5.1: SSH_OPEN_CONNECT_FAILED. */
const CONNECT_FAILED = 2;

/**
 * Of the patches of nodes that left the cluster, those whose host does not answer, tried as often as the engines try for
 * a Command. Where anything answers, whatever it is, the host is not gone: a refused login or a wrong host key is an
 * error that somebody can resolve.
 */
export async function gone(guards: readonly PastGuard[]): Promise<Gone[]> {
  const nodes = guards.filter(({ daemon }) => daemon === "containerd");
  const reasons = await Promise.all(
    nodes.map(({ connection }) => silence(connectionSettings(connection))),
  );
  return nodes.flatMap((guard, index) => {
    const reason = reasons[index];
    return reason === undefined ? [] : [{ guard, reason }];
  });
}

export function goneNote({ guard: { host, daemon, id }, reason }: Gone): string {
  return (
    `${host} left the cluster, and its host does not answer: ${reason}\n` +
    "  up drops the node and changes nothing on it. The up after that removes the rest of it from the state.\n" +
    `  If the host still runs, ${daemon} there keeps the lines of this program. To remove them, run there: sudo sh ${HELPER} undo ${id}`
  );
}

/** Why no connection to the host comes about; undefined: one does, or nobody knows. */
function silence({ login, options }: ConnectionSettings): Promise<string | undefined> {
  const { proxy, ...target } = login;
  return proxy === undefined
    ? silenceOf(isRefusal, () => withPatience(target, options, () => dial(target, options)))
    : silenceBehind({ login: proxy, options: options.proxy ?? {} }, target);
}

/** A bastion that does not answer says nothing of the host. */
async function silenceBehind(
  { login, options }: ConnectionSettings,
  { host, port }: Login,
): Promise<string | undefined> {
  let bastion: Connection;
  try {
    bastion = await Connection.open(login, options);
  } catch {
    return undefined;
  }
  try {
    return await silenceOf(isRefusalThere, async () =>
      (await bastion.forward(host, port)).destroy(),
    );
  } finally {
    bastion.close();
  }
}

async function dial(login: Login, { connectSeconds = 0 }: ConnectionSettings["options"]) {
  (await connectTcp(login, connectSeconds)).destroy();
}

async function silenceOf(
  isSilence: (error: unknown) => boolean,
  connect: () => Promise<unknown>,
): Promise<string | undefined> {
  try {
    await connect();
    return undefined;
  } catch (error) {
    return isSilence(error) ? (error as Error).message : undefined;
  }
}

/** The system's own word, or no answer within the time that was given. */
function isRefusal(error: unknown): boolean {
  const code = codeOf(error);
  return code === undefined ? error instanceof SshError : SILENT.includes(code);
}

/** The bastion may connect to the host, and no connection comes about. */
function isRefusalThere(error: unknown): boolean {
  const cause = error instanceof SshError ? (error.cause as { reason?: number }) : undefined;
  return cause?.reason === CONNECT_FAILED;
}

function codeOf(error: unknown): string | undefined {
  const { code, cause } = error as { code?: string; cause?: unknown };
  return code ?? (cause === undefined ? undefined : codeOf(cause));
}
