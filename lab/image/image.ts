import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Certificates, fingerprint } from "../hub/certificates";
import { must } from "../process";
import { finish } from "./finish";
import { FLAVOURS, type FlavourName } from "./flavours";
import { mirrorFor, proxyEnvironment } from "./mirror";

/** A root file system that hosts share, and the packages from which the hub is made. */
export interface Image {
  rootfs: string;
  hubPackages: string;
}

const HUB_PACKAGES = ["docker-registry", "busybox-static"];
const BUILD_SCRIPT = join(__dirname, "build.sh");
/** Files whose text decides what an image holds. */
const RECIPE = ["build.sh", "finish.ts", "lesson-files.ts", "package-folder.ts"];

/** Everything that decides what an image holds; its hash names the image in the cache. */
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
  if (!existsSync(folder)) await build(folder, flavour, certificates, log);
  return { rootfs: join(folder, "rootfs"), hubPackages: join(folder, "hub-packages") };
}

async function build(
  folder: string,
  name: FlavourName,
  certificates: Certificates,
  log: (line: string) => void,
): Promise<void> {
  const flavour = FLAVOURS[name];
  const started = Date.now();
  log(`building the image ${name} (about a minute and a half, once)`);
  const draft = `${folder}.draft`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { recursive: true });
  // The build ends with this process, and all its processes and mounts with it.
  const bound = ["--pdeathsig", "KILL", "unshare"];
  const isolated = ["--mount", "--propagation", "private", "--pid", "--fork", "--kill-child"];
  await must("setpriv", [...bound, ...isolated, "sh", BUILD_SCRIPT], {
    env: {
      PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin`,
      ...(await proxyEnvironment()),
      TARGET: draft,
      SUITE: flavour.suite,
      MIRROR: await mirrorFor(flavour.suite),
      PACKAGES: flavour.packages.join(" "),
      OFFERED: flavour.offered.join(" "),
      HUB_PACKAGES: HUB_PACKAGES.join(" "),
      CA: certificates.ca,
    },
  });
  await finish(join(draft, "rootfs"));
  renameSync(draft, folder);
  log(`built the image ${name} in ${Math.round((Date.now() - started) / 1000)} s`);
}
