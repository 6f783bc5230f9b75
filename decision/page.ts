import type { Observation } from "../observation/observation";
import type { Settings } from "../settings/schema";
import type { Decision } from "./decide";
import { planWholeFiles, type WholeFile } from "./whole-files";

/**
 * Plans the files of the registry's page on its host.
 * @throws Error if another stack has a page there
 */
export function planPage(
  observation: Observation,
  settings: Settings,
  id: string,
  files: readonly WholeFile[],
): Decision {
  return planWholeFiles(observation, settings, id, { daemon: "page", setting: "ui" }, files);
}
