import type { Listing, StoredRevision, StoredTag } from "../../images/listing";
import { common } from "../../images/gc";
import { planCleanUp } from "../../images/plan";
import { RegistryClient } from "../../registry/client";
import { FakeRegistry, SCHEMA_1 } from "../registry/fake-registry";

const NOW = 1_000_000;
const OLD = NOW - 7200;
const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const INDEX = "application/vnd.oci.image.index.v1+json";
const CONFIG = "application/vnd.oci.image.config.v1+json";
const LAYER = "application/vnd.oci.image.layer.v1.tar+gzip";

let registry: FakeRegistry;
let blobs: Map<string, number>;
let tags: StoredTag[];
let revisions: StoredRevision[];

beforeEach(() => {
  registry = new FakeRegistry(3);
  blobs = new Map();
  tags = [];
  revisions = [];
});

/** Stores an image of one layer. @returns its digest */
function image(repository: string, names: string[], text: string, more: object = {}): string {
  const config = registry.blob({ text }, CONFIG);
  const layer = registry.blob(text.repeat(10), LAYER);
  blobs.set(config.digest, config.size).set(layer.digest, layer.size);
  return store(repository, names, { schemaVersion: 2, config, layers: [layer], ...more }, MANIFEST);
}

function index(repository: string, names: string[], entries: string[]): string {
  const manifests = entries.map((digest) => ({ mediaType: MANIFEST, digest, size: 1 }));
  return store(repository, names, { schemaVersion: 2, mediaType: INDEX, manifests }, INDEX);
}

/** Stores an image as Docker before 1.10 pushed them. @returns its digest */
function schema1(repository: string, names: string[], ...texts: string[]): string {
  const layers = texts.map((text) => registry.blob(text, LAYER));
  for (const { digest, size } of layers) blobs.set(digest, size);
  const fsLayers = layers.map(({ digest }) => ({ blobSum: digest }));
  return store(repository, names, { schemaVersion: 1, name: repository, fsLayers }, SCHEMA_1);
}

function store(repository: string, names: string[], manifest: object, type: string): string {
  const digest = registry.put(repository, names, manifest, type);
  blobs.set(digest, JSON.stringify(manifest).length);
  revisions.push({ repository, digest, pushed: OLD });
  for (const name of names) tags.push({ repository, name, digest, pushed: OLD });
  return digest;
}

const listing = (): Listing => ({
  now: NOW,
  container: { id: "x", running: true, env: {} },
  tags,
  revisions,
  uploads: [],
  repositories: [...new Set(revisions.map(({ repository }) => repository))],
  blobs,
  errors: { count: 0, last: [] },
});
const plan = (rules: Parameters<typeof planCleanUp>[2] = [], uses: string[] = []) =>
  planCleanUp(
    new RegistryClient(registry.transport),
    listing(),
    rules,
    NOW,
    (_repository, _tag, digests) => digests.some((digest) => uses.includes(digest)),
  );

test("what a tag leads to stays: an index's images, and what names one of them as its subject", async () => {
  const amd64 = image("app", [], "amd64");
  index("app", ["1"], [amd64]);
  image("app", [], "signature", { subject: { mediaType: MANIFEST, digest: amd64, size: 1 } });
  const found = await plan();
  expect(found).toMatchObject({ expired: [], untagged: [], emptied: [], blobs: 0, bytes: 0 });
  expect(found.proof).toMatchObject({ repository: "app", name: "1" });
});

test("a manifest that no tag leads to goes, with the blobs that nothing else needs", async () => {
  image("app", ["1"], "kept");
  const lost = image("app", [], "lost");
  const found = await plan();
  expect(found.untagged.map(({ digest }) => digest)).toEqual([lost]);
  expect(found.blobs).toBe(3);
  expect(found.emptied).toEqual([]);
});

test("a manifest without a tag that is younger than an hour may belong to a push, and stays", async () => {
  image("app", [], "new");
  revisions = revisions.map((each) => ({ ...each, pushed: NOW - 3599 }));
  expect(await plan()).toMatchObject({ untagged: [], emptied: [], blobs: 0 });
  revisions = revisions.map((each) => ({ ...each, pushed: NOW - 3600 }));
  expect(await plan()).toMatchObject({ untagged: [{}], emptied: ["app"], blobs: 3 });
});

test("a blob that another repository needs stays", async () => {
  image("one", [], "shared");
  image("two", ["1"], "shared");
  expect(await plan()).toMatchObject({
    untagged: [{ repository: "one" }],
    emptied: ["one"],
    blobs: 0,
  });
});

