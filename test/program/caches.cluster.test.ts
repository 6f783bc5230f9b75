import { connect } from "node:net";
import {
  defineLab,
  distributionImage,
  ensureDistribution,
  type RunningHost,
  type RunningLab,
  startLab,
} from "../../lab";
import { cacheFolder } from "../../lab/paths";
import { buildImage } from "../../oci/image";
import { push } from "../../oci/push";
import { describeRegistries, noise } from "../images/registries";
import { configManifest, daemonsOf, type Said, TestStack } from "./stack";

const DAEMON_JSON = "/etc/docker/daemon.json";
const PASSWORD = "hunter2-upstream";

/**
 * The upstream is the registry of another site, by its own name and, as the lab has no Docker Hub to itself, as
 * docker.io.
 */
describeRegistries("caches of the registry of another site", () => {
  let lab: RunningLab;
  let site: RunningHost;
  let host: RunningHost;
  let node01: RunningHost;
  let upstream: string;
  let far: TestStack;
  let stack: TestStack;
  let caches: object[];
  const before = new Map<RunningHost, string>();

  beforeAll(async () => {
    const executable = await ensureDistribution(cacheFolder(), () => undefined);
    lab = await startLab(
      defineLab({ name: "caches", octet: 151, hosts: ["site", "registry", "node01"] }),
    );
    [site, host, node01] = ["site", "registry", "node01"].map((name) => lab.host(name)) as [
      RunningHost,
      RunningHost,
      RunningHost,
    ];
    await lab.offer("library/registry", ["3"], distributionImage(executable));
    // The registry's host has a table of mirrors for docker.io, and node01 will have hosts.toml files.
    await host.succeed(`sed -i '/registry-mirrors/d' ${DAEMON_JSON}`);
    await node01.succeed(
      `sed -i '/registry.mirrors."docker.io"/,+1d' /etc/containerd/config.toml && systemctl restart containerd`,
    );
    for (const one of [host, node01]) before.set(one, await configManifest(one));

    upstream = `${site.address}:5000`;
    const node = ({ name, address }: RunningHost) => ({ name, address, role: "worker" });
    far = TestStack.lesson(lab, { nodes: [node(site)] });
    caches = [
      { upstream: `http://${upstream}`, port: 5001 },
      {
        upstream: `http://${upstream}`,
        port: 5002,
        name: "docker.io",
        username: "robot",
        password: PASSWORD,
      },
    ];
    stack = TestStack.lesson(lab, {
      registry: { host: "registry", address: host.address },
      nodes: [node(host), node(node01)],
      caches,
    });
    await far.succeed(far.up());
    for (const name of ["app:1", "app:2", "library/site-only:1"]) await pushUpstream(name);
  });

  afterAll(async () => {
    far?.remove();
    stack?.remove();
    await lab?.down();
  });

  const text = ({ stdout, stderr }: Said) => stdout + stderr;

  async function pushUpstream(name: string): Promise<void> {
    const [repository = "", tag = ""] = name.split(":");
    const image = buildImage([[{ path: "file", contents: noise(name, 8) }]], { Cmd: ["true"] });
    await push(
      () => ({ createConnection: () => connect(5000, site.address) }),
      repository,
      [tag],
      image,
    );
  }

  const catalogOf = async (port: number): Promise<string[]> => {
    const answer = await fetch(`http://${host.address}:${port}/v2/_catalog`);
    return ((await answer.json()) as { repositories: string[] }).repositories;
  };

  /** What Docker says of itself, and not its file. */
  const dockerMirrors = () =>
    host.succeed("docker info --format '{{json .RegistryConfig.Mirrors}}'");

  /** How often a cache was asked for the manifest of this tag. */
  const asked = async (port: number, name: string): Promise<number> => {
    const [repository = "", tag = ""] = name.split(":");
    const log = await host.succeed(`docker logs registry-cache-${port} 2>&1`);
    const request = new RegExp(`"(?:GET|HEAD) /v2/${repository}/manifests/${tag}\\?ns=`, "g");
    return log.match(request)?.length ?? 0;
  };

  test("are asked first, by containerd in both of its ways and by Docker", async () => {
    const up = await stack.succeed(stack.up());
    expect(up.stdout).toContain(`http://${host.address}:5001`);
    expect(text(up)).not.toContain(PASSWORD);
    expect(stack.state()).not.toContain(PASSWORD);

    expect(await catalogOf(5001)).toEqual([]);
    await node01.pullImage(`${upstream}/app:1`);
    expect(await catalogOf(5001)).toEqual(["app"]);
    await host.pullImage(`${upstream}/app:2`);
    expect(await asked(5001, "app:2")).toBeGreaterThan(0);

    expect(await dockerMirrors()).toBe(`["http://${host.address}:5002/"]\n`);
    await host.succeed("docker pull site-only:1");
    expect(await catalogOf(5002)).toEqual(["library/site-only"]);
    await node01.pullImage("docker.io/library/site-only:1");
    expect(await asked(5002, "library/site-only:1")).toBeGreaterThan(0);
  });

  test("a second up changes nothing", async () => {
    const daemons = await daemonsOf(host);
    await stack.succeed(stack.preview("--expect-no-changes"));
    expect(text(await stack.succeed(stack.up()))).not.toMatch(/\b(created|updated|replaced)\b/);
    expect(await daemonsOf(host)).toBe(daemons);
  });

  test("pulls go the direct way while a cache is down, and drift of it is repaired", async () => {
    await host.succeed("docker rm -f registry-cache-5001; docker stop registry-cache-5002");
    await pushUpstream("app:3");
    await node01.pullImage(`${upstream}/app:3`);
    await host.pullImage(`${upstream}/app:3`);
    await node01.pullImage("docker.io/library/busybox:latest");
    await host.succeed("docker pull busybox");

    const preview = text(await stack.succeed(stack.preview()));
    expect(preview).toContain(
      "registry: the container registry-cache-5001 was removed outside of this stack: up recreates it on the volume registry-cache-5001-",
    );
    expect(preview).toMatch(
      /registry: the container registry-cache-5002 is not running \(exited with code \d+\): up starts it/,
    );
    await stack.succeed(stack.up());
    await stack.succeed(stack.preview("--expect-no-changes"));
    expect(await catalogOf(5001)).toEqual(["app"]);
    expect(await catalogOf(5002)).toEqual(["library/site-only"]);
  });

  test("the registry's own commands find the registry, and not a cache", async () => {
    const said = await stack.succeed(stack.run("images ls"));
    expect(text(said)).not.toContain("app");
    await stack.succeed(stack.run("check"));
  });

  describe("with version 3 of the server", () => {
    test("cached images are pulled while the upstream is down", async () => {
      stack.change({
        registry: { host: "registry", address: host.address, image: "registry:3" },
      });
      await stack.succeed(stack.up());
      expect(await host.succeed("docker exec registry-cache-5001 registry --version")).toContain(
        " v3.",
      );
      await pushUpstream("app:4");
      await node01.pullImage(`${upstream}/app:4`);
      await site.succeed("docker stop registry");
      // app:1 came with version 2.8, and only node01 has pulled it.
      for (const tag of ["1", "4"]) await host.pullImage(`${upstream}/app:${tag}`);
      await site.succeed("docker start registry");
    });

    test("a cache that the settings no longer have goes, and Docker forgets it", async () => {
      stack.change({ caches: caches.slice(0, 1) });
      await stack.succeed(stack.up());
      await stack.succeed(stack.preview("--expect-no-changes"));
      expect(await dockerMirrors()).toMatch(/^(null|\[\])\n$/);
      expect(await host.succeed("docker ps -a --format '{{.Names}}' | sort")).toBe(
        "registry\nregistry-cache-5001\n",
      );
      expect(await host.succeed("docker volume ls -q | sort")).toBe(
        `registry-cache-5001-${upstream.replace(":", "_")}\nregistry-data\n`,
      );
      await node01.fail("grep -rF :5002 /etc/containerd");
      await host.fail("grep -rF :5002 /etc/containerd /etc/docker");
    });
  });

  test("destroy leaves the hosts as they were, and no cached image", async () => {
    await stack.succeed(stack.destroy());
    for (const [one, manifest] of before) expect(await configManifest(one)).toBe(manifest);
    expect(await host.succeed("docker ps -aq")).toBe("");
    expect(await host.succeed("docker volume ls -q")).toBe("registry-data\n");
  });
});
