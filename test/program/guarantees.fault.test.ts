import { defineLab, type RunningHost, type RunningLab, startLab } from "../../lab";
import { atMark, FREEZE, noFault } from "../helper/faults";
import { criIsWell, leftovers } from "../helper/patched-host";
import { describeLab } from "../lab-only";
import {
  configManifest,
  ENGINE,
  pushImage,
  type RunningCommand,
  type Said,
  TestStack,
} from "./stack";

const CONFIG_TOML = "/etc/containerd/config.toml";
const RECORDS = "/var/lib/cluster-registry/records";

describeLab("what holds when the program itself meets trouble", () => {
  let lab: RunningLab;
  let controlplane: RunningHost;
  let node01: RunningHost;
  let node02: RunningHost;
  let registry: string;
  let stack: TestStack;
  const before = new Map<string, string>();
  const hosts = () => [...lab.hosts.values()];
  const text = ({ stdout, stderr }: Said) => `${stdout}\n${stderr}`;
  /** Resolves once the command has got a host to where it is frozen. */
  const frozen = (host: RunningHost, up: RunningCommand) =>
    Promise.race([
      host.waitUntilSucceeds("test -e /run/frozen", { timeoutSeconds: 240 }),
      up.ended.then((said) => {
        throw new Error(`ended before ${host.name} was frozen: ${said.code}\n${text(said)}`);
      }),
    ]);
  const thaw = (host: RunningHost) => host.succeed("touch /run/thawed");

  beforeAll(async () => {
    lab = await startLab(
      defineLab({ name: "guarantees", octet: 82, hosts: ["controlplane", "node01", "node02"] }),
    );
    [controlplane, node01, node02] = ["controlplane", "node01", "node02"].map((name) =>
      lab.host(name),
    ) as [RunningHost, RunningHost, RunningHost];
    registry = `${controlplane.address}:5000`;
    // What a package enables stays after destroy; installed first, it is the same before and after.
    await controlplane.succeed("DEBIAN_FRONTEND=noninteractive apt-get install -y -q docker.io");
    for (const host of hosts()) before.set(host.name, await configManifest(host));
  });

  beforeEach(() => {
    stack = TestStack.lesson(lab);
  });

  afterEach(async () => {
    for (const host of hosts()) {
      await host.start();
      await host.exec("touch /run/thawed");
      await noFault(host);
    }
    await stack.run("cancel");
    await stack.destroy();
    stack.remove();
  });

  afterAll(() => lab?.down());

  const latest = () => {
    const { checkpoint } = JSON.parse(stack.state()) as {
      checkpoint: {
        latest: {
          resources?: { urn: string }[];
          pending_operations?: { type: string; resource: { urn: string } }[];
        };
      };
    };
    return checkpoint.latest;
  };
  const nameOf = ({ urn }: { urn: string }) => urn.split("::").at(-1) ?? "";
  const resources = () => (latest().resources ?? []).map(nameOf);
  const pending = () =>
    (latest().pending_operations ?? []).map(({ type, resource }) => `${type} ${nameOf(resource)}`);

  /** Nothing is to be done, and destroy gives every host back as it was. */
  async function endsWell(): Promise<void> {
    await stack.succeed(stack.preview("--expect-no-changes"));
    expect(pending()).toEqual([]);
    for (const host of hosts()) await criIsWell(host);
    await stack.succeed(stack.destroy());
    await areAsBefore();
  }

  async function areAsBefore(): Promise<void> {
    for (const host of hosts()) {
      expect(await configManifest(host)).toBe(before.get(host.name));
      expect(await leftovers(host)).toBe("");
    }
    expect(await controlplane.succeed("docker ps -aq")).toBe("");
  }

  test("the engine killed in mid-apply: the lock says whose it was and how to go on; cancel and up complete, with one undo copy", async () => {
    const original = await node01.succeed(`sha256sum <${CONFIG_TOML}`);
    await atMark(node01, "checking", FREEZE);
    const up = await stack.start("up", "--yes", "--skip-preview");
    await frozen(node01, up);
    up.signal("SIGKILL");
    await up.ended;
    expect(pending()).toContain("creating cluster-node01-containerd-apply");

    const locked = await stack.up();
    expect(locked.code).not.toBe(0);
    expect(text(locked)).toContain("the stack is currently locked by 1 lock(s).");
    if (ENGINE === "embedded") {
      expect(locked.stderr).toContain(
        `if they are gone, delete the lock with \`npm run cancel -- --stack ${stack.name}\`.`,
      );
      expect(locked.stderr).toContain(`(pid ${up.pid})`);
      expect(locked.stderr).toContain("that process no longer exists");
    }
    const cancelled = await stack.succeed(stack.run("cancel"));
    expect(cancelled.stdout).toBe(`Deleted the lock of '${stack.name}' (1 in all).\n`);

    // The change on the host goes on without an engine; the next one waits for it, and finds it done.
    const again = await stack.start("up", "--yes", "--skip-preview", "--diff");
    await again.says("node01-containerd-apply");
    await thaw(node01);
    await stack.succeed(again.ended);
    expect(await node01.succeed(`ls ${RECORDS}`)).toBe(
      `cluster-registry.${stack.name}.containerd-node01\n`,
    );
    expect(
      await node01.succeed(`find ${RECORDS} -path '*/first/*' -type f | xargs sha256sum`),
    ).toBe(
      original.replace(
        "-",
        `${RECORDS}/cluster-registry.${stack.name}.containerd-node01/first/config.toml`,
      ),
    );
    if (ENGINE === "pulumi") {
      // What has been made after all is still named as being made, until somebody says that it may be forgotten.
      expect(pending()).toContain("creating cluster-node01-containerd-apply");
      await stack.succeed(
        stack.run("refresh", "--yes", "--skip-preview", "--clear-pending-creates"),
      );
    }
    await endsWell();
  });

  test("Ctrl-C once: what runs is finished, nothing else begins, and the next up goes on from there", async () => {
    await atMark(controlplane, "checking", FREEZE);
    const up = await stack.start("up", "--yes", "--skip-preview");
    await frozen(controlplane, up);
    const guarded = await Promise.all([node01, node02].map((host) => host.exec(`ls ${RECORDS}`)));
    up.signal("SIGINT");
    if (ENGINE === "embedded") {
      await up.says(
        "^C received; waiting for the running steps to finish. Press ^C again to end without waiting.",
      );
    }
    await thaw(controlplane);
    const said = await up.ended;
    expect(said.code).toBe(ENGINE === "embedded" ? 8 : 1);
    expect(pending()).toEqual([]);
    expect(resources()).toContain("cluster-controlplane-docker-apply");
    expect(resources()).not.toContain("cluster-controlplane-container");
    expect(await controlplane.succeed("docker ps -aq")).toBe("");
    for (const [at, host] of [node01, node02].entries()) {
      expect(await configManifest(host)).toBe(before.get(host.name));
      expect((await host.exec(`ls ${RECORDS}`)).stdout).toBe(guarded[at]?.stdout);
    }
    await stack.succeed(stack.up());
    await endsWell();
  });

  test("Ctrl-C twice: ends at once with a state that says what was running, and the next up converges", async () => {
    await stack.succeed(stack.up());
    await node01.succeed(`sed -i '/${registry}/d' ${CONFIG_TOML}`);
    await atMark(node01, "checking", FREEZE);
    const up = await stack.start("up", "--yes", "--skip-preview");
    await frozen(node01, up);
    up.signal("SIGINT");
    if (ENGINE === "embedded")
      await up.says("^C received; waiting for the running steps to finish");
    // What comes at once is the same press.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    up.signal("SIGINT");
    const said = await up.ended;
    expect(said.code).toBe(8);
    expect(pending()).toEqual(["updating cluster-node01-containerd-apply"]);
    if (ENGINE === "embedded") {
      expect(said.stderr).toContain(
        "^C received; terminating now. The state records the interrupted steps as pending.",
      );
    }
    const next = await stack.start("up", "--yes", "--skip-preview", "--diff");
    await next.says("node01-containerd-apply");
    await thaw(node01);
    await stack.succeed(next.ended);
    await endsWell();
  });

  test("destroy with a host that is off names it and the way to go on without it; the others are put back", async () => {
    const configToml = await controlplane.succeed(`sha256sum <${CONFIG_TOML}`);
    await stack.succeed(stack.up());
    await node02.cutPower();
    const said = await stack.destroy("--continue-on-error", "--refresh=false");
    expect(said.code).not.toBe(0);
    expect(text(said)).toContain("10.88.82.13:22");
    expect(await configManifest(node01)).toBe(before.get(node01.name));
    expect(await leftovers(node01)).toBe("");
    // The registry, which that host still pulls from, stays.
    expect(await controlplane.succeed(`sha256sum <${CONFIG_TOML}`)).toBe(configToml);
    expect(await controlplane.succeed("docker ps --format '{{.Names}}'")).toBe("registry\n");
    expect(resources().filter((name) => name.startsWith("node01"))).toEqual([]);
    if (ENGINE === "embedded") {
      const urn = /npm run state -- (delete '([^']+)' --target-dependents --yes)/.exec(text(said));
      expect(text(said)).toContain(
        "If the host no longer exists, delete its resources from the state: npm run state -- delete",
      );
      await stack.succeed(
        stack.run("state delete", urn?.[2] ?? "", "--target-dependents", "--yes"),
      );
      await stack.succeed(stack.destroy("--refresh=false"));
      expect(resources()).toEqual([]);
      expect(await configManifest(controlplane)).toBe(before.get(controlplane.name));
    }

    // It was not gone after all: what it has is taken up again, and put back.
    await node02.start();
    await stack.succeed(stack.up());
    await endsWell();
  });

  test("the registry opens one port, on the address that it is bound to, and nothing else", async () => {
    // containerd opens its own, for streams, anew at each start: on 127.0.0.1, at whatever number is free.
    const listening = async (host: RunningHost) =>
      (await host.succeed("ss -Hltnp | grep -v '\"containerd\"' | awk '{print $4}' | sort -u"))
        .trim()
        .split("\n");
    const all = async () => Promise.all(hosts().map(listening));
    stack.change({
      registry: {
        host: controlplane.name,
        address: controlplane.address,
        bind: controlplane.address,
      },
    });
    const closed = await all();
    await stack.succeed(stack.up());
    const open = await all();
    expect(open.map((ports, at) => ports.filter((port) => !closed[at]?.includes(port)))).toEqual([
      [registry],
      [],
      [],
    ]);
    expect(closed.map((ports, at) => ports.filter((port) => !open[at]?.includes(port)))).toEqual([
      [],
      [],
      [],
    ]);
    await endsWell();
  });

  test("plain HTTP is for the registry's own host and port: every other registry keeps TLS", async () => {
    type Configs = Record<string, { Secure: boolean }>;
    const configs = async () =>
      JSON.parse(
        await controlplane.succeed("docker info --format '{{json .RegistryConfig.IndexConfigs}}'"),
      ) as Configs;
    const ranges = () =>
      controlplane.succeed("docker info --format '{{json .RegistryConfig.InsecureRegistryCIDRs}}'");
    const [wasSecure, wasRanges] = [await configs(), await ranges()];
    expect(wasSecure).not.toHaveProperty([registry]);
    await stack.succeed(stack.up());
    const { [registry]: ours, ...others } = await configs();
    expect(ours?.Secure).toBe(false);
    expect(others).toEqual(wasSecure);
    expect(await ranges()).toBe(wasRanges);

    // The very same server at another port, and so another registry: nobody speaks plain HTTP with it.
    const other = `${controlplane.address}:5001`;
    await controlplane.succeed("docker run -d --name other -p 5001:5000 registry");
    await controlplane.waitUntilSucceeds(`curl -sf http://${other}/v2/`);
    const image = await pushImage(controlplane, registry);
    await controlplane.succeed(`docker tag ${image} ${other}/mynginx:1.0`);
    const plainHttp = "http: server gave HTTP response to HTTPS client";
    expect(await controlplane.fail(`docker push ${other}/mynginx:1.0`)).toContain(plainHttp);
    for (const host of [node01, node02]) {
      await host.pullImage(image);
      await expect(host.pullImage(`${other}/mynginx:1.0`)).rejects.toThrow(plainHttp);
      await host.removeImage(image);
    }
    await controlplane.succeed("docker rm -f -v other");
    await endsWell();
  });
});
