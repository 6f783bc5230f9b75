import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { backUp } from "../../../images/backup/backup";
import { type Access, collect } from "../../../images/backup/collect";
import { eachFile, readArchive } from "../../../images/backup/read-archive";
import { amountOf, refuseConflicts, restore } from "../../../images/backup/restore";
import { planRestore } from "../../../images/backup/restore-plan";
import { type ArchiveFile, writeArchive } from "../../../images/backup/write-archive";
import type { StoredTag } from "../../../images/listing";
import { expiredTags } from "../../../images/retention";
import { BlobStreams } from "../../../registry/blob-streams";
import { RegistryClient } from "../../../registry/client";
import { FakeRegistry, SCHEMA_1 } from "../../registry/fake-registry";

const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const INDEX = "application/vnd.oci.image.index.v1+json";
const DOCKER = "application/vnd.docker.distribution.manifest.v2+json";
const CONFIG = "application/vnd.oci.image.config.v1+json";
const LAYER = "application/vnd.oci.image.layer.v1.tar+gzip";

let folder: string;
let file: string;
let from: FakeRegistry;
let said: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "backup-"));
  file = join(folder, "images.tar");
  from = new FakeRegistry(2);
  said = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const say = (line: string) => void said.push(line);

/** Stores an image of one layer. @returns its descriptor */
function image(
  repository: string,
  tags: string[],
  text: string,
  more: object = {},
  type = MANIFEST,
) {
  const config = from.blob({ text }, CONFIG);
  const layers = [from.blob(text.repeat(1000), LAYER)];
  const manifest = { schemaVersion: 2, mediaType: type, config, layers, ...more };
  const digest = from.put(repository, tags, manifest, type);
  return { mediaType: type, digest, size: JSON.stringify(manifest).length };
}

function index(repository: string, tags: string[], manifests: object[]) {
  return from.put(repository, tags, { schemaVersion: 2, mediaType: INDEX, manifests }, INDEX);
}

/** One of everything that people push. */
function everything() {
  const single = image("app/web", ["1.0", "latest"], "web");
  image("app/docker", ["1"], "docker", {}, DOCKER);
  const platform = (architecture: string) => ({ platform: { os: "linux", architecture } });
  const attestation = image("app/multi", [], "in-toto", {
    layers: [from.blob("statement", "application/vnd.in-toto+json")],
  });
  index(
    "app/multi",
    ["1"],
    [
      { ...image("app/multi", [], "amd"), ...platform("amd64") },
      { ...image("app/multi", [], "arm"), ...platform("arm64") },
      { ...attestation, ...platform("unknown") },
    ],
  );
  const cosign = {
    layers: [from.blob("payload", "application/vnd.dev.cosign.simplesigning.v1+json")],
  };
  image("app/web", [`sha256-${single.digest.slice(7)}.sig`], "signature", cosign);
  const referrer = image("app/web", [], "sbom", { subject: single, artifactType: "text/spdx" });
  const second = image("app/web", [], "of the sbom", { subject: referrer });
  image("app/web", [], "garbage");
  const chart = from.blob({ name: "chart" }, "application/vnd.cncf.helm.config.v1+json");
  image("charts/web", ["0.1.0"], "chart", { config: chart });
  const cache = from.blob({ layers: [] }, "application/vnd.buildkit.cacheconfig.v0");
  index("app/cache", ["main"], [from.blob("cached", LAYER), cache]);
  // An empty layer, and a blob that repositories share.
  image("app/empty", ["1"], "web", { layers: [from.blob("", LAYER)] });
  return { referrer: referrer.digest, second: second.digest };
}

const REPOSITORIES = ["app/cache", "app/docker", "app/empty", "app/multi", "app/web", "charts/web"];

const revisions = () =>
  REPOSITORIES.flatMap((repository) =>
    from.manifestsOf(repository).map((digest) => ({ repository, digest })),
  );

