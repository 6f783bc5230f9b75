import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { defineLab, startLab, stopLab, type RunningLab } from "../../lab";
import { hostCgroup, labCgroup, members } from "../../lab/machine/cgroups";
import { parseMounts } from "../../lab/machine/mounts";
import { makeNetwork, removeNetwork } from "../../lab/machine/network";
import { labPaths } from "../../lab/paths";
import { describeLab } from "../lab-only";

const MINUTE = 60_000;
const definition = defineLab({ name: "labtest", octet: 10, hosts: ["registry", "node01"] });
const PROJECT = resolve(__dirname, "../..");

/** What anybody can see of a lab on this machine, besides its files. */
function traces(lab: string): string[] {
  const run = (program: string, ...args: string[]) =>
    spawnSync(program, args).stdout.toString().split("\n");
  return [
    ...run("ip", "-o", "link").filter((line) => line.includes(`cr-${lab}`)),
    ...run("ip", "netns").filter((line) => line.includes(lab)),
    ...parseMounts(readFileSync("/proc/self/mounts", "utf8"))
      .map(({ source, target }) => `${source} ${target}`)
      .filter((line) => line.includes(lab)),
    ...(existsSync(labCgroup(lab)) ? [labCgroup(lab)] : []),
    ...run("ps", "-eo", "args").filter((line) => line.includes(`--machine=${lab}-`)),
    ...(existsSync("/run/systemd/nspawn/propagate")
      ? readdirSync("/run/systemd/nspawn/propagate").filter((name) => name.startsWith(`${lab}-`))
      : []),
  ];
}

function cli(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(PROJECT, "cli/run.mjs"), "lab", ...args],
    { env: { ...process.env, NODE_OPTIONS: "" } },
  );
  return { code: status, stdout: stdout.toString(), stderr: stderr.toString() };
}

