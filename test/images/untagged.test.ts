import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { userlands } from "../helper/shells";

const SCRIPT = join(__dirname, "../../images/shell/untagged.sh");
const DAY = 86_400;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "volume-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const write = (path: string, text: string, days = 0) => {
  const file = join(folder, "docker/registry/v2", path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  const time = Date.now() / 1000 - days * DAY;
  utimesSync(file, time, time);
};

function blob(content: string | object): string {
  const text = typeof content === "string" ? content : JSON.stringify(content);
  const hex = createHash("sha256").update(text).digest("hex");
  write(`blobs/sha256/${hex.slice(0, 2)}/${hex}/data`, text);
  return `sha256:${hex}`;
}

/** A manifest in a repository, whose link is so many days old. */
function manifest(repository: string, content: string | object, days: number): string {
  const digest = blob(content);
  const path = `repositories/${repository}/_manifests/revisions/${digest.replace(":", "/")}/link`;
  write(path, digest, days);
  return digest;
}

const tag = (repository: string, name: string, digest: string) =>
  write(`repositories/${repository}/_manifests/tags/${name}/current/link`, digest, 99);
const image = (text: string) => ({ layers: [{ digest: blob(text) }] });

describe.each(userlands)("a clean-up that is planned on the host, with $awk", ({ awk }) => {
  const plan = (days = "7"): string[] => {
    const [program = "", ...args] = awk.split(" ");
    const bin = join(folder, "bin");
    mkdirSync(bin, { recursive: true });
    writeFileSync(join(bin, "awk"), `#!/bin/sh\nexec ${[program, ...args].join(" ")} "$@"\n`, {
      mode: 0o755,
    });
    // The find of busybox cannot print times, and neither can the listing of images do with it.
    const { status, stdout, stderr } = spawnSync("sh", [SCRIPT, folder, days], {
      encoding: "utf8",
      env: { ...process.env, PATH: `${bin}:${process.env["PATH"]}` },
    });
    if (status !== 0) throw new Error(stderr);
    return stdout.trim().split("\n");
  };
  const gone = (repository: string, digest: string) =>
    `revision ${repository} ${digest.replace(":", "/")}`;

  test("removes manifests that have had no tag for long, and keeps the others", () => {
    const tagged = manifest("app/web", image("tagged"), 30);
    tag("app/web", "1", tagged);
    const old = manifest("app/web", image("old"), 8);
    manifest("app/web", image("young"), 6);
    expect(plan()).toEqual([gone("app/web", old), `proof app/web ${tagged}`, "garbage 2"]);
    expect(plan("30")).toEqual([`proof app/web ${tagged}`, "garbage 0"]);
  });

  test("keeps the images of an index, at any depth", () => {
    const part = manifest("app/multi", image("part"), 30);
    const inner = manifest("app/multi", { manifests: [{ digest: part }] }, 30);
    const outer = manifest("app/multi", { manifests: [{ digest: inner }] }, 30);
    tag("app/multi", "1", outer);
    expect(plan()).toEqual([`proof app/multi ${outer}`, "garbage 0"]);
  });

  test("keeps the signatures of what stays, and what they name; those of the others go", () => {
    const kept = manifest("app/web", image("kept"), 30);
    tag("app/web", "1", kept);
    const part = manifest("app/web", image("part of a signature"), 30);
    manifest("app/web", { manifests: [{ digest: part }], subject: { digest: kept } }, 30);
    const old = manifest("app/web", image("old"), 30);
    const signature = manifest("app/web", { layers: [], subject: { digest: old } }, 30);
    expect(plan().sort()).toEqual(
      [
        gone("app/web", old),
        gone("app/web", signature),
        `proof app/web ${kept}`,
        "garbage 3",
      ].sort(),
    );
  });

  test("a tag in another repository does not keep a manifest", () => {
    const digest = manifest("one", image("shared"), 30);
    tag("one", "1", digest);
    manifest("two", image("shared"), 30);
    expect(plan()).toEqual([
      gone("two", digest),
      "repository two",
      `proof one ${digest}`,
      "garbage 0",
    ]);
  });

  test("a repository into which somebody pushes stays", () => {
    const digest = manifest("two", image("old"), 30);
    write("repositories/two/_uploads/x/data", "half");
    expect(plan()).toEqual([gone("two", digest), "garbage 2"]);
  });

  test("with a cluster every manifest stays, and only blobs that none names are garbage", () => {
    manifest("app/web", image("old"), 30);
    blob("of a push that was cut off");
    expect(plan("never")).toEqual(["garbage 1"]);
  });

  test("tags with the names of the registry's folders are tags", () => {
    for (const name of ["_layers", "_uploads", "_manifests"])
      tag("app/web", name, manifest("app/web", image(name), 30));
    expect(plan().filter((line) => line.startsWith("revision"))).toEqual([]);
  });

  test("proves with the smallest tag that has its manifest", () => {
    tag("app/web", "big", manifest("app/web", image("x".repeat(5000)), 30));
    const small = manifest("app/web", image("x"), 30);
    tag("app/web", "small", small);
    expect(plan()).toEqual([`proof app/web ${small}`, "garbage 0"]);
  });

  test("keeps the layers of a tagged image of schema 1, and proves with another tag", () => {
    const schema1 = (...texts: string[]) =>
      JSON.stringify(
        {
          schemaVersion: 1,
          name: "old",
          fsLayers: texts.map((text) => ({ blobSum: blob(text) })),
          history: [{ v1Compatibility: '{"id":"schemaVersion: 2"}' }],
        },
        null,
        3,
      );
    tag("old", "1.0", manifest("old", schema1("shared", "kept"), 30));
    const lost = manifest("old", schema1("shared", "lost"), 30);
    expect(plan()).toEqual([gone("old", lost), "garbage 2"]);
    const other = manifest("app/web", { schemaVersion: 2, ...image("x".repeat(5000)) }, 30);
    tag("app/web", "1", other);
    expect(plan()).toEqual([gone("old", lost), `proof app/web ${other}`, "garbage 2"]);
  });

  test("an empty volume has nothing to remove", () => {
    expect(plan()).toEqual(["garbage 0"]);
  });
});
