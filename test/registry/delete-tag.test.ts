import { RegistryClient } from "../../registry/client";
import { DeletesAreOff, deleteTag, PLACEHOLDER } from "../../registry/delete-tag";
import { digestOf, FakeRegistry } from "./fake-registry";

const TYPE = "application/vnd.docker.distribution.manifest.v2+json";

test("the placeholder's digests are those of its texts, and its manifest names its config", () => {
  expect(digestOf(PLACEHOLDER.config)).toBe(PLACEHOLDER.configDigest);
  expect(digestOf(PLACEHOLDER.manifest)).toBe(PLACEHOLDER.digest);
  expect(JSON.parse(PLACEHOLDER.manifest).config).toEqual({
    mediaType: "application/vnd.docker.container.image.v1+json",
    size: Buffer.byteLength(PLACEHOLDER.config),
    digest: PLACEHOLDER.configDigest,
  });
});

test.each([2, 3] as const)(
  "distribution %d: a tag goes, and another tag of the same digest stays",
  async (version) => {
    const registry = new FakeRegistry(version);
    const digest = registry.put("app", ["1.0", "latest"], { schemaVersion: 2 }, TYPE);
    const client = new RegistryClient(registry.transport);
    expect(await deleteTag(client, "app", "1.0")).toBe(true);
    expect(registry.tagsOf("app")).toEqual({ latest: digest });
    expect(registry.requests).not.toContain(`DELETE /v2/app/manifests/${digest}`);
  },
);

test("a tag that does not exist is no error, and nothing is deleted", async () => {
  const registry = new FakeRegistry(3);
  registry.put("app", ["1.0"], { schemaVersion: 2 }, TYPE);
  expect(await deleteTag(new RegistryClient(registry.transport), "app", "2.0")).toBe(false);
  expect(registry.requests).toEqual(["HEAD /v2/app/manifests/2.0"]);
});

test.each([2, 3] as const)("distribution %d without deletes changes nothing", async (version) => {
  const registry = new FakeRegistry(version, { deletes: false });
  const digest = registry.put("app", ["1.0"], { schemaVersion: 2 }, TYPE);
  const work = deleteTag(new RegistryClient(registry.transport), "app", "1.0");
  await expect(work).rejects.toThrow(DeletesAreOff);
  await expect(work).rejects.toThrow(
    "this registry takes no deletes: it runs with `registry.deleteEnabled: false`, as a cache, or read-only",
  );
  expect(registry.tagsOf("app")).toEqual({ "1.0": digest });
  expect(registry.requests.filter((line) => line.startsWith("PUT"))).toEqual([]);
});
