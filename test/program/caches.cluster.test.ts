import { copyFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
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

const PASSWORD = "hunter2-upstream";

/** Runs the registry of another site, which serves plain HTTP on port 5000. */
const START_UPSTREAM =
  "systemd-run --quiet --unit=upstream -E OTEL_TRACES_EXPORTER=none -E REGISTRY_HTTP_ADDR=:5000 " +
  "-E REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY=/srv/upstream registry serve /etc/upstream.yml";

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
  let stack: TestStack;
  let caches: object[];
  const before = new Map<RunningHost, string | undefined>();

  beforeAll(async () => {
    const executable = await ensureDistribution(cacheFolder(), () => undefined);
    lab = await startLab(
      defineLab({ name: "caches", octet: 151, hosts: ["site", "registry", "node01"] }),
    );
    site = lab.host("site");
    host = lab.host("registry");
    node01 = lab.host("node01");
    await lab.offer("library/registry", ["3"], distributionImage(executable));
    copyFileSync(executable, join(site.root, "usr/local/bin/registry"));
    await site.succeed(
      `printf 'version: 0.1\\nstorage: {filesystem: {}}\\n' >/etc/upstream.yml; ${START_UPSTREAM}; ` +
        "until curl -sf http://127.0.0.1:5000/v2/; do sleep 0.1; done",
    );
    upstream = `${site.address}:5000`;
    for (const name of ["app:1", "app:2", "library/site-only:1"]) await pushUpstream(name);

    // The registry's host has a table of mirrors for docker.io, and node01 will have hosts.toml files.
    await host.succeed("sed -i '/registry-mirrors/d' /etc/docker/daemon.json");
    await node01.succeed(
      `sed -i '/registry.mirrors."docker.io"/,+1d' /etc/containerd/config.toml && systemctl restart containerd`,
    );
    for (const one of [host, node01]) before.set(one, await filesOf(one));
    const node = ({ name, address }: RunningHost) => ({ name, address, role: "worker" });
    const login = { username: "robot", password: PASSWORD };
    caches = [
      { upstream: `http://${upstream}`, port: 5001 },
      { upstream: `http://${upstream}`, port: 5002, name: "docker.io", ...login },
    ];
    stack = TestStack.lesson(lab, {
      registry: { host: "registry", address: host.address },
      nodes: [node(host), node(node01)],
      caches,
    });
  });

  afterAll(async () => {
    stack?.remove();
    await lab?.down();
  });

  const text = ({ stdout, stderr }: Said) => stdout + stderr;

  /** The daemons' files, without those that Docker's package brings. */
  const filesOf = async (one: RunningHost) =>
    (await configManifest(one))
      .split("etc/systemd")[0]
      ?.replace(/.* etc\/docker\/key.json\n.*\n/, "");

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
    await node01.succeed("test -e /etc/containerd/certs.d/docker.io/hosts.toml");
    await host.fail("test -e /etc/containerd/certs.d");
    await host.succeed("docker pull site-only:1");
    expect(await catalogOf(5002)).toEqual(["library/site-only"]);
    await node01.pullImage("docker.io/library/site-only:1");
    expect(await asked(5002, "library/site-only:1")).toBeGreaterThan(0);
  });

  test("a second up changes nothing", async () => {
    const daemons = await daemonsOf(host);
    await stack.succeed(stack.up("--expect-no-changes"));
    const { stdout } = await stack.succeed(stack.run("report"));
    expect(stdout).toMatch(/ container registry-cache-5002 +- +in sync /);
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
    expect(await catalogOf(5001)).toEqual(["app"]);
    expect(await catalogOf(5002)).toEqual(["library/site-only"]);
  });

  test("the registry's own commands find the registry, and not a cache", async () => {
    const said = await stack.succeed(stack.run("images ls"));
    expect(text(said)).not.toContain("app");
    await stack.succeed(stack.run("check"));
  });

  test("a cache that the settings no longer have goes, and Docker forgets it", async () => {
    // The other one is replaced by one of version 3, on its volume.
    stack.change({
      registry: { host: "registry", address: host.address, image: "registry:3" },
      caches: caches.slice(0, 1),
    });
    await stack.succeed(stack.up());
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

  test("cached images are pulled while the upstream is down, and a cache starts once it is up again", async () => {
    const version = "docker exec registry-cache-5001 registry --version";
    expect(await host.waitUntilSucceeds(version)).toContain(" v3.");
    await pushUpstream("app:4");
    await node01.pullImage(`${upstream}/app:4`);
    await site.succeed("systemctl stop upstream");
    // app:1 came with version 2.8. Both were pulled by node01 alone.
    for (const tag of ["1", "4"]) await host.pullImage(`${upstream}/app:${tag}`);

    await host.succeed("docker restart registry-cache-5001");
    await host.waitUntilSucceeds(
      "test $(docker inspect -f '{{.RestartCount}}' registry-cache-5001) -ge 1",
    );
    await site.succeed(START_UPSTREAM);
    await host.waitUntilSucceeds(`curl -sf http://${host.address}:5001/v2/`);
  });

  test("they stay, with all cached images, if the registry's host gets another name", async () => {
    const what = () =>
      host.succeed("docker inspect -f '{{.Id}} {{.State.StartedAt}}' registry registry-cache-5001");
    const [was, cached, started] = [await what(), await catalogOf(5001), await daemonsOf(host)];
    const nodes = stack.current["nodes"] as { name: string }[];
    stack.change({
      registry: { ...(stack.current["registry"] as object), host: "renamed" },
      nodes: nodes.map((node) => (node.name === "registry" ? { ...node, name: "renamed" } : node)),
    });
    await stack.succeed(stack.up());
    expect(await what()).toBe(was);
    expect(await catalogOf(5001)).toEqual(cached);
    expect(await daemonsOf(host)).toBe(started);
    await stack.succeed(stack.preview("--expect-no-changes"));
  });

  test("destroy leaves the hosts as they were, and no cached image", async () => {
    await stack.succeed(stack.destroy());
    for (const [one, manifest] of before) expect(await filesOf(one)).toBe(manifest);
    expect(await host.succeed("docker ps -aq")).toBe("");
    expect(await host.succeed("docker volume ls -q")).toBe("registry-data\n");
  });
});
