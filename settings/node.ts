import type { Settings } from "./schema";

/** The settings as they are for one node: what it says itself goes before what is said for all. */
export function settingsOn(settings: Settings, name: string): Settings {
  const migrate = settings.nodes.find((node) => node.name === name)?.migrate;
  return migrate === undefined ? settings : { ...settings, migrate };
}
