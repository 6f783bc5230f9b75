import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { must } from "../../lab/process";
import { whyNotOnPath } from "./why-not";

/** The folder of the peers' own files, which a careful user of them would write. */
export const PEERS = join(__dirname, "../peers");
const REQUIREMENTS = join(PEERS, "requirements.txt");

/** The shell command by which every tool asks for CRI after a restart, for 30 seconds at most. */
export const CRI_IS_WELL =
  'for i in $(seq 300); do if ctr plugins ls 2>/dev/null | grep -q "^io.containerd.grpc.v1 *cri .*ok *$"; then exit 0; fi; sleep 0.1; done; exit 1';

function folderIn(cache: string): string {
  const key = createHash("sha256").update(readFileSync(REQUIREMENTS)).digest("hex");
  return join(cache, `peers-${key.slice(0, 12)}`);
}

/** Why pyinfra and Ansible cannot be run; undefined if they are there, or can be installed. */
export const whyNoPeers = (cache: string): string | undefined =>
  existsSync(folderIn(cache)) ? undefined : whyNotOnPath("python3");

/** Installs pyinfra and Ansible from PyPI at the first call. @returns the folder with their programs */
export async function ensurePeers(cache: string, log: (line: string) => void): Promise<string> {
  const folder = folderIn(cache);
  if (!existsSync(join(folder, "complete"))) {
    log("installing pyinfra and Ansible from PyPI (once)");
    rmSync(folder, { recursive: true, force: true });
    // Its programs name their interpreter by its whole path, so it is made where it stays.
    await must("python3", ["-m", "venv", folder]);
    await must(join(folder, "bin", "pip"), ["install", "--quiet", "--requirement", REQUIREMENTS]);
    mkdirSync(join(folder, "complete.draft"));
    renameSync(join(folder, "complete.draft"), join(folder, "complete"));
  }
  return join(folder, "bin");
}
