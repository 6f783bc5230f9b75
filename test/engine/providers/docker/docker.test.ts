import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dockerPlugin } from "../../../../engine/providers/docker";
import { NotRunning, UNKNOWN } from "../../../../engine/providers/provider";
import type { Props, ProviderInstance } from "../../../../engine/providers/provider";
import { GOOD_KEY, OTHER_KEY, TestServer } from "../../../ssh/server";
import { context } from "../context";
import { FakeDaemon } from "./fake-daemon";

const IMAGE = "docker:index/remoteImage:RemoteImage";
const VOLUME = "docker:index/volume:Volume";
const CONTAINER = "docker:index/container:Container";
const urn = (type: string, name: string): string => `urn:pulumi:dev::p::${type}::${name}`;

let folder: string;
let ssh: TestServer;
let daemon: FakeDaemon;
let provider: ProviderInstance;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "docker-"));
  daemon = await FakeDaemon.start(folder);
  // What is asked for at /var/run/docker.sock is answered here.
  ssh = await TestServer.start({ unixSockets: { "/var/run/docker.sock": daemon.socket } });
  writeFileSync(join(folder, "id"), GOOD_KEY.private);
  writeFileSync(join(folder, "known"), `[127.0.0.1]:${ssh.port} ${ssh.hostKeys[0]}\n`);
  provider = await configure();
});
afterEach(async () => {
  await provider.close();
  await ssh.close();
  await new Promise((resolve) => daemon.server.close(resolve));
  rmSync(folder, { recursive: true });
});

async function configure(change: Props = {}): Promise<ProviderInstance> {
  const { inputs, failures } = await dockerPlugin.checkConfig({
    host: `ssh://root@127.0.0.1:${ssh.port}`,
    sshOpts: JSON.stringify(["-F", "none", "-i", "id", "-o", "UserKnownHostsFile=known"]),
    version: "5.2.0",
    ...change,
  });
  expect(failures).toEqual([]);
  return dockerPlugin.configure(inputs, folder);
}

const volumeInfo = { Name: "data", Driver: "local", Options: null, Labels: null, Mountpoint: "/m" };

test("nobody is dialled in a preview, and what the daemon decides is not known in it", async () => {
  const ctx = context("data", VOLUME, { preview: true });
  const { outputs } = await provider.create(VOLUME, { name: "data", __defaults: [] }, ctx);
  expect(outputs).toEqual({
    cluster: null,
    driver: UNKNOWN,
    driverOpts: null,
    labels: [],
    mountpoint: UNKNOWN,
    name: "data",
  });
  expect(ssh.connections).toBe(0);
});

test("all requests go over one SSH connection, to the daemon's socket", async () => {
  daemon.answers = {
    "POST /volumes/create?": [201, volumeInfo],
    "GET /volumes/data": [200, volumeInfo],
  };
  for (let times = 0; times < 3; times++) {
    await provider.create(VOLUME, { name: "data", __defaults: [] }, context("data", VOLUME));
  }
  expect(ssh.connections).toBe(1);
  // Whether docker runs is asked once.
  expect(ssh.commands).toEqual([
    "systemctl show -p LoadState -p ActiveState docker.service docker.socket",
  ]);
  expect(daemon.asked.slice(0, 2)).toEqual(["POST /volumes/create?", "GET /volumes/data"]);
  // The first request loads the Docker client, which takes its time on a busy machine.
}, 60_000);

test("a wrong host key ends it before the login, for all resources with one attempt", async () => {
  writeFileSync(join(folder, "known"), `[127.0.0.1]:${ssh.port} ${OTHER_KEY.public}\n`);
  const read = () => provider.read(VOLUME, "data", {}, {}, context("data", VOLUME));
  await expect(read()).rejects.toThrow("the host key is not the known one, so nothing was sent");
  await expect(read()).rejects.toThrow("the host key is not the known one");
  expect(ssh.connections).toBe(1);
  expect(ssh.attempts).toEqual([]);
});

test("404 is gone; any other answer, and none, is an error", async () => {
  const read = () => provider.read(VOLUME, "data", {}, {}, context("data", VOLUME));
  daemon.answers = { "GET /volumes/data": [404, { message: "no such volume" }] };
  expect(await read()).toBeUndefined();
  daemon.answers = { "GET /volumes/data": [500, { message: "disk on fire" }] };
  await expect(read()).rejects.toThrow(
    `docker at root@127.0.0.1:${ssh.port}: cannot inspect volume data: disk on fire`,
  );
});

