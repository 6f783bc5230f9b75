import { defineLab, startLab, stopLab, type RunningHost } from "../../lab";
import { describeLab } from "../lab-only";

const MINUTE = 60_000;

describeLab("a Debian 13 host", () => {
  const definition = defineLab({
    name: "labtest13",
    octet: 13,
    hosts: ["node"],
    flavour: "debian-13",
  });
  let node: RunningHost;

  beforeAll(async () => {
    node = (await startLab(definition)).host("node");
  }, 5 * MINUTE);

  afterAll(() => stopLab(definition.name), MINUTE);

  test(
    "boots with containerd 1.7, the lesson's file, and a runtime that pulls",
    async () => {
      expect(await node.succeed("systemctl is-system-running")).toBe("running\n");
      expect((await node.runtimeStatus()).version).toMatch(/^1\.7\./);
      expect(await node.succeed("ctr plugins ls | awk '$2 == \"cri\" { print $NF }'")).toBe("ok\n");
      await node.pullImage("docker.io/library/busybox:latest");
    },
    MINUTE,
  );

  test(
    "installs docker.io 26 with its command, which runs a registry",
    async () => {
      await node.succeed("DEBIAN_FRONTEND=noninteractive apt-get install -y docker.io");
      expect(await node.succeed("docker version --format '{{.Server.Version}}'")).toMatch(
        /^26\.1\./,
      );
      await node.succeed("docker run -d -p 5000:5000 --name registry registry");
      expect(await node.waitUntilSucceeds("curl -sf http://10.88.13.11:5000/v2/")).toBe("{}");
    },
    MINUTE,
  );
});
