import { examine } from "../../doctor/cause";
import { commandsFor } from "../../doctor/commands";
import { IMAGE, type ImageOnNode } from "../../doctor/image-checks";
import { askedImage } from "../../doctor/reference";
import { accessTo, PREFIX } from "./facts";

const DIGEST = `sha256:${"a".repeat(64)}`;
const OTHER = `sha256:${"b".repeat(64)}`;

function image(changes: Partial<ImageOnNode> = {}, text = "web:1.0"): ImageOnNode {
  return {
    asked: askedImage(text, PREFIX),
    digest: DIGEST,
    tags: ["1.0"],
    repositories: [],
    isOld: false,
    platforms: ["linux/amd64"],
    missing: [],
    digests: [DIGEST],
    access: accessTo("node01", "10.0.0.12"),
    arch: "amd64",
    prefix: PREFIX,
    address: "10.0.0.11",
    mirrored: [PREFIX],
    registryHost: { access: accessTo("controlplane", "10.0.0.11"), images: [] },
    commands: commandsFor([]),
    ...changes,
  };
}
const cause = (...args: Parameters<typeof image>) => examine(IMAGE, image(...args)).cause;
/** An image that the registry does not have. */
function absent(...args: Parameters<typeof image>) {
  const facts: Partial<ImageOnNode> = image(...args);
  delete (facts as { digest?: string }).digest;
  return examine(IMAGE, facts as ImageOnNode).cause;
}

test("an image that is well passes every check", () => {
  expect(examine(IMAGE, image())).toEqual({
    passed: [
      `the image names the registry: ${PREFIX}/web:1.0`,
      `the registry has it: ${DIGEST}`,
      "its manifest is one that the node's containerd reads",
      "it is for linux/amd64",
      "the registry has all of its blobs",
      "the node has no older one",
      "it has no large part",
    ],
  });
});

test("an image of docker.io that the registry has; with a mirror of docker.io it is well", () => {
  const text = "docker.io/library/web:1.0";
  expect(cause({}, text)).toEqual({
    cause: `the image names docker.io, so the node asks there and not ${PREFIX}, which has it`,
    evidence: [`${PREFIX} has web:1.0: ${DIGEST}`],
    fix: `kubectl set image deployment/NAME CONTAINER=${PREFIX}/web:1.0`,
  });
  expect(cause({ mirrored: [PREFIX, "docker.io"] }, text)).toBeUndefined();
});

test("an image that the node cannot pull from docker.io: the runtime's words come first", () => {
  const text = "docker.io/library/web:1.0";
  const refused = "dial tcp: lookup registry-1.docker.io: no such host";
  expect(cause({ refused }, text)?.evidence).toEqual([refused, `${PREFIX} has web:1.0: ${DIGEST}`]);
  expect(absent({ refused, tags: [], repositories: [] }, text)).toEqual({
    cause: `the image is one of docker.io, and ${PREFIX} has no copy of it`,
    evidence: [
      refused,
      "GET /v2/web/manifests/1.0: 404 NAME_UNKNOWN",
      "the registry has no name like it",
    ],
    fix: `ssh root@10.0.0.11 'docker pull ${text} && docker tag ${text} ${PREFIX}/web:1.0 && docker push ${PREFIX}/web:1.0'`,
  });
});

test("a tag that was never pushed: the tags that there are", () => {
  expect(absent({ tags: ["release-7"], repositories: ["web"] })).toEqual({
    cause: "the registry has no web:1.0: this tag was never pushed, or was deleted",
    evidence: ["GET /v2/web/manifests/1.0: 404 MANIFEST_UNKNOWN", "web has release-7"],
    fix: `docker push ${PREFIX}/web:1.0`,
  });
});

