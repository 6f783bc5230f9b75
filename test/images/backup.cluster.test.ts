import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunningHost, RunningLab } from "../../lab";
import { buildImage, buildIndex, type ContainerImage } from "../../oci/image";
import { push } from "../../oci/push";
import { MANIFEST_TYPES } from "../../registry/manifest";
import { TestStack } from "../program/stack";
import { digestOf } from "../registry/fake-registry";
import { describeRegistries, noise, startHosts } from "./registries";

jest.setTimeout(300_000);

const OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json";

/** An image of Docker's types, with a layer that cannot be compressed. */
const dockerImage = (text: string, kilobytes = 1) =>
  buildImage([[{ path: text, contents: noise(text, kilobytes) }]], { Cmd: ["true"] });

/** The same image with OCI's types. */
function ociImage(text: string, more: object = {}): ContainerImage {
  const { manifest, blobs } = dockerImage(text);
  const { config, layers } = JSON.parse(manifest.bytes.toString()) as {
    config: object;
    layers: object[];
  };
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      config: { ...config, mediaType: "application/vnd.oci.image.config.v1+json" },
      layers: layers.map((layer) => ({
        ...layer,
        mediaType: "application/vnd.oci.image.layer.v1.tar+gzip",
      })),
      ...more,
    }),
  );
  return { manifest: { digest: digestOf(bytes), bytes, mediaType: OCI_MANIFEST }, blobs };
}

const subjectOf = ({ manifest: { mediaType, digest, bytes } }: ContainerImage) => ({
  subject: { mediaType, digest, size: bytes.length },
});

