import { readImageFacts } from "../../doctor/image-facts";
import { askedImage } from "../../doctor/reference";
import { RegistryClient } from "../../registry/client";
import { FakeRegistry, SCHEMA_1 } from "../registry/fake-registry";

const PREFIX = "10.0.0.1:5000";
const factsOf = (registry: FakeRegistry) =>
  readImageFacts(
    new RegistryClient(registry.transport),
    registry.streams,
    askedImage("app:1", PREFIX),
  );

test.each([
  ["application/vnd.oci.image.manifest.v1+json", "application/vnd.oci.image.config.v1+json"],
  [
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.container.image.v1+json",
  ],
])("an image of the type %s is none of schema 1, and its platform is read", async (type, of) => {
  const registry = new FakeRegistry(3);
  const config = registry.blob({ os: "linux", architecture: "arm64" }, of);
  registry.put("app", ["1"], { schemaVersion: 2, mediaType: type, config, layers: [] }, type);
  expect(await factsOf(registry)).toMatchObject({ isOld: false, platforms: ["linux/arm64"] });
});

test("an image of schema 1 is known as such, and nothing else is read of it", async () => {
  const registry = new FakeRegistry(2);
  registry.put("app", ["1"], { schemaVersion: 1, fsLayers: [] }, SCHEMA_1);
  expect(await factsOf(registry)).toMatchObject({ isOld: true, platforms: [], missing: [] });
});