function backup(access: Partial<Access> = {}, skipBroken = false, tags: readonly StoredTag[] = []) {
  const source = {
    client: new RegistryClient(from.transport),
    streams: new BlobStreams(from.streams),
    ...access,
    prefix: "10.0.0.1:5000",
    version: "2.8.3",
    tags,
    revisions: revisions(),
    settings: { settings: { registry: { host: "cp" } }, secretsLeftOut: ["ssh.password"] },
  };
  return backUp(source, file, skipBroken, new Date("2026-01-02T03:04:05Z"), say);
}

async function restoreInto(registry: FakeRegistry) {
  const client = new RegistryClient(registry.transport);
  const archive = await readArchive(file);
  const plan = await planRestore(client, archive);
  refuseConflicts(plan.conflicts);
  await restore(client, new BlobStreams(registry.streams), archive, plan, say);
  return amountOf(plan, archive);
}

test("single images, indexes, attestations, signatures, referrers, charts and caches come back with their digests", async () => {
  const { referrer, second } = everything();
  const record = await backup();
  expect(record.counts).toEqual({
    repositories: 6,
    tags: 8,
    referrers: 2,
    manifests: 12,
    blobs: 21,
    bytes: expect.any(Number),
  });
  const into = new FakeRegistry(3);
  const restored = await restoreInto(into);
  expect(restored).toMatchObject({ tags: 8, present: 0, manifests: 12, blobs: 21 });
  for (const repository of REPOSITORIES) {
    expect(into.tagsOf(repository)).toEqual(from.tagsOf(repository));
    const wanted = from.manifestsOf(repository);
    expect(into.manifestsOf(repository).sort()).toEqual(
      wanted.filter((digest) => repository !== "app/web" || !isGarbage(digest)).sort(),
    );
  }
  expect(into.manifestsOf("app/web")).toEqual(expect.arrayContaining([referrer, second]));
});

/** The untagged image without a subject. */
const isGarbage = (digest: string) => digest === image("app/web", [], "garbage").digest;

test("each repository gets one line", async () => {
  everything();
  await backup();
  expect(said.map((line) => line.split(":")[0])).toEqual(REPOSITORIES);
  expect(said[1]).toBe("app/docker: 1 tag, 2 new blobs, 6.02 kB");
});

test("a backup without changes is the same file", async () => {
  everything();
  await backup();
  const first = readFileSync(file);
  await backup();
  expect(readFileSync(file).equals(first)).toBe(true);
});

test("a second restore pushes nothing, and one after an interruption pushes the rest", async () => {
  everything();
  await backup();
  const into = new FakeRegistry(3);
  await restoreInto(into);
  into.requests.length = 0;
  expect(await restoreInto(into)).toEqual({
    blobs: 0,
    bytes: 0,
    manifests: 0,
    tags: 0,
    present: 8,
  });
  expect(into.requests.filter((line) => !/^(HEAD|GET) /.test(line))).toEqual([]);

  const { digest } = image("app/docker", [], "docker", {}, DOCKER);
  into.lose("app/docker", digest);
  into.loseBlob(from.blob({ text: "docker" }, CONFIG).digest);
  expect(await restoreInto(into)).toMatchObject({ blobs: 1, manifests: 1, tags: 1, present: 7 });
  expect(into.tagsOf("app/docker")).toEqual({ "1": digest });
});