test("a tag that expires takes its images along, except one that the cluster uses by digest", async () => {
  const [first, second] = [image("app", [], "a"), image("app", [], "b")];
  index("app", ["1"], [first]);
  index("app", ["2"], [second]);
  const rules = [{ repositories: "app", keepTags: "^never$" }];
  const found = await plan(rules, [second]);
  expect(found.expired.map(({ tag }) => tag.name)).toEqual(["1"]);
  expect(found.untagged).toHaveLength(2);
  expect(found.proof?.name).toBe("2");
});

test("a manifest that the cluster uses by digest stays when its tag has moved on, with all that it leads to", async () => {
  const child = image("app", [], "child");
  const used = index("app", [], [child]);
  const signature = image("app", [`${used.replace(":", "-")}.sig`], "signature");
  const other = image("app", [], "other");
  const found = await plan([{ repositories: "app", keepLast: 1 }], [used]);
  expect(found.expired).toEqual([]);
  expect(found.untagged.map(({ digest }) => digest)).toEqual([other]);
  expect(found.untagged).not.toContainEqual(expect.objectContaining({ digest: signature }));
});

test("an old image stays if only a young index without a tag lists it", async () => {
  const child = image("app", [], "child");
  const parent = index("app", [], [child]);
  revisions = revisions.map((each) => (each.digest === parent ? { ...each, pushed: NOW } : each));
  expect(await plan()).toMatchObject({ untagged: [], emptied: [], blobs: 0 });
});

test("the signature of an image whose tag expires stays if an index that stays lists the image", async () => {
  const child = image("app", ["1-amd64"], "child");
  tags = tags.map((tag) => ({ ...tag, pushed: OLD - 1 }));
  index("app", ["1"], [child]);
  image("app", [`${child.replace(":", "-")}.sig`], "signature");
  const found = await plan([{ repositories: "app", keepLast: 1 }]);
  expect(found.expired.map(({ tag }) => tag.name)).toEqual(["1-amd64"]);
  expect(found.untagged).toEqual([]);
});

test("an image that the registry has lost is no proof, and keeps its tag", async () => {
  registry.lose("app", image("app", ["1"], "lost"));
  const found = await plan();
  expect(found).toMatchObject({ expired: [], untagged: [] });
  expect(found.proof).toBeUndefined();
});

describe("an image of schema 1, in a registry that still has one", () => {
  beforeEach(() => {
    registry = new FakeRegistry(2);
  });

  test("stays with its layers if it is tagged", async () => {
    schema1("old", ["1.0"], "one", "two");
    expect(await plan()).toMatchObject({ expired: [], untagged: [], blobs: 0 });
  });

  test("goes with the layers that nothing else needs if it is not", async () => {
    schema1("old", ["1.0"], "shared");
    const lost = schema1("old", [], "shared", "own");
    const found = await plan();
    expect(found.untagged.map(({ digest }) => digest)).toEqual([lost]);
    expect(found.blobs).toBe(2);
  });

  test("is no proof, because no current runtime can pull it", async () => {
    schema1("old", ["1.0"], "one");
    expect((await plan()).proof).toBeUndefined();
    image("app", ["1"], "a larger one");
    expect((await plan()).proof).toMatchObject({ repository: "app", name: "1" });
  });

  test("is an error if it does not say what it needs", async () => {
    const digest = store("old", ["1.0"], { schemaVersion: 1, fsLayers: [{}] }, SCHEMA_1);
    await expect(plan()).rejects.toThrow(
      `old: the manifest ${digest} has schema 1, but no list fsLayers with digests; nothing was removed`,
    );
  });
});

test("a manifest that cannot be read is an error with its repository: what it needs is unknown", async () => {
  const digest = registry.put("app", ["1"], "[", MANIFEST);
  revisions.push({ repository: "app", digest, pushed: OLD });
  await expect(plan()).rejects.toThrow(
    `app: the manifest ${digest} is not JSON: Unexpected end of JSON input; nothing was removed`,
  );
});

test("an image with a layer that is not in the volume is no proof", async () => {
  image("app", ["1"], "small");
  blobs.delete(registry.blob("small".repeat(10), LAYER).digest);
  image("app", ["2"], "a larger one");
  expect((await plan()).proof?.name).toBe("2");
});

test("a clean-up removes only what was shown and is still to be removed", async () => {
  image("app", ["1"], "a");
  image("app", ["2"], "b");
  const rules = [{ repositories: "app", keepTags: "^never$" }];
  const shown = await plan(rules);
  tags = tags.map((tag) =>
    tag.name === "1" ? { ...tag, digest: `sha256:${"0".repeat(64)}` } : tag,
  );
  image("app", ["3"], "c");
  const both = common(shown, await plan(rules));
  expect(both.expired.map(({ tag }) => tag.name)).toEqual(["2"]);
});
