/** Waits until an object is ready. */
import { ApiError } from "../../../kube/api-error";
import { pollUntil } from "../poll";
import type { Props, StepContext } from "../provider";
import type { Awaiter, List } from "./ready";

/** At every so many polls the Pods are asked, which can be many. */
const POLLS_PER_LOOK = 4;

export interface Waiting {
  /** "Deployment default/web" */
  label: string;
  awaiter: Awaiter;
  seconds: number;
  /** Reads the object; undefined: it is gone. */
  find: () => Promise<Props | undefined>;
  list: List;
}

/**
 * The object once it is ready, or as it was last seen, with the reasons why it is not ready. A cluster that does not
 * answer for a while does not end the wait.
 *
 * @throws if the object is deleted meanwhile
 */
export async function untilReady(
  first: Props,
  { label, awaiter, seconds, find, list }: Waiting,
  ctx: StepContext,
): Promise<{ live: Props; reasons: string[] }> {
  let live: Props | undefined = first;
  let why = "";
  let messages: string[] = [];
  let polls = 0;
  const look = async (last: boolean): Promise<boolean> => {
    if (polls > 0) live = await find();
    if (live === undefined) return true;
    why = (await awaiter.missing(live, list)) ?? "";
    if (why !== "" && (last || polls % POLLS_PER_LOOK === POLLS_PER_LOOK - 1))
      messages = (await awaiter.messages?.(live, list)) ?? [];
    return why === "";
  };
  let told = "";
  let known = first;
  try {
    await pollUntil(seconds, ctx.signal, async (last) => {
      try {
        if (await look(last)) return true;
      } catch (error) {
        if (last || !isPassing(error) || ctx.signal.aborted) throw error;
        why = (error as Error).message;
      }
      known = live ?? known;
      polls++;
      if (last) throw new Error(`it was given ${seconds} s`);
      const now = [why, ...messages].join("; ");
      if (now !== told) ctx.log("info", `${label} is not ready: ${now}`, true);
      told = now;
      return false;
    });
  } catch (error) {
    const cause = (error as Error).message;
    const headline = `${label} is not ready: ${[why, cause].filter(Boolean).join("; ")}`;
    return { live: known, reasons: [headline, ...messages] };
  }
  if (live === undefined) throw new Error(`${label} was deleted while it was waited for`);
  return { live, reasons: [] };
}

/** A refusal stays; a server that does not answer or is overloaded can come back. */
function isPassing(error: unknown): boolean {
  return !(error instanceof ApiError) || error.status >= 500 || error.status === 429;
}
