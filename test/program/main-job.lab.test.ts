import { defineLab, type RunningLab, startLab } from "../../lab";
import { describeLab } from "../lab-only";
import { about, configManifest, daemonsOf, ENGINE, pushImage, recordsOf, TestStack } from "./stack";

const PLAIN_HTTP = "http: server gave HTTP response to HTTPS client";
const DAEMON_JSON = "/etc/docker/daemon.json";
const CONFIG_TOML = "/etc/containerd/config.toml";

describeLab("the main job on the lesson's cluster", () => {
  let lab: RunningLab;
  let stack: TestStack;
  let registry: string;
  let image: string;
  const before = new Map<string, string>();
  const hosts = () => [...lab.hosts.values()];
  const gather = async (read: typeof configManifest): Promise<Record<string, string>> => {
    const facts = await Promise.all(
      hosts().map(async (host): Promise<[string, string]> => [host.name, await read(host)]),
    );
    return Object.fromEntries(facts);
  };

  beforeAll(async () => {
    lab = await startLab(
      defineLab({ name: "mainjob", octet: 60, hosts: ["controlplane", "node01", "node02"] }),
    );
    stack = TestStack.lesson(lab);
    registry = `${lab.host("controlplane").address}:5000`;
    for (const host of hosts()) before.set(host.name, await configManifest(host));
  });

  afterAll(async () => {
    stack?.remove();
    await lab?.down();
  });

  test("a first preview shows what will be done on every host and touches none", async () => {
    const said = await stack.succeed(stack.preview());
    expect(said.stdout + said.stderr).toMatch(about("node02", "first apply"));
    for (const host of hosts()) expect(await configManifest(host)).toBe(before.get(host.name));
    expect(await lab.host("node01").succeed("ls /var/lib/cluster-registry 2>&1; true")).toContain(
      "No such file",
    );
  });

  test("before up a node refuses to pull from a registry that speaks plain HTTP", async () => {
    const controlplane = lab.host("controlplane");
    const server =
      "use IO::Socket::INET; $s = IO::Socket::INET->new(LocalPort => 5000, Listen => 5, ReuseAddr => 1) or die; " +
      'while ($c = $s->accept) { sysread $c, $b, 4096; print $c "HTTP/1.0 400 Bad Request\\r\\n\\r\\n"; close $c }';
    await controlplane.succeed(
      `perl -e '${server}' </dev/null >/dev/null 2>&1 & echo $! >/run/plain-http.pid`,
    );
    await controlplane.waitUntilSucceeds("ss -ltn | grep -q :5000");
    await expect(lab.host("node01").pullImage(`${registry}/mynginx:1.0`)).rejects.toThrow(
      PLAIN_HTTP,
    );
    await controlplane.succeed("kill $(cat /run/plain-http.pid); rm /run/plain-http.pid");
  });

  test("up makes the registry, and an image pushed there is pulled on every node", async () => {
    await stack.succeed(stack.up());
    image = await pushImage(lab.host("controlplane"), registry);
    for (const host of hosts()) await host.pullImage(image);
    const log = await lab.host("controlplane").succeed("docker logs registry 2>&1");
    for (const name of ["node01", "node02"]) {
      expect(log).toMatch(new RegExp(`^${lab.host(name).address} .*"GET /v2/mynginx/blobs/`, "m"));
    }
    expect(lab.hubLog()).not.toContain("mynginx");
  });

  test("the registry answers DELETE of a manifest with 202", async () => {
    const answer = await lab
      .host("controlplane")
      .succeed(
        `docker tag mynginx:1.0 ${registry}/gone:1 && docker push -q ${registry}/gone:1 >/dev/null && ` +
          `digest=$(curl -sI -H 'Accept: application/vnd.docker.distribution.manifest.v2+json' http://${registry}/v2/gone/manifests/1 | ` +
          `tr -d '\\r' | sed -n 's/^Docker-Content-Digest: //Ip') && ` +
          `curl -s -o /dev/null -w '%{http_code}' -X DELETE http://${registry}/v2/gone/manifests/$digest`,
      );
    expect(answer).toBe("202");
  });

  test("a second up changes nothing: no file, no record, no daemon restarted", async () => {
    const files = await gather(configManifest);
    const records = await gather(recordsOf);
    const daemons = await gather(daemonsOf);
    const said = await stack.succeed(stack.up("--expect-no-changes"));
    expect(said.stdout).toContain("unchanged");
    await stack.succeed(stack.preview("--expect-no-changes"));
    expect(await gather(configManifest)).toEqual(files);
    expect(await gather(recordsOf)).toEqual(records);
    expect(await gather(daemonsOf)).toEqual(daemons);
  });

  test("preview shows each drift on its own resource with host, file and lines; up repairs just those", async () => {
    const [controlplane, node01, node02] = ["controlplane", "node01", "node02"].map((name) =>
      lab.host(name),
    );
    if (!controlplane || !node01 || !node02) throw new Error("the lab has three hosts");
    await node01.succeed(`sed -i '/${registry}/d' ${CONFIG_TOML}`);
    await controlplane.succeed(
      `sed -i '/insecure-registries/d' ${DAEMON_JSON} && systemctl reload docker`,
    );
    await controlplane.succeed("docker rm -f registry");
    const others = async () => [
      await daemonsOf(node02),
      await recordsOf(node02),
      // docker is reloaded, and containerd on the registry host left alone.
      await daemonsOf(controlplane),
      (await recordsOf(controlplane)).split("\n").filter((line) => line.includes("containerd")),
    ];
    const untouched = await others();

    const json = await stack.succeed(stack.preview("--json"));
    const { steps } = JSON.parse(json.stdout) as { steps: { op: string; urn: string }[] };
    const urn =
      "urn:pulumi:test::cluster-registry::cluster-registry:index:ClusterRegistry$cluster-registry:index:";
    const container = `${urn}RegistryContainer$docker:index/container:Container::cluster-controlplane-container`;
    expect(
      steps
        // The CLI says of every resource that it was read before.
        .filter(({ op }) => op !== "same" && op !== "refresh")
        .map(({ op, urn: of }) => `${op} ${of}`)
        .sort(),
    ).toEqual([
      `create ${container}`,
      // The embedded engine says of what was read only what is not as it was.
      ...(ENGINE === "embedded" ? [`delete ${container}`] : []),
      `update ${urn}ContainerdMirror$command:remote:Command::cluster-node01-containerd-apply`,
      `update ${urn}DaemonJsonPatch$command:remote:Command::cluster-controlplane-docker-apply`,
    ]);
    const preview = await stack.preview("--diff", "--expect-no-changes");
    expect(preview.code).toBe(7);
    const text = preview.stdout + preview.stderr;
    expect(text).toMatch(about("node01", "drift on the host"));
    expect(text).toContain(CONFIG_TOML);
    expect(text).toMatch(new RegExp(`^\\s*\\+.*endpoint = \\["http://${registry}"\\]`, "m"));
    expect(text).toMatch(about("controlplane", "drift on the host"));
    expect(text).toContain(DAEMON_JSON);
    expect(text).toMatch(new RegExp(`^\\s*\\+.*"insecure-registries": \\["${registry}"\\]`, "m"));
    expect(text).not.toMatch(about("node02", "drift on the host"));

    await stack.succeed(stack.up());
    expect(await others()).toEqual(untouched);
    expect(await node01.succeed(`cat ${CONFIG_TOML}`)).toContain(
      `endpoint = ["http://${registry}"]`,
    );
    await stack.succeed(stack.preview("--expect-no-changes"));
    await node01.removeImage(image);
    await node01.pullImage(image);
  });

  test("an admin's edit elsewhere in the files is not drift and survives an up", async () => {
    const node01 = lab.host("node01");
    await node01.succeed(
      `sed -i '1i # kept by the night shift' ${CONFIG_TOML} && systemctl restart containerd`,
    );
    await stack.succeed(stack.preview("--expect-no-changes"));
    await node01.succeed(`sed -i '/${registry}/d' ${CONFIG_TOML}`);
    await stack.succeed(stack.up());
    expect(await node01.succeed(`head -1 ${CONFIG_TOML}`)).toBe("# kept by the night shift\n");
    await node01.succeed(`sed -i 1d ${CONFIG_TOML} && systemctl restart containerd`);
    await stack.succeed(stack.preview("--expect-no-changes"));
  });

  test("an admin's other key in daemon.json is not drift and survives an up", async () => {
    const controlplane = lab.host("controlplane");
    const mtu = (value: number) =>
      controlplane.succeed(
        `sed -i 's/"mtu": *[0-9]*/"mtu": ${value}/' ${DAEMON_JSON} && systemctl restart docker`,
      );
    await mtu(1400);
    await stack.succeed(stack.preview("--expect-no-changes"));
    await controlplane.succeed(
      `sed -i '/insecure-registries/d' ${DAEMON_JSON} && systemctl reload docker`,
    );
    await stack.succeed(stack.up());
    const { mtu: kept, ...rest } = JSON.parse(
      await controlplane.succeed(`cat ${DAEMON_JSON}`),
    ) as Record<string, unknown>;
    expect(kept).toBe(1400);
    expect(rest["insecure-registries"]).toEqual([registry]);
    await mtu(1454);
    await stack.succeed(stack.preview("--expect-no-changes"));
  });

  test.each(["systemctl restart docker", "systemctl restart containerd"])(
    "the images outlive %s",
    async (command) => {
      const [controlplane, node02] = [lab.host("controlplane"), lab.host("node02")];
      await controlplane.succeed(command);
      await controlplane.waitUntilSucceeds(`curl -sf http://${registry}/v2/mynginx/tags/list`);
      await node02.removeImage(image);
      await node02.pullImage(image);
    },
  );

  test("the images outlive a reboot of the registry host", async () => {
    const [controlplane, node02] = [lab.host("controlplane"), lab.host("node02")];
    await controlplane.reboot();
    await controlplane.waitUntilSucceeds(`curl -sf http://${registry}/v2/mynginx/tags/list`);
    await node02.removeImage(image);
    await node02.pullImage(image);
    await stack.succeed(stack.preview("--expect-no-changes"));
  });

  test("destroy puts every file back byte for byte, and keeps the volume", async () => {
    const said = await stack.succeed(stack.destroy());
    expect(said.stdout).toMatch(
      about("controlplane", "Docker stays installed; destroy does not remove it or its other data"),
    );
    for (const host of hosts()) {
      const now = await configManifest(host);
      // Installing docker.io enables its units, and dockerd makes a key: that is the package's, which destroy leaves.
      const own = (text: string | undefined) =>
        text
          ?.replace(/\n([0-9a-f]{64} )/g, " $1")
          .split("\n")
          .filter((line) => !/docker\.(service|socket)|\.wants|etc\/docker\/key\.json/.test(line));
      if (host.name !== "controlplane") expect(now).toBe(before.get(host.name));
      expect(await host.succeed(`sha256sum < ${CONFIG_TOML}`)).toBe(
        hashIn(before.get(host.name), "config.toml"),
      );
      expect(own(now)).toEqual(own(before.get(host.name)));
      expect(await host.succeed("ls -A /var/lib/cluster-registry 2>/dev/null; true")).toBe("");
    }
    const controlplane = lab.host("controlplane");
    expect(await controlplane.succeed(`sha256sum < ${DAEMON_JSON}`)).toBe(
      hashIn(before.get("controlplane"), "daemon.json"),
    );
    expect(await controlplane.succeed("docker ps -a --format '{{.Names}}'")).toBe("");
    expect(await controlplane.succeed("docker volume ls -q")).toBe("registry-data\n");
    expect(
      await controlplane.succeed(
        "docker info --format '{{json .RegistryConfig.InsecureRegistryCIDRs}}'",
      ),
    ).not.toContain(lab.host("controlplane").address);
  });

  test("after destroy a pull fails again as it did before", async () => {
    const node01 = lab.host("node01");
    await lab
      .host("controlplane")
      .succeed(
        "docker run -d --name byhand -p 5000:5000 -v registry-data:/var/lib/registry registry",
      );
    await lab.host("controlplane").waitUntilSucceeds(`curl -sf http://${registry}/v2/`);
    await node01.removeImage(image);
    await expect(node01.pullImage(image)).rejects.toThrow(PLAIN_HTTP);
  });

  test("with retainVolume: false destroy deletes the volume too", async () => {
    const controlplane = lab.host("controlplane");
    await controlplane.succeed("docker rm -f byhand");
    stack.change({
      registry: { host: "controlplane", address: controlplane.address, retainVolume: false },
    });
    await stack.succeed(stack.up());
    expect(await controlplane.succeed("docker volume ls -q")).toBe("registry-data\n");
    await stack.succeed(stack.destroy());
    expect(await controlplane.succeed("docker volume ls -q")).toBe("");
  });
});

/** The hash of a file in a manifest: the line behind the file's own. */
function hashIn(manifest: string | undefined, file: string): string {
  const lines = (manifest ?? "").split("\n");
  const hash = lines[lines.findIndex((line) => line.endsWith(`/${file}`)) + 1];
  if (hash === undefined) throw new Error(`no ${file} in the manifest`);
  return `${hash}\n`;
}
