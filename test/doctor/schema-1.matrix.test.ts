import { createHash, randomBytes } from "node:crypto";
import { defineLab, type RunningHost, type RunningLab, startLab } from "../../lab";
import { describeLab } from "../lab-only";
import { pushImage, TestStack } from "../program/stack";

interface Manifest {
  config: { digest: string };
  layers: { digest: string }[];
}

// Among the long tests, since on a new machine containerd 2 is built from its sources first.
describeLab("an image of schema 1, as Docker before 1.10 pushed them", () => {
  let lab: RunningLab;
  let stack: TestStack;
  let registry: RunningHost;
  let reference: string;

  beforeAll(async () => {
    lab = await startLab(
      defineLab({
        name: "schema1",
        octet: 178,
        hosts: ["controlplane", { name: "node01", flavour: "containerd-2" }, "node02"],
      }),
    );
    registry = lab.host("controlplane");
    stack = TestStack.lesson(lab);
    await stack.succeed(stack.up());
    const today = await pushImage(registry, `${registry.address}:5000`, "today:1.0");
    reference = today.replace("today", "old");
    await store(await asSchema1());
  });
  afterAll(async () => {
    stack?.remove();
    await lab?.down();
  });

  const get = (path: string) =>
    registry.succeed(
      `curl -sf -H 'Accept: application/vnd.docker.distribution.manifest.v2+json' http://127.0.0.1:5000/v2/today/${path}`,
    );

  /**
   * The manifest of today's image in the old form: https://distribution.github.io/distribution/spec/manifest-v2-1/.
   * Without signatures, as the registry keeps it: it signs when it is asked.
   */
  async function asSchema1(): Promise<string> {
    const { config, layers } = JSON.parse(await get("manifests/1.0")) as Manifest;
    const image = JSON.parse(await get(`blobs/${config.digest}`)) as object;
    const ids = layers.map(() => randomBytes(32).toString("hex"));
    const history = layers.map((_, index) => ({
      ...(index === layers.length - 1 && { ...image, rootfs: undefined, history: undefined }),
      id: ids[index],
      ...(index > 0 && { parent: ids[index - 1] }),
      created: "2015-06-01T00:00:00Z",
    }));
    return JSON.stringify(
      {
        schemaVersion: 1,
        name: "old",
        tag: "1.0",
        architecture: "amd64",
        // The topmost layer comes first.
        fsLayers: layers.map(({ digest }) => ({ blobSum: digest })).reverse(),
        history: history.map((each) => ({ v1Compatibility: JSON.stringify(each) })).reverse(),
      },
      null,
      3,
    );
  }

  /** Puts the manifest where the registry would have put it: such a registry takes none any more. */
  async function store(manifest: string): Promise<void> {
    const hex = createHash("sha256").update(manifest).digest("hex");
    const { layers } = JSON.parse(await get("manifests/1.0")) as Manifest;
    const links = [
      `_manifests/revisions/sha256/${hex}`,
      "_manifests/tags/1.0/current",
      `_manifests/tags/1.0/index/sha256/${hex}`,
    ].map((folder) => [folder, hex]);
    const blobs = layers.map(({ digest }) => [
      `_layers/sha256/${digest.slice(7)}`,
      digest.slice(7),
    ]);
    const folder = "/var/lib/docker/volumes/registry-data/_data/docker/registry/v2";
    await registry.succeed(
      [
        `cd ${folder} && blob=blobs/sha256/${hex.slice(0, 2)}/${hex} && mkdir -p $blob`,
        `echo ${Buffer.from(manifest).toString("base64")} | base64 -d >$blob/data`,
        ...[...links, ...blobs].map(
          ([path, target]) =>
            `mkdir -p repositories/old/${path} && printf sha256:${target} >repositories/old/${path}/link`,
        ),
      ].join(" && "),
    );
  }

  test("the doctor names it for a node with containerd 2, which refuses it", async () => {
    const said = await stack.run("doctor", "node01", "old:1.0");
    expect(said.stdout.replaceAll(/ --stack test --cwd \S+/g, "")).toContain(
      "node01: the image's manifest is of schema 1, which containerd refuses from 2.0 on\n" +
        "  GET /v2/old/manifests/1.0: schemaVersion 1\n" +
        "  containerd --version on node01: 2.2.3\n" +
        `  fix: docker build -t ${reference} . && docker push ${reference}\n`,
    );
    expect(said.code).toBe(1);
    await expect(lab.host("node01").pullImage(reference)).rejects.toThrow(
      "no longer supported since containerd v2.1",
    );
  });

  test("for a node with containerd 1.6, which pulls it, it is well", async () => {
    const said = await stack.run("doctor", "node02", "old:1.0");
    expect(said.stdout).toContain(`node02: healthy, pulled ${reference}\n`);
    expect(said.code).toBe(0);
  });

  test("the fix makes it one that both pull", async () => {
    await registry.succeed(
      `cd /root/build && docker build -q -t ${reference} . && docker push -q ${reference}`,
    );
    for (const name of ["node01", "node02"]) await lab.host(name).pullImage(reference);
    expect((await stack.run("doctor", "node01", "old:1.0")).code).toBe(0);
  });
});
