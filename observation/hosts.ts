import type { HostAccess } from "../settings/access";
import { openForCommands } from "../ssh/borrow";
import { type CommandRunner, Connection, type OpenOptions } from "../ssh/connection";
import { checkAgentChoice } from "./agent-choice";
import { learnBastions, learned, showKey } from "./learn";
import type { Ask, Observation } from "./observation";
import { observe } from "./observe";

/** A host that was observed. */
export interface Seen {
  readonly access: HostAccess;
  readonly observation: Observation;
}

/** The result for one host: an observation, or the reason why there is none. */
export type Surveyed = Seen | Unseen;

/** A host that was not read. Without `access`, it is not known how to log in to it. */
export interface Unseen {
  readonly access?: HostAccess;
  readonly error: Error;
}

/** Runs one piece of work over a connection of its own, and closes the connection afterwards, also after an error. */
export function withConnection<T>(
  access: HostAccess,
  work: (connection: Connection) => Promise<T>,
  onWaiting?: (text: string) => void,
): Promise<T> {
  return over((...how) => Connection.open(...how), access, work, onWaiting);
}

/**
 * The same for work that only runs commands. If the engine that runs this program has a connection to the host, the work
 * goes over that one, and it stays open.
 */
export function withCommands<T>(
  access: HostAccess,
  work: (connection: CommandRunner) => Promise<T>,
  onWaiting?: (text: string) => void,
): Promise<T> {
  return over(openForCommands, access, work, onWaiting);
}

async function over<C extends CommandRunner, T>(
  open: (login: HostAccess["login"], options: OpenOptions) => Promise<C>,
  { login, waitSeconds }: HostAccess,
  work: (connection: C) => Promise<T>,
  onWaiting?: (text: string) => void,
): Promise<T> {
  const connection = await open(login, { waitSeconds, ...(onWaiting && { onWaiting }) });
  try {
    return await work(connection);
  } finally {
    connection.close();
  }
}

/**
 * Opens a connection that the caller closes. The keys of a new host and a new bastion are learned where the settings
 * allow it.
 *
 * @returns the access to use for the next connection as well, which must find the same keys
 */
export async function openConnection(
  access: HostAccess,
  onWaiting: (text: string) => void,
): Promise<{ access: HostAccess; connection: Connection }> {
  const [reachable = access] = await learnBastions([access], showKey(onWaiting));
  const { login, waitSeconds, learnHostKey } = reachable;
  const connection = await Connection.open(login, { waitSeconds, onWaiting });
  const known = learnHostKey ? learned(reachable, connection.hostKey) : reachable;
  return { access: known, connection };
}

/**
 * Observes all hosts at the same time, over one connection each, and changes nothing. An error on one host is a result
 * too, so that the other hosts' results are kept.
 */
export async function surveyHosts(
  hosts: Iterable<HostAccess>,
  ask: (access: HostAccess) => Ask,
  onWaiting: (text: string) => void,
): Promise<Map<string, Surveyed>> {
  const reachable = await learnBastions([...hosts], showKey(onWaiting));
  return new Map(
    await Promise.all(
      reachable.map(
        async (access) => [access.name, await surveyHost(access, ask(access), onWaiting)] as const,
      ),
    ),
  );
}

/** With the hosts whose login is not known, which were not asked. */
export function withLacking(
  surveyed: ReadonlyMap<string, Surveyed>,
  lacking: ReadonlyMap<string, Error>,
): ReadonlyMap<string, Surveyed> {
  const unseen = [...lacking].map(([host, error]) => [host, { error }] as const);
  return new Map<string, Surveyed>([...surveyed, ...unseen]);
}

async function surveyHost(
  access: HostAccess,
  ask: Ask,
  onWaiting: (text: string) => void,
): Promise<Surveyed> {
  try {
    await checkAgentChoice(access.login);
    return await withCommands(
      access,
      async (connection) => {
        const observation = await observe(connection, ask);
        return {
          access: access.learnHostKey ? learned(access, connection.hostKey) : access,
          observation,
        };
      },
      onWaiting,
    );
  } catch (error) {
    return { access, error: error instanceof Error ? error : new Error(String(error)) };
  }
}
