import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { ensureCertificates } from "../hub/certificates";
import { withLock } from "../lock";
import { FLAVOURS } from "./flavours";
import { ensureImage } from "./image";
import { runIsolated } from "./isolated";
import { mirrorFor, proxyEnvironment } from "./mirror";

const SCRIPT = join(__dirname, "from-packages.sh");
const FLAVOUR = "debian-12";

/** Something to take out of Debian's packages. */
export interface FromPackages {
  /** Its name in the cache. */
  readonly name: string;
  readonly packages: readonly string[];
  /** The shell script that takes it, see from-packages.sh. */
  readonly take: string;
}

/** The folder with it in the cache, made at the first call, for which the machine needs access to the packages. */
export async function ensureFromPackages(
  cache: string,
  wanted: FromPackages,
  log: (line: string) => void,
): Promise<string> {
  const waiting = () => log("waiting for another process that fills the cache");
  return withLock(`cache/${cache}`, waiting, async () => {
    const { rootfs } = await ensureImage(cache, FLAVOUR, await ensureCertificates(cache), log);
    const key = createHash("sha256").update(
      JSON.stringify([basename(dirname(rootfs)), wanted.packages]),
    );
    for (const script of [SCRIPT, wanted.take]) key.update(readFileSync(script));
    const folder = join(cache, `${wanted.name}-${key.digest("hex").slice(0, 12)}`);
    if (!existsSync(folder)) await fetchPackages(folder, rootfs, wanted, log);
    return folder;
  });
}

async function fetchPackages(
  folder: string,
  rootfs: string,
  { name, packages, take }: FromPackages,
  log: (line: string) => void,
): Promise<void> {
  log(`fetching Debian's ${name} (once)`);
  const draft = `${folder}.draft`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { recursive: true });
  const { suite } = FLAVOURS[FLAVOUR];
  await runIsolated(SCRIPT, {
    ...(await proxyEnvironment()),
    ROOTFS: rootfs,
    SUITE: suite,
    MIRROR: await mirrorFor(suite),
    PACKAGES: packages.join(" "),
    TARGET: draft,
    TAKE: take,
  });
  renameSync(draft, folder);
}
