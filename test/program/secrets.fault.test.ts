import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { defineLab, type RunningHost, type RunningLab, startLab } from "../../lab";
import { criIsWell, leftovers } from "../helper/patched-host";
import { describeLab } from "../lab-only";
import { configManifest, type Said, TestStack } from "./stack";

const CONFIG_TOML = "/etc/containerd/config.toml";
const DROP_IN = "/run/systemd/system/containerd.service.d";

/** Texts that are to be seen nowhere. The first two are of the settings, the others of the hosts' own files. */
const PASSPHRASE = "canary-passphrase-7f3a91";
const PASSWORD = "canary-password-c04d28";
const FOREIGN = "canary-foreign-5b1e66";
const PROXY = "canary-proxy-20d7fa";

describeLab("what is secret", () => {
  let lab: RunningLab;
  let controlplane: RunningHost;
  let node01: RunningHost;
  let node02: RunningHost;
  let stack: TestStack;
  /** A line of the encrypted private key: with the passphrase it opens the host. */
  let keyLine: string;
  const before = new Map<string, string>();
  const hosts = () => [...lab.hosts.values()];
  const ofTheSettings = () => [PASSPHRASE, PASSWORD, keyLine];
  const all = () => [...ofTheSettings(), FOREIGN, PROXY];

  beforeAll(async () => {
    lab = await startLab(
      defineLab({ name: "secrets", octet: 92, hosts: ["controlplane", "node01", "node02"] }),
    );
    [controlplane, node01, node02] = ["controlplane", "node01", "node02"].map((name) =>
      lab.host(name),
    ) as [RunningHost, RunningHost, RunningHost];
    await controlplane.succeed("DEBIAN_FRONTEND=noninteractive apt-get install -y -q docker.io");
    for (const host of hosts()) {
      await host.succeed(
        `printf '\\n[plugins."io.containerd.grpc.v1.cri".registry.configs."x:1".auth]\\n  password = "${FOREIGN}"\\n' >>${CONFIG_TOML} && systemctl restart containerd`,
      );
      before.set(host.name, await configManifest(host));
    }
    await node02.succeed(`echo 'ops:${PASSWORD}' | chpasswd && rm /home/ops/.ssh/authorized_keys`);

    // The registry's host takes no secrets, since @pulumi/docker runs ssh; the nodes take all that there are.
    stack = TestStack.lesson(lab);
    const [first, second, third] = stack.current["nodes"] as Record<string, unknown>[];
    stack.change({ nodes: [first, second, { ...third, ssh: { user: "ops" } }] });
    const key = join(stack.folder, "key");
    spawnSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", PASSPHRASE, "-f", key]);
    const privateKey = readFileSync(key, "utf8");
    keyLine = privateKey.split("\n").at(-4) ?? "";
    expect(keyLine).toMatch(/^[A-Za-z0-9+/]{70}$/);
    await node01.exec("cat >/root/.ssh/authorized_keys", {
      stdin: readFileSync(`${key}.pub`, "utf8"),
    });
    for (const file of [key, `${key}.pub`]) rmSync(file);
    await stack.secret("nodes[1].ssh.privateKey", privateKey);
    await stack.secret("nodes[1].ssh.privateKeyPassphrase", PASSPHRASE);
    await stack.secret("nodes[2].ssh.password", PASSWORD);
    // What a run writes for a moment is looked at too.
    mkdirSync(join(stack.folder, "tmp"));
    process.env["TMPDIR"] = join(stack.folder, "tmp");
  });

  afterAll(async () => {
    delete process.env["TMPDIR"];
    stack?.remove();
    await lab?.down();
  });

  /** Runs one command, looking all the while at the arguments of every process on this machine and on its hosts. */
  async function watched(work: () => Promise<Said>): Promise<Said> {
    const seen = new Set<string>();
    const looks = new Map<string, number>();
    const timer = setInterval(() => {
      for (const pid of readdirSync("/proc")) {
        // A process says what it is soon after its fork: a few looks at each will do.
        const times = looks.get(pid) ?? 0;
        if (times > 4 || !/^\d+$/.test(pid)) continue;
        looks.set(pid, times + 1);
        try {
          seen.add(readFileSync(`/proc/${pid}/cmdline`, "latin1").replaceAll("\0", " "));
        } catch {
          // It has ended.
        }
      }
    }, 20);
    const said = await work();
    clearInterval(timer);
    for (const canary of all()) {
      expect(`${said.stdout}\n${said.stderr}`).not.toContain(canary);
      expect([...seen].filter((line) => line.includes(canary))).toEqual([]);
      expect(filesWith(stack.folder, canary)).toEqual([]);
    }
    // The looking itself was looking.
    expect([...seen].some((line) => line.includes(stack.folder))).toBe(true);
    return said;
  }

  /** The journal, and every file but those whose own text it is and root's own records. */
  async function expectNoneOn(host: RunningHost): Promise<void> {
    const journal = (
      await host.succeed("journalctl --no-pager -o json --output-fields=MESSAGE,_SYSTEMD_UNIT")
    ).split("\n");
    expect(journal.some((line) => line.includes("containerd.service"))).toBe(true);
    const leaks = (line: string, canaries: string[]) => canaries.some((one) => line.includes(one));
    expect(journal.filter((line) => leaks(line, ofTheSettings()))).toEqual([]);
    const ours = journal.filter((line) => !line.includes('"_SYSTEMD_UNIT":"containerd.service"'));
    expect(ours.filter((line) => leaks(line, all()))).toEqual([]);

    const holders = async (canaries: string[]) => {
      const words = canaries.map((one) => `-e '${one}'`).join(" ");
      const found = await host.succeed(
        `grep -rlF ${words} /etc /home /root /run /srv /tmp /var --exclude-dir=packages --exclude-dir=journal 2>/dev/null; true`,
      );
      return found.split("\n").filter((path) => path !== "");
    };
    expect(await holders(ofTheSettings())).toEqual([]);
    const own = [CONFIG_TOML, `${DROP_IN}/proxy.conf`, `${DROP_IN}/fault.conf`];
    const others = (await holders([FOREIGN, PROXY])).filter((path) => !own.includes(path));
    for (const path of others) {
      expect(path).toMatch(/^\/var\/lib\/cluster-registry\/(records|files)\//);
      expect(await host.succeed(`stat -c '%a %U' ${path}`)).toBe("600 root\n");
    }
  }

  /** Every file below a folder that has the text in it. */
  function filesWith(folder: string, text: string): string[] {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => readFileSync(path, "latin1").includes(text));
  }

  test("a mistake in the settings is told without it", async () => {
    const file = readFileSync(stack.configFile, "utf8");
    try {
      await stack.secret('mirrors["docker.io"][0]', `https://me:${PASSWORD}@mirror.example`);
      const mirror = await watched(() => stack.preview());
      expect(mirror.code).not.toBe(0);
      expect(mirror.stdout + mirror.stderr).toContain(
        "expected an http:// or https:// address without user, query or fragment",
      );
    } finally {
      writeFileSync(stack.configFile, file);
    }
    try {
      await stack.secret("nodes[1].ssh.privateKeyPassphrase", `not-${PASSPHRASE}`);
      const passphrase = await watched(() => stack.preview());
      expect(passphrase.code).not.toBe(0);
      expect(passphrase.stdout + passphrase.stderr).toContain("nodes[1].ssh.privateKey");
    } finally {
      writeFileSync(stack.configFile, file);
    }
  });

  test("is nowhere in what previews and an up say, in the state, in a process list, a journal or a file that others read", async () => {
    await node01.succeed(
      `mkdir -p ${DROP_IN} && printf '[Service]\\nEnvironment="HTTP_PROXY=http://me:${PROXY}@127.0.0.1:9" "NO_PROXY=${controlplane.address}"\\n' >${DROP_IN}/proxy.conf && systemctl daemon-reload && systemctl restart containerd`,
    );
    const preview = await watched(() => stack.preview("--diff"));
    expect(preview.code).toBe(0);
    expect(preview.stdout + preview.stderr).toContain("node02");
    const up = await watched(() => stack.up("--diff"));
    if (up.code !== 0) throw new Error(`${up.stdout}\n${up.stderr}`);
    // There is a state, and it knows the logins: sealed.
    expect(stack.state()).toContain("node02-containerd-apply");
    expect(stack.state()).toContain("ciphertext");
    expect((await watched(() => stack.preview("--json", "--expect-no-changes"))).code).toBe(0);
    for (const host of hosts()) await expectNoneOn(host);
  });

  test("nor where an up fails, and the daemon itself prints it", async () => {
    await node01.succeed(`sed -i '/:5000/d' ${CONFIG_TOML}`);
    await node02.succeed(`sed -i '/:5000/d' ${CONFIG_TOML}`);
    await node01.succeed(
      `printf '[Service]\\nExecStartPre=/bin/sh -c "if grep -q :5000 ${CONFIG_TOML}; then grep password ${CONFIG_TOML} | sed s/^/level=error/; exit 1; fi"\\n' >${DROP_IN}/fault.conf && systemctl daemon-reload`,
    );
    const drift = await watched(() => stack.preview("--diff"));
    expect(drift.stdout + drift.stderr).toContain("drift on the host");
    const failed = await watched(() => stack.up("--diff", "--continue-on-error"));
    expect(failed.code).not.toBe(0);
    const told = failed.stdout + failed.stderr;
    for (const host of hosts()) await expectNoneOn(host);
    expect(told).toContain("containerd.service does not start");
    expect(told).toContain("containerd: level=error  password = ***");
    await criIsWell(node01);
    await node01.succeed(`rm ${DROP_IN}/fault.conf && systemctl daemon-reload`);
    const json = await watched(() => stack.run("up", "--yes", "--skip-preview", "--json"));
    if (json.code !== 0) throw new Error(`${json.stdout}\n${json.stderr}`);
    JSON.parse(json.stdout.trim().split("\n").at(-1) ?? "");
  });

  test("nor in a destroy, after which it is in its own files alone", async () => {
    const said = await watched(() => stack.destroy("--diff"));
    if (said.code !== 0) throw new Error(`${said.stdout}\n${said.stderr}`);
    await node01.succeed(
      `rm -r ${DROP_IN} && systemctl daemon-reload && systemctl restart containerd`,
    );
    for (const host of hosts()) {
      await expectNoneOn(host);
      expect(await leftovers(host)).toBe("");
      expect(await configManifest(host)).toBe(before.get(host.name));
    }
  });
});