test("a name that was never pushed: the nearest names, and the image that Docker on the registry's host has", () => {
  const missing = { tags: [], repositories: ["team/web", "php"] };
  expect(absent(missing)).toEqual({
    cause: "the registry has no image web: it was never pushed, or under another name",
    evidence: ["GET /v2/web/manifests/1.0: 404 NAME_UNKNOWN", "the registry has team/web"],
    fix: `kubectl set image deployment/NAME CONTAINER=${PREFIX}/team/web:1.0`,
  });
  const access = accessTo("controlplane", "10.0.0.11");
  expect(absent({ ...missing, registryHost: { access, images: [`${PREFIX}/web:1.0`] } })?.fix).toBe(
    `ssh root@10.0.0.11 'docker push ${PREFIX}/web:1.0'`,
  );
});

test("a manifest of schema 1, and another architecture", () => {
  const old = { isOld: true, platforms: [] };
  for (const containerd of ["2.0.0", "2.2.3"])
    expect(cause({ ...old, containerd })).toEqual({
      cause: "the image's manifest is of schema 1, which containerd refuses from 2.0 on",
      evidence: [
        "GET /v2/web/manifests/1.0: schemaVersion 1",
        `containerd --version on node01: ${containerd}`,
      ],
      fix: `docker build -t ${PREFIX}/web:1.0 . && docker push ${PREFIX}/web:1.0`,
    });
  expect(cause({ ...old, containerd: "1.7.28" })).toBeUndefined();
  expect(cause({ arch: "arm64", platforms: ["linux/amd64", "linux/arm/v7"] })).toEqual({
    cause: "the image is not for this node's architecture",
    evidence: [`${PREFIX}/web:1.0: linux/amd64, linux/arm/v7`, "uname -m on node01: linux/arm64"],
    fix: `docker build --platform linux/arm64 -t ${PREFIX}/web:1.0 . && docker push ${PREFIX}/web:1.0`,
  });
});

test("a lost blob, unless it is of another platform", () => {
  const missing = (platform: string) => [{ digest: OTHER, platform, said: "404 BLOB_UNKNOWN" }];
  expect(cause({ missing: missing("linux/amd64") })).toEqual({
    cause: "the registry has lost a part of the image",
    evidence: [`GET /v2/web/blobs/${OTHER}: 404 BLOB_UNKNOWN`],
    fix: `ssh root@10.0.0.11 'docker restart registry' && docker push ${PREFIX}/web:1.0`,
  });
  expect(cause({ missing: missing("linux/arm64") })).toBeUndefined();
});

test("an older image on the node, but not an entry of the same index", () => {
  expect(cause({ present: [OTHER] })).toEqual({
    cause:
      "node01 has an older image of this name, and a Pod with imagePullPolicy IfNotPresent runs that",
    evidence: [`node01: ${OTHER}`, `the registry: ${DIGEST}`],
    fix: `ssh root@10.0.0.12 'ctr -n k8s.io images rm ${PREFIX}/web:1.0'`,
  });
  expect(cause({ present: [OTHER], digests: [DIGEST, OTHER] })).toBeUndefined();
});

test("an older image of a mirrored name is removed under the name that the node has", () => {
  const mirrored = { present: [OTHER], mirrored: [PREFIX, "docker.io"] };
  expect(cause(mirrored, "docker.io/web:1.0")?.fix).toBe(
    "ssh root@10.0.0.12 'ctr -n k8s.io images rm docker.io/library/web:1.0'",
  );
});

test("a part of the image that does not reach the node, although small answers do", () => {
  const large = `/v2/web/blobs/${OTHER}`;
  expect(cause({ large, stuck: large })).toEqual({
    cause:
      "a pull begins and does not end: large packets may be lost between this node and the registry (a smaller MTU on the way), or the registry's disk is slow",
    evidence: [`GET ${large}: the first 64 KiB have not come within 10 seconds`],
    fix: "ssh root@10.0.0.12 'ping -M do -s 1472 -c 3 10.0.0.11'",
  });
  expect(cause({ large })).toBeUndefined();
});
