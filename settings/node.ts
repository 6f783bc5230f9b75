import type { Settings } from "./schema";

/** The settings for one node: its own settings override the common ones. */
export function settingsOn(settings: Settings, name: string): Settings {
  const own = settings.nodes.find((node) => node.name === name);
  return {
    ...settings,
    migrate: own?.migrate ?? settings.migrate,
    recreateDeleted: own?.recreateDeleted ?? settings.recreateDeleted,
  };
}