describeLab("the lab", () => {
  let lab: RunningLab;
  const host = (name: string) => lab.host(name);

  beforeAll(async () => {
    lab = await startLab(definition);
  }, 5 * MINUTE);

  afterAll(() => stopLab(definition.name), MINUTE);

  describe("a host", () => {
    test("runs systemd as its first process, and nothing has failed", async () => {
      const node = host("node01");
      expect(await node.succeed("cat /proc/1/comm")).toBe("systemd\n");
      expect(await node.succeed("systemctl is-system-running")).toBe("running\n");
      expect(await node.succeed("systemctl list-units --failed --plain --no-legend")).toBe("");
      expect(await node.succeed("hostname")).toBe("node01\n");
    });

    test("has an identity of its own", async () => {
      const [one, other] = [host("registry"), host("node01")];
      const ids = await Promise.all([one, other].map((it) => it.succeed("cat /etc/machine-id")));
      expect(new Set(ids).size).toBe(2);
      expect(one.hostKey).not.toBe(other.hostKey);
      expect(await other.succeed("cat /etc/ssh/ssh_host_*_key.pub")).toContain(other.hostKey);
    });

    test("reaches the other hosts by name, and nothing beyond the lab", async () => {
      const node = host("node01");
      expect(await node.succeed("ip -4 route")).toBe(
        "10.88.10.0/24 dev eth0 proto kernel scope link src 10.88.10.12 \n",
      );
      expect(
        await node.succeed(
          "exec 3<>/dev/tcp/registry/22 && head -c 4 <&3".replace(/^/, "bash -c '") + "'",
        ),
      ).toBe("SSH-");
      const said = await node.fail("curl -sS --max-time 5 http://192.0.2.1/");
      expect(said).toMatch(/curl: \(7\).*/);
      expect(await node.fail("curl -sS --max-time 5 https://registry.k8s.io/")).toContain(
        "Could not resolve host: registry.k8s.io",
      );
    });

    test("can neither set the machine's clock nor load modules", async () => {
      const bounding = parseInt(
        /CapBnd:\s+(\w+)/
          .exec(await host("node01").succeed("cat /proc/1/status"))?.[1]
          ?.slice(-8) ?? "",
        16,
      );
      const [CAP_SYS_MODULE, CAP_SYS_TIME] = [16, 25];
      expect(bounding & (1 << CAP_SYS_MODULE)).toBe(0);
      expect(bounding & (1 << CAP_SYS_TIME)).toBe(0);
    });

    test("starts with the lesson's files as they are before the change, and without docker", async () => {
      const node = host("node01");
      const { "registry-mirrors": mirrors, ...rest } = JSON.parse(
        await node.succeed("cat /etc/docker/daemon.json"),
      ) as Record<string, unknown>;
      expect(mirrors).toEqual(["https://mirror.gcr.io", "https://docker-mirror.killer.sh"]);
      expect(rest).not.toHaveProperty("insecure-registries");
      const config = await node.succeed("containerd config dump");
      expect(config).toContain(
        `[plugins."io.containerd.grpc.v1.cri".registry.mirrors."docker.io"]\n` +
          `          endpoint = ["https://mirror.gcr.io", "https://docker-mirror.killer.sh", "https://registry-1.docker.io"]`,
      );
      expect(config).not.toContain(":5000");
      await node.fail("command -v docker dockerd");
    });

    test("passes a command's input, output and exit code on", async () => {
      const result = await host("node01").exec("cat; echo oops >&2; exit 42", { stdin: "in" });
      expect(result).toEqual({ code: 42, stdout: "in", stderr: "oops\n" });
      await expect(host("node01").succeed("echo why >&2; exit 3")).rejects.toThrow(
        "node01: exit code 3: echo why >&2; exit 3\nwhy",
      );
      await expect(host("node01").fail("true")).rejects.toThrow("node01: expected to fail: true");
    });
  });

  describe("over SSH", () => {
    test("root, ops and nosudo log in with the lab's key, and only ops may become root", () => {
      expect(cli("ssh", "node01", "id -un", "--lab", "labtest").stdout).toBe("root\n");
      expect(cli("ssh", "ops@node01", "sudo -n id -un", "--lab", "labtest").stdout).toBe("root\n");
      const refused = cli("ssh", "nosudo@node01", "sudo -n id -un", "--lab", "labtest");
      expect(refused.code).toBe(1);
      expect(refused.stderr).toContain("sudo: a password is required");
    });

    test("the one command string, its output and its exit code pass through unchanged", () => {
      const command = `printf '%s|' "a  b" 'c"d' '$HOME' \\\\; echo err >&2; exit 42`;
      const { code, stdout, stderr } = cli("--lab", "labtest", "ssh", "registry", command);
      expect({ code, stdout }).toEqual({ code: 42, stdout: 'a  b|c"d|$HOME|\\|' });
      expect(stderr).toContain("err\n");
    });

    test("a command in two words, or a host that is not there, is refused", () => {
      const two = cli("ssh", "node01", "echo", "hi", "--lab", "labtest");
      expect(two.code).toBe(1);
      expect(two.stderr).toContain("lab: expected a host and at most one command, in quotes");
      expect(cli("ssh", "nobody", "true", "--lab", "labtest").stderr).toContain(
        "lab: lab labtest has no host nobody; it has registry, node01",
      );
    });
  });

  describe("its registries", () => {
    const BUSYBOX = "docker.io/library/busybox:latest";

    test(
      "containerd pulls through the mirror, which is the hub",
      async () => {
        const node = host("node01");
        const { runtime, conditions } = await node.runtimeStatus();
        expect(runtime).toBe("containerd");
        expect(conditions).toContainEqual(
          expect.objectContaining({ type: "RuntimeReady", status: true }),
        );
        expect(await node.imagePresent(BUSYBOX)).toBe(false);
        await node.pullImage(BUSYBOX);
        expect(await node.imagePresent(BUSYBOX)).toBe(true);
        expect(lab.hubLog()).toMatch(
          /^10\.88\.10\.12 .* "GET \/v2\/library\/busybox\/manifests\/.*\?ns=docker\.io HTTP\/1\.1" 200/m,
        );
        await node.removeImage(BUSYBOX);
        expect(await node.imagePresent(BUSYBOX)).toBe(false);
      },
      MINUTE,
    );

    test(
      "docker.io installs without a network, and `docker pull registry` brings a real registry server",
      async () => {
        const node = host("registry");
        await node.succeed("DEBIAN_FRONTEND=noninteractive apt-get install -y docker.io");
        const info = JSON.parse(await node.succeed("docker info --format '{{json .}}'")) as Record<
          string,
          unknown
        >;
        expect(info).toMatchObject({ Driver: "overlay2", CgroupDriver: "systemd" });
        await node.succeed("docker pull registry");
        await node.succeed(
          "docker run -dit -p 5000:5000 --name registry -e REGISTRY_STORAGE_DELETE_ENABLED=true registry",
        );
        expect(await node.waitUntilSucceeds("curl -sf http://10.88.10.11:5000/v2/")).toBe("{}");
        expect(await node.succeed("docker logs registry 2>&1")).toMatch(
          /^10\.88\.10\.11 - - .*"GET \/v2\/ HTTP/m,
        );
        expect(await node.succeed("docker inspect -f '{{json .Config.Volumes}}' registry")).toBe(
          '{"/var/lib/registry":{}}\n',
        );
      },
      2 * MINUTE,
    );

    test(
      "an image is built, pushed and deleted there, and no node can pull it as things are",
      async () => {
        const node = host("registry");
        await node.succeed(
          "mkdir /tmp/app && cd /tmp/app && printf 'FROM busybox\\nRUN echo hi > /hi\\n' > Dockerfile && " +
            "docker build -t 127.0.0.1:5000/app:1 . && docker push 127.0.0.1:5000/app:1",
        );
        await expect(host("node01").pullImage("10.88.10.11:5000/app:1")).rejects.toThrow(
          /^node01: .*http: server gave HTTP response to HTTPS client$/,
        );
        const digest = (
          await node.succeed("docker inspect -f '{{index .RepoDigests 0}}' 127.0.0.1:5000/app:1")
        )
          .trim()
          .split("@")[1];
        const url = `http://127.0.0.1:5000/v2/app/manifests/${digest}`;
        expect(await node.succeed(`curl -s -o /dev/null -w '%{http_code}' -X DELETE ${url}`)).toBe(
          "202",
        );
      },
      MINUTE,
    );
  });

  describe("across restarts", () => {
    test("bringing it up again leaves it alone", async () => {
      const before = [...lab.hosts.values()].map(({ leader }) => leader);
      const started = Date.now();
      const lines: string[] = [];
      const again = await startLab(definition, { log: (line) => lines.push(line) });
      expect([...again.hosts.values()].map(({ leader }) => leader)).toEqual(before);
      expect(lines).toEqual([]);
      expect(Date.now() - started).toBeLessThan(1000);
    });

    test(
      "a reboot keeps the disk, and starts with a fresh network",
      async () => {
        const node = host("node01");
        const bootId = await node.succeed(
          "cat /proc/sys/kernel/random/boot_id; touch /kept; ip link add left type bridge",
        );
        await node.reboot();
        expect(await node.succeed("cat /proc/sys/kernel/random/boot_id; test -e /kept")).not.toBe(
          bootId,
        );
        expect(await node.succeed("ls /sys/class/net; cat /proc/sys/net/ipv4/ip_forward")).toBe(
          "eth0\nlo\n1\n",
        );
      },
      MINUTE,
    );

    test(
      "a host without power is off, and starts from its disk",
      async () => {
        const node = host("node01");
        await node.cutPower();
        expect(node.leader).toBeUndefined();
        await expect(node.exec("true")).rejects.toThrow("host node01 of lab labtest is off");
        await node.start();
        await node.succeed("test -e /kept");
      },
      MINUTE,
    );

    test("an unplugged host is out of reach, and back once it is plugged in", async () => {
      const [node, other] = [host("node01"), host("registry")];
      const knock = "curl -s -m 1 telnet://10.88.10.12:22 | head -c 4";
      await node.unplug();
      expect(await other.succeed(knock)).toBe("");
      await node.plug();
      expect(await other.succeed(knock)).toBe("SSH-");
    });

    test(
      "a host that shuts itself down is off, and the next `up` boots it",
      async () => {
        const node = host("node01");
        await node.exec("systemctl poweroff");
        while (members(join(hostCgroup("labtest", "node01"), "keeper")).length > 0) {
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
        expect(cli("status", "--lab", "labtest").stdout).toMatch(/^node01 +10\.88\.10\.12 +off/m);
        lab = await startLab(definition);
        await lab.host("node01").succeed("test -e /kept");
      },
      MINUTE,
    );

    test(
      "a reinstalled host has the same address and nothing else of before",
      async () => {
        const node = host("node01");
        const before = [await node.succeed("cat /etc/machine-id"), node.hostKey];
        await node.reinstall();
        await node.fail("test -e /kept");
        expect(before).not.toContain(await node.succeed("cat /etc/machine-id"));
        expect(before).not.toContain(node.hostKey);
        expect(cli("ssh", "node01", "hostname", "--lab", "labtest").stdout).toBe("node01\n");
      },
      MINUTE,
    );
  });

  describe("after a crash", () => {
    test.each(["keeper", "machine/supervisor"])(
      "of a host's %s process, `up` boots the host again",
      async (group) => {
        const pids = members(join(hostCgroup("labtest", "node01"), group));
        expect(pids).toHaveLength(1);
        pids.forEach((pid) => process.kill(pid, "SIGKILL"));
        lab = await startLab(definition);
        expect(await lab.host("node01").succeed("systemctl is-system-running")).toBe("running\n");
        expect(
          await lab
            .host("registry")
            .succeed(
              "ping -c 1 -W 2 node01 > /dev/null 2>&1 || curl -s telnet://node01:22 -m 1 | head -c 4",
            ),
        ).toBe("SSH-");
      },
      MINUTE,
    );

    test(
      "of everything at once, `up` mends what is left: the hosts come back with their disks",
      async () => {
        await host("node01").succeed("touch /kept");
        writeFileSync(join(labCgroup("labtest"), "cgroup.kill"), "1");
        lab = await startLab(definition);
        await lab.host("node01").succeed("test -e /kept");
      },
      MINUTE,
    );

    test(
      "of the network under living hosts, `up` boots them on a new one",
      async () => {
        await removeNetwork("labtest");
        lab = await startLab(definition);
        await lab.host("node01").succeed("curl -s -o /dev/null https://mirror.gcr.io/v2/");
      },
      MINUTE,
    );

    test(
      "that left only a network, `up` takes it over",
      async () => {
        const other = defineLab({ name: "labtest2", octet: 11, hosts: ["a"] });
        await makeNetwork(other);
        const second = await startLab(other);
        try {
          await second.host("a").succeed("curl -s -o /dev/null https://mirror.gcr.io/v2/");
          await host("node01").fail("curl -sS -m 2 telnet://10.88.11.11:22");
        } finally {
          await second.down();
        }
        expect(traces("labtest2")).toEqual([]);
      },
      MINUTE,
    );
  });

  describe("when somebody else is there", () => {
    test(
      "two that bring it up at once both get it, and it boots once",
      async () => {
        await stopLab("labtest");
        const lines: string[] = [];
        const log = (line: string) => lines.push(line.replace(/\d+\.\d s$/, "S s"));
        const [one, two] = await Promise.all([
          startLab(definition, { log }),
          startLab(definition, { log }),
        ]);
        expect(one.host("node01").leader).toBe(two.host("node01").leader);
        expect(lines.sort()).toEqual([
          "lab labtest: waiting for another process that changes it",
          "node01: up at 10.88.10.12 after S s",
          "registry: up at 10.88.10.11 after S s",
        ]);
        lab = one;
      },
      MINUTE,
    );

    test(
      "a living lab of another checkout is refused by its place; one whose folder is gone is cleared away",
      async () => {
        const other = defineLab({ name: "labtest2", octet: 11, hosts: ["a"] });
        const elsewhere = mkdtempSync(join(tmpdir(), "other-checkout-"));
        const group = join(hostCgroup("labtest2", "a"), "keeper");
        mkdirSync(group, { recursive: true });
        const keeper: ChildProcess = spawn("sleep", ["60"], { cwd: elsewhere });
        writeFileSync(join(group, "cgroup.procs"), String(keeper.pid));
        await expect(startLab(other)).rejects.toThrow(
          `lab labtest2 is up already, from another checkout: a runs in ${elsewhere}; take it down there first`,
        );
        await expect(stopLab("labtest2")).rejects.toThrow("from another checkout");
        expect(keeper.exitCode).toBeNull();

        rmSync(elsewhere, { recursive: true });
        await stopLab("labtest2");
        expect(keeper.signalCode).toBe("SIGKILL");
        expect(traces("labtest2")).toEqual([]);
      },
      MINUTE,
    );

    test("addresses that this machine has elsewhere are refused", async () => {
      const clash = defineLab({ name: "labtest2", octet: 10, hosts: ["a"] });
      await expect(startLab(clash)).rejects.toThrow(
        "lab labtest2 needs the addresses 10.88.10.1/24, and this machine's interface cr-labtest has 10.88.10.1/24: " +
          "take that interface down, or change the lab's addresses",
      );
      await stopLab("labtest2");
      expect(traces("labtest2")).toEqual([]);
    });
  });

  test(
    "a host that is defined anew comes, one that is not any more goes, the others stay",
    async () => {
      const stays = host("registry").leader;
      const changed = defineLab({
        name: "labtest",
        octet: 10,
        hosts: ["registry", { name: "node02", address: "10.88.10.30" }],
      });
      lab = await startLab(changed);
      expect(lab.host("registry").leader).toBe(stays);
      await lab.host("registry").succeed("grep -P '^10.88.10.30\\tnode02$' /etc/hosts");
      await lab.host("registry").fail("grep node01 /etc/hosts");
      expect(existsSync(labPaths("labtest").host("node01"))).toBe(false);
    },
    MINUTE,
  );

  test(
    "`down` leaves nothing, and once more does nothing",
    () => {
      expect(traces("labtest")).not.toEqual([]);
      expect(cli("down", "--lab", "labtest")).toMatchObject({ code: 0, stdout: "" });
      expect(traces("labtest")).toEqual([]);
      expect(existsSync(labPaths("labtest").folder)).toBe(false);
      expect(cli("down", "--lab", "labtest").code).toBe(0);
      expect(cli("status", "--lab", "labtest").stdout).toBe("lab labtest is down\n");
    },
    MINUTE,
  );
});
