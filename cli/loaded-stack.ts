import { resolve } from "node:path";
import type { FlagSpec } from "../engine/command/flags";
import { Workspace } from "../engine/stack";
import { resolveSettings } from "../observation/cluster-nodes";
import { recordIds, type RecordIds } from "../observation/records";
import { accessOrProblem, type HostAccess } from "../settings/access";
import { type ClusterFile, usingCluster } from "../settings/cluster";
import { configValues } from "../settings/config";
import type { Settings } from "../settings/schema";
import { surroundings } from "../ssh/surroundings";

/** The flags that select a stack. */
export const STACK_FLAGS: Record<string, FlagSpec> = {
  stack: {
    kind: "value",
    short: "s",
    help: "The name of the stack. Defaults to the selected stack",
  },
  cwd: { kind: "value", short: "C", help: "Run as if started in this directory" },
  help: { kind: "switch", short: "h", help: "Print this text" },
};

/** A stack's settings, for commands that work on its hosts without the engine. */
export interface LoadedStack {
  readonly name: string;
  readonly settings: Settings;
  /** The configuration as it is written, by its names, with its secrets. */
  readonly configuration: Readonly<Record<string, unknown>>;
  /** The secret strings in the configuration. */
  readonly secrets: ReadonlySet<string>;
  readonly access: ReadonlyMap<string, HostAccess>;
  /** The hosts that it is not known how to log in to, with the reason. */
  readonly lacking: ReadonlyMap<string, Error>;
  readonly ids: RecordIds;
  /** Messages about nodes of the cluster that are left out. */
  readonly notes: readonly string[];
  /** The cluster that uses the registry; undefined if the settings name none. */
  readonly cluster?: ClusterFile;
}

/**
 * Loads the stack that the flags select, or the selected one.
 * @param mayLack hosts that the command can do without. @default none
 * @throws SettingsError with every problem
 */
export async function loadStack(
  flags: Record<string, unknown>,
  mayLack: (host: string, settings: Settings) => boolean = () => false,
): Promise<LoadedStack> {
  const folder = resolve(text(flags["cwd"]) ?? ".");
  const workspace = Workspace.open({ folder, stack: text(flags["stack"]) });
  const { project } = workspace;
  const name = await workspace.stackName();
  const config = await workspace.config();
  const all = Object.fromEntries([...config].map(([key, value]) => [key, value.text]));
  const around = surroundings(project.program.folder);
  const raw = configValues(all, project.name);
  const { settings, notes } = await resolveSettings(raw, around);
  const cluster = usingCluster(settings, raw["nodes"], around);
  return {
    name,
    settings,
    configuration: raw,
    secrets: new Set([...config.values()].flatMap(({ secrets }) => secrets)),
    ...accessOrProblem(
      settings,
      around,
      () => true,
      (host) => mayLack(host, settings),
    ),
    ids: recordIds(project.name, name),
    notes,
    ...(cluster !== undefined && { cluster }),
  };
}

const text = (value: unknown) => (typeof value === "string" ? value : undefined);
