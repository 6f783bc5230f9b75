import { setTimeout as sleep } from "node:timers/promises";

const PAUSE_MILLISECONDS = 500;

/**
 * Calls `attempt` until it returns true. The argument is true for the last call, so that `attempt` can report the
 * cause.
 * @throws what `attempt` throws; the signal's reason.
 */
export async function pollUntil(
  seconds: number,
  signal: AbortSignal,
  attempt: (last: boolean) => Promise<boolean>,
): Promise<void> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    if (await attempt(Date.now() >= end)) return;
    await sleep(PAUSE_MILLISECONDS, undefined, { signal }).catch(() => {
      throw signal.reason;
    });
  }
}
