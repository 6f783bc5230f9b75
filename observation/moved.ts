import { HELPER } from "../helper/commands";
import type { Settings } from "../settings/schema";
import type { Login } from "../ssh/login";
import type { Surveyed } from "./hosts";
import { askUndo, calledInText, recordsOn } from "./leaving";
import type { Past, PastGuard } from "./past";

/** The guards of patches on hosts that have lost their name: the settings use the name for another host now. */
export function moved(
  guards: readonly PastGuard[],
  { nodes, registry, ui, gcTimer }: Settings,
  surveyed: ReadonlyMap<string, Surveyed>,
): PastGuard[] {
  const known = recordsOn(surveyed);
  return guards.filter(({ host, daemon, id, connection }) => {
    const now = surveyed.get(host);
    const isNamed =
      daemon === "containerd"
        ? nodes.some(({ name }) => name === host)
        : host === registry.host &&
          (daemon === "docker" || (daemon === "page" ? ui : gcTimer) !== undefined);
    if (!isNamed || now === undefined || "error" in now || known.includes(id)) return false;
    const { login } = now.access;
    return connection["host"] !== login.host || connection["port"] !== login.port;
  });
}

/**
 * What happens to the lines of this program on the host that had the name before. If `undone` is true, the guard's
 * delete removes them.
 */
export async function oldHost(
  guard: PastGuard,
  login: Login,
): Promise<{ undone: boolean; text?: string }> {
  const { host, id } = guard;
  const daemon = calledInText(guard.daemon);
  const before = `${host}: this name belongs to another host now. The previous host, ${login.host},`;
  const answer = await askUndo(guard, login);
  if ("reason" in answer) {
    return {
      undone: false,
      text:
        `${before} could not be read: ${answer.reason}\n` +
        `  If it still runs, ${daemon} there keeps the lines of this program. To remove them, run there: sudo sh ${HELPER} undo ${id}`,
    };
  }
  if (answer.text === "Nothing to undo.") return { undone: false };
  return {
    undone: true,
    text: `${before} has lines of this program for ${daemon}; up removes them there:\n${answer.text}`,
  };
}

/**
 * The triggers of a patch's guard. A new host under the same name normally updates the guard, because a delete would
 * fail if the previous host is gone. If the previous host answers, new triggers replace the guard, and its delete
 * removes the lines of this program there. Later runs keep the triggers of the state, because a change would replace
 * the guard again.
 */
export function guardTriggers(
  { guards, undone = [] }: Pick<Past, "guards" | "undone">,
  what: { host: string; daemon: PastGuard["daemon"]; enrolled: string },
): unknown[] | undefined {
  const guard = guards.find(({ host, daemon }) => host === what.host && daemon === what.daemon);
  if (guard === undefined) return undefined;
  return undone.includes(guard) ? [what.enrolled] : guard.triggers;
}
