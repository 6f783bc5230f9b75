/** A stack's configuration for showing: Pulumi.yaml's defaults and the stack's own values, by name, secrets hidden. */
import { sortedKeys } from "../values/property";
import { fillDefaults, type ConfigValue, type Project } from "./project";
import { MASKED, type Opener, type StackFile } from "./stack-file";

export function shownConfig(
  project: Project,
  file: StackFile,
  opener: Opener = MASKED,
): Map<string, ConfigValue> {
  const values = file.values(opener);
  fillDefaults(project, values);
  const byKey = Object.fromEntries(values);
  return new Map(sortedKeys(byKey).map((key) => [key, byKey[key] as ConfigValue]));
}
