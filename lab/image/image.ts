import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Certificates, fingerprint } from "../hub/certificates";
import { ensureContainerd, installContainerd } from "./containerd";
import { finish } from "./finish";
import { FLAVOURS, type Flavour, type FlavourName } from "./flavours";
import { runIsolated } from "./isolated";
import { mirrorFor, proxyEnvironment } from "./mirror";

/** A root file system that hosts share, and the packages for the hub. */
export interface Image {
  rootfs: string;
  hubPackages: string;
}

const HUB_PACKAGES = ["docker-registry", "busybox-static"];
const BUILD_SCRIPT = join(__dirname, "build.sh");
/** Files whose text determines the contents of an image. A change of a comment builds every image again, too. */
const RECIPE = ["build.sh", "containerd.ts", "finish.ts", "lesson-files.ts", "package-folder.ts"];

/** Everything that determines the contents of an image. Its hash is the image's name in the cache. */
export function imageKey(flavour: FlavourName, caFingerprint: string, sources: string[]): string {
  const recipe = JSON.stringify([FLAVOURS[flavour], HUB_PACKAGES, caFingerprint, sources]);
  return `${flavour}-${createHash("sha256").update(recipe).digest("hex").slice(0, 12)}`;
}

/** The image of a flavour in the cache, built at the first call: about a minute and a half on two cores. */
export async function ensureImage(
  cache: string,
  flavour: FlavourName,
  certificates: Certificates,
  log: (line: string) => void,
): Promise<Image> {
  const key = imageKey(
    flavour,
    fingerprint(certificates),
    RECIPE.map((file) => readFileSync(join(__dirname, file), "utf8")),
  );
  const folder = join(cache, key);
  if (!existsSync(folder)) {
    const containerd = await containerdFor(cache, flavour, certificates, log);
    await build(folder, flavour, containerd, certificates, log);
  }
  return { rootfs: join(folder, "rootfs"), hubPackages: join(folder, "hub-packages") };
}

/** The programs of a containerd that Debian does not have; undefined for a flavour with Debian's containerd. */
async function containerdFor(
  cache: string,
  name: FlavourName,
  certificates: Certificates,
  log: (line: string) => void,
): Promise<string | undefined> {
  const { containerd, suite }: Flavour = FLAVOURS[name];
  if (!containerd) return undefined;
  const builder = await ensureImage(cache, "debian-13", certificates, log);
  return ensureContainerd(cache, containerd, builder.rootfs, suite, log);
}

async function build(
  folder: string,
  name: FlavourName,
  containerd: string | undefined,
  certificates: Certificates,
  log: (line: string) => void,
): Promise<void> {
  const flavour = FLAVOURS[name];
  const started = Date.now();
  log(`building the image ${name} (about a minute and a half, once)`);
  const draft = `${folder}.draft`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { recursive: true });
  await runIsolated(BUILD_SCRIPT, {
    ...(await proxyEnvironment()),
    TARGET: draft,
    SUITE: flavour.suite,
    MIRROR: await mirrorFor(flavour.suite),
    PACKAGES: flavour.packages.join(" "),
    OFFERED: flavour.offered.join(" "),
    HUB_PACKAGES: HUB_PACKAGES.join(" "),
    CA: certificates.ca,
  });
  if (containerd) installContainerd(containerd, join(draft, "rootfs"));
  await finish(join(draft, "rootfs"));
  renameSync(draft, folder);
  log(`built the image ${name} in ${Math.round((Date.now() - started) / 1000)} s`);
}
