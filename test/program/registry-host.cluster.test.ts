import { existsSync } from "node:fs";
import { defineLab, type RunningHost, type RunningLab, startLab } from "../../lab";
import { describeLab } from "../lab-only";
import { about, configManifest, ENGINE, pushImage, type Said, TestStack } from "./stack";

const embedded = ENGINE === "embedded";

describeLab("what becomes of the registry's host", () => {
  let lab: RunningLab;
  let stack: TestStack;
  let cp: RunningHost;
  let registry: string;
  let before: string;

  beforeAll(async () => {
    lab = await startLab(
      defineLab({ name: "registryhost", octet: 96, hosts: ["controlplane", "node01"] }),
    );
    cp = lab.host("controlplane");
    stack = TestStack.lesson(lab);
    registry = `${cp.address}:5000`;
    before = await configManifest(lab.host("node01"));
    await stack.succeed(stack.up());
    await pushImage(cp, registry);
  });

  afterAll(async () => {
    stack?.remove();
    await lab?.down();
  });

  const text = ({ stdout, stderr }: Said) => stdout + stderr;
  const isActive = async () => (await cp.exec("systemctl is-active docker.service")).stdout.trim();
  const containerId = async () => (await cp.succeed("docker inspect -f '{{.Id}}' registry")).trim();
  /** The CLI reads the container before anything else, and cannot where docker does not answer. */
  const unread = embedded ? [] : ["--refresh=false"];

  /** The registry runs, with the image that was pushed. */
  const serves = () => cp.waitUntilSucceeds(`curl -sf http://${registry}/v2/mynginx/tags/list`);
  /** The same, and there is nothing left to do. */
  async function isWell(): Promise<void> {
    await serves();
    await stack.succeed(stack.preview("--expect-no-changes"));
  }

  describe("with docker stopped", () => {
    test.each([
      ["and its socket too", "systemctl stop docker.socket docker.service", "inactive, dead"],
      ["while its socket would start it", "systemctl stop docker.service", "inactive, dead"],
      [
        "since it failed",
        `systemctl stop docker.socket docker.service; cp /etc/docker/daemon.json /root/kept.json; echo '{"no-such-flag": 1}' >/etc/docker/daemon.json; systemctl start docker; ` +
          "until [ $(systemctl is-active docker) = failed ]; do sleep 0.2; done; cp /root/kept.json /etc/docker/daemon.json",
        "failed",
      ],
    ])("%s: a preview says so and starts nothing, and up starts it", async (_how, stop, words) => {
      const id = await containerId();
      await cp.succeed(stop);
      const state = await isActive();
      if (embedded) {
        const preview = await stack.succeed(stack.preview());
        expect(text(preview)).toContain(
          `controlplane: docker is not running (docker.service is ${words}), so the registry is not running either: up starts docker, then checks its containers`,
        );
        expect(text(preview)).not.toContain("error:");
        expect(text(preview)).not.toContain("is gone");
        expect(await isActive()).toBe(state);
      }
      await stack.succeed(stack.up(...unread));
      expect(await isActive()).toBe("active");
      expect(await containerId()).toBe(id);
      await serves();
    });

    test.each([
      [
        "masked",
        "docker.service",
        "docker.service is masked and inactive, so up cannot start it: run `systemctl unmask docker.service` there",
      ],
      [
        "and its socket masked",
        "docker.socket",
        "docker.service cannot start because it requires docker.socket, which is masked: run `systemctl unmask docker.socket`",
      ],
    ])("%s: up and preview refuse it, with the command that helps", async (_, unit, words) => {
      await cp.succeed(`systemctl stop docker.socket docker.service; systemctl mask ${unit}`);
      try {
        for (const said of [await stack.preview(...unread), await stack.up(...unread)]) {
          expect(said.code).not.toBe(0);
          expect(text(said)).toContain(`controlplane: ${words}`);
        }
      } finally {
        await cp.succeed(`systemctl unmask ${unit}`);
      }
      await stack.succeed(stack.up(...unread));
      await serves();
    });

    (embedded ? test : test.skip)(
      "and the container removed before: one up starts it and makes the container again",
      async () => {
        await cp.succeed("docker rm -f registry; systemctl stop docker.socket docker.service");
        await stack.succeed(stack.up());
        await isWell();
      },
    );
  });

  describe("a container that is not as it was left", () => {
    test.each([
      [
        "stopped",
        "docker stop registry",
        /registry is not running \(exited with code \d+\): up starts it/,
      ],
      [
        "renamed",
        "docker rename registry aside",
        /the container registry was renamed to aside: up replaces it with one of that name, on the same volume/,
      ],
      [
        "removed",
        "docker rm -f registry",
        /the container registry was removed outside of this stack: up recreates it on the volume registry-data/,
      ],
    ])("%s: preview says so in words, and up mends it", async (_what, change, words) => {
      await cp.succeed(change);
      const preview = await stack.succeed(stack.preview());
      expect(text(preview)).toMatch(words);
      expect(text(preview)).not.toContain("will be empty");
      await stack.succeed(stack.up());
      expect(await cp.succeed("docker ps -a --format '{{.Names}}'")).toBe("registry\n");
      await serves();
    });

    test("paused: preview names the command that helps", async () => {
      await cp.succeed("docker pause registry");
      expect(text(await stack.preview())).toContain(
        "the container registry is paused, so pulls fail; up does not resume it: run `docker unpause registry` there",
      );
      await cp.succeed("docker unpause registry");
      await isWell();
    });
  });

  describe("a run that was cut off", () => {
    const CONTAINER =
      "cluster-registry:index:ClusterRegistry$cluster-registry:index:RegistryContainer$docker:index/container:Container::cluster-controlplane-container";

    test("a container of ours that the state does not know is replaced, and nobody is asked to remove it", async () => {
      const id = await containerId();
      // As a run leaves it that is killed once docker has made the container, and before the state says so.
      await stack.succeed(
        stack.run(
          "state delete",
          `urn:pulumi:${stack.name}::cluster-registry::${CONTAINER}`,
          "--target-dependents",
          "--yes",
        ),
      );
      const preview = await stack.succeed(stack.preview());
      expect(text(preview)).toContain(
        `controlplane: the container registry (${id.slice(0, 12)}, running) belongs to this stack but is not in its state, as after an interrupted run: up replaces it and keeps its volume`,
      );
      expect(await containerId()).toBe(id);
      await stack.succeed(stack.up());
      expect(await containerId()).not.toBe(id);
      await isWell();
    });

    test("killed when docker has just made it: cancel and up complete", async () => {
      await cp.succeed("docker rm -f registry");
      const up = await stack.start("up", "--yes", "--skip-preview");
      await Promise.race([
        cp.waitUntilSucceeds("docker ps -aq --filter name=registry | grep .", {
          timeoutSeconds: 120,
        }),
        up.ended,
      ]);
      up.signal("SIGKILL");
      await up.ended;
      await stack.succeed(stack.run("cancel"));
      await stack.succeed(stack.up());
      expect(await cp.succeed("docker ps -a --format '{{.Names}}'")).toBe("registry\n");
      await isWell();
    });
  });

  describe("what is at stake with the images", () => {
    const preview = async (changes: Record<string, unknown>) => {
      const { current } = stack;
      stack.change({ registry: { ...(current["registry"] as object), ...changes } });
      const said = await stack.preview();
      stack.configure(current);
      return text(said);
    };

    test("a new registry.volume is said to be empty, and where the images stay", async () => {
      expect(await preview({ volume: "other" })).toMatch(
        about(
          "controlplane",
          "the registry will be empty: the volume registry-data, which holds its present images, remains, unused. To keep them, set registry.volume: registry-data",
        ),
      );
      expect(await preview({ volume: "registry-data" })).not.toContain("will be empty");
    });

    test("another host is said to be empty, and where the images stay", async () => {
      expect(await preview({ host: "node01", address: lab.host("node01").address })).toMatch(
        about(
          "node01",
          "the registry will be empty: it moves here from controlplane, where its images remain in the volume registry-data",
        ),
      );
    });

    test("another port or host says what it means for the names of images", async () => {
      const { address } = lab.host("controlplane");
      expect(await preview({ port: 5001 })).toContain(
        `warning: the registry's name in images changes from ${address}:5000 to ${address}:5001. The registry is replaced first`,
      );
      const node01 = lab.host("node01").address;
      expect(await preview({ host: "node01", address: node01 })).toContain(
        `warning: the registry's name in images changes from ${address}:5000 to ${node01}:5000. The new registry starts first`,
      );
    });

    test("another server says when it starts, and that the images stay", async () => {
      expect(await preview({ image: "registry:2" })).toContain(
        "warning: the registry's server changes from registry to registry:2. docker on controlplane pulls the new image first",
      );
    });

    test("a volume that was removed by hand", async () => {
      await cp.succeed("docker rm -f registry && docker volume rm registry-data");
      expect(text(await stack.preview())).toMatch(
        about(
          "controlplane",
          "the registry will be empty: the volume registry-data, which held its images, is gone",
        ),
      );
      await stack.succeed(stack.up());
      await stack.succeed(stack.preview("--expect-no-changes"));
    });
  });

  test("destroy with docker stopped starts it, removes the container, and says which volume stays and how it is removed", async () => {
    await cp.succeed("systemctl stop docker.socket docker.service");
    const said = await stack.succeed(stack.destroy(...unread));
    expect(text(said)).toContain(
      "the volume registry-data and its images are kept; to delete them, run: docker volume rm registry-data",
    );
    expect(await cp.succeed("docker ps -aq")).toBe("");
    expect(await cp.succeed("docker volume ls -q")).toBe("registry-data\n");
    await cp.succeed("docker volume rm registry-data");
    expect(await configManifest(lab.host("node01"))).toBe(before);
    expect(existsSync(stack.stateFile)).toBe(true);
    await cp.fail("ls /var/lib/cluster-registry");
  });
});
