/** A file system, in its own units: KiB or inodes. */
export interface Room {
  readonly free: number;
  readonly size: number;
  /** The folder that it is mounted on. */
  readonly mount: string;
}

/** What doctor/shell/look.sh has seen on one host. */
export interface Look {
  /** The architecture in the words of images, such as `amd64`. */
  readonly arch: string;
  /** The parts of containerd's CRI plugin: `ok`, `error`, `skip` or `missing`. None if ctr is not installed. */
  readonly plugins: readonly { state: string; name: string }[];
  readonly pluginError?: string;
  /** The last errors of the daemon, or of the registry. */
  readonly log: readonly string[];
  /** Folders that another program has moved away from certs.d. */
  readonly moved: readonly string[];
  /** The addresses of the registry's name; empty if it has none here. */
  readonly numbers: readonly string[];
  /** `ip route get` of the first one. */
  readonly route?: string;
  /** Routes to it that lead nowhere. */
  readonly blocked: readonly string[];
  /**
   * Rules of the host's own firewall that name the registry, as `iptables -S` writes them: on a node those that refuse it,
   * and on the registry's host also those that let it be asked.
   */
  readonly rules: readonly string[];
  /** The lines of the answer to GET /v2/; empty if there was none. */
  readonly answer: readonly string[];
  /** Why there was no answer, in the system's words. */
  readonly refused?: string;
  /** The file of the registry's that did not come, although a small answer did. */
  readonly stuck?: string;
  readonly disk?: Room;
  readonly inodes?: Room;
  /** `docker inspect` of the registry's container. */
  readonly container?: Container;
  /** Where something listens on the registry's port. */
  readonly listens: readonly string[];
  /** The images that Docker on the registry's host has. */
  readonly images: readonly string[];
}

/** The fields of `docker inspect` that matter here. */
export interface Container {
  readonly Id: string;
  readonly State: {
    readonly Status: string;
    readonly ExitCode: number;
    readonly Error?: string;
    readonly FinishedAt?: string;
  };
  readonly Config: { readonly Env?: readonly string[] | null };
  readonly HostConfig: {
    readonly PortBindings?: Readonly<
      Record<string, readonly { HostIp: string; HostPort: string }[] | null>
    > | null;
  };
}

const ARCHITECTURES: Readonly<Record<string, string>> = {
  x86_64: "amd64",
  aarch64: "arm64",
  armv7l: "arm",
  i686: "386",
};

/** Reads the program's output. @throws Error with what the host said instead */
export function parseLook({ stdout, stderr }: { stdout: string; stderr: string }): Look {
  const lines = stdout.split("\n");
  const start = lines.indexOf("cluster-registry-look 1");
  const end = lines.lastIndexOf("end");
  if (start < 0 || end < start)
    throw new Error(stderr.trim() || stdout.trim() || "the host printed nothing");
  const facts = lines.slice(start + 1, end).map((line) => {
    const space = line.indexOf(" ");
    return { word: line.slice(0, space), rest: line.slice(space + 1) };
  });
  const all = (wanted: string) =>
    facts.filter(({ word }) => word === wanted).map(({ rest }) => rest);
  const first = (wanted: string) => all(wanted)[0];
  const machine = first("arch") ?? "";
  const inspect = first("inspect");
  const [pluginError, route, refused] = [first("plugin-error"), first("route"), first("refused")];
  const stuck = first("stuck");
  const [disk, inodes] = [room(first("disk")), room(first("inodes"))];
  return {
    arch: ARCHITECTURES[machine] ?? machine,
    plugins: all("plugin").map((rest) => {
      const [state = "", name = ""] = rest.split(" ");
      return { state, name };
    }),
    log: all("log"),
    moved: all("moved"),
    numbers: all("number"),
    blocked: all("blocked"),
    rules: all("rule"),
    answer: all("answer"),
    listens: all("listens"),
    images: all("image"),
    ...(pluginError !== undefined && { pluginError }),
    ...(route !== undefined && { route }),
    ...(refused !== undefined && { refused }),
    ...(stuck !== undefined && { stuck }),
    ...(disk && { disk }),
    ...(inodes && { inodes }),
    ...(inspect !== undefined && { container: JSON.parse(inspect) as Container }),
  };
}

function room(text: string | undefined): Room | undefined {
  const [free, size, ...mount] = (text ?? "").split(" ");
  if (free === undefined || size === undefined) return undefined;
  return { free: Number(free), size: Number(size), mount: mount.join(" ") };
}

/** The status line of the answer, such as `HTTP/1.1 200 OK`. */
export const statusLine = ({ answer }: Pick<Look, "answer">) => answer[0] ?? "";

/** The answer's status; 0 if there was none. */
export const statusOf = (look: Pick<Look, "answer">) => Number(statusLine(look).split(" ")[1] ?? 0);

/** Whether a registry has answered, and not something on the way. */
export const isRegistry = ({ answer }: Pick<Look, "answer">) =>
  answer.some((line) => /^docker-distribution-api-version:/i.test(line));
