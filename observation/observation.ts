import { HostRefusal } from "./refusal";
import type { ObservedTimer } from "./timer";

/** What an observation reads from a host. It changes nothing there and leaves nothing behind. */
export interface Ask {
  /** True if the login is not root: every command runs through `sudo -n`. */
  sudo: boolean;
  /** Absolute paths of the files to read. */
  files: string[];
  /** Read containerd's version, service, effective configuration and hosts.toml files. */
  containerd: boolean;
  /** Read docker's version and service, and the running daemon's insecure registries. */
  docker: boolean;
  /** Read the registry's container, and the volume with its images. Only together with `docker`. */
  container?: {
    name: string;
    volume: string;
    /** The names of other containers to look for. @default none */
    beside?: string[];
  };
  /** Read the state of the registry's timer, and whether systemd understands this time. @default not */
  timer?: string;
}

/** One path on the host. It can be written as JSON: the bytes are base64 (see `fileBytes`). */
export interface ObservedFile {
  path: string;
  /** `other` is a directory, a device, a dangling link, or a file too large to be a configuration. */
  kind: "absent" | "file" | "other";
  /** A description of `other`. */
  is?: string;
  /** The path after resolving all symbolic links. */
  realPath?: string;
  content?: string;
  mode?: number;
  uid?: number;
  gid?: number;
  /** Time of the last change of contents, owner, mode or name, in seconds since 1970. */
  changedAt?: number;
  /** The reason why the file cannot be replaced; undefined if none is known. */
  fixed?: string;
}

/** A file that has lines of at least one record. */
export interface ManagedFile {
  file: ObservedFile;
  /** The text without any line of this program, whoever claims it, in base64. Undefined if there would be no file. */
  baseline?: string;
  /** Ids of the records that claim it, in the order of the claimants. Empty if the records have an earlier version. */
  claims: string[];
  /** For a file that existed before the first apply: the path and size of the copy of its last text on the host. */
  kept?: { path: string; size: number };
  /** If somebody has edited lines of this program: the lines to remove and to restore, one per line, masked. */
  edited?: string;
}

export interface EnvironmentVariable {
  name: string;
  value: string;
  /** File and line that set it. */
  source: string;
}

export interface ObservedService {
  unit: string;
  installed: boolean;
  /** systemd's ActiveState, for example `active` or `failed`. */
  active: string;
  sub: string;
  /** systemd's UnitFileState, for example `enabled`. */
  enabled: string;
  /** systemd's id of the current start of the service. Each start has another id. */
  invocation: string;
  /** When the main process started, in seconds since 1970. */
  startedAt?: number;
  killMode: string;
  /** Whether the unit has an ExecReload. */
  canReload?: boolean;
  needsDaemonReload: boolean;
  /** A masked unit that this unit requires. */
  needsMasked?: string;
  /** The command line of the main process as the unit has it. */
  execStart: string;
  /**
   * The environment for every service from systemd, then the Environment= and EnvironmentFile= settings, in the order
   * in which systemd applies them.
   */
  environment: EnvironmentVariable[];
  /** The proxies in the actual environment of the main process. */
  processEnvironment?: EnvironmentVariable[];
  /** The unit, its drop-ins, and their environment files. */
  unitFiles: { path: string; text: string }[];
}

/** The record of earlier applies on the host. */
export interface ObservedRecord {
  id: string;
  enrolled: string;
  /** The stdin of the last completed apply. */
  payload?: string;
  /** systemd's invocation id of the daemon at the end of that apply: a daemon with this id has loaded our lines. */
  running?: string;
  /** When that apply wrote the record, in seconds since 1970. Helpers of an earlier version do not report it. */
  appliedAt?: number;
  /** The step at which an apply or undo was interrupted. The next one completes or reverts it. */
  unfinished?: string;
}

export interface ObservedContainer {
  id: string;
  name: string;
  image: string;
  running: boolean;
  /** Docker's status: created, running, paused, restarting, exited, removing or dead. */
  status: string;
  exitCode: number;
  labels: Record<string, string>;
  /** For example `0.0.0.0:5000->5000/tcp`. */
  ports: string[];
  mounts: { type: string; source: string; name?: string; destination: string }[];
  restartPolicy: string;
  /** When docker created it, as docker reports it. */
  created?: string;
  /** Whether a registry lets clients delete. Undefined if its environment does not say. */
  deleteEnabled?: boolean;
}

