import { gzipSync } from "node:zlib";
import { helperText } from "../../helper/helper-text";
import { packed } from "../../helper/packed";
import { defineLab, type RunningHost, type RunningLab, startLab } from "../../lab";
import { describeLab } from "../lab-only";
import {
  CONFIG,
  criIsWell,
  DAEMON_JSON,
  failed,
  HOME,
  invocation,
  leftovers,
  manifest,
  PatchedHost,
  Pristine,
  succeeded,
} from "./patched-host";

const REGISTRY = "10.88.105.11:5000";

jest.setTimeout(90_000);

describeLab("helper on real hosts", () => {
  let lab: RunningLab;
  let node: RunningHost;
  let newer: RunningHost;
  const pristine: Pristine[] = [];

  beforeAll(async () => {
    lab = await startLab(
      defineLab({
        name: "hoststest",
        octet: 105,
        hosts: ["n1", "n2", { name: "n3", flavour: "debian-13" }],
      }),
    );
    node = lab.host("n1");
    newer = lab.host("n3");
    for (const host of lab.hosts.values()) pristine.push(await Pristine.of(host));
  }, 300_000);
  afterEach(async () => {
    for (const one of pristine) await one.restore();
  }, 60_000);
  afterAll(() => lab?.down(), 60_000);

  test.each([
    ["n1", "containerd 1.6 of Debian 12"],
    ["n3", "containerd 1.7 of Debian 13"],
  ])("apply, nothing to do, and undo leave the host as it was: %s, %s", async (name) => {
    const host = lab.host(name);
    const before = await manifest(host);
    const patched = new PatchedHost(lab, host, { daemon: "containerd", registry: REGISTRY });
    expect(succeeded(await patched.up())).toBe(
      `${CONFIG}: written. containerd restarted and healthy.\n`,
    );
    await host.succeed(`grep -q '"http://${REGISTRY}"' ${CONFIG}`);
    await criIsWell(host);
    const started = await invocation(host, "containerd");
    const applied = await manifest(host);

    const again = await patched.decide();
    expect(again).toMatchObject({ inSync: true, revision: 1, diff: "" });
    expect(succeeded(await patched.apply(again))).toBe("Already applied: nothing to do.\n");
    expect(await invocation(host, "containerd")).toBe(started);
    expect(await manifest(host)).toBe(applied);

    expect(succeeded(await patched.undo())).toBe(
      `${CONFIG}: our lines removed. containerd restarted and healthy.\n`,
    );
    expect(await manifest(host)).toBe(before);
    expect(await leftovers(host)).toBe("");
    await criIsWell(host);
    expect(succeeded(await patched.undo())).toBe("");
    patched.close();
  });

  test("other programs' text in the files never enters the payload", async () => {
    const patched = new PatchedHost(lab, node, { daemon: "containerd", registry: REGISTRY });
    const { payload } = await patched.decide();
    expect(payload.split("\n").filter((line) => line.startsWith("+"))).toEqual([
      `+        [plugins."io.containerd.grpc.v1.cri".registry.mirrors."${REGISTRY}"]`,
      `+          endpoint = ["http://${REGISTRY}"]`,
    ]);
    patched.close();
  });

  test("drift is repaired with the next revision; an admin's edit elsewhere is not drift, and survives the undo", async () => {
    const patched = new PatchedHost(lab, node, { daemon: "containerd", registry: REGISTRY });
    const before = await node.succeed(`cat ${CONFIG}`);
    succeeded(await patched.up());
    await node.succeed(`sed -i '/${REGISTRY}/d' ${CONFIG}`);
    const drifted = await patched.decide();
    expect(drifted).toMatchObject({ inSync: false, why: "drift on the host", revision: 2 });
    expect(drifted.diff).toContain(`+          endpoint = ["http://${REGISTRY}"]`);
    succeeded(await patched.apply(drifted));

    await node.succeed(`sed -i '1i # kept by hand' ${CONFIG}`);
    expect((await patched.decide()).inSync).toBe(true);
    succeeded(await patched.undo());
    expect(await node.succeed(`cat ${CONFIG}`)).toBe(`# kept by hand\n${before}`);
    await node.succeed(`sed -i 1d ${CONFIG} && systemctl restart containerd`);
    expect(await leftovers(node)).toBe("");
    patched.close();
  });

  test("the config dump of the last apply is kept until the file changes in any byte", async () => {
    const patched = new PatchedHost(lab, node, { daemon: "containerd", registry: REGISTRY });
    succeeded(await patched.up());
    const dump = async () => (await patched.look()).containerd?.dump;
    const asked = (await node.succeed("containerd config dump")).trim();
    expect((await dump())?.trim()).toBe(asked);
    await node.succeed(`grep -q . ${patched.record}/seen/identity`);
    await node.succeed(
      `touch -r ${CONFIG} /run/times && sed -i 's/^oom_score = 0/oom_score = 7/' ${CONFIG} && touch -r /run/times ${CONFIG}`,
    );
    expect(await dump()).toContain("oom_score = 7");
    patched.close();
  });

  test("between two applies an admin's edits become part of what destroy restores", async () => {
    const patched = new PatchedHost(lab, node, { daemon: "containerd", registry: REGISTRY });
    const before = await node.succeed(`cat ${CONFIG}`);
    succeeded(await patched.up());
    await node.succeed(`sed -i '1i # kept by hand' ${CONFIG} && sed -i '/${REGISTRY}/d' ${CONFIG}`);
    succeeded(await patched.up());
    expect(succeeded(await patched.undo())).toContain("our lines removed");
    expect(await node.succeed(`cat ${CONFIG}`)).toBe(`# kept by hand\n${before}`);
    await node.succeed(`sed -i 1d ${CONFIG} && systemctl restart containerd`);
    patched.close();
  });

  test("our lines edited by hand: undo refuses, names them, and changes nothing", async () => {
    const patched = new PatchedHost(lab, node, { daemon: "containerd", registry: REGISTRY });
    const original = await node.succeed(`cat ${CONFIG}`);
    succeeded(await patched.up());
    await node.succeed(
      `sed -i 's#"http://${REGISTRY}"#"http://${REGISTRY}", "http://other:1"#' ${CONFIG}`,
    );
    const edited = await manifest(node);
    const started = await invocation(node, "containerd");
    expect(failed(await patched.undo())).toBe(
      `${CONFIG}: lines of this program were edited by hand. Change them by hand:\n` +
        `  take out:         [plugins."io.containerd.grpc.v1.cri".registry.mirrors."${REGISTRY}"]\n` +
        `  take out:           endpoint = ["http://${REGISTRY}"]\n` +
        `then run again; or, to keep the edited lines, run on this host: sudo sh ${HOME}/helper undo ${patched.id} anyway\n\n` +
        "  Nothing was changed on this host.\n",
    );
    expect(await manifest(node)).toBe(edited);
    expect(await invocation(node, "containerd")).toBe(started);

    await node.succeed(`sed -i '/${REGISTRY}/d' ${CONFIG}`);
    expect(succeeded(await patched.undo())).toBe("Nothing of ours was left in the files.\n");
    expect(await node.succeed(`cat ${CONFIG}`)).toBe(original);
    await node.succeed("systemctl restart containerd");
    expect(await leftovers(node)).toBe("");
    patched.close();
  });

  test("entries that were there before us are adopted, and undo keeps them", async () => {
    const patched = new PatchedHost(lab, node, { daemon: "containerd", registry: REGISTRY });
    const before = await manifest(node);
    succeeded(await patched.up());
    await node.succeed(`cp ${CONFIG} /root/by-hand`);
    succeeded(await patched.undo());
    await node.succeed(`cat /root/by-hand >${CONFIG} && systemctl restart containerd`);
    const byHand = await manifest(node);
    const started = await invocation(node, "containerd");

    expect(succeeded(await patched.up())).toBe("The files already have this content: recorded.\n");
    expect(await manifest(node)).toBe(byHand);
    expect(succeeded(await patched.undo())).toBe("Nothing of ours was left in the files.\n");
    expect(await manifest(node)).toBe(byHand);
    expect(await invocation(node, "containerd")).toBe(started);

    await node.succeed(`sed -i '/${REGISTRY}/d' ${CONFIG} && systemctl restart containerd`);
    expect(await manifest(node)).toBe(before);
    patched.close();
  });

  test("a daemon that was started before the file's last change is restarted, once", async () => {
    const patched = new PatchedHost(lab, node, { daemon: "containerd", registry: REGISTRY });
    succeeded(await patched.up());
    await node.succeed(
      `cp -p ${CONFIG} /root/ours && sed -i '/${REGISTRY}/d' ${CONFIG} && systemctl restart containerd && sleep 0.1 && cp -p /root/ours ${CONFIG}`,
    );
    const pending = await patched.decide();
    expect(pending).toMatchObject({ why: "restart pending", activate: "restart", diff: "" });
    expect(succeeded(await patched.apply(pending))).toBe("containerd restarted and healthy.\n");
    expect((await patched.decide()).inSync).toBe(true);
    succeeded(await patched.undo());
    patched.close();
  });

  test("two stacks on one host: each undo removes its own lines, in either order", async () => {
    const before = await node.succeed(`sha256sum ${CONFIG}`);
    for (const firstGoesFirst of [true, false]) {
      const first = new PatchedHost(lab, node, {
        daemon: "containerd",
        registry: REGISTRY,
        stack: "one",
      });
      const second = new PatchedHost(lab, node, {
        daemon: "containerd",
        registry: "10.88.105.99:5000",
        stack: "two",
      });
      succeeded(await first.up());
      succeeded(await second.up());
      expect((await first.decide()).inSync).toBe(true);
      for (const one of firstGoesFirst ? [first, second] : [second, first]) {
        succeeded(await one.undo());
        one.close();
      }
      expect(await node.succeed(`sha256sum ${CONFIG}`)).toBe(before);
      expect(await leftovers(node)).toBe("");
    }
  });

  test("lines that another stack wants too stay, until its own destroy removes them", async () => {
    const before = await node.succeed(`sha256sum ${CONFIG}`);
    const old = new PatchedHost(lab, node, {
      daemon: "containerd",
      registry: REGISTRY,
      stack: "old",
    });
    const renamed = new PatchedHost(lab, node, {
      daemon: "containerd",
      registry: REGISTRY,
      stack: "new",
    });
    succeeded(await old.up());
    succeeded(await renamed.up());
    const applied = await manifest(node);
    const started = await invocation(node, "containerd");
    expect(succeeded(await old.undo())).toBe(
      "Left as it is: test.new.containerd-n1 requires the same.\n",
    );
    expect(await manifest(node)).toBe(applied);
    expect(await invocation(node, "containerd")).toBe(started);
    succeeded(await renamed.undo());
    expect(await node.succeed(`sha256sum ${CONFIG}`)).toBe(before);
    old.close();
    renamed.close();
  });

  describe("docker", () => {
    beforeAll(async () => {
      for (const host of [node, newer]) {
        await host.succeed(
          "test -x /usr/sbin/dockerd || DEBIAN_FRONTEND=noninteractive apt-get install -y docker.io",
        );
        await host.waitUntilSucceeds("curl -sf --unix-socket /run/docker.sock http://d/info");
      }
    }, 120_000);

    const insecure = (host: RunningHost) =>
      host.succeed(
        'curl -s --unix-socket /run/docker.sock http://d/info | grep -o \'"Name":"[^"]*","Mirrors":[^]]*],"Secure":false\' || true',
      );

    test.each(["n1", "n3"])(
      "%s: daemon.json is reloaded, and undone by an empty list first, with no restart",
      async (name) => {
        const host = lab.host(name);
        const before = await manifest(host);
        const started = await invocation(host, "docker");
        const patched = new PatchedHost(lab, host, { daemon: "docker", registry: REGISTRY });
        expect(succeeded(await patched.up())).toBe(
          `${DAEMON_JSON}: written. docker reloaded and healthy.\n`,
        );
        expect(await insecure(host)).toContain(REGISTRY);
        expect((await patched.decide()).inSync).toBe(true);
        expect(succeeded(await patched.undo())).toBe(
          `${DAEMON_JSON}: our lines removed. docker reloaded and healthy.\n`,
        );
        expect(await manifest(host)).toBe(before);
        expect(await insecure(host)).toBe("");
        expect(await invocation(host, "docker")).toBe(started);
        expect(await leftovers(host)).toBe("");
        patched.close();
      },
    );

    test.each([
      ["no file", "rm -f daemon.json"],
      [
        "an odd layout, mode 0600",
        'printf \'{"debug":false,\\n\\n"mtu" : 1454}\' >daemon.json; chmod 0600 daemon.json',
      ],
      ["CRLF line ends", "printf '{\\r\\n  \"mtu\": 1454\\r\\n}\\r\\n' >daemon.json"],
      [
        "a symbolic link",
        "mv daemon.json ../docker-real.json; ln -s ../docker-real.json daemon.json",
      ],
      ["a list of others", 'printf \'{"insecure-registries": ["old:5000"]}\\n\' >daemon.json'],
      ["another owner", "chown 12:34 daemon.json; chmod 0640 daemon.json"],
    ])("starting from %s, destroy restores it byte for byte", async (_what, prepare) => {
      await node.succeed(`cd /etc/docker; ${prepare}; systemctl reload docker; sleep 0.3`);
      const before = await manifest(node);
      const beforeNames = await insecure(node);
      const patched = new PatchedHost(lab, node, { daemon: "docker", registry: REGISTRY });
      succeeded(await patched.up());
      expect(await insecure(node)).toContain(REGISTRY);
      expect((await patched.decide()).inSync).toBe(true);
      succeeded(await patched.undo());
      expect(await manifest(node)).toBe(before);
      expect(await insecure(node)).toBe(beforeNames);
      expect(await leftovers(node)).toBe("");
      await node.succeed("rm -f /etc/docker-real.json");
      patched.close();
    });

    test("a file that we created: its mode is ours to keep; undo removes it with its folder", async () => {
      await node.succeed("rm -rf /etc/docker");
      const patched = new PatchedHost(lab, node, { daemon: "docker", registry: REGISTRY });
      succeeded(await patched.up());
      expect(await node.succeed(`stat -c '%a %U:%G' /etc/docker ${DAEMON_JSON}`)).toBe(
        "755 root:root\n644 root:root\n",
      );
      await node.succeed(`chmod 0666 ${DAEMON_JSON}; chown 12 ${DAEMON_JSON}`);
      const drifted = await patched.decide();
      expect(drifted).toMatchObject({ inSync: false, why: "drift on the host", activate: "none" });
      expect(drifted.diff).toBe(
        `--- ${DAEMON_JSON}\tlive\n+++ ${DAEMON_JSON}\tdesired\n-mode and owner 0666 12:0\n+mode and owner 0644 0:0\n`,
      );
      expect(succeeded(await patched.apply(drifted))).toBe(
        `${DAEMON_JSON}: mode and owner set. \n`,
      );
      expect((await patched.decide()).inSync).toBe(true);
      expect(succeeded(await patched.undo())).toContain(`${DAEMON_JSON}: removed.`);
      await node.fail("ls /etc/docker");
      expect(await insecure(node)).toBe("");
      patched.close();
    });

    test("a docker that someone stopped is named by the preview, and the apply starts it", async () => {
      const patched = new PatchedHost(lab, node, { daemon: "docker", registry: REGISTRY });
      succeeded(await patched.up());
      await node.succeed("systemctl stop docker.socket docker.service");
      const pending = await patched.decide();
      expect(pending).toMatchObject({ why: "not running", diff: "" });
      await node.succeed('test "$(systemctl is-active docker.service)" = inactive');
      expect(succeeded(await patched.apply(pending))).toBe("docker restarted and healthy.\n");
      await node.succeed("systemctl start docker.socket");
      expect((await patched.decide()).inSync).toBe(true);
      succeeded(await patched.undo());
      patched.close();
    });
  });

  test("through sudo without a password; only root can read the files on the host", async () => {
    const before = await manifest(node);
    const patched = new PatchedHost(lab, node, {
      daemon: "containerd",
      registry: REGISTRY,
      user: "ops",
    });
    succeeded(await patched.up());
    expect((await patched.decide()).inSync).toBe(true);
    expect(
      await node.succeed(`stat -c '%a %U' ${HOME} ${HOME}/helper ${patched.record}/payload`),
    ).toBe("700 root\n700 root\n600 root\n");
    succeeded(await patched.undo());
    expect(await manifest(node)).toBe(before);
    patched.close();
  });

  test("sudo that asks for a password is refused before anything is done, with the needed rule", async () => {
    const patched = new PatchedHost(lab, node, {
      daemon: "containerd",
      registry: REGISTRY,
      user: "nosudo",
    });
    await expect(patched.look()).rejects.toThrow(
      "expected sudo without a password for nosudo; found: sudo: a password is required\n" +
        "  fix: in sudoers, `nosudo ALL=(root) NOPASSWD: ALL`, or NOPASSWD for /var/lib/cluster-registry/helper alone once root has put it there; and no requiretty",
    );
    expect(await leftovers(node)).toBe("");
    patched.close();
  });

  test("sudo that allows the helper alone is enough if root has installed it", async () => {
    const before = await manifest(node);
    await node.succeed(
      "echo 'nosudo ALL=(root) NOPASSWD: /var/lib/cluster-registry/helper' >/etc/sudoers.d/helper-only && chmod 0440 /etc/sudoers.d/helper-only",
    );
    const root = new PatchedHost(lab, node, {
      daemon: "containerd",
      registry: "10.88.105.98:5000",
      stack: "other",
    });
    await root.guard();
    const patched = new PatchedHost(lab, node, {
      daemon: "containerd",
      registry: REGISTRY,
      user: "nosudo",
    });
    succeeded(await patched.up());
    expect((await patched.decide()).inSync).toBe(true);
    expect(failed(await patched.run(`sudo -n ${HOME}/helper sh -c id`))).toContain('found "sh"');
    expect(failed(await patched.run("sudo -n id"))).toContain("a password is required");
    for (const other of [
      "#!/bin/sh\nid\n",
      packed(`${helperText()}# Another version.\n`, gzipSync),
      // As the version before packed ones sent itself.
      helperText(),
    ]) {
      const guard = `sudo -n ${HOME}/helper guard ${patched.id} ab12 containerd`;
      expect(failed(await patched.run(guard, other))).toContain(
        "found another version, which a sudo that is limited to it cannot replace",
      );
    }
    succeeded(await patched.undo());
    succeeded(await root.undo());
    await node.succeed("rm /etc/sudoers.d/helper-only");
    expect(await manifest(node)).toBe(before);
    expect(await leftovers(node)).toBe("");
    root.close();
    patched.close();
  });

  test("a preview leaves nothing behind and starts nothing", async () => {
    const patched = new PatchedHost(lab, node, { daemon: "containerd", registry: REGISTRY });
    await patched.connect();
    const started = await invocation(node, "containerd");
    await node.succeed("touch /run/before && sleep 0.1");
    await patched.decide();
    expect(
      await node.succeed(
        // For a folder, compare the modification time: overlayfs changes the change time when a folder is only read.
        "find /etc /usr /root /home /srv /opt /tmp /var -xdev \\( -type d -newer /run/before -o ! -type d -newercm /run/before \\) -not -path '/var/log/*' -not -path '/var/lib/systemd/*'",
      ),
    ).toBe("");
    expect(await leftovers(node)).toBe("");
    await node.fail(`test -e ${HOME}`);
    expect(await invocation(node, "containerd")).toBe(started);
    patched.close();
  });

  test("a hosts.toml way: two files are written, and undo removes both", async () => {
    const host = lab.host("n2");
    await host.succeed(`sed -i '/registry.mirrors/,+1d' ${CONFIG} && systemctl restart containerd`);
    const before = await manifest(host);
    const patched = new PatchedHost(lab, host, { daemon: "containerd", registry: REGISTRY });
    const said = succeeded(await patched.up());
    expect(said).toContain("hosts.toml: written.");
    expect((await patched.decide()).inSync).toBe(true);
    const started = await invocation(host, "containerd");

    await host.succeed(`rm /etc/containerd/certs.d/*/hosts.toml`);
    const drifted = await patched.decide();
    expect(drifted).toMatchObject({ why: "drift on the host", activate: "none" });
    succeeded(await patched.apply(drifted));
    expect(await invocation(host, "containerd")).toBe(started);

    succeeded(await patched.undo());
    expect(await manifest(host)).toBe(before);
    expect(await leftovers(host)).toBe("");
    await criIsWell(host);
    patched.close();
  });
});
