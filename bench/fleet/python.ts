import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { ensureCertificates } from "../../lab/hub/certificates";
import { FLAVOURS } from "../../lab/image/flavours";
import { ensureImage } from "../../lab/image/image";
import { runIsolated } from "../../lab/image/isolated";
import { mirrorFor, proxyEnvironment } from "../../lab/image/mirror";
import { must } from "../../lab/process";
import type { RunningHost } from "../../lab";

const SCRIPT = join(__dirname, "python.sh");
const FLAVOUR = "debian-12";

/** An archive with Debian's python3 for a host's root, made at the first call. */
export async function ensurePython(cache: string, log: (line: string) => void): Promise<string> {
  const { rootfs } = await ensureImage(cache, FLAVOUR, await ensureCertificates(cache), log);
  const key = createHash("sha256")
    .update(basename(dirname(rootfs)))
    .update(readFileSync(SCRIPT));
  const folder = join(cache, `python-${key.digest("hex").slice(0, 12)}`);
  if (!existsSync(folder)) {
    log("fetching Debian's python3 for Ansible (once)");
    const draft = `${folder}.draft`;
    rmSync(draft, { recursive: true, force: true });
    mkdirSync(draft, { recursive: true });
    const { suite } = FLAVOURS[FLAVOUR];
    await runIsolated(SCRIPT, {
      ...(await proxyEnvironment()),
      ROOTFS: rootfs,
      SUITE: suite,
      MIRROR: await mirrorFor(suite),
      TARGET: draft,
    });
    renameSync(draft, folder);
  }
  return join(folder, "python.tar");
}

/** Puts it on a host that has none. */
export async function installPython(host: RunningHost, archive: string): Promise<void> {
  if (existsSync(join(host.root, "usr/bin/python3.11"))) return;
  await must("tar", ["-x", "-f", archive, "-C", host.root]);
}
