import type { ContainerImage } from "./image";
import { tar, type TarEntry } from "./tar";

/** An image of one platform, and the reference that `docker load` gives it. */
export interface NamedImage {
  reference: string;
  image: ContainerImage;
}

/** An archive for `docker load`, as `docker save` writes one. Same images, same bytes. */
export function dockerArchive(images: readonly NamedImage[]): Buffer {
  const files = new Map<string, Buffer>();
  const manifest = images.map(({ reference, image }) => {
    const names = image.blobs.map(({ digest, bytes }) => {
      const name = digest.replace("sha256:", "");
      files.set(name, bytes);
      return name;
    });
    // The last blob of an image is its configuration, see `buildImage`.
    return { Config: names.at(-1), RepoTags: [reference], Layers: names.slice(0, -1) };
  });
  const entries: TarEntry[] = [...files].map(([path, contents]) => ({
    path,
    contents,
    mode: 0o644,
  }));
  const contents = Buffer.from(JSON.stringify(manifest));
  return tar([...entries, { path: "manifest.json", contents, mode: 0o644 }]);
}
