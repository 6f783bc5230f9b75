import { defineLab, startLab, stopLab, type RunningHost } from "../../lab";
import { describeLab } from "../lab-only";

const MINUTE = 60_000;

// Among the long tests, since on a new machine containerd 2 is built from its sources first.
describeLab("a host with containerd 2", () => {
  const definition = defineLab({
    name: "labtest2x",
    octet: 14,
    hosts: ["node"],
    flavour: "containerd-2",
  });
  let node: RunningHost;

  beforeAll(async () => {
    node = (await startLab(definition)).host("node");
  }, 20 * MINUTE);

  afterAll(() => stopLab(definition.name), MINUTE);

  test(
    "boots with the lesson's mirrors in a version 3 file, and a runtime that pulls through them",
    async () => {
      expect(await node.succeed("systemctl is-system-running")).toBe("running\n");
      expect((await node.runtimeStatus()).version).toBe("v2.2.3");
      expect(await node.succeed("ctr plugins ls | awk '$2 == \"cri\" { print $NF }'")).toBe("ok\n");
      const config = await node.succeed("cat /etc/containerd/config.toml");
      expect(config).toContain("version = 3\n");
      expect(config).toContain(
        "        [plugins.'io.containerd.cri.v1.images'.registry.mirrors.'docker.io']\n" +
          "          endpoint = ['https://mirror.gcr.io', 'https://docker-mirror.killer.sh', 'https://registry-1.docker.io']\n",
      );
      await node.pullImage("docker.io/library/busybox:latest");
    },
    MINUTE,
  );
});