test("what a program only reads is found by its id alone, an image by the name in it", async () => {
  const digest = `sha256:${"0".repeat(64)}`;
  daemon.answers = {
    "GET /volumes/data": [200, volumeInfo],
    "GET /images/registry:2/json": [200, { Id: digest, RepoDigests: [`registry@${digest}`] }],
  };
  const read = (type: string, id: string, state: Props = {}) =>
    provider.read(type, id, state, state, context("x", type));
  expect((await read(VOLUME, "data"))?.outputs).toMatchObject({ name: "data", mountpoint: "/m" });
  expect(await read(IMAGE, `${digest}registry:2`)).toMatchObject({
    id: `${digest}registry:2`,
    outputs: { name: "registry:2", imageId: digest, repoDigest: `registry@${digest}` },
  });
  expect((await read(IMAGE, digest, { name: "registry:2" }))?.id).toBe(`${digest}registry:2`);
});

test("a socket that cannot be reached says who must be allowed what", async () => {
  await provider.close();
  await ssh.close();
  ssh = await TestServer.start();
  writeFileSync(join(folder, "known"), `[127.0.0.1]:${ssh.port} ${ssh.hostKeys[0]}\n`);
  provider = await configure();
  await expect(provider.read(CONTAINER, "c", {}, {}, context("c", CONTAINER))).rejects.toThrow(
    `docker at root@127.0.0.1:${ssh.port}: cannot inspect container c: its socket /var/run/docker.sock cannot be reached. ` +
      "Is dockerd running, and may this user use it (root, or a member of the group docker), and does sshd allow AllowStreamLocalForwarding?",
  );
});

describe("a docker that does not run", () => {
  /** A host whose systemd says this of docker; with its socket, or with nothing listening there. */
  async function host(service: string, socket: string, listens: boolean): Promise<void> {
    await provider.close();
    await ssh.close();
    ssh = await TestServer.start({
      ...(listens && { unixSockets: { "/var/run/docker.sock": daemon.socket } }),
      onExec: (_command, channel) => {
        channel.write(`${service}\n\n${socket}\n`);
        channel.exit(0);
        channel.end();
      },
    });
    writeFileSync(join(folder, "known"), `[127.0.0.1]:${ssh.port} ${ssh.hostKeys[0]}\n`);
    provider = await configure();
  }
  const unit = (load: string, active: string) => `LoadState=${load}\nActiveState=${active}`;
  const read = () => provider.read(CONTAINER, "c", {}, {}, context("c", CONTAINER));
  const NONE = unit("not-found", "inactive");

  test.each([
    [
      "stopped",
      unit("loaded", "inactive"),
      unit("loaded", "inactive"),
      false,
      "docker.service is inactive",
    ],
    [
      "failed",
      unit("loaded", "failed"),
      unit("loaded", "failed"),
      false,
      "docker.service is failed",
    ],
    [
      "masked",
      unit("masked", "inactive"),
      unit("loaded", "inactive"),
      false,
      "docker.service is masked, inactive",
    ],
    [
      "stopped, and its socket would start it",
      unit("loaded", "inactive"),
      unit("loaded", "active"),
      true,
      "docker.service is inactive",
    ],
    ["not there", NONE, NONE, false, "there is no docker.service"],
  ])(
    "%s: is not known to have no container, and is not started by the look",
    async (_how, service, socket, listens, words) => {
      await host(service, socket, listens);
      const error: unknown = await read().catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(NotRunning);
      expect((error as Error).message).toBe(
        `docker at root@127.0.0.1:${ssh.port} does not run: ${words}. Its containers are not known until it runs`,
      );
      expect(daemon.asked).toEqual([]);
    },
  );

  test.each([
    ["that runs", unit("loaded", "active"), unit("loaded", "active")],
    ["that starts", unit("loaded", "activating"), unit("loaded", "active")],
    ["that is no unit of systemd's", NONE, NONE],
  ])("one %s is asked", async (_how, service, socket) => {
    await host(service, socket, true);
    daemon.answers = { "GET /containers/c/json": [404, { message: "No such container" }] };
    expect(await read()).toBeUndefined();
  });
});

