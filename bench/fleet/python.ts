import { existsSync } from "node:fs";
import { join } from "node:path";
import type { RunningHost } from "../../lab";
import { ensureFromPackages, type FromPackages } from "../../lab/image/from-packages";
import { must } from "../../lab/process";

/** Ansible needs it on every node, and hosts of the lab have none. */
const PYTHON: FromPackages = {
  name: "python",
  packages: ["python3"],
  take: join(__dirname, "python.sh"),
};

/** An archive with Debian's python3 for a host's root, made at the first call. */
export async function ensurePython(cache: string, log: (line: string) => void): Promise<string> {
  return join(await ensureFromPackages(cache, PYTHON, log), "python.tar");
}

/** Puts it on a host that has none. */
export async function installPython(host: RunningHost, archive: string): Promise<void> {
  if (existsSync(join(host.root, "usr/bin/python3.11"))) return;
  await must("tar", ["-x", "-f", archive, "-C", host.root]);
}
