import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { type Decision, enrolledId, type Health } from "../../decision/decide";
import { decideInsecureRegistry, decideMirror } from "../../decision/plan";
import { applyCreate, guardCreate, guardDelete, recordId } from "../../helper/commands";
import { packedHelper } from "../../helper/helper-text";
import { packed } from "../../helper/packed";
import type { RunningHost, RunningLab } from "../../lab";
import type { Observation } from "../../observation/observation";
import { observe } from "../../observation/observe";
import { Connection } from "../../ssh/connection";
import type { ExecResult } from "../../ssh/exec";

export const CONFIG = "/etc/containerd/config.toml";
export const DAEMON_JSON = "/etc/docker/daemon.json";
export const HOME = "/var/lib/cluster-registry";

export interface Patch {
  daemon: "containerd" | "docker";
  registry: string;
  user?: string;
  stack?: string;
  /** The resource's name, if it is not the host's. */
  resource?: string;
  health?: Health;
  mirrors?: Record<string, string[]>;
  migrate?: boolean;
  /** The helper's text, for another version. */
  helper?: string;
}

/** Does the same on one host over SSH as the components: observe, decide, guard, apply, undo. */
export class PatchedHost {
  private connection: Connection | undefined;
  readonly id: string;

  constructor(
    private readonly lab: RunningLab,
    readonly host: RunningHost,
    readonly patch: Patch,
  ) {
    const resource = patch.resource ?? `${patch.daemon}-${host.name}`;
    this.id = recordId("test", patch.stack ?? "dev", resource);
  }

  get record(): string {
    return `${HOME}/records/${this.id}`;
  }

  private get helper(): string {
    return this.patch.helper === undefined ? packedHelper() : packed(this.patch.helper, gzipSync);
  }

  private get sudo(): boolean {
    return (this.patch.user ?? "root") !== "root";
  }

  async connect(): Promise<Connection> {
    if (this.connection?.isOpen !== true) {
      this.connection = await Connection.open(
        {
          host: this.host.address,
          port: 22,
          user: this.patch.user ?? "root",
          privateKey: readFileSync(this.lab.privateKeyPath, "utf8"),
          hostKeys: [this.host.hostKey],
        },
        { waitSeconds: 20 },
      );
    }
    return this.connection;
  }

  close(): void {
    this.connection?.close();
    this.connection = undefined;
  }

  async look(): Promise<Observation> {
    return await observe(await this.connect(), {
      sudo: this.sudo,
      files: [CONFIG, DAEMON_JSON],
      containerd: this.patch.daemon === "containerd",
      docker: this.patch.daemon === "docker",
    });
  }

  decideOn(observation: Observation): Decision {
    const { daemon, registry, mirrors = {}, migrate = false } = this.patch;
    const health = { waitSeconds: 20, watchdogSeconds: 40, ...this.patch.health };
    if (daemon === "docker")
      return decideInsecureRegistry(
        observation,
        this.id,
        { insecureRegistries: [registry] },
        health,
      );
    const spec = { registry, endpoints: [`http://${registry}`], mirrors, migrate };
    return decideMirror(observation, this.id, spec, health);
  }

  async decide(): Promise<Decision> {
    return this.decideOn(await this.look());
  }

  async guard(observation?: Observation): Promise<ExecResult> {
    const enrolled = enrolledId(observation ?? (await this.look()));
    return await this.run(
      guardCreate({ sudo: this.sudo, id: this.id, enrolled, daemon: this.patch.daemon }),
      this.helper,
    );
  }

  async apply(decision: Decision): Promise<ExecResult> {
    return await this.run(applyCreate({ sudo: this.sudo, id: this.id }), decision.payload);
  }

  /** Does the same as `up`: nothing if everything is in sync. */
  async up(): Promise<ExecResult | undefined> {
    const observation = await this.look();
    const decision = this.decideOn(observation);
    if (decision.inSync) return undefined;
    succeeded(await this.guard(observation));
    return await this.apply(decision);
  }

  async undo(): Promise<ExecResult> {
    return await this.run(guardDelete({ sudo: this.sudo, id: this.id }), this.helper);
  }

  async run(command: string, stdin = ""): Promise<ExecResult> {
    return await (await this.connect()).exec(command, { stdin });
  }
}

export function output(result: ExecResult | undefined): string {
  return result === undefined ? "" : `${result.stdout.toString()}${result.stderr.toString()}`;
}

