import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { runIsolated } from "./isolated";
import { mirrorFor, proxyEnvironment } from "./mirror";

const SCRIPT = join(__dirname, "build-containerd.sh");

/** What of this process's environment tells Go where modules are. */
const GO_SETTINGS = [
  "GOPROXY",
  "GOSUMDB",
  "GONOSUMDB",
  "GONOSUMCHECK",
  "HTTP_PROXY",
  "HTTPS_PROXY",
  "NO_PROXY",
];

/**
 * containerd's programs of one version in the cache, built from its Go module at the first call: some minutes on two
 * cores. Debian has no containerd 2 yet.
 *
 * @param builder root file system of a Debian release that has a Go compiler new enough
 * @param suite   name of that release
 */
export async function ensureContainerd(
  cache: string,
  version: string,
  builder: string,
  suite: string,
  log: (line: string) => void,
): Promise<string> {
  const key = createHash("sha256").update(readFileSync(SCRIPT)).digest("hex").slice(0, 12);
  const folder = join(cache, `containerd-${version}-${key}`);
  if (!existsSync(folder)) {
    const started = Date.now();
    log(`building containerd ${version} from its Go module (some minutes, once)`);
    const draft = `${folder}.draft`;
    rmSync(draft, { recursive: true, force: true });
    mkdirSync(draft, { recursive: true });
    const settings = GO_SETTINGS.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value] as const];
    });
    await runIsolated(SCRIPT, {
      ...(await proxyEnvironment()),
      ...Object.fromEntries(settings),
      TARGET: draft,
      VERSION: version,
      BUILDER: builder,
      SUITE: suite,
      MIRROR: await mirrorFor(suite),
    });
    renameSync(draft, folder);
    log(`built containerd ${version} in ${Math.round((Date.now() - started) / 1000)} s`);
  }
  return join(folder, "bin");
}

/** As the project's own release archives are installed: under /usr/local, with a unit that systemd starts at boot. */
const UNIT = `[Unit]
Description=containerd container runtime
After=network.target local-fs.target

[Service]
ExecStart=/usr/local/bin/containerd
Type=notify
Delegate=yes
KillMode=process
Restart=always
RestartSec=5
LimitNOFILE=infinity
TasksMax=infinity
OOMScoreAdjust=-999

[Install]
WantedBy=multi-user.target
`;

/** Puts programs and unit into a root file system. */
export function installContainerd(programs: string, rootfs: string): void {
  cpSync(programs, join(rootfs, "usr/local/bin"), { recursive: true });
  const units = join(rootfs, "etc/systemd/system");
  writeFileSync(join(units, "containerd.service"), UNIT);
  mkdirSync(join(units, "multi-user.target.wants"), { recursive: true });
  symlinkSync("../containerd.service", join(units, "multi-user.target.wants/containerd.service"));
  mkdirSync(join(rootfs, "etc/containerd"), { recursive: true });
}
