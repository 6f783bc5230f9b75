import { RegistryClient } from "../../registry/client";
import { FakeRegistry } from "./fake-registry";

const TYPE = "application/vnd.oci.image.manifest.v1+json";

test("catalog and tags are read page by page", async () => {
  const registry = new FakeRegistry(3, { page: 2 });
  for (const name of ["a", "b", "c", "d", "e"])
    registry.put(name, [], { schemaVersion: 2, name }, TYPE);
  registry.put("a", ["1", "2", "3"], { schemaVersion: 2 }, TYPE);
  const client = new RegistryClient(registry.transport);
  expect(await client.repositories()).toEqual(["a", "b", "c", "d", "e"]);
  expect(await client.tags("a")).toEqual(["1", "2", "3"]);
  expect(registry.requests).toEqual([
    "GET /v2/_catalog?n=1000",
    "GET /v2/_catalog?last=b&n=2",
    "GET /v2/_catalog?last=d&n=2",
    "GET /v2/a/tags/list?n=1000",
    "GET /v2/a/tags/list?last=2&n=2",
  ]);
});

test("a repository that does not exist has no tags", async () => {
  const client = new RegistryClient(new FakeRegistry(2).transport);
  expect(await client.tags("nothing")).toEqual([]);
});

test("an error has the registry's own codes and messages", async () => {
  const client = new RegistryClient(() =>
    Promise.resolve({
      status: 400,
      header: () => undefined,
      body: Buffer.from(
        '{"errors":[{"code":"PAGINATION_NUMBER_INVALID","message":"invalid number of results requested"}]}',
      ),
    }),
  );
  await expect(client.repositories()).rejects.toThrow(
    "GET /v2/_catalog?n=1000: the registry answered 400: PAGINATION_NUMBER_INVALID: invalid number of results requested",
  );
});

test("a page of a proxy is quoted", async () => {
  const client = new RegistryClient(() =>
    Promise.resolve({
      status: 503,
      header: () => undefined,
      body: Buffer.from("<h1>proxy</h1>\n"),
    }),
  );
  await expect(client.ping()).rejects.toThrow(
    "GET /v2/: the registry answered 503: <h1>proxy</h1>",
  );
});

test("a schema 1 manifest is an error that says so", async () => {
  const registry = new FakeRegistry(2);
  const digest = registry.put("old", ["1"], { schemaVersion: 1 }, TYPE);
  await expect(new RegistryClient(registry.transport).manifest("old", "1")).rejects.toThrow(
    `the manifest ${digest} has schema 1, which no current runtime can run`,
  );
});
