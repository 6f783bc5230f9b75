import { setTimeout as sleep } from "node:timers/promises";
import { SshError } from "./error";
import { hostName } from "./login";
import type { Login } from "./login";

/** How long to try a host that does not answer yet. Refused logins and wrong host keys are never tried again. */
export interface PatienceOptions {
  /**
   * Try for this many seconds, such as for a host that boots. @default no limit if `dialErrorLimit` is set, or else 0
   */
  waitSeconds?: number;
  /**
   * Give up after more than this many failed attempts; never if negative. @default no limit if `waitSeconds` is set, or
   * else 0
   */
  dialErrorLimit?: number;
  signal?: AbortSignal;
  /** Called every few seconds while attempts fail, with "waiting for ssh node02 (35 s): connection refused; ...". */
  onWaiting?: (text: string) => void;
}

const FIRST_PAUSE = 100;
const GROWTH = 1.5;
/**
 * The longest pause between attempts. With a time limit, attempts are frequent. With a limit on their number, pauses
 * are longer, so that the number has a meaning in time.
 */
const LONGEST_PAUSE = { waiting: 1_000, counting: 5_000 };

/** The time between two progress lines, because attempts are faster than a person reads. */
const BETWEEN_LINES = 5_000;

/** Runs `attempt` until it succeeds, fails permanently, or a limit is reached. @throws the error of the last attempt */
export async function withPatience<T>(
  login: Login,
  options: PatienceOptions,
  attempt: () => Promise<T>,
): Promise<T> {
  const start = Date.now();
  const longest =
    options.waitSeconds === undefined ? LONGEST_PAUSE.counting : LONGEST_PAUSE.waiting;
  let pause = FIRST_PAUSE;
  let said: number | undefined;
  for (let failures = 1; ; failures++) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof SshError) || !error.retryable) throw error;
      const elapsed = Date.now() - start;
      if (isOver(options, failures, elapsed)) throw gaveUp(error, failures, elapsed);
      if (said === undefined || elapsed - said >= BETWEEN_LINES) {
        said = elapsed;
        options.onWaiting?.(
          `waiting for ssh ${hostName(login)} (${Math.round(elapsed / 1000)} s): ${reason(login, error)}`,
        );
      }
      await sleep(pause, undefined, { signal: options.signal }).catch(() => {
        throw options.signal?.reason;
      });
      pause = Math.min(pause * GROWTH, longest);
    }
  }
}

function isOver(options: PatienceOptions, failures: number, elapsed: number): boolean {
  const { waitSeconds, dialErrorLimit } = options;
  if (waitSeconds === undefined && dialErrorLimit === undefined) return true;
  if (waitSeconds !== undefined && elapsed >= waitSeconds * 1000) return true;
  return dialErrorLimit !== undefined && dialErrorLimit >= 0 && failures > dialErrorLimit;
}

function gaveUp(error: SshError, failures: number, elapsed: number): SshError {
  if (failures === 1) return error;
  return new SshError(
    error.kind,
    `${error.message}; gave up after ${failures} attempts in ${Math.round(elapsed / 1000)} s`,
    { cause: error },
  );
}

/** The error's text without the host, which the sentence has already. */
function reason(login: Login, error: SshError): string {
  const colon = error.message.indexOf(": ");
  return colon < 0 || !error.message.slice(0, colon).includes(login.host)
    ? error.message
    : error.message.slice(colon + 2);
}
