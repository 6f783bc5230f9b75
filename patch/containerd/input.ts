import { type FilePlan, filePlan } from "../plan";
import { type SourcedLine } from "../sourced-line";
import { type Endpoint, type EndpointInput } from "./endpoint";

/** The input of a plan: all facts about one host's containerd, and the wanted settings. */
export interface ContainerdInput {
  /** Path of config.toml on the host, usually /etc/containerd/config.toml. */
  configPath: string;
  /** Its bytes; undefined if the file does not exist. */
  bytes: Buffer | undefined;
  /** `1.7.28`, or the output of `containerd --version`. */
  daemonVersion: string;
  /** The output of `containerd config dump`: the file and all of its imports. Without it, only the file counts. */
  dump?: string;
  /**
   * The bytes of the file at the time of the dump.
   * @default the bytes in the plan
   */
  dumped?: Buffer;
  /** The existing hosts.toml files in the directories of config_path and /etc/containerd/certs.d. */
  certsD: ReadonlyMap<string, Buffer>;
  /**
   * Paths of certificates and keys in Docker's folder layout, in the same directories. containerd uses a folder without
   * hosts.toml for these.
   */
  certificates?: readonly string[];
  /** Lines that set containerd's environment, from units, drop-ins and environment files. */
  environment?: readonly SourcedLine[];
  /** Our own registries, by their name in image names, with their real address. */
  registry: OwnRegistry | readonly OwnRegistry[];
  /** Mirrors of other registries, by host (`docker.io`, or `_default` for all others). */
  mirrors: Readonly<Record<string, readonly EndpointInput[]>>;
  /** Move existing `mirrors` entries to hosts.toml files. */
  migrate: boolean;
  /**
   * `false` removes our registry and mirrors.
   * @default true
   */
  present?: boolean;
}

export interface OwnRegistry {
  address: string;
  endpoints: readonly EndpointInput[];
}

/** A registry, and the endpoints for its pulls. */
export interface WantedHost {
  host: string;
  endpoints: readonly Endpoint[];
  /** True for our own registry, false for mirrors of another one. */
  own: boolean;
}

/** The plan that does not change config.toml. */
export function unchangedPlan(input: ContainerdInput): FilePlan {
  return filePlan(input.configPath, input.bytes, []);
}
