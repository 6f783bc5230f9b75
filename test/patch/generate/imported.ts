import { stringify } from "smol-toml";

import { type Model } from "./toml-writer";
import { type Random } from "./random";
import { type Wanted } from "./wanted";

/** The effects of an import on the registry settings, as `containerd config dump` shows them. */
export const IMPORTS = [
  "a dump, nothing imported",
  "an import of something else",
  "an import that leads us to the registry",
  "an import that leads us elsewhere",
  "an import with another directory",
  "an import that switches CRI off",
] as const;

export type Import = (typeof IMPORTS)[number];

/** The registry settings that are in force, and the dump that shows them. */
export interface Merged {
  kind: Import;
  dump: string;
  mirrors: Record<string, string[]>;
  configPath: string;
  /** 1.x: the whole table of an import replaces the file's. */
  replaced: boolean;
}

/** The file's own part of the merged settings. */
export interface OwnPart {
  /** The plugin's table. */
  cri: Model;
  mirrors: Record<string, string[]>;
  configPath: string;
}

const NAMES = { 2: "io.containerd.grpc.v1.cri", 3: "io.containerd.cri.v1.images" } as const;

export function generateImport(
  random: Random,
  daemonVersion: string,
  own: OwnPart,
  wanted: readonly Wanted[],
): Merged {
  const kind = random.pick(IMPORTS);
  const old = daemonVersion.startsWith("1.");
  const { host, endpoints } = wanted[0] as Wanted;
  const theirs =
    kind === "an import that leads us to the registry"
      ? { [host]: ["https://first.example.org", ...endpoints.map(({ url }) => url)] }
      : kind === "an import that leads us elsewhere"
        ? { [host]: ["https://elsewhere.example.org"] }
        : {};
  const theirPath = kind === "an import with another directory" ? "/opt/certs.d" : "";
  const replaced = old && (Object.keys(theirs).length > 0 || theirPath !== "");
  const mirrors = replaced ? theirs : { ...own.mirrors, ...theirs };
  const configPath = replaced || theirPath !== "" ? theirPath : own.configPath;
  const registry: Model = {
    config_path: configPath,
    mirrors: Object.fromEntries(
      Object.entries(mirrors).map(([name, endpoint]) => [name, { endpoint }]),
    ),
  };
  const version = old ? 2 : 3;
  const ownCri = replaced || !old ? {} : own.cri;
  const ownRegistry = (ownCri["registry"] ?? {}) as Model;
  const imports = ["/etc/containerd/config.toml"];
  if (kind !== "a dump, nothing imported") imports.unshift("/etc/containerd/conf.d/x.toml");
  const off = kind === "an import that switches CRI off" ? ["io.containerd.grpc.v1.cri"] : [];
  const dump = stringify({
    version,
    imports,
    disabled_plugins: off,
    plugins:
      off.length > 0
        ? {}
        : { [NAMES[version]]: { ...ownCri, registry: { ...ownRegistry, ...registry } } },
  });
  return { kind, dump, mirrors, configPath, replaced };
}