test("what is asked for is sent as a body, never in the URL", async () => {
  daemon.answers = {
    "GET /images/registry/json": [200, { Id: "sha256:1" }],
    "POST /containers/create?name=c": [409, { message: "Conflict. The name is in use" }],
  };
  const inputs: Props = { name: "c", image: "registry", envs: ["PASSWORD=canary"] };
  await expect(provider.create(CONTAINER, inputs, context("c", CONTAINER))).rejects.toThrow(
    "cannot create container c: Conflict. The name is in use",
  );
  expect(daemon.asked.join()).not.toContain("canary");
});

test("a name that is taken is told with what to do", async () => {
  daemon.answers = {
    "GET /images/registry/json": [200, { Id: "sha256:1" }],
    "POST /containers/create?name=c": [409, { message: "Conflict. The name is in use" }],
  };
  const inputs: Props = { name: "c", image: "registry" };
  await expect(provider.create(CONTAINER, inputs, context("c", CONTAINER))).rejects.toThrow(
    "cannot create container c: Conflict. The name is in use\n" +
      "  fix: run again; if the name is taken then too, see whose container it is (`docker inspect c` on that host)",
  );
});

test("a pull that fails after its answer began is a failure, with the daemon's words", async () => {
  daemon.answers = {
    "GET /images/registry/json": [404, { message: "no such image" }],
    "POST /images/create?fromImage=registry&tag=latest": [
      200,
      '{"status":"Pulling"}\n{"error":"toomanyrequests"}\n',
    ],
  };
  const step = context("registry", IMAGE);
  await expect(provider.create(IMAGE, { name: "registry" }, step)).rejects.toThrow(
    "cannot pull image registry: toomanyrequests",
  );
});

test("an image that stays is kept at the daemon without asking it", async () => {
  await provider.delete(
    IMAGE,
    "x",
    {},
    { name: "registry", keepLocally: true },
    context("registry", IMAGE),
  );
  expect(ssh.connections).toBe(0);
});

test("a call that is called off rejects at once", async () => {
  const step = context("data", VOLUME);
  step.abort.abort(new Error("called off"));
  await expect(provider.read(VOLUME, "data", {}, {}, step)).rejects.toThrow("called off");
});

describe("check", () => {
  const check = (type: string, news: Props, olds?: Props) =>
    provider.check(type, urn(type, "registry"), olds, news);

  test("refuses what is not built, by name, and says nothing of what is switched off", async () => {
    const { failures } = await check(CONTAINER, {
      image: "i",
      gpus: "all",
      mounts: [{ target: "/x", type: "bind" }],
      attach: true,
      logs: false,
      devices: [],
      imagee: "typo",
      name: "c",
      memory: 64,
      pidMode: "host",
      volumes: [{ containerPath: "/d", volumeName: "v", selinuxRelabel: "z" }],
      // What it would be anyway.
      start: true,
      user: "",
    });
    const refused = (names: string): string =>
      `not supported by the embedded engine, which takes ${names} here; use --engine pulumi for this program`;
    const [typo, ...others] = failures;
    expect(typo?.property).toBe("imagee");
    const ours = refused("envs, image, labels, name, networkMode, ports, restart, volumes");
    expect(others).toEqual([
      { property: "attach", reason: ours },
      { property: "gpus", reason: ours },
      { property: "memory", reason: ours },
      { property: "mounts", reason: ours },
      { property: "pidMode", reason: ours },
      {
        property: "volumes[0].selinuxRelabel",
        reason: refused("containerPath, hostPath, readOnly, volumeName"),
      },
    ]);
  });

  test("refuses settings of the provider that would change the connection", async () => {
    const { failures } = await dockerPlugin.checkConfig({
      host: "npipe:////./pipe/docker",
      certPath: "/c",
      registryAuth: "[]",
      sshOpts: "-i key",
    });
    expect(failures.map((failure) => failure.property)).toEqual(["certPath", "host", "sshOpts"]);
  });
});

test("a name is freed before its successor takes it", async () => {
  const olds = { name: "data", __defaults: [] };
  expect(
    await provider.diff(VOLUME, urn(VOLUME, "x"), "data", olds, olds, { ...olds, name: "other" }),
  ).toMatchObject({ replaces: ["name"], deleteBeforeReplace: true });
});
