/**
 * A stack's configuration for display: the defaults of Pulumi.yaml and the stack's values, by name, with secrets
 * hidden.
 */
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
