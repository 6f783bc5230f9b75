import { readFileSync } from "node:fs";
import { buildImage, type ContainerImage } from "../../oci/image";
import { tar } from "../../oci/tar";
import { failure } from "../process";
import type { RunningHost } from "../running-host";

/**
 * The image of a Pod's sandbox container, which holds the Pod's network and does nothing else. It comes from a registry
 * that no host of a lab can reach, so it is imported on the nodes, as on a closed network.
 *
 * @param program path of an executable that waits until it is ended
 * @param name    the image's name in containerd's configuration
 * @returns an archive for `ctr images import`
 */
export function sandboxArchive(program: string, name: string): Buffer {
  const image = buildImage([[{ path: "pause", contents: readFileSync(program) }]], {
    Entrypoint: ["/pause"],
  });
  return ociArchive(image, name);
}

/** An image as an archive in OCI layout, with a name. */
export function ociArchive({ manifest, blobs }: ContainerImage, name: string): Buffer {
  const text = (value: unknown) => Buffer.from(JSON.stringify(value));
  const { digest, mediaType, bytes } = manifest;
  const index = {
    schemaVersion: 2,
    manifests: [
      {
        mediaType,
        digest,
        size: bytes.length,
        annotations: { "io.containerd.image.name": name },
      },
    ],
  };
  return tar([
    { path: "oci-layout", contents: text({ imageLayoutVersion: "1.0.0" }), mode: 0o644 },
    { path: "index.json", contents: text(index), mode: 0o644 },
    { path: "blobs" },
    { path: "blobs/sha256" },
    ...[...blobs, manifest].map((blob) => ({
      path: `blobs/sha256/${blob.digest.replace("sha256:", "")}`,
      contents: blob.bytes,
      mode: 0o644,
    })),
  ]);
}

/** The name of that image in containerd's configuration, as in the output of `containerd config dump`. */
export function sandboxImageName(dump: string): string {
  // containerd 1.x: sandbox_image = "..."; 2.x: sandbox = '...', in the table of pinned images.
  const found = /^\s*(?:sandbox_image|sandbox) = (["'])(\S+)\1$/m.exec(dump);
  if (!found?.[2]) throw new Error("containerd's configuration names no sandbox image");
  return found[2];
}

/** Imports the image on a node if it is missing. */
export async function ensureSandboxImage(host: RunningHost, program: string): Promise<void> {
  const name = sandboxImageName(await host.succeed("containerd config dump"));
  const present = await host.succeed(`ctr --namespace k8s.io images list --quiet name==${name}`);
  if (present.trim() !== "") return;
  const stdin = sandboxArchive(program, name);
  const result = await host.exec("ctr --namespace k8s.io images import -", { stdin });
  if (result.code !== 0) throw new Error(`${host.name}: ${failure("ctr images import", result)}`);
}
