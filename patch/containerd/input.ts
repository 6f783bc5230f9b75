import { type FilePlan, filePlan } from "../plan";
import { type SourcedLine } from "../sourced-line";
import { type Endpoint, type EndpointInput } from "./endpoint";

/** What a plan is made from: all that is known of one host's containerd, and what is wanted of it. */
export interface ContainerdInput {
  /** Where config.toml is on the host, most often /etc/containerd/config.toml. */
  configPath: string;
  /** Its bytes; undefined: there is no such file. */
  bytes: Buffer | undefined;
  /** `1.7.28`, or what `containerd --version` prints. */
  daemonVersion: string;
  /** What `containerd config dump` prints: the file with all it imports. Without it, the file alone counts. */
  dump?: string;
  /**
   * The bytes of the file that the dump was made of.
   * @default the ones that the plan is for
   */
  dumped?: Buffer;
  /** The hosts.toml files that exist in the directories of config_path and /etc/containerd/certs.d. */
  certsD: ReadonlyMap<string, Buffer>;
  /** Paths of the certificates and keys in folders as Docker has them, in the same directories: a folder without hosts.toml is in use by them. */
  certificates?: readonly string[];
  /** Lines that set containerd's environment: units, drop-ins, environment files. */
  environment?: readonly SourcedLine[];
  /** The registries of our own, by the name that images are named with, and where each really is. */
  registry: OwnRegistry | readonly OwnRegistry[];
  /** Mirrors of other registries, by host (`docker.io`, `_default` for any other). */
  mirrors: Readonly<Record<string, readonly EndpointInput[]>>;
  /** Move `mirrors` entries that are there to hosts.toml files. */
  migrate: boolean;
  /**
   * `false` takes our registry and mirrors out again.
   * @default true
   */
  present?: boolean;
}

export interface OwnRegistry {
  address: string;
  endpoints: readonly EndpointInput[];
}

/** What a registry's pulls are to be led to. */
export interface WantedHost {
  host: string;
  endpoints: readonly Endpoint[];
  /** Is it the registry of our own (else a mirror of somebody else's)? */
  own: boolean;
}

/** The plan of config.toml left as it is. */
export function unchangedPlan(input: ContainerdInput): FilePlan {
  return filePlan(input.configPath, input.bytes, []);
}
