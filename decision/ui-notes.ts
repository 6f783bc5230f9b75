import { UI_CONTAINER_NAME } from "../helper/commands";
import type { Surveyed } from "../observation/hosts";
import type { Past } from "../observation/past";
import type { RecordIds } from "../observation/records";
import type { Settings } from "../settings/schema";
import { containerNotes } from "./registry";

/** What a person should know about the page's container before an `up`: drift in words. */
export function uiNotes(
  { registry: { host }, ui }: Settings,
  surveyed: ReadonlyMap<string, Surveyed>,
  ids: Pick<RecordIds, "page">,
  { pages = [] }: Past,
): string[] {
  const there = surveyed.get(host);
  if (ui === undefined || there === undefined || "error" in there) return [];
  const page = {
    name: UI_CONTAINER_NAME,
    owner: ids.page,
    before: pages.find((one) => one.host === host),
    paused: "so the page does not answer",
    mends: true,
  };
  const { containers } = there.observation.docker ?? {};
  return containerNotes(page, containers).map((note) => `${host}: ${note}`);
}
