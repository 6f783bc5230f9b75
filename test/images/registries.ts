import { createCipheriv, createHash } from "node:crypto";
import {
  defineLab,
  distributionImage,
  type DistributionVersion,
  ensureDistribution,
  type RunningHost,
  type RunningLab,
  startLab,
  whyNoDistribution,
  whyNoLab,
} from "../../lab";
import { cacheFolder } from "../../lab/paths";
import { buildImage, type ContainerImage } from "../../oci/image";

/**
 * `describe` for tests of both registry servers. Where there can be no hosts, or no distribution 3, they count as skipped,
 * with the reason in the title.
 */
export function describeRegistries(title: string, tests: () => void): void {
  const reason = whyNoLab() ?? whyNoDistribution(cacheFolder());
  if (reason) describe.skip(`${title} (skipped: ${reason})`, tests);
  else describe(title, tests);
}

/** Makes a version of distribution 3 an image that the lab's hosts can pull as `registry:TAG`. */
export async function offerDistribution(
  lab: RunningLab,
  tag: string,
  version: DistributionVersion,
): Promise<void> {
  const executable = await ensureDistribution(cacheFolder(), () => undefined, version);
  await lab.offer("library/registry", [tag], distributionImage(executable));
}

/** Two hosts, `old` and `new`, which can pull `registry:2`, `registry:3` and `registry:3.0.0`. */
export async function startHosts(names: { name: string; octet: number }): Promise<RunningLab> {
  const lab = await startLab(defineLab({ ...names, hosts: ["old", "new"] }));
  try {
    await offerDistribution(lab, "3", "3.1.2");
    await offerDistribution(lab, "3.0.0", "3.0.0");
  } catch (error) {
    await lab.down();
    throw error;
  }
  return lab;
}

/** Bytes that cannot be compressed, so that the size of a layer is known roughly. The same text gives the same bytes. */
export function noise(text: string, kilobytes: number): Buffer {
  const key = createHash("sha256").update(text).digest();
  const cipher = createCipheriv("aes-256-ctr", key, Buffer.alloc(16));
  return cipher.update(Buffer.alloc(kilobytes * 1024));
}

/** An image with a layer whose size is known roughly. */
export const imageOf = (text: string, kilobytes = 1): ContainerImage =>
  buildImage([[{ path: text, contents: noise(text, kilobytes) }]], { Cmd: ["true"] });

/** Whether a container runtime pulls it: the judge is containerd, not our client. */
export async function canPull(host: RunningHost, reference: string): Promise<boolean> {
  try {
    await host.pullImage(reference);
    await host.removeImage(reference);
    return true;
  } catch {
    return false;
  }
}
