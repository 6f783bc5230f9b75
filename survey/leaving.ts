import { type Observation, wouldUndo } from "../hosts";
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
  const known = [...surveyed.values()].flatMap((host) =>
    "error" in host ? [] : recordsOf(host.observation),
  );
  return guards.filter(({ host, daemon, id }) =>
    daemon === "docker"
      ? host !== registry.host
      : // A node of another name has this very host now, and takes its place.
        !nodes.some(({ name }) => name === host) && !known.includes(id),
  );
}

function recordsOf({ records }: Observation): string[] {
  return records.map(({ id }) => id);
}

/** What its undo would do, in words and as a diff; where that cannot be seen, why. Changes nothing. */
export async function undoNote(
  guard: Pick<PastGuard, "host" | "daemon" | "id" | "sudo">,
  login: Login,
): Promise<{ known: boolean; text: string }> {
  const { host, daemon } = guard;
  try {
    const connection = await Connection.open({ ...login, name: host });
    try {
      const text = await wouldUndo(connection, guard);
      return { known: true, text: `${host}: changes to ${daemon} that will be undone:\n${text}` };
    } finally {
      connection.close();
    }
  } catch (error) {
    const reason = (error as Error).message;
    return {
      known: false,
      text: `${host}: cannot preview the undo of the changes to ${daemon}: ${reason}`,
    };
  }
}
