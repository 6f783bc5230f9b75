import { planDaemonJson } from "../../patch";
import { defineLab, type RunningHost, type RunningLab, startLab } from "../../lab";
import { describeLab } from "../lab-only";
import { readerTests } from "./containerd/reader-states";
import { nodeTests } from "./containerd/states";
import { PLAIN_HTTP, read, startRegistry, write } from "./real-daemons";

const MINUTE = 60_000;
const DAEMON_JSON = "/etc/docker/daemon.json";

describeLab("patches on real daemons", () => {
  let lab: RunningLab;
  let image: string;

  beforeAll(async () => {
    lab = await startLab(
      defineLab({
        name: "patchtest",
        octet: 20,
        hosts: ["bookworm", { name: "trixie", flavour: "debian-13" }],
      }),
    );
    image = `${await startRegistry(lab.host("bookworm"))}/tiny:1`;
    await lab
      .host("trixie")
      .succeed("DEBIAN_FRONTEND=noninteractive apt-get install -y docker.io docker-cli");
  }, 10 * MINUTE);
  afterAll(() => lab?.down(), MINUTE);

  describe("containerd 1.6 (Debian 12)", () => {
    nodeTests(
      () => lab.host("bookworm"),
      () => image,
    );
    readerTests(
      () => lab.host("bookworm"),
      () => image,
    );
  });

  describe("containerd 1.7 (Debian 13)", () => {
    nodeTests(
      () => lab.host("trixie"),
      () => image,
    );
    readerTests(
      () => lab.host("trixie"),
      () => image,
    );
  });

  describe.each([
    ["docker 20.10 (Debian 12)", "bookworm", "20.10"],
    ["docker 26 (Debian 13)", "trixie", "26.1"],
  ])("%s", (_, name, version) => {
    let host: RunningHost;
    let dockerVersion: string;
    const text = '{\r\n\t"log-driver": "json-file",\r\n\t"mtu": 1454\r\n}';

    beforeAll(async () => {
      host = lab.host(name);
      dockerVersion = await host.succeed("docker version -f '{{.Server.Version}}'");
    });

    const plan = async () =>
      planDaemonJson({
        path: DAEMON_JSON,
        bytes: await read(host, DAEMON_JSON),
        registry: image.split("/")[0] ?? "",
        dockerVersion,
      });
    const pulls = () => host.exec(`docker rmi ${image} 2>&1; docker pull ${image}`);

    it(
      "pulls after a reload, forgets at the undo, and is byte for byte as before",
      async () => {
        expect(dockerVersion).toContain(version);
        await write(host, DAEMON_JSON, Buffer.from(text));
        await host.succeed("systemctl restart docker");
        const started = await host.succeed("systemctl show -p ActiveEnterTimestamp docker");
        expect((await pulls()).stderr).toContain(PLAIN_HTTP);

        const first = await plan();
        expect(first.activate).toBe("reload");
        await write(host, DAEMON_JSON, first.files[0]?.desired);
        await host.succeed("systemctl reload docker");
        await host.waitUntilSucceeds(`docker info | grep -F '${image.split("/")[0]}'`);
        expect((await pulls()).code).toBe(0);
        expect((await plan()).activate).toBe("none");

        // dockerd keeps its values when the key is gone at a reload; an empty list clears them.
        const cleared = text.replace("{", '{"insecure-registries": [],');
        await write(host, DAEMON_JSON, Buffer.from(cleared));
        await host.succeed("systemctl reload docker");
        await write(host, DAEMON_JSON, first.files[0]?.base);
        await host.waitUntilSucceeds(`! docker info | grep -F '${image.split("/")[0]}'`);
        expect((await read(host, DAEMON_JSON))?.toString()).toBe(text);
        expect((await pulls()).stderr).toContain(PLAIN_HTTP);
        expect(await host.succeed("systemctl show -p ActiveEnterTimestamp docker")).toBe(started);
      },
      2 * MINUTE,
    );
  });
});
