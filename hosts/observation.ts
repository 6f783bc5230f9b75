import { HostRefusal } from "./refusal";

/** What is to be looked at on a host. Looking changes nothing there and leaves nothing behind. */
export interface Ask {
  /** The login is not root: everything runs through `sudo -n`. */
  sudo: boolean;
  /** Absolute paths of files whose bytes are wanted. */
  files: string[];
  /** Look at containerd: version, service, effective configuration, hosts.toml files. */
  containerd: boolean;
  /** Look at docker: version, service, what the running daemon takes as insecure. */
  docker: boolean;
  /** The container of the registry, and the volume with its images; only together with `docker`. */
  container?: { name: string; volume: string };
}

/** One path, as it is. JSON-able: the bytes are base64 (see `fileBytes`). */
export interface ObservedFile {
  path: string;
  /** `other` is a directory, a device, a dangling link, or a file too large to be a configuration. */
  kind: "absent" | "file" | "other";
  /** What `other` is, in words. */
  is?: string;
  /** The path after all symbolic links. */
  realPath?: string;
  content?: string;
  mode?: number;
  uid?: number;
  gid?: number;
  /** Time of the last change of contents, owner, mode or name, in seconds since 1970. */
  changedAt?: number;
  /** Why it cannot be replaced, in words; undefined: nothing is known to be in the way. */
  fixed?: string;
}

/** A file that some record claims a part of. */
export interface ManagedFile {
  file: ObservedFile;
  /** The same without anything of ours, whoever claims it, in base64; undefined: there would be no file. */
  baseline?: string;
  /** Ids of the records that claim it, first claimant first; empty where they are of a former version. */
  claims: string[];
  /** Of a file that was there before us: where on the host its last text is kept, and its size. */
  kept?: { path: string; size: number };
  /** Where somebody has edited our lines since: what of them is to be taken out, and put back, a line each, masked. */
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
  /** systemd's id of this one start of the service: another start has another. */
  invocation: string;
  /** When the main process started, in seconds since 1970. */
  startedAt?: number;
  killMode: string;
  /** Has the unit an ExecReload? */
  canReload?: boolean;
  needsDaemonReload: boolean;
  /** A unit that this one requires, and that is masked. */
  needsMasked?: string;
  /** The command line of the main process as the unit has it. */
  execStart: string;
  /** What systemd gives to every service, then Environment= and EnvironmentFile= settings, in the order that it applies them. */
  environment: EnvironmentVariable[];
  /** Of the environment that the main process really has: the proxies. */
  processEnvironment?: EnvironmentVariable[];
  /** The unit, its drop-ins and the environment files that they name. */
  unitFiles: { path: string; text: string }[];
}

/** What an earlier apply left on the host. */
export interface ObservedRecord {
  id: string;
  enrolled: string;
  /** The stdin of the last apply that was carried through. */
  payload?: string;
  /** systemd's invocation id of the daemon when that apply ended: this start of it has taken our lines. */
  running?: string;
  /** The step at which an apply or undo was cut off; the next one finishes or reverts it. */
  unfinished?: string;
}

export interface ObservedContainer {
  id: string;
  name: string;
  image: string;
  running: boolean;
  /** Docker's word: created, running, paused, restarting, exited, removing or dead. */
  status: string;
  exitCode: number;
  labels: Record<string, string>;
  /** For example `0.0.0.0:5000->5000/tcp`. */
  ports: string[];
  mounts: { type: string; source: string; name?: string; destination: string }[];
  restartPolicy: string;
}

/** The facts of one host at one moment. */
export interface Observation {
  user: string;
  /** A hash of boot id, inode and change time: tells apart hosts that were cloned with their machine id. */
  hostId: string;
  files: ObservedFile[];
  /** Every record on the host, of other stacks too. */
  records: ObservedRecord[];
  /** What starts the daemons: its version, where it tells one, and whether D-Bus answers. */
  systemd?: { version?: number; bus: boolean };
  /** Every file that a record has a claim to, of other stacks too. */
  managed: ManagedFile[];
  containerd?: {
    /** For example `1.7.28`; undefined: there is no containerd. */
    version?: string;
    service: ObservedService;
    /** `containerd config dump`: the file and its imports as the daemon reads them. */
    dump?: string;
    /** What it said instead. */
    dumpError?: string;
    hostsToml: ObservedFile[];
    /** Paths of the certificates and keys beside them, in folders as Docker has them. */
    certificates?: string[];
    /** The file that it reads, by its unit and the process that runs. @default /etc/containerd/config.toml */
    configPath?: string;
    /** Why that cannot be known. */
    configDoubt?: string;
    /** Is there its client, without which nothing can ask it how it is? */
    ctr?: boolean;
  };
  docker?: {
    version?: string;
    service: ObservedService;
    /** Is there something that can ask the daemon? */
    asks?: boolean;
    /** Names and networks that the running daemon takes as insecure; undefined: it does not answer. */
    insecureRegistries?: string[];
    /** May the login user itself, without sudo, use /var/run/docker.sock? */
    loginReachesSocket: boolean;
    /**
     * Those of the name that was asked for, and those with our owner's label. Undefined: Docker does not answer, or none
     * was asked for. That is not the same as none: an empty list.
     */
    containers?: ObservedContainer[];
    /** What the volume that was asked for holds; `unknown` where its files are not on the host. */
    volume?: "absent" | "empty" | "images" | "unknown";
  };
  /** Is there an apt-get? */
  apt: boolean;
}

/** The bytes of a file that was asked for; undefined: there is none. @throws HostRefusal where the path is no plain file. */
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

/** Its bytes; undefined: there is none. @throws HostRefusal where the path is no plain file. */
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