/** The output of a command that must have succeeded. */
export function succeeded(result: ExecResult | undefined): string {
  if (result === undefined) throw new Error("expected something to be done; found all in sync");
  if (result.code !== 0) throw new Error(`exit code ${result.code}: ${output(result)}`);
  return result.stdout.toString();
}

/** The error text of a command that must have failed. */
export function failed(result: ExecResult | undefined): string {
  if (result === undefined) throw new Error("expected a failure; found all in sync");
  if (result.code === 0) throw new Error(`expected a failure; found: ${output(result)}`);
  return result.stderr.toString();
}

/**
 * Everything that must be equal before and after: bytes, modes, owners, links and attributes of both daemons' files.
 */
export async function manifest(
  host: RunningHost,
  folders = "etc/docker etc/containerd etc/systemd/system",
): Promise<string> {
  return await host.succeed(
    `cd / && /usr/bin/find ${folders} -printf '%p %y %m %U:%G %l\\n' 2>/dev/null | sort; ` +
      `/usr/bin/find ${folders} -type f -exec sha256sum {} + 2>/dev/null | sort; ` +
      "for f in etc/docker/daemon.json etc/containerd/config.toml; do getfattr -d -m - $f 2>/dev/null; done; true",
  );
}

/** Anything of this program that is left: files beside the daemons' files, units, locks, folders. */
export async function leftovers(host: RunningHost): Promise<string> {
  return await host.succeed(
    `/usr/bin/find /etc/containerd /etc/docker /etc/systemd /run/systemd -name '*cluster-registry*' 2>/dev/null | sort; ls -A ${HOME} 2>/dev/null; ` +
      "systemctl list-units --all --plain --no-legend 'cluster-registry*'; true",
  );
}

/** Installs Debian's Docker, and waits until it answers. */
export async function installDocker(host: RunningHost): Promise<void> {
  await host.succeed("DEBIAN_FRONTEND=noninteractive apt-get install -y docker.io");
  await host.waitUntilSucceeds("curl -sf --unix-socket /run/docker.sock http://d/info");
}

/** The id of a unit's current start: systemd creates a new one for each start. */
export function invocation(host: RunningHost, unit: string): Promise<string> {
  return host.succeed(`systemctl show -p InvocationID --value ${unit}`);
}

/** CRI answers, as kubelet needs it. */
export async function criIsWell(host: RunningHost): Promise<void> {
  await host.waitUntilSucceeds(
    `test "$(ctr plugins ls | awk '$1 == "io.containerd.grpc.v1" && $2 == "cri" {print $NF}')" = ok`,
    { timeoutSeconds: 20 },
  );
}

const DAEMONS = "etc/docker etc/containerd";

/** Undoes every record that a test has left on a host, with the installed helper. */
export async function undoAll(host: RunningHost): Promise<void> {
  await host.exec(
    `for r in ${HOME}/records/*/; do test -d $r && sh ${HOME}/helper undo $(basename $r); done`,
  );
}

/** Keeps a copy of both daemons' files, and restores it without any records, whatever a test has left. */
export class Pristine {
  private constructor(
    private readonly host: RunningHost,
    private readonly manifest: string,
  ) {}

  static async of(host: RunningHost): Promise<Pristine> {
    await host.succeed(
      "mkdir -p /etc/docker && rm -rf /root/pristine && mkdir /root/pristine && cp -a /etc/docker /etc/containerd /root/pristine",
    );
    return new Pristine(host, await manifest(host, DAEMONS));
  }

  async restore(): Promise<void> {
    await this.host.exec(
      `umount /etc/docker/daemon.json ${CONFIG} 2>/dev/null; chattr -R -i -a /etc/docker /etc/containerd 2>/dev/null; ` +
        `for u in $(systemctl list-units --all --plain --no-legend 'cluster-registry*' | cut -d" " -f1); do systemctl stop $u; done`,
    );
    await undoAll(this.host);
    if (
      (await manifest(this.host, DAEMONS)) === this.manifest &&
      (await leftovers(this.host)) === ""
    )
      return;
    await this.host.succeed(
      `rm -rf ${HOME} /etc/docker /etc/containerd && cp -a /root/pristine/docker /root/pristine/containerd /etc/ && ` +
        "systemctl reset-failed; systemctl restart containerd && if systemctl cat docker >/dev/null 2>&1; then systemctl restart docker; fi",
    );
  }
}
