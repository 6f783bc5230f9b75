import { HELPER, wouldUndo } from "../hosts";
import type { Settings } from "../settings/schema";
import { Connection } from "../ssh/connection";
import type { Login } from "../ssh/login";
import type { Surveyed } from "./hosts";
import type { PastGuard } from "./past";

/** Patches whose host's name is that of another host by now: the one that they are on has no name in the settings. */
export function moved(
  guards: readonly PastGuard[],
  { nodes, registry }: Settings,
  surveyed: ReadonlyMap<string, Surveyed>,
): PastGuard[] {
  const known = [...surveyed.values()].flatMap((host) =>
    "error" in host ? [] : host.observation.records.map(({ id }) => id),
  );
  return guards.filter(({ host, daemon, id, connection }) => {
    const now = surveyed.get(host);
    const isNamed =
      daemon === "docker" ? host === registry.host : nodes.some(({ name }) => name === host);
    if (!isNamed || now === undefined || "error" in now || known.includes(id)) return false;
    const { login } = now.access;
    return connection["host"] !== login.host || connection["port"] !== login.port;
  });
}

/** What becomes of our lines on the host that had the name before; `undone`: the guard's delete can take them out there. */
export async function oldHost(
  guard: PastGuard,
  login: Login,
): Promise<{ undone: boolean; text?: string }> {
  const { host, daemon, id } = guard;
  const before = `${host}: another host has this name by now; the one before, ${login.host},`;
  try {
    const connection = await Connection.open({ ...login, name: host });
    try {
      const text = await wouldUndo(connection, guard);
      if (text === "Nothing to undo.") return { undone: false };
      return {
        undone: true,
        text: `${before} has our lines of ${daemon}; up takes them out there:\n${text}`,
      };
    } finally {
      connection.close();
    }
  } catch (error) {
    return {
      undone: false,
      text:
        `${before} could not be looked at: ${(error as Error).message}\n` +
        `  If it lives on, it keeps our lines of ${daemon}. To take them out, run there: sudo sh ${HELPER} undo ${id}`,
    };
  }
}

/**
 * The triggers of a patch's guard. Another host under the same name is an update, so that a host that is gone stands in
 * nobody's way. Where the one before lives, the guard is replaced instead, and its delete takes our lines out there. From then
 * on they are what the state has, since other ones would replace it once more.
 */
export function guardTriggers(
  guards: readonly PastGuard[],
  undone: readonly PastGuard[],
  what: { host: string; daemon: PastGuard["daemon"]; enrolled: string },
): unknown[] | undefined {
  const guard = guards.find(({ host, daemon }) => host === what.host && daemon === what.daemon);
  if (guard === undefined) return undefined;
  return undone.includes(guard) ? [what.enrolled] : guard.triggers;
}
