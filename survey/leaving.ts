import { wouldUndo } from "../hosts";
import type { Settings } from "../settings/schema";
import { Connection } from "../ssh/connection";
import type { Login } from "../ssh/login";
import type { Surveyed } from "./hosts";
import type { PastGuard } from "./past";

/** What of the last run the settings do not name any more, so that it is undone: patches of hosts that leave. */
export function leaving(
  guards: readonly PastGuard[],
  { nodes, registry }: Settings,
  surveyed: ReadonlyMap<string, Surveyed>,
): PastGuard[] {
  const known = recordsOn(surveyed);
  return guards.filter(({ host, daemon, id }) =>
    daemon === "docker"
      ? host !== registry.host
      : // A node of another name has this very host now, and takes its place.
        !nodes.some(({ name }) => name === host) && !known.includes(id),
  );
}

/** The ids of all records on the hosts that could be looked at. */
export function recordsOn(surveyed: ReadonlyMap<string, Surveyed>): string[] {
  return [...surveyed.values()].flatMap((host) =>
    "error" in host ? [] : host.observation.records.map(({ id }) => id),
  );
}

/** Asks a host what the undo of a record would do there: `text` has its answer, `reason` why there is none. Changes nothing. */
export async function askUndo(
  guard: Pick<PastGuard, "host" | "id" | "sudo">,
  login: Login,
): Promise<{ text: string } | { reason: string }> {
  try {
    const connection = await Connection.open({ ...login, name: guard.host });
    try {
      return { text: await wouldUndo(connection, guard) };
    } finally {
      connection.close();
    }
  } catch (error) {
    return { reason: (error as Error).message };
  }
}

/** What the undo would do, in words and as a diff; where the host does not say, why. */
export async function undoNote(
  guard: Pick<PastGuard, "host" | "daemon" | "id" | "sudo">,
  login: Login,
): Promise<{ known: boolean; text: string }> {
  const { host, daemon } = guard;
  const answer = await askUndo(guard, login);
  return "text" in answer
    ? { known: true, text: `${host}: changes to ${daemon} that will be undone:\n${answer.text}` }
    : {
        known: false,
        text: `${host}: cannot preview the undo of the changes to ${daemon}: ${answer.reason}`,
      };
}
