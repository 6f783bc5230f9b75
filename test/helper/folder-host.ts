import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Decision } from "../../decision/decide";
import type { Observation } from "../../observation/observation";
import { readObservation } from "../../observation/read-observation";
import { service } from "./observations";
import { runWithParts, type Userland, userlands } from "./shells";

export const CONFIG = "/etc/containerd/config.toml";
export const DAEMON_JSON = "/etc/docker/daemon.json";

/** The config.toml of a node before the fixture's records. */
export const LESSON = readFileSync(
  join(__dirname, "../fixtures/records-1/mirrors/before", CONFIG),
  "latin1",
);

const PARTS = [
  "00-start.sh",
  "10-lock.sh",
  "20-text.sh",
  "25-ours.sh",
  "30-files.sh",
  "40-daemon.sh",
  "45-standing.sh",
  "50-transaction.sh",
  "55-detach.sh",
  "57-timer.sh",
  "58-convert.sh",
  "60-apply.sh",
  "65-undo.sh",
  "68-restore.sh",
  "90-observe.sh",
];

/** Where files are. Everything else in the helper is as on a host, without daemon, systemd and clock. */
const AROUND = `
root=$1 home=$1/home records=$1/home/records files=$1/home/files
real_path() { printf '%s%s\\n' "$root" "$1"; }
own_folders() { :; }
certs_folder() { :; }
chown() { :; }
durable() { :; }
need_root() { :; }
need_home() { mkdir -p "$records"; }
take_lock() { :; }
arm_watchdog() { :; }
stop_watchdog() { :; }
arm_boot() { :; }
disarm_boot() { :; }
validate() { :; }
keep_dump() { :; }
journal_end() { :; }
answers() { :; }
started_since() { :; }
look_at_unit() { :; }
unit_state() { unit_load=loaded unit_active=active unit_invocation=start-1 unit_kill=process unit_reload=yes; }
containerd_health() { :; }
docker_health() { :; }
restart() { echo "restart $1" >>"$root/activations"; }
reload() { echo "reload $1" >>"$root/activations"; }
stage=$root/stage token=token verb=run
mkdir -p "$stage" "$records"
`;

export interface Said {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A host's files in a folder. The helper's own functions change them. */
export class FolderHost {
  constructor(
    readonly root: string,
    private readonly userland: Userland,
  ) {}

  /** With the first available shell. */
  static inFirstShell(root: string): FolderHost {
    const [userland] = userlands;
    if (userland === undefined) throw new Error("no shell to test with");
    return new FolderHost(root, userland);
  }

  read(path: string): string | undefined {
    const real = join(this.root, path);
    return existsSync(real) ? readFileSync(real, "latin1") : undefined;
  }

  write(path: string, text: string | undefined): void {
    const real = join(this.root, path);
    rmSync(real, { force: true });
    if (text === undefined) return;
    mkdirSync(dirname(real), { recursive: true });
    writeFileSync(real, text, "latin1");
  }

  run(script: string, args: readonly string[] = [], stdin = ""): Said {
    const { code, stdout, stderr } = runWithParts(this.userland, PARTS, `${AROUND}\n${script}`, {
      args: [this.root, ...args],
      stdin,
    });
    return { code, stdout: stdout.toString(), stderr };
  }

  look(): Observation {
    const script = `
      printf '\\ncluster-registry-observation 2\\n'
      say "host ab12"
      observe_records
      observe_managed
      for path in ${CONFIG} ${DAEMON_JSON}; do observe_file file "$path"; done
      find "$root/etc" -name hosts.toml 2>/dev/null | sort | while IFS= read -r path; do observe_file file "\${path#"$root"}"; done
      say end`;
    const said = this.run(script);
    const stdout = Buffer.from(said.stdout);
    const stderr = Buffer.from(said.stderr);
    const { files, ...rest } = readObservation(
      { code: said.code ?? undefined, stdout, stderr },
      "root",
    );
    const isHosts = ({ path }: { path: string }) => path.endsWith("/hosts.toml");
    return {
      ...rest,
      files: files.filter((file) => !isHosts(file)),
      // The daemons have just started.
      containerd: {
        version: "1.7.28",
        service: service({ startedAt: Date.now() / 1000 + 1000 }),
        hostsToml: files.filter(isHosts),
      },
      docker: {
        version: "26.1.5",
        service: service({ unit: "docker.service" }),
        loginReachesSocket: true,
      },
    };
  }

  /** Runs guard and apply. */
  apply(id: string, decision: Decision): Said {
    const script = `
      open_record "$2"
      mkdir -p "$record" && printf '%s\\n' "$3" >"$record/enrolled"
      rm -rf "$stage"; mkdir "$stage"; cat >"$stage/payload"
      convert
      apply_now`;
    return this.run(script, [id, decision.enrolled], decision.payload);
  }

  /** @param how  `anyway` keeps edited lines of this program */
  undo(id: string, how = ""): Said {
    const script = `
      open_record "$2"; convert
      rm -f "$stage/anyway"; [ -z "$3" ] || : >"$stage/$3"
      if [ -d "$record" ]; then undo_now; fi`;
    return this.run(script, [id, how]);
  }
}
