import { createHash } from "node:crypto";
import { execFileSync } from "node:child_process";
import { gunzipSync } from "node:zlib";
import { buildImage } from "../../oci/image";
import { tar } from "../../oci/tar";

const file = (path: string, contents: string, mode?: number) => ({
  path,
  contents: Buffer.from(contents),
  ...(mode !== undefined && { mode }),
});

describe("tar", () => {
  test("is read by tar: files, folders and links with their modes", () => {
    const archive = tar([
      { path: "bin" },
      file("bin/tool", "x".repeat(700)),
      { path: "bin/link", target: "tool" },
      file("empty", "", 0o600),
      { path: "tmp", mode: 0o1777 },
    ]);
    const listing = execFileSync("tar", ["-tvf", "-", "--numeric-owner", "--utc"], {
      input: archive,
    }).toString();
    expect(
      listing
        .trimEnd()
        .split("\n")
        .map((line) => line.replace(/ +/g, " ")),
    ).toEqual([
      "drwxr-xr-x 0/0 0 1970-01-01 00:00 bin/",
      "-rwxr-xr-x 0/0 700 1970-01-01 00:00 bin/tool",
      "lrwxr-xr-x 0/0 0 1970-01-01 00:00 bin/link -> tool",
      "-rw------- 0/0 0 1970-01-01 00:00 empty",
      "drwxrwxrwt 0/0 0 1970-01-01 00:00 tmp/",
    ]);
    const contents = execFileSync("tar", ["-xOf", "-", "bin/tool"], { input: archive });
    expect(contents.toString()).toBe("x".repeat(700));
  });

  test("refuses a path that its format cannot hold", () => {
    const path = "a".repeat(100);
    expect(() => tar([file(path, "")])).toThrow(
      `tar: expected a path of at most 99 bytes, found "${path}"`,
    );
  });
});

describe("buildImage", () => {
  const image = buildImage([[file("a", "1")], [file("b", "2")]], { Cmd: ["/a"], Env: ["PATH=/"] });
  const sha256 = (bytes: Buffer) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  interface Manifest {
    mediaType: string;
    config: { digest: string; size: number };
    layers: { digest: string; size: number }[];
  }
  const manifest = JSON.parse(image.manifest.bytes.toString()) as Manifest;

  test("names every blob by its digest and size", () => {
    for (const { digest, bytes } of [...image.blobs, image.manifest])
      expect(digest).toBe(sha256(bytes));
    const named = [...manifest.layers, manifest.config].map(({ digest, size }) => ({
      digest,
      size,
    }));
    expect(named).toEqual(image.blobs.map(({ digest, bytes }) => ({ digest, size: bytes.length })));
    expect(manifest.mediaType).toBe(image.manifest.mediaType);
  });

  test("lists in its configuration what the layers are once unpacked", () => {
    const config = JSON.parse(image.blobs.at(-1)?.bytes.toString() ?? "") as {
      config: object;
      rootfs: { diff_ids: string[] };
      history: object[];
    };
    const layers = image.blobs.slice(0, -1).map(({ bytes }) => sha256(gunzipSync(bytes)));
    expect(config.rootfs.diff_ids).toEqual(layers);
    expect(config.history).toHaveLength(2);
    expect(config.config).toEqual({ Cmd: ["/a"], Env: ["PATH=/"] });
  });

  test("gives the same digests for the same input", () => {
    const again = buildImage([[file("a", "1")], [file("b", "2")]], {
      Cmd: ["/a"],
      Env: ["PATH=/"],
    });
    expect(again.manifest.digest).toBe(image.manifest.digest);
  });
});