test("tags come after all blobs and manifests", async () => {
  everything();
  await backup();
  const into = new FakeRegistry(3);
  await restoreInto(into);
  const own = into.requests.filter((line) => /^PUT \/v2\/app\/multi\/manifests\//.test(line));
  expect(own).toHaveLength(5);
  expect(own.at(-1)).toBe("PUT /v2/app/multi/manifests/1");
  expect(own.at(-2)).toContain(from.tagsOf("app/multi")["1"]);
});

describe("the order of pushes", () => {
  /** Pushes versions one after the other. @returns the tags as the volume has them, in the order of their names */
  const pushed = (...names: string[]): StoredTag[] =>
    names
      .map((name, index) => ({
        repository: "app/web",
        name,
        digest: image("app/web", [name], name).digest,
        pushed: 1000 + index,
      }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  const restored = async () => {
    const into = new FakeRegistry(3);
    await restoreInto(into);
    return Object.entries(into.tagsOf("app/web"));
  };
  const names = (tags: [string, string][]) => tags.map(([name]) => name);

  test("survives, so that keepLast keeps the same versions after a restore", async () => {
    const tags = pushed("1.9", "1.10", "1.11");
    await backup({}, false, tags);
    const found = (await restored()).map(([name, digest], second) => ({
      repository: "app/web",
      name,
      digest,
      pushed: 2000 + second,
    }));
    const expired = (all: StoredTag[]) =>
      expiredTags(all, [{ repositories: "**", keepLast: 1 }], 9000, () => false).map(
        ({ tag }) => tag.name,
      );
    expect(expired(found)).toEqual(["1.9", "1.10"]);
    expect(expired(found)).toEqual(expired(tags));
  });

  test("survives if an old version was pushed last", async () => {
    await backup({}, false, pushed("1.10", "2.0", "1.9"));
    expect(names(await restored())).toEqual(["1.10", "2.0", "1.9"]);
  });

  test("is that of versions if the volume cannot be read, or has one time for several tags", async () => {
    const tags = pushed("2.0", "1.11", "1.9", "1.10");
    await backup();
    expect(names(await restored())).toEqual(["1.9", "1.10", "1.11", "2.0"]);
    await backup(
      {},
      false,
      tags.map((tag) => ({ ...tag, pushed: tag.name === "2.0" ? 1 : 2 })),
    );
    expect(names(await restored())).toEqual(["2.0", "1.9", "1.10", "1.11"]);
  });

  test("has a tag last that was pushed since the volume was read", async () => {
    const tags = pushed("1.9", "1.10", "1.11");
    image("app/web", ["1.9"], "again");
    image("app/web", ["1.0"], "new");
    await backup({}, false, tags);
    expect(names(await restored())).toEqual(["1.10", "1.11", "1.0", "1.9"]);
  });
});

test("tags with other content are refused, all of them, and nothing is pushed", async () => {
  const old = image("app/web", ["1.0", "2.0", "3.0"], "old");
  await backup();
  const into = new FakeRegistry(3);
  const other = into.put("app/web", ["1.0", "2.0"], { schemaVersion: 2 }, MANIFEST);
  await expect(restoreInto(into)).rejects.toThrow(
    [
      "the registry has these tags with other content, and nothing was pushed; remove them, or overwrite them with --overwrite:",
      `  app/web:1.0: ${other} in the registry, ${old.digest} in the archive`,
      `  app/web:2.0: ${other} in the registry, ${old.digest} in the archive`,
    ].join("\n"),
  );
  expect(into.requests.filter((line) => !/^(HEAD|GET) /.test(line))).toEqual([]);
});

test.each([
  ["at once", false],
  ["in the middle", true],
])("an upload that the registry refuses %s ends the restore with its words", async (_, reads) => {
  image("app/web", ["1"], "web".repeat(1000));
  await backup();
  const into = new FakeRegistry(3);
  const client = new RegistryClient(into.transport);
  const streams = new BlobStreams(async ({ body }) => {
    if (reads) for await (const chunk of body!) if (chunk.length > 0) break;
    const full = Buffer.from('{"errors":[{"code":"UNKNOWN","message":"no space left"}]}');
    return { status: 500, header: () => undefined, body: Readable.from([full]) };
  });
  const archive = await readArchive(file);
  const plan = await planRestore(client, archive);
  await expect(restore(client, streams, archive, plan, say)).rejects.toThrow(
    /^PUT \/v2\/app\/web\/blobs\/uploads\/one\?.*: the registry answered 500: UNKNOWN: no space left$/,
  );
});

describe("a damaged archive", () => {
  test("with a changed byte is refused, and the blob is named", async () => {
    image("app/web", ["1"], "web");
    await backup();
    const bytes = readFileSync(file);
    const at = bytes.indexOf("webwebweb");
    bytes[at] = "x".charCodeAt(0);
    writeFileSync(file, bytes);
    const { digest } = from.blob("web".repeat(1000), LAYER);
    await expect(readArchive(file)).rejects.toThrow(
      `${file} is damaged, and nothing was pushed:\n  blobs/${digest.replace(":", "/")}: its content has another digest, `,
    );
  });

  test("that was cut off is refused", async () => {
    image("app/web", ["1"], "web");
    await backup();
    const bytes = readFileSync(file);
    writeFileSync(file, bytes.subarray(0, bytes.length - 3000));
    await expect(readArchive(file)).rejects.toThrow(
      `${file} is not a whole tar archive: Unexpected end of data`,
    );
    writeFileSync(file, "no archive".repeat(100));
    await expect(readArchive(file)).rejects.toThrow(`${file} is not a whole tar archive: `);
  });
});

describe("an archive whose index was altered", () => {
  /** Replaces a file of the archive, or removes it. */
  async function alter(name: string, change: (text: string) => string | undefined): Promise<void> {
    const files: ArchiveFile[] = [];
    await eachFile(file, async (path, _, stream) => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of stream) chunks.push(chunk);
      const content = Buffer.concat(chunks);
      const text = path === name ? change(content.toString()) : content;
      if (text === undefined) return;
      const bytes = Buffer.from(text);
      files.push({ path, size: bytes.length, content: bytes });
    });
    await writeArchive(file, files, new Date());
  }
  /** Removes the entries whose names match. */
  const without = (names: RegExp) => (text: string) => {
    const index = JSON.parse(text) as { manifests: { annotations: Record<string, string> }[] };
    const manifests = index.manifests.filter(
      ({ annotations }) => !names.test(annotations["org.opencontainers.image.ref.name"]!),
    );
    return JSON.stringify({ ...index, manifests });
  };

  beforeEach(async () => {
    everything();
    await backup();
  });

  test.each([
    ["cut short", (text: string) => text.slice(0, 50), "index.json is not JSON: "],
    ["of another kind", () => "null", "index.json: expected a list of manifests"],
    [
      "with an empty entry",
      () => '{"manifests":[null]}',
      "index.json: expected an entry with a digest and a type; found null",
    ],
    [
      "with an entry without a type",
      () => '{"manifests":[{"digest":"sha256:ab"}]}',
      'index.json: expected an entry with a digest and a type; found {"digest":"sha256:ab"}',
    ],
    [
      "with a name that is none",
      (text: string) => text.replace('"app/web:1.0"', '"latest"'),
      "index.json: expected REPOSITORY:TAG as the name of sha256:",
    ],
    [
      "emptied",
      () => '{"manifests":[]}',
      "index.json names 0 tags, and cluster-registry.json counts 8\n  index.json names 0 manifests without a tag, and cluster-registry.json counts 2",
    ],
    [
      "without a tag",
      without(/^app\/web:1\.0$/),
      "index.json names 7 tags, and cluster-registry.json counts 8",
    ],
    [
      "with a tag in the place of another",
      (text: string) => text.replace('"app/web:1.0"', '"app/web:latest"'),
      "index.json names 7 tags, and cluster-registry.json counts 8",
    ],
    [
      "without a signature",
      without(/@/),
      "index.json names 0 manifests without a tag, and cluster-registry.json counts 2",
    ],
  ])("%s is damaged", async (_, change, problem) => {
    await alter("index.json", change);
    await expect(readArchive(file)).rejects.toThrow(
      `${file} is damaged, and nothing was pushed:\n  ${problem}`,
    );
  });

  test("is that of another program if the archive has no record", async () => {
    await alter("cluster-registry.json", () => undefined);
    await alter("index.json", (text) => text.replace('"app/web:1.0"', '"latest"'));
    const { digest } = image("app/web", [], "web");
    await expect(readArchive(file)).rejects.toThrow(
      `${file} is not from \`npm run backup\`, and nothing was pushed:\n` +
        `  index.json: expected REPOSITORY:TAG as the name of ${digest}; found "latest"`,
    );
  });

  test.each(["{}", "null", '{"format":1}', '{"format":2,"counts":{"tags":1}}'])(
    "is not compared with the record %s, which does not count",
    async (record) => {
      await alter("cluster-registry.json", () => record);
      expect((await readArchive(file)).roots).toHaveLength(10);
    },
  );
});

test("a folder is no archive", async () => {
  await expect(readArchive(folder)).rejects.toThrow(
    `${folder} is a folder; expected a file that \`npm run backup\` wrote`,
  );
});

describe("a registry that lost something", () => {
  let lost: string;
  beforeEach(() => {
    image("app/web", ["1", "2"], "web");
    image("app/good", ["1"], "good");
    lost = from.blob("web".repeat(1000), LAYER).digest;
  });

  test("ends the backup with the tags, and leaves no file", async () => {
    from.loseBlob(lost);
    await expect(backup()).rejects.toThrow(
      [
        "these cannot be read; push them again or remove them, or leave them out with --skip-broken:",
        `  app/web:1: the registry lost ${lost}`,
        `  app/web:2: the registry lost ${lost}`,
      ].join("\n"),
    );
    expect(readdirSync(folder)).toEqual([]);
  });

  test("is noticed at the end of a changed blob too", async () => {
    from.spoil(lost);
    await expect(backup()).rejects.toThrow(
      `this cannot be read; push it again or remove it, or leave it out with --skip-broken:\n  app/web:1, app/web:2: the content of ${lost} has another digest, `,
    );
    expect(readdirSync(folder)).toEqual([]);
  });

  test("--skip-broken leaves out just that", async () => {
    from.spoil(lost);
    const { digest } = image("app/half", [], "half");
    const entry = { mediaType: MANIFEST, digest, size: 1 };
    index("app/half", ["1"], [entry]);
    from.lose("app/half", digest);
    const record = await backup({}, true);
    expect(record.leftOut).toEqual([
      { name: "app/half:1", why: `the registry lost the manifest ${digest}` },
      { name: "app/web:1", why: expect.stringContaining(`the content of ${lost} has another`) },
      { name: "app/web:2", why: expect.stringContaining(`the content of ${lost} has another`) },
    ]);
    const into = new FakeRegistry(3);
    expect(await restoreInto(into)).toMatchObject({ tags: 1 });
    expect(into.tagsOf("app/good")).toEqual(from.tagsOf("app/good"));
  });

  /** Ends the answer for the lost blob in its middle. */
  const aborting = new BlobStreams(async (request) => {
    const answer = await from.streams(request);
    if (!request.path.endsWith(lost)) return answer;
    const body = async function* () {
      for await (const chunk of answer.body) {
        yield chunk;
        throw new Error("aborted");
      }
    };
    return { ...answer, body: body() };
  });

  test("is noticed if it closes the connection, and answers again", async () => {
    const client = new RegistryClient(from.transport);
    await expect(backup({ client, streams: aborting })).rejects.toThrow(
      `  app/web:1, app/web:2: the registry stops in ${lost} (aborted)`,
    );
    const record = await backup({ client, streams: aborting }, true);
    expect(record.leftOut.map(({ name }) => name)).toEqual(["app/web:1", "app/web:2"]);
  });

  test.each([
    ["a manifest", /manifests\/sha256/],
    ["a blob", /^\/v2\/$/],
  ])("a lost connection in %s is no broken tag", async (_, path) => {
    const client = new RegistryClient((request) =>
      path.test(request.path)
        ? Promise.reject(new Error("the server closed the connection"))
        : from.transport(request),
    );
    await expect(backup({ client, streams: aborting }, true)).rejects.toThrow(
      /^(aborted|the server closed the connection)$/,
    );
    expect(existsSync(file)).toBe(false);
  });
});

describe("a manifest without a tag", () => {
  const UNTAGGED =
    "these cannot be read, and have no tag that can be removed; leave them out with --skip-broken:";
  let subject: object;
  beforeEach(() => (subject = image("app/web", ["1"], "web")));

  /** Stores an index whose only image is lost. @returns the digests of both */
  const halfIndex = (tags: string[], more: object = {}) => {
    const child = image("app/web", [], "child");
    const manifests = [child];
    const value = { schemaVersion: 2, mediaType: INDEX, manifests, ...more };
    const digest = from.put("app/web", tags, value, INDEX);
    from.lose("app/web", child.digest);
    return { digest, child: child.digest };
  };

  test("that refers to nothing is not part of a backup, whatever it has lost", async () => {
    const { child } = halfIndex([]);
    expect(await backup()).toMatchObject({ counts: { manifests: 1, referrers: 0 }, leftOut: [] });
    expect(from.requests.filter((line) => line.includes(child))).toEqual([]);
  });

  test("that refers to a tag's image and has lost something is named, with what helps", async () => {
    const { digest, child } = halfIndex([], { subject });
    await expect(backup()).rejects.toThrow(
      `${UNTAGGED}\n  app/web@${digest}: the registry lost the manifest ${child}`,
    );
    const { counts, leftOut } = await backup({}, true);
    expect(counts).toMatchObject({ tags: 1, referrers: 0 });
    expect(leftOut.map(({ name }) => name)).toEqual([`app/web@${digest}`]);
  });

  test("is named apart from broken tags, which can be removed", async () => {
    const { digest, child } = halfIndex(["2"]);
    const layer = from.blob("lost", LAYER);
    const signature = image("app/web", [], "signature", { subject, layers: [layer] });
    from.loseBlob(layer.digest);
    expect(from.tagsOf("app/web")["2"]).toBe(digest);
    await expect(backup()).rejects.toThrow(
      [
        "these cannot be read; push them again or remove them, or leave them out with --skip-broken:",
        `  app/web:2: the registry lost the manifest ${child}`,
        UNTAGGED,
        `  app/web@${signature.digest}: the registry lost ${layer.digest}`,
      ].join("\n"),
    );
  });

  test("that cannot be read to its end is named with what helps too", async () => {
    const layer = from.blob("spoiled", LAYER);
    const { digest } = image("app/web", [], "signature", { subject, layers: [layer] });
    from.spoil(layer.digest);
    await expect(backup()).rejects.toThrow(
      `this cannot be read, and has no tag that can be removed; leave it out with --skip-broken:\n  app/web@${digest}: the content of ${layer.digest} has another digest, `,
    );
  });

  test("that the registry lost itself is one that gc removes; a tag's is named with its tag", async () => {
    const digest = from.put("app/web", [], { schemaVersion: 2, subject }, MANIFEST);
    const tagged = image("app/web", ["2"], "two").digest;
    const volume = {
      tags: [{ repository: "app/web", name: "2", digest: tagged, pushed: 1 }],
      revisions: revisions(),
    };
    for (const lost of [digest, tagged]) from.lose("app/web", lost);
    const client = new RegistryClient(from.transport);
    const found = await collect({ client, streams: new BlobStreams(from.streams) }, volume, "look");
    expect(found.broken).toEqual([
      { name: "app/web:2", why: "the registry lost its manifest" },
      {
        name: `app/web@${digest}`,
        why: "the registry lost this manifest; `npm run gc` removes it if no tag leads to it",
      },
    ]);
  });

  test("of schema 1 refers to nothing, and one with a tag is named", async () => {
    from.put("app/web", [], { schemaVersion: 1, fsLayers: [] }, SCHEMA_1);
    expect(await backup()).toMatchObject({ counts: { manifests: 1 }, leftOut: [] });
    const digest = from.put(
      "app/web",
      ["0"],
      { schemaVersion: 1, tag: "0", fsLayers: [] },
      SCHEMA_1,
    );
    await expect(backup()).rejects.toThrow(
      new Error(
        `these cannot be read; push them again or remove them, or leave them out with --skip-broken:\n` +
          `  app/web:0: the manifest ${digest} has schema 1, which no current runtime can run`,
      ),
    );
  });
});

test("a backup that fails leaves the earlier file as it was", async () => {
  image("app/web", ["1"], "web");
  writeFileSync(file, "earlier");
  const lost = from.blob("web".repeat(1000), LAYER).digest;
  from.spoil(lost);
  await expect(backup()).rejects.toThrow("this cannot be read");
  expect(readFileSync(file, "utf8")).toBe("earlier");
});
