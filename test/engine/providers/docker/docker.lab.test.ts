import { dockerPlugin } from "../../../../engine/providers/docker";
import type { Props, ProviderInstance } from "../../../../engine/providers/provider";
import { defineLab, startLab } from "../../../../lab";
import type { RunningHost, RunningLab } from "../../../../lab";
import { describeLab } from "../../../lab-only";
import { context } from "../context";
import { fixtureResource, shape } from "../fixture";

jest.setTimeout(180_000);

const IMAGE = "docker:index/remoteImage:RemoteImage";
const VOLUME = "docker:index/volume:Volume";
const CONTAINER = "docker:index/container:Container";
const urn = (type: string, name: string): string => `urn:pulumi:dev::fixture::${type}::${name}`;

describeLab("the docker provider at a real daemon", () => {
  let lab: RunningLab;
  let host: RunningHost;
  let provider: ProviderInstance;

  const settings = (user = "root"): Props => ({
    host: `ssh://${user}@${host.address}:22`,
    sshOpts: JSON.stringify([
      "-i",
      lab.privateKeyPath,
      "-o",
      `UserKnownHostsFile=${lab.knownHostsPath}`,
      "-o",
      "StrictHostKeyChecking=yes",
    ]),
    version: "5.2.0",
  });

  beforeAll(async () => {
    lab = await startLab(defineLab({ name: "sshtest", octet: 31, hosts: ["host"] }));
    host = lab.host("host");
    await host.succeed("DEBIAN_FRONTEND=noninteractive apt-get install -y docker.io");
    await host.waitUntilSucceeds("docker info", { timeoutSeconds: 60 });
    provider = await dockerPlugin.configure(settings());
  });
  afterAll(async () => {
    await provider?.close();
    await lab?.down();
  });

  /** Checks and creates, as the engine does. */
  async function make(type: string, name: string, news: Props) {
    const { inputs, failures } = await provider.check(type, urn(type, name), undefined, news);
    expect(failures).toEqual([]);
    const ctx = context(name, type);
    return { inputs, ...(await provider.create(type, inputs, ctx)) };
  }

  type Made = Awaited<ReturnType<typeof make>>;
  const read = (type: string, made: Pick<Made, "id" | "inputs" | "outputs">) =>
    provider.read(type, made.id, made.inputs, made.outputs, context("x", type));
  const diff = (type: string, made: Made, news: Props, outputs = made.outputs) =>
    provider.diff(type, urn(type, "x"), made.id, made.inputs, outputs, news);

  let image: Made;
  let volume: Made;
  let container: Made;

  test("makes the fixture's resources with the fixture's inputs, outputs and ids", async () => {
    image = await make(IMAGE, "registry", { name: "registry:latest", keepLocally: true });
    volume = await make(VOLUME, "registry-data", { name: "fixture-data" });
    container = await make(CONTAINER, "registry", {
      image: image.outputs["imageId"]!,
      name: "fixture-registry",
      restart: "unless-stopped",
      ports: [{ internal: 5000, external: 5002 }],
      envs: ["REGISTRY_STORAGE_DELETE_ENABLED=true"],
      volumes: [{ volumeName: "fixture-data", containerPath: "/var/lib/registry" }],
    });
    for (const [type, name, made] of [
      [IMAGE, "registry", image],
      [VOLUME, "registry-data", volume],
      [CONTAINER, "registry", container],
    ] as const) {
      const fixture = fixtureResource(urn(type, name));
      expect(shape(made.inputs)).toEqual(shape(fixture.inputs));
      expect(shape(made.outputs)).toEqual({
        ...(shape(fixture.outputs) as Props),
        // The lab's registry image is another version, with its configuration elsewhere.
        ...(type === CONTAINER && { command: ["serve", "/etc/docker/registry/config.yml"] }),
      });
      expect(made.outputs["__pulumi_raw_state_delta"]).toEqual(
        fixture.outputs["__pulumi_raw_state_delta"],
      );
      expect(made.outputs["__meta"]).toBe(fixture.outputs["__meta"]);
    }
    expect(image.id).toMatch(/^sha256:[0-9a-f]{64}registry:latest$/);
    expect(volume.id).toBe("fixture-data");
    expect(container.id).toMatch(/^[0-9a-f]{64}$/);
    await host.waitUntilSucceeds("curl -fsS http://127.0.0.1:5002/v2/", { timeoutSeconds: 20 });
  });

  test("reads them back unchanged, what is empty as empty, and sees no difference to the program", async () => {
    const [held] = container.outputs["volumes"] as Props[];
    const emptyOnceRead = {
      ...{ dns: [], dnsOpts: [], dnsSearches: [], groupAdds: [] },
      ...{ logOpts: {}, storageOpts: {}, sysctls: {}, tmpfs: {} },
      volumes: [{ ...held, readOnly: false }],
    };
    for (const [type, made, empty] of [
      [IMAGE, image, {}],
      [VOLUME, volume, { driverOpts: {} }],
      [CONTAINER, container, emptyOnceRead],
    ] as const) {
      const now = await read(type, made);
      expect({ ...now?.outputs, __pulumi_raw_state_delta: null }).toEqual({
        ...made.outputs,
        ...empty,
        __pulumi_raw_state_delta: null,
      });
      const { obj } = now?.outputs["__pulumi_raw_state_delta"] as { obj: { ps: Props } };
      const before = made.outputs["__pulumi_raw_state_delta"] as { obj: { ps: Props } };
      expect(obj.ps).toEqual({
        ...before.obj.ps,
        ...(type === VOLUME && { driverOpts: { map: {} } }),
        ...(type === CONTAINER && {
          ...{ dns: { arr: {} }, dnsOpts: { arr: {} }, dnsSearches: { arr: {} } },
          ...{ groupAdds: { arr: {} }, healthcheck: { plu: { i: {} } } },
          ...{ logOpts: { map: {} }, storageOpts: { map: {} } },
          ...{ sysctls: { map: {} }, tmpfs: { map: {} } },
        }),
      });
      expect(await diff(type, made, made.inputs, now?.outputs)).toMatchObject({
        changes: "none",
        replaces: [],
      });
    }
  });

  test("changes the restart policy in place", async () => {
    const news = { ...container.inputs, restart: "always" };
    expect(await diff(CONTAINER, container, news)).toMatchObject({
      changes: "some",
      replaces: [],
      detailed: { restart: "update" },
    });
    const { outputs } = await provider.update(
      CONTAINER,
      container.id,
      container.inputs,
      container.outputs,
      news,
      context("x", CONTAINER),
    );
    expect(outputs).toEqual({ ...container.outputs, restart: "always" });
    expect(
      await host.succeed("docker inspect -f '{{.HostConfig.RestartPolicy.Name}}' fixture-registry"),
    ).toContain("always");
    container = { ...container, inputs: news, outputs };
  });

  test("sees a container that was stopped by hand, and starts it", async () => {
    await host.succeed("docker stop fixture-registry");
    const stopped = await read(CONTAINER, container);
    expect(stopped?.outputs).toMatchObject({ mustRun: false, exitCode: 2, ports: [] });
    const change = await diff(CONTAINER, container, container.inputs, stopped?.outputs);
    expect(change).toMatchObject({ replaces: ["ports"], deleteBeforeReplace: true });
    await provider.update(
      CONTAINER,
      container.id,
      container.inputs,
      stopped!.outputs,
      container.inputs,
      context("x", CONTAINER),
    );
    expect(await read(CONTAINER, container)).toMatchObject({ outputs: { mustRun: true } });
  });

  test("sees a container that was removed by hand", async () => {
    const made = await make(CONTAINER, "gone", { image: "registry:latest", name: "gone" });
    expect(made.outputs["image"]).toBe("registry:latest");
    await host.succeed(`docker rm -fv ${made.id}`);
    expect(await read(CONTAINER, made)).toBeUndefined();
    await provider.delete(CONTAINER, made.id, made.inputs, made.outputs, context("x", CONTAINER));
  });

  test("takes a container away that does not start, and says why", async () => {
    const making = make(CONTAINER, "second", {
      image: "registry:latest",
      name: "second",
      ports: [{ internal: 5000, external: 5002 }],
    });
    await expect(making).rejects.toThrow(
      /^docker at root@[\d.]+:22: cannot start container second: .*port is already allocated/s,
    );
    expect(await host.succeed("docker ps -aq --filter name=second")).toBe("");
  });

  test("names an image that cannot be had", async () => {
    await expect(make(IMAGE, "none", { name: "no-such-image:1" })).rejects.toThrow(
      /cannot pull image no-such-image:1: /,
    );
  });

  test("says clearly that a user may not use the socket, and that this is not 'gone'", async () => {
    const other = await dockerPlugin.configure(settings("nosudo"));
    const reading = other.read(
      CONTAINER,
      container.id,
      container.inputs,
      container.outputs,
      context("x", CONTAINER),
    );
    await expect(reading).rejects.toThrow(
      /^docker at nosudo@[\d.]+:22: cannot inspect container .*: its socket \/var\/run\/docker\.sock cannot be reached\. Is dockerd running, and may this user use it/,
    );
    await other.close();
  });

  test("a daemon that is down is an error, never 'gone'", async () => {
    await host.succeed("systemctl stop docker.socket docker");
    await expect(read(CONTAINER, container)).rejects.toThrow(
      "cannot be reached. Is dockerd running",
    );
    await host.succeed("systemctl start docker.socket docker");
    await host.waitUntilSucceeds("docker info", { timeoutSeconds: 60 });
  });

  test("removes what it made: the container, then its volume; the image stays where it shall", async () => {
    for (const [type, made] of [
      [CONTAINER, container],
      [VOLUME, volume],
      [IMAGE, image],
    ] as const) {
      await provider.delete(type, made.id, made.inputs, made.outputs, context("x", type));
    }
    expect(await host.succeed("docker ps -aq")).toBe("");
    expect(await host.succeed("docker volume ls -q")).toBe("");
    await host.succeed("docker image inspect registry:latest");
    expect(await read(CONTAINER, container)).toBeUndefined();
    expect(await read(VOLUME, volume)).toBeUndefined();
    const loose = { ...image, outputs: { ...image.outputs, keepLocally: false } };
    await provider.delete(IMAGE, loose.id, loose.inputs, loose.outputs, context("x", IMAGE));
    expect(await read(IMAGE, image)).toBeUndefined();
  });
});
