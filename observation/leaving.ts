import type { Settings } from "../settings/schema";
import { openForCommands } from "../ssh/borrow";
import type { Login } from "../ssh/login";
import type { Surveyed } from "./hosts";
import type { PastGuard } from "./past";
import { wouldUndo } from "./would-undo";

/** The guards of the last run on hosts that the settings no longer name. Their patches are undone. */
export function leaving(
  guards: readonly PastGuard[],
  { nodes, registry, ui, gcTimer }: Settings,
  surveyed: ReadonlyMap<string, Surveyed>,
): PastGuard[] {
  const known = recordsOn(surveyed);
  return guards.filter(({ host, daemon, id }) =>
    daemon !== "containerd"
      ? host !== registry.host ||
        (daemon === "page" && ui === undefined) ||
        (daemon === "timer" && gcTimer === undefined)
      : // If a node with another name is this very host now, that node takes over the record.
        !nodes.some(({ name }) => name === host) && !known.includes(id),
  );
}

/** The ids of all records on the hosts that could be observed. */
export function recordsOn(surveyed: ReadonlyMap<string, Surveyed>): string[] {
  return [...surveyed.values()].flatMap((host) =>
    "error" in host ? [] : host.observation.records.map(({ id }) => id),
  );
}

/**
 * Asks a host for a preview of the undo of a record: `text` is the answer, `reason` says why there is none. Changes
 * nothing.
 */
export async function askUndo(
  guard: Pick<PastGuard, "host" | "id" | "sudo">,
  login: Login,
  open = openForCommands,
): Promise<{ text: string } | { reason: string }> {
  try {
    const connection = await open({ ...login, name: guard.host });
    try {
      return { text: await wouldUndo(connection, guard) };
    } finally {
      connection.close();
    }
  } catch (error) {
    return { reason: (error as Error).message };
  }
}

export const calledInText = (daemon: PastGuard["daemon"]): string =>
  daemon === "page" || daemon === "timer" ? `the registry's ${daemon}` : daemon;

/** Describes the undo in words and as a diff. If the host does not answer, the text says why. */
export async function undoNote(
  guard: Pick<PastGuard, "host" | "daemon" | "id" | "sudo">,
  login: Login,
  open = openForCommands,
): Promise<{ known: boolean; text: string }> {
  const { host, daemon } = guard;
  const what = calledInText(daemon);
  const answer = await askUndo(guard, login, open);
  return "text" in answer
    ? { known: true, text: `${host}: changes to ${what} that will be undone:\n${answer.text}` }
    : {
        known: false,
        text: `${host}: cannot preview the undo of the changes to ${what}: ${answer.reason}`,
      };
}
