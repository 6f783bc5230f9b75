/** Waits until an object is ready. */
import { ApiError } from "../../../kube/api-error";
import { pollUntil } from "../poll";
import type { Props, StepContext } from "../provider";
import { uidOf } from "./metadata";
import type { List } from "./pods";
import type { Awaiter } from "./ready";

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
 * @throws if the object is deleted meanwhile, also if another one has its name by then
 */
export async function untilReady(
  first: Props,
  { label, awaiter, seconds, find, list }: Waiting,
  ctx: StepContext,
): Promise<{ live: Props; reasons: string[] }> {
  const isEnough = patience(awaiter);
  let live = first;
  let end: string | undefined;
  let why = "";
  let messages: string[] = [];
  let polls = 0;
  const look = async (last: boolean): Promise<boolean> => {
    const found = polls > 0 ? await find() : first;
    end = endOf(first, found);
    if (found === undefined || end !== undefined) return true;
    live = found;
    why = (await awaiter.missing(live, list)) ?? "";
    if (why === "" || isEnough(why, last)) return true;
    if (last || polls % POLLS_PER_LOOK === POLLS_PER_LOOK - 1)
      messages = (await awaiter.messages?.(live, list)) ?? [];
    return false;
  };
  let told = "";
  try {
    await pollUntil(seconds, ctx.signal, async (last) => {
      try {
        if (await look(last)) return true;
      } catch (error) {
        if (last || !isPassing(error) || ctx.signal.aborted) throw error;
        why = (error as Error).message;
      }
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
    return { live, reasons: [headline, ...messages] };
  }
  if (end !== undefined) throw new Error(`${label} was deleted while it was waited for${end}`);
  return { live, reasons: [] };
}

/** What there is to say of an object that is gone: its name may be another's by now. */
function endOf(first: Props, found: Props | undefined): string | undefined {
  if (found === undefined) return "";
  return uidOf(found) === uidOf(first)
    ? undefined
    : ", and somebody made another one with its name";
}

/** Tells of each answer whether the object lacks so little, and for so long, that it is taken as ready. */
function patience({ enough }: Awaiter): (why: string, last: boolean) => boolean {
  let since: number | undefined;
  return (why, last) => {
    since = why === enough?.why ? (since ?? Date.now()) : undefined;
    if (enough === undefined || since === undefined) return false;
    return last || Date.now() - since >= enough.seconds * 1000;
  };
}

/** A refusal stays; a server that does not answer or is overloaded can come back. */
function isPassing(error: unknown): boolean {
  return !(error instanceof ApiError) || error.status >= 500 || error.status === 429;
}
