import { type TomlDocument } from "../toml/document";
import { tomlPath } from "../toml/write";

/** The relevant parts of a containerd version. */
export interface DaemonVersion {
  major: number;
  minor: number;
  patch: number;
  /** The original text. */
  text: string;
}

/** The version in `1.7.28`, `v2.2.3`, or the output of `containerd --version`; undefined if there is none. */
export function parseDaemonVersion(text: string): DaemonVersion | undefined {
  const match = /(?:^|[\sv])(\d+)\.(\d+)(?:\.(\d+))?/.exec(text);
  if (match === null) return undefined;
  const [major, minor, patch] = [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)];
  return { major, minor, patch, text: `${major}.${minor}.${patch}` };
}

/** Whether the version is at least major.minor.patch. */
export function isAtLeast(version: DaemonVersion, major: number, minor = 0, patch = 0): boolean {
  if (version.major !== major) return version.major > major;
  if (version.minor !== minor) return version.minor > minor;
  return version.patch >= patch;
}

/** The highest `version = N` of a config file that a daemon starts with. */
export function highestConfigVersion(daemon: DaemonVersion): number {
  if (daemon.major < 2) return 2;
  return isAtLeast(daemon, 2, 3) ? 4 : 3;
}

/** The plugin that has the registry settings, by the version of the file. */
export function criPlugin(fileVersion: number): string {
  if (fileVersion <= 1) return "cri";
  return fileVersion === 2 ? "io.containerd.grpc.v1.cri" : "io.containerd.cri.v1.images";
}

/** All names, past and present, of the plugin with the registry settings. */
export const criPlugins = ["cri", "io.containerd.grpc.v1.cri", "io.containerd.cri.v1.images"];

/** The names in `disabled_plugins` that disable CRI. */
export function switchedOff(disabled: readonly string[], daemon: DaemonVersion): string[] {
  const names = daemon.major < 2 ? oldCriNames : [...oldCriNames, ...newCriNames];
  return disabled.filter((name) => names.includes(name));
}

const oldCriNames = ["cri", "io.containerd.grpc.v1.cri"];
const newCriNames = ["io.containerd.cri.v1.images", "io.containerd.cri.v1.runtime"];

export function registryPath(plugin: string): string[] {
  return ["plugins", plugin, "registry"];
}

/** A path in this file's spelling, for messages. */
export function shown(document: TomlDocument, path: readonly string[]): string {
  return tomlPath(path, document.quote);
}
