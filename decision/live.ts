import type { Seen, Surveyed } from "../observation/hosts";
import type { RecordIds } from "../observation/records";
import { settingsOn } from "../settings/node";
import type { Settings } from "../settings/schema";
import type { Decision } from "./decide";
import { planMirror } from "./plan";

/** How the live files of a node differ from the settings; an error says why this cannot be decided. */
export function mirrorNow(
  { observation }: Seen,
  settings: Settings,
  node: string,
  ids: Pick<RecordIds, "mirror">,
): Decision | Error {
  return settled(() => planMirror(observation, settingsOn(settings, node), ids.mirror(node)));
}

/** A refusal as a result. */
export function settled<T>(decide: () => T): T | Error {
  try {
    return decide();
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** The reason why a host was not read. */
export function unread(host: Extract<Surveyed, { error: unknown }> | undefined): string {
  return host?.error.message ?? "this host was not read";
}