/** The facts of one host at one time. */
export interface Observation {
  user: string;
  /** A hash of boot id, inode and change time. It differs between hosts that are clones with the same machine id. */
  hostId: string;
  /** The name of the operating system. Helpers of an earlier version do not report it. */
  os?: string;
  files: ObservedFile[];
  /** Every record on the host, including those of other stacks. */
  records: ObservedRecord[];
  /** systemd's version, if it reports one, and whether D-Bus answers. */
  systemd?: { version?: number; bus: boolean };
  /** Every file that a record claims, including those of other stacks. */
  managed: ManagedFile[];
  containerd?: {
    /** For example `1.7.28`; undefined if containerd is not installed. */
    version?: string;
    service: ObservedService;
    /** `containerd config dump`: the file and its imports as the daemon reads them. */
    dump?: string;
    /** The error output, if there is no dump. */
    dumpError?: string;
    hostsToml: ObservedFile[];
    /** Paths of the certificates and keys next to the hosts.toml files, in Docker's folder layout. */
    certificates?: string[];
    /** The file that containerd reads, from its unit and the running process. @default /etc/containerd/config.toml */
    configPath?: string;
    /** The reason why this path is uncertain. */
    configDoubt?: string;
    /** Whether ctr is installed. Without it, containerd's health cannot be checked. */
    ctr?: boolean;
  };
  docker?: {
    version?: string;
    service: ObservedService;
    /** Whether a program is installed that can query the daemon. */
    asks?: boolean;
    /** Whether the kernel forwards packets now, and after a boot according to the sysctl files; `unset` if none sets it. */
    forwards?: { now: boolean; atBoot?: "1" | "0" | "unset" };
    /** Names and networks that the running daemon treats as insecure. Undefined if it does not answer. */
    insecureRegistries?: string[];
    /** The running daemon's mirrors of Docker Hub, without a slash at the end. Undefined if it does not answer. */
    registryMirrors?: string[];
    /** Whether the login user can use /var/run/docker.sock without sudo. */
    loginReachesSocket: boolean;
    /**
     * The containers with the given names, and those with our owner's label. Undefined if Docker does not answer or no
     * name was given. An empty list means that there are none.
     */
    containers?: ObservedContainer[];
    /** The contents of the given volume; `unknown` if its files are not on the host. */
    volume?: "absent" | "empty" | "images" | "unknown";
    /** The file system of that volume, in bytes. Undefined if it is not known. */
    disk?: { size: number; free: number };
  };
  /** The registry's timer. Undefined if it was not asked for; helpers of an earlier version do not report it. */
  timer?: ObservedTimer & {
    /** What systemd says of a time that it does not understand. */
    calendarProblem?: string;
  };
  /** Whether apt-get is installed. */
  apt: boolean;
}

/**
 * The bytes of an observed file; undefined if it does not exist. @throws HostRefusal if the path is not a regular file
 */
export function fileBytes(observation: Observation, path: string): Buffer | undefined {
  const file = observation.files.find((one) => one.path === path);
  if (file === undefined) throw new Error(`${path} was not among the files to observe`);
  return bytesOf(file);
}

/** The hosts.toml files that containerd may read, by path. */
export function hostsTomlFiles(observation: Observation): Map<string, Buffer> {
  const found = new Map<string, Buffer>();
  for (const file of observation.containerd?.hostsToml ?? []) {
    const bytes = bytesOf(file);
    if (bytes !== undefined) found.set(file.path, bytes);
  }
  return found;
}

/** The file's bytes; undefined if it does not exist. @throws HostRefusal if the path is not a regular file */
export function bytesOf(file: ObservedFile): Buffer | undefined {
  if (file.kind === "absent") return undefined;
  if (file.kind === "other" || file.content === undefined) {
    throw new HostRefusal(
      `${file.path}: expected a configuration file or nothing; found ${file.is ?? "something else"}\n` +
        "  fix: put a plain file there, or take away what is there",
    );
  }
  return Buffer.from(file.content, "base64");
}