describeRegistries("a backup of distribution 2.8, restored into 3.1", () => {
  const folder = mkdtempSync(join(tmpdir(), "backup-"));
  const file = join(folder, "images.tar");
  let lab: RunningLab;
  let from: Registry;
  let into: Registry;

  class Registry {
    readonly host: RunningHost;
    readonly stack: TestStack;
    readonly prefix: string;

    constructor(name: string, image: string) {
      this.host = lab.host(name);
      const { address } = this.host;
      this.prefix = `${address}:5000`;
      this.stack = TestStack.lesson(lab, {
        registry: { host: name, address, image },
        nodes: [{ name, address, role: "master" }],
        retention: [{ repositories: "app/order", keepLast: 1 }],
      });
    }

    readonly via = () => ({ createConnection: () => connect(5000, this.host.address) });
    put = (repository: string, tags: string[], image: ContainerImage) =>
      push(this.via, repository, tags, image);
    /** Null if the registry does not have it. */
    digest = async (name: string) => {
      const [repository, reference] = name.split(/[:@](.*)/);
      const { headers } = await fetch(
        `http://${this.prefix}/v2/${repository}/manifests/${reference}`,
        { method: "HEAD", headers: { accept: MANIFEST_TYPES.join(", ") } },
      );
      return headers.get("docker-content-digest");
    };
    run = (command: string, ...flags: string[]) => this.stack.run(command, ...flags);
    succeed = (command: string, ...flags: string[]) =>
      this.stack.succeed(this.run(command, ...flags));
  }

  const web = dockerImage("web", 20_000);
  const multi = buildIndex({
    amd64: buildImage([[{ path: "a", contents: Buffer.from("a") }]], {}, "amd64"),
    arm64: buildImage([[{ path: "b", contents: Buffer.from("b") }]], {}, "arm64"),
  });
  const signed = ociImage("signed");
  const signature = ociImage("signature");
  const sbom = ociImage("sbom", { artifactType: "text/spdx+json", ...subjectOf(signed) });
  const digests: Record<string, string> = {
    "app/multi:1": multi.manifest.digest,
    "app/signed:1": signed.manifest.digest,
    [`app/signed:sha256-${signed.manifest.digest.slice(7)}.sig`]: signature.manifest.digest,
    [`app/signed@${sbom.manifest.digest}`]: sbom.manifest.digest,
    "app/web:1.0": web.manifest.digest,
    "app/web:stable": web.manifest.digest,
    "copy/web:1.0": web.manifest.digest,
  };

  const skopeo = (...args: string[]): string => {
    const { status, stdout, stderr } = spawnSync(
      "skopeo",
      ["--insecure-policy", "--tmpdir", folder, ...args],
      { encoding: "utf8" },
    );
    if (status !== 0) throw new Error(`skopeo ${args.join(" ")}: ${stderr}`);
    return stdout;
  };
  /** The digest of the manifest that skopeo copies for amd64. */
  const copied = (source: string): string => {
    const to = join(folder, "copy");
    rmSync(to, { recursive: true, force: true });
    skopeo("copy", "--override-arch=amd64", "--src-tls-verify=false", source, `dir:${to}`);
    return digestOf(readFileSync(join(to, "manifest.json")));
  };

  beforeAll(async () => {
    lab = await startHosts({ name: "backup", octet: 147 });
    from = new Registry("old", "registry:2");
    into = new Registry("new", "registry:3");
    await Promise.all([from, into].map(({ stack }) => stack.succeed(stack.up())));
    await from.put("app/web", ["1.0", "stable"], web);
    await from.put("copy/web", ["1.0"], web);
    await from.put("app/multi", ["1"], multi);
    await from.put("app/signed", ["1"], signed);
    const tag = `sha256-${signed.manifest.digest.slice(7)}.sig`;
    await from.put("app/signed", [tag], signature);
    await from.put("app/signed", [sbom.manifest.digest], sbom);
    for (const version of ["1.9", "1.10", "1.11"])
      await from.put("app/order", [version], dockerImage(version));
  }, 900_000);
  afterAll(async () => {
    from?.stack.remove();
    into?.stack.remove();
    rmSync(folder, { recursive: true, force: true });
    await lab?.down();
  });

  test("pulls and pushes go on during a backup", async () => {
    await from.stack.secret("ssh.knownHostsPath", lab.knownHostsPath);
    writeFileSync(file, "an earlier backup");
    const running = await from.stack.start("backup", file, "--force", "--json");
    let over = false;
    void running.ended.then(() => (over = true));
    const statuses = new Set<number>();
    for (let round = 0; !over; round++) {
      const read = await fetch(`http://${from.prefix}/v2/app/web/manifests/1.0`, {
        headers: { accept: web.manifest.mediaType },
      });
      statuses.add(read.status);
      if (round < 3) await from.put("later/push", [`${round}`], dockerImage(`later ${round}`));
    }
    const said = await running.ended;
    expect(said).toMatchObject({ code: 0 });
    expect([...statuses]).toEqual([200]);
    expect(JSON.parse(said.stdout)).toMatchObject({
      file,
      registry: from.prefix,
      version: expect.stringMatching(/^2\.8\./),
      counts: { referrers: 1 },
      leftOut: [],
      secretsLeftOut: ["ssh.knownHostsPath"],
    });
    expect(readFileSync(file).includes(lab.knownHostsPath)).toBe(false);
    expect(existsSync(`${file}.partial`)).toBe(false);
  });

  test("an existing file is refused", async () => {
    expect(await from.run("backup", file)).toEqual({
      code: 1,
      stdout: "",
      stderr: `error: ${file} exists; choose another name, or replace it with --force\n`,
    });
  });

  test("a damaged archive is refused before anything is pushed", async () => {
    const damaged = join(folder, "damaged.tar");
    const bytes = readFileSync(file);
    bytes[bytes.indexOf(web.blobs[0]!.bytes.subarray(1000, 1100))]! ^= 1;
    writeFileSync(damaged, bytes);
    const said = await into.run("restore", damaged);
    expect(said.code).toBe(1);
    expect(said.stderr).toContain(
      `error: ${damaged} is damaged, and nothing was pushed:\n  blobs/${web.blobs[0]!.digest.replace(":", "/")}: its content has another digest, `,
    );
    rmSync(damaged);
    const { stdout } = await into.succeed("images", "ls", "--json");
    expect(JSON.parse(stdout)).toEqual([]);
  });

  test("a dry run pushes nothing, and a restore pushes everything with its digests", async () => {
    const dry = await into.succeed("restore", file, "--dry-run");
    expect(dry.stdout).toMatch(/^would restore into .*: \d+ tags, /);
    expect(dry.stderr).toContain('registry.host: "old" in the backup, "new" now');
    for (const name of Object.keys(digests)) expect(await into.digest(name)).toBeNull();
    const said = await into.succeed("restore", file);
    expect(said.stderr).toMatch(/^app\/web: 2 tags restored, 0 already there$/m);
    for (const [name, digest] of Object.entries(digests))
      expect([name, await into.digest(name)]).toEqual([name, digest]);
  });

  test("retention keeps the same version in both registries: the one that was pushed last", async () => {
    for (const registry of [from, into]) {
      const { stdout } = await registry.succeed("gc", "--dry-run");
      expect(stdout.split("\n").filter((line) => line.includes("app/order"))).toEqual([
        "- app/order:1.9  (rule for app/order)",
        "- app/order:1.10  (rule for app/order)",
      ]);
    }
  });

  test("containerd pulls what was restored", async () => {
    for (const name of ["app/web:stable", "copy/web:1.0", "app/multi:1", "app/signed:1"]) {
      await into.host.pullImage(`${into.prefix}/${name}`);
      await into.host.removeImage(`${into.prefix}/${name}`);
    }
  });

  test("skopeo finds the same digests in the archive and in the restored registry", () => {
    for (const name of Object.keys(digests)) {
      const inRegistry = copied(`docker://${into.prefix}/${name}`);
      expect([name, copied(`oci-archive:${file}:${name}`)]).toEqual([name, inRegistry]);
    }
    const tags = JSON.parse(
      skopeo("list-tags", "--tls-verify=false", `docker://${into.prefix}/app/web`),
    ) as { Tags: string[] };
    expect(tags.Tags.sort()).toEqual(["1.0", "stable"]);
  });

  test("a second restore pushes nothing, and one with other tags names them", async () => {
    const again = await into.succeed("restore", file, "--json");
    expect(JSON.parse(again.stdout)).toMatchObject({ tags: 0, manifests: 0, blobs: 0, bytes: 0 });
    const other = dockerImage("other");
    await into.put("app/web", ["1.0"], other);
    const said = await into.run("restore", file);
    expect(said.code).toBe(1);
    expect(said.stderr).toContain(
      `\n  app/web:1.0: ${other.manifest.digest} in the registry, ${web.manifest.digest} in the archive\n`,
    );
    expect(await into.digest("app/web:1.0")).toBe(other.manifest.digest);
    await into.succeed("restore", file, "--overwrite");
    expect(await into.digest("app/web:1.0")).toBe(web.manifest.digest);
  });

  test("a restore that was killed is carried on by the next one", async () => {
    const tags = Object.keys(digests).filter((name) => !name.includes("@"));
    await into.succeed("images", "rm", ...tags, "--yes");
    const running = await into.stack.start("restore", file);
    await running.says("app/multi: 1 tag restored");
    running.signal("SIGKILL");
    await running.ended;
    await into.succeed("restore", file);
    for (const [name, digest] of Object.entries(digests))
      expect([name, await into.digest(name)]).toEqual([name, digest]);
  });

  test("a tag that the registry lost is named, and --skip-broken leaves it out", async () => {
    const [layer] = dockerImage("web", 20_000).blobs;
    const hex = layer!.digest.slice(7);
    await from.host.succeed(
      `rm $(docker volume inspect -f '{{.Mountpoint}}' registry-data)/docker/registry/v2/blobs/sha256/${hex.slice(0, 2)}/${hex}/data`,
    );
    const other = join(folder, "other.tar");
    const said = await from.run("backup", other);
    expect(said.code).toBe(1);
    expect(said.stderr).toContain(
      `\n  app/web:1.0, app/web:stable, copy/web:1.0: the registry stops in ${layer!.digest} (`,
    );
    expect(existsSync(other)).toBe(false);
    const skipped = await from.succeed("backup", other, "--skip-broken", "--json");
    const { leftOut } = JSON.parse(skipped.stdout) as { leftOut: { name: string }[] };
    expect(leftOut.map(({ name }) => name)).toEqual([
      "app/web:1.0",
      "app/web:stable",
      "copy/web:1.0",
    ]);
  });
});
