import { isSchema1, parseSchema1 } from "../../registry/schema-1";

const SIGNED = "application/vnd.docker.distribution.manifest.v1+prettyjws";
const DIGEST = `sha256:${"a".repeat(64)}`;
const LAYER = `sha256:${"b".repeat(64)}`;
const parse = (value: unknown) =>
  parseSchema1(DIGEST, `${SIGNED}; charset=utf-8`, Buffer.from(JSON.stringify(value)));

test("both types of schema 1 are told from the others", () => {
  const types = [
    "application/vnd.docker.distribution.manifest.v1+json",
    SIGNED,
    `${SIGNED}; charset=utf-8`,
    "application/vnd.docker.distribution.manifest.v2+json",
    "",
  ];
  expect(types.map((mediaType) => isSchema1({ mediaType }))).toEqual([
    true,
    true,
    true,
    false,
    false,
  ]);
});

test("the layers are those of fsLayers, and there is no config", () => {
  expect(parse({ schemaVersion: 1, fsLayers: [{ blobSum: LAYER }] })).toEqual({
    digest: DIGEST,
    mediaType: SIGNED,
    size: 118,
    layers: [
      {
        mediaType: "application/vnd.docker.container.image.rootfs.diff+x-gtar",
        digest: LAYER,
        size: 0,
      },
    ],
    manifests: [],
    annotations: {},
  });
});

test.each([
  "{}",
  '{"fsLayers":{}}',
  '{"fsLayers":[null]}',
  '{"fsLayers":[{"blobSum":1}]}',
  "null",
  "{",
])("%s does not say what it needs", (text) => {
  expect(() => parseSchema1(DIGEST, SIGNED, Buffer.from(text))).toThrow(
    `the manifest ${DIGEST} has schema 1, but no list fsLayers with digests`,
  );
});
