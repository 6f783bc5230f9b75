import { type ObservedTimer, readTimer } from "../observation/timer";
import type { Connection } from "../ssh/connection";
import { program } from "./read-host";

/** What systemd on the registry's host has of its timer. Changes nothing, and needs no root. */
export async function timerOn(connection: Connection): Promise<ObservedTimer> {
  const { stdout } = await connection.exec("sh -s", { stdin: program("timer-state.sh") });
  return readTimer(stdout.toString());
}

/** The timer's last run and its next one, for people. */
export function timerText({ loaded, active, lastRun, running, result, said, next }: ObservedTimer) {
  if (!loaded) return "The timer is not on the host; `npm run up` puts it there.";
  const last = running
    ? `cleans up since ${lastRun ?? "a moment ago"}`
    : lastRun === undefined
      ? "has not run yet"
      : `ran ${lastRun}: ${result === "success" ? "" : `failed (${result}): `}${said ?? result}`;
  const coming =
    next ?? (active ? "not known" : "never: it is stopped, and `npm run up` starts it");
  return `The timer ${last}. Next run: ${coming}.`;
}
