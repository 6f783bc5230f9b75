import {
  hasImageConfig,
  isIndex,
  kindOf,
  parseManifest,
  platformText,
} from "../../registry/manifest";

const OCI = "application/vnd.oci.image.manifest.v1+json";
const OCI_INDEX = "application/vnd.oci.image.index.v1+json";
const IMAGE_CONFIG = "application/vnd.oci.image.config.v1+json";

const parse = (value: object, contentType = OCI) =>
  parseManifest("sha256:ab", contentType, Buffer.from(JSON.stringify(value)));
const of = (mediaType: string) => ({ mediaType, digest: "sha256:cd", size: 1 });

test("a manifest has its own size, and its type from the header if it does not name it", () => {
  expect(parse({ schemaVersion: 2 }, `${OCI}; charset=utf-8`)).toEqual({
    digest: "sha256:ab",
    mediaType: OCI,
    size: 19,
    layers: [],
    manifests: [],
    annotations: {},
  });
  expect(parse({ mediaType: OCI_INDEX }).mediaType).toBe(OCI_INDEX);
});

test("what is no manifest is refused by its digest", () => {
  expect(() => parseManifest("sha256:ab", OCI, Buffer.from("<html>"))).toThrow(
    /^the manifest sha256:ab is not JSON: /,
  );
  expect(() => parse({ schemaVersion: 1 })).toThrow(
    "the manifest sha256:ab has schema 1, which no current runtime can run",
  );
});

test.each([
  ["an image", { config: of(IMAGE_CONFIG) }, "image"],
  ["docker's image", { config: of("application/vnd.docker.container.image.v1+json") }, "image"],
  ["an index", { mediaType: OCI_INDEX, manifests: [of(OCI)] }, "index"],
  ["an empty index", { mediaType: OCI_INDEX, manifests: [] }, "index"],
  ["a chart", { config: of("application/vnd.cncf.helm.config.v1+json") }, "chart"],
  [
    "cosign's signature, although its config is an image's",
    {
      config: of(IMAGE_CONFIG),
      layers: [of("application/vnd.dev.cosign.simplesigning.v1+json")],
    },
    "signature",
  ],
  [
    "sigstore's bundle",
    { artifactType: "application/vnd.dev.sigstore.bundle.v0.3+json" },
    "signature",
  ],
  [
    "an attestation",
    { config: of(IMAGE_CONFIG), layers: [of("application/vnd.in-toto+json")] },
    "attestation",
  ],
  [
    "BuildKit's cache as a manifest",
    { config: of("application/vnd.buildkit.cacheconfig.v0") },
    "build cache",
  ],
  [
    "BuildKit's cache as an index",
    { mediaType: OCI_INDEX, manifests: [of("application/vnd.buildkit.cacheconfig.v0")] },
    "build cache",
  ],
  ["anything else", { config: of("application/vnd.oci.empty.v1+json") }, "artifact"],
])("%s is told by its media types", (_, value, kind) => {
  expect(kindOf(parse(value))).toBe(kind);
});

test("only an image's config is one", () => {
  expect(hasImageConfig(parse({ config: of(IMAGE_CONFIG) }))).toBe(true);
  expect(hasImageConfig(parse({ config: of("application/json") }))).toBe(false);
  expect(hasImageConfig(parse({}))).toBe(false);
  expect(isIndex(parse({ config: of(IMAGE_CONFIG) }))).toBe(false);
});

test("a platform is written as docker does", () => {
  expect(platformText({ os: "linux", architecture: "amd64" })).toBe("linux/amd64");
  expect(platformText({ os: "linux", architecture: "arm", variant: "v7" })).toBe("linux/arm/v7");
  expect(platformText({ os: "linux", architecture: "amd64", variant: "" })).toBe("linux/amd64");
});
