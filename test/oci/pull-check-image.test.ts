import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { PLATFORMS, pullCheckArchive, pullCheckImage } from "../../oci/pull-check-image";
import { waitingProgram } from "../../oci/waiting-program";

const REFERENCE = "10.0.0.1:5000/cluster-registry/pull-check:1";
const archive = pullCheckArchive(REFERENCE);
const extract = (path: string) => execFileSync("tar", ["-xOf", "-", path], { input: archive });

interface Entry {
  Config: string;
  RepoTags: string[];
  Layers: string[];
}

test("the archive has an image of each platform under its own reference", () => {
  const entries = JSON.parse(extract("manifest.json").toString()) as Entry[];
  expect(entries.map(({ RepoTags }) => RepoTags)).toEqual([
    [`${REFERENCE}-amd64`],
    [`${REFERENCE}-arm64`],
  ]);
  const configs = entries.map(
    ({ Config }) => JSON.parse(extract(Config).toString()) as Record<string, unknown>,
  );
  expect(configs).toMatchObject([
    { architecture: "amd64", os: "linux", config: { Entrypoint: ["/wait"] } },
    { architecture: "arm64", os: "linux", config: { Entrypoint: ["/wait"] } },
  ]);
});

test("each image is one file: the program of its platform, which may be run", () => {
  const entries = JSON.parse(extract("manifest.json").toString()) as Entry[];
  PLATFORMS.forEach((platform, index) => {
    const [layer = "", ...others] = entries[index]?.Layers ?? [];
    expect(others).toEqual([]);
    const files = gunzipSync(extract(layer));
    const listing = execFileSync("tar", ["-tvf", "-", "--numeric-owner"], { input: files });
    expect(listing.toString()).toMatch(/^-rwxr-xr-x 0\/0 +\d+ .* wait\n$/);
    const program = execFileSync("tar", ["-xOf", "-", "wait"], { input: files });
    expect(program).toEqual(waitingProgram(platform));
  });
});

test("files are named by their contents, and the archive is the same every time", () => {
  for (const { digest, bytes } of PLATFORMS.flatMap((one) => pullCheckImage(one).blobs)) {
    const name = createHash("sha256").update(bytes).digest("hex");
    expect(digest).toBe(`sha256:${name}`);
    expect(extract(name)).toEqual(bytes);
  }
  expect(pullCheckArchive(REFERENCE)).toEqual(archive);
});
