import { readFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { type Decision, enrolledId } from "../../decision/decide";
import { guardCreate } from "../../helper/commands";
import { helperText, packedHelper } from "../../helper/helper-text";
import { buildPayload, parsePayload } from "../../helper/payload";
import { defineLab, type RunningHost, type RunningLab, startLab } from "../../lab";
import { applyEdits, type Edit } from "../../patch";
import { describeLab } from "../lab-only";
import { aroundExchange, atMark, MARKS, noFault, SOME_MARKS, whenSeen } from "./faults";
import {
  CONFIG,
  criIsWell,
  DAEMON_JSON,
  failed,
  HOME,
  installDocker,
  invocation,
  leftovers,
  manifest,
  output,
  PatchedHost,
  Pristine,
  succeeded,
} from "./patched-host";

const REGISTRY = "10.88.42.11:5000";
const CONTAINERD_DROP_IN = "/run/systemd/system/containerd.service.d";

jest.setTimeout(90_000);

describeLab("a host with a fault", () => {
  let lab: RunningLab;
  let node: RunningHost;
  let pristine: Pristine;
  let before: string;

  beforeAll(async () => {
    lab = await startLab(defineLab({ name: "hosts-odd", octet: 42, hosts: ["n1"] }));
    node = lab.host("n1");
    await installDocker(node);
    pristine = await Pristine.of(node);
    before = await manifest(node);
  }, 300_000);
  afterAll(() => lab?.down(), 60_000);
  afterEach(async () => {
    await noFault(node);
    await node.exec(
      `umount -l ${CONFIG} /etc/containerd ${DAEMON_JSON} /etc/docker ${HOME} 2>/dev/null; rm -rf ${CONTAINERD_DROP_IN} /run/systemd/system/docker.service.d; systemctl daemon-reload; chattr -i -a /etc/containerd ${CONFIG} 2>/dev/null; true`,
    );
    await pristine.restore();
  }, 60_000);

  const mirror = (health = {}, stack = "dev") =>
    new PatchedHost(lab, node, {
      daemon: "containerd",
      registry: REGISTRY,
      stack,
      health: { waitSeconds: 8, watchdogSeconds: 60, ...health },
    });

  /** The fault is over: up completes, and destroy gives the host back. */
  async function ends(patched: PatchedHost, start = before): Promise<void> {
    const result = await patched.up();
    if (result !== undefined) succeeded(result);
    expect((await patched.decide()).inSync).toBe(true);
    await criIsWell(node);
    succeeded(await patched.undo());
    expect(await manifest(node)).toBe(start);
    expect(await leftovers(node)).toBe("");
    patched.close();
  }

  /** Nothing happened to the host: same files, same daemon, nothing beside the guard's own. */
  async function refusesUntouched(
    patched: PatchedHost,
    text: string | RegExp,
    decision?: Decision,
  ): Promise<void> {
    const bytes = await node.succeed(
      `sha256sum ${CONFIG} ${DAEMON_JSON}; stat -c '%a %i %Y' ${CONFIG} ${DAEMON_JSON}`,
    );
    const started = await invocation(node, "containerd");
    const said = failed(await patched.apply(decision ?? (await patched.decide())));
    expect(said).toMatch(text);
    expect(said).toContain("Nothing was changed on this host.");
    expect(
      await node.succeed(
        `sha256sum ${CONFIG} ${DAEMON_JSON}; stat -c '%a %i %Y' ${CONFIG} ${DAEMON_JSON}`,
      ),
    ).toBe(bytes);
    expect(await invocation(node, "containerd")).toBe(started);
    expect(await node.succeed("find /etc -name '.cluster-registry*'")).toBe("");
    await node.fail(`test -e ${patched.record}/next`);
  }

  describe("room and rights", () => {
    test("/etc full: refused before anything is changed", async () => {
      const patched = mirror();
      succeeded(await patched.guard());
      await node.succeed(
        "cp -a /etc/containerd /root/c && mount -t tmpfs -o size=32k,mode=755 tmpfs /etc/containerd && cp -a /root/c/. /etc/containerd/ && rm -r /root/c && (dd if=/dev/zero of=/etc/containerd/full bs=1k 2>/dev/null; true)",
      );
      await refusesUntouched(patched, /No space left on device/);
      await node.succeed("rm /etc/containerd/full");
      const start = await manifest(node);
      await ends(patched, start);
    });

    test.each(SOME_MARKS)(
      "/var full from %s on: the old file or the new one, the daemon well, nothing between",
      async (mark) => {
        const patched = mirror();
        await node.succeed(
          `mkdir -m 700 ${HOME} && mount -t tmpfs -o size=512k,mode=700 tmpfs ${HOME}`,
        );
        succeeded(await patched.guard());
        const decision = await patched.decide();
        await atMark(node, mark, `(dd if=/dev/zero of=${HOME}/full bs=512 2>/dev/null; true)`);
        const result = await patched.apply(decision);
        await criIsWell(node);
        const now = (await node.succeed(`sha256sum <${CONFIG}`)).slice(0, 64);
        const { base, after } = parsePayload(decision.payload).files[0]!;
        const good = ["healthy", "recording"].includes(mark);
        expect(now).toBe(result.code === 0 || good ? after : base);
        await node.succeed(`rm -f ${HOME}/full`);
        const again = await patched.up();
        if (again !== undefined) succeeded(again);
        expect((await patched.decide()).inSync).toBe(true);
        succeeded(await patched.undo());
        await node.succeed(`umount ${HOME}; rmdir ${HOME}`);
        expect(await manifest(node)).toBe(before);
        patched.close();
      },
    );

    test.each([
      [
        "a read-only file system",
        "mount --bind /etc/containerd /etc/containerd && mount -o remount,ro,bind /etc/containerd",
        "umount /etc/containerd",
        /Read-only file system/,
      ],
      [
        "an immutable file",
        `chattr +i ${CONFIG}`,
        `chattr -i ${CONFIG}`,
        /Operation not permitted \(chattr \+i\?/,
      ],
      [
        "an immutable folder",
        "chattr +i /etc/containerd",
        "chattr -i /etc/containerd",
        /Operation not permitted/,
      ],
      [
        "a file that is a mount of its own",
        `mount --bind ${CONFIG} ${CONFIG}`,
        `umount ${CONFIG}`,
        /it is a mount point: change the file where it is mounted from/,
      ],
    ])("%s: refused before anything is changed", async (_what, make, mend, text) => {
      const patched = mirror();
      succeeded(await patched.guard());
      await node.succeed(make);
      await refusesUntouched(patched, text);
      await node.succeed(mend);
      await ends(patched);
    });

    test("/var mounted noexec: nothing there is executed, and apply, drift and undo work", async () => {
      await node.succeed(`mkdir -m 700 ${HOME} && mount -t tmpfs -o noexec,mode=700 tmpfs ${HOME}`);
      for (const user of ["root", "ops"]) {
        const patched = new PatchedHost(lab, node, {
          daemon: "containerd",
          registry: REGISTRY,
          user,
        });
        succeeded(await patched.up());
        succeeded(await patched.undo());
        expect(await manifest(node)).toBe(before);
        patched.close();
      }
      await node.succeed(`umount ${HOME}; rmdir ${HOME}`);
    });

    test("a guard that is cut off or refuses leaves nothing; the next guard removes the files of a killed one", async () => {
      const patched = mirror();
      const enrolled = enrolledId(await patched.look());
      for (const user of ["root", "ops"]) {
        const as = new PatchedHost(lab, node, { daemon: "containerd", registry: REGISTRY, user });
        const guard = guardCreate({
          sudo: user !== "root",
          id: patched.id,
          enrolled,
          daemon: "containerd",
        });
        failed(await as.run(guard, packedHelper().slice(0, 5000)));
        failed(await as.run(guard, ""));
        await node.fail(`test -e ${HOME}`);
        as.close();
      }
      await node.succeed(`mkdir -m 700 ${HOME} && echo half >${HOME}/.helper.999999.AbCdEfGh`);
      await ends(patched);
    });

    test("a hosts.toml in a folder that others can write to is refused, also through a link", async () => {
      await node.succeed(
        `mkdir -p /srv/open/certs.d/docker.io && chmod 777 /srv/open && ln -s /srv/secret /srv/open/certs.d/docker.io/hosts.toml && echo secret >/srv/secret`,
      );
      const patched = mirror();
      succeeded(await patched.guard());
      const decision = await patched.decide();
      const path = "/srv/open/certs.d/docker.io/hosts.toml";
      const elsewhere = { ...decision, payload: decision.payload.replace(CONFIG, path) };
      await refusesUntouched(
        patched,
        /expected the path of daemon.json, a containerd configuration, a hosts.toml or a file of the page or the timer; found/,
        elsewhere,
      );
      await node.succeed(
        `printf 'config_path = "/srv/open/certs.d"\\n' >/etc/containerd/extra.toml`,
      );
      await refusesUntouched(
        patched,
        /expected a file in folders that only root can write in; found \/srv\/open \(root:root 777\)/,
        elsewhere,
      );
      expect(
        await node.succeed(
          "cat /srv/secret; rm -r /srv/open /srv/secret /etc/containerd/extra.toml",
        ),
      ).toBe("secret\n");
      await ends(patched);
    });

    test("a symbolic link stays one; its target is edited, also on another file system", async () => {
      await node.succeed(
        `mkdir -p /srv/conf && mount -t tmpfs -o mode=755 tmpfs /srv/conf && mv ${CONFIG} /srv/conf/real.toml && ln -s /srv/conf/real.toml ${CONFIG}`,
      );
      const start = await manifest(node);
      const real = await node.succeed("sha256sum /srv/conf/real.toml");
      const patched = mirror();
      succeeded(await patched.up());
      expect(await node.succeed(`readlink ${CONFIG}`)).toBe("/srv/conf/real.toml\n");
      await node.succeed(`grep -qF ${REGISTRY} /srv/conf/real.toml`);
      succeeded(await patched.undo());
      expect(await manifest(node)).toBe(start);
      expect(await node.succeed("sha256sum /srv/conf/real.toml; ls -A /srv/conf")).toBe(
        `${real}real.toml\n`,
      );
      await node.succeed(`rm ${CONFIG} && cp -a /srv/conf/real.toml ${CONFIG} && umount /srv/conf`);
      patched.close();
    });

    test("mode, owner, and extended attributes are kept", async () => {
      await node.succeed(
        `chmod 0640 ${CONFIG} && chgrp daemon ${CONFIG} && perl -e 'my ($p, $n, $v) = ("${CONFIG}", "user.note", "kept"); exit(syscall(188, $p, $n, $v, 4, 0))'`,
      );
      const start = await node.succeed(`stat -c '%a %U:%G' ${CONFIG}`);
      const patched = mirror();
      succeeded(await patched.up());
      expect(await node.succeed(`stat -c '%a %U:%G' ${CONFIG}`)).toBe(start);
      expect(
        await node.succeed(
          `perl -e 'my ($p, $n, $v) = ("${CONFIG}", "user.note", " " x 4); syscall(191, $p, $n, $v, 4); print $v'`,
        ),
      ).toBe("kept");
      succeeded(await patched.undo());
      expect(await node.succeed(`stat -c '%a %U:%G' ${CONFIG}`)).toBe(start);
      patched.close();
    });
  });

  describe("somebody else", () => {
    test.each(
      MARKS.flatMap((mark) => [
        ["writes into the file", mark, `echo '# someone' >>${CONFIG}`] as const,
        ["replaces the file", mark, `sed -i '$a # someone' ${CONFIG}`] as const,
      ]),
    )("%s at %s: nothing of theirs is lost", async (_what, mark, edit) => {
      const patched = mirror();
      succeeded(await patched.guard());
      const decision = await patched.decide();
      await atMark(node, mark, edit);
      const result = await patched.apply(decision);
      expect(await node.succeed(`cat ${CONFIG}`)).toContain("# someone");
      if (result.code !== 0) expect(output(result)).toMatch(/changed by someone else/);
      await criIsWell(node);
      const again = await patched.up();
      if (again !== undefined) succeeded(again);
      succeeded(await patched.undo());
      expect(await node.succeed(`tail -n 1 ${CONFIG}`)).toBe("# someone\n");
      await node.succeed(`sed -i '/# someone/d' ${CONFIG} && systemctl restart containerd`);
      expect(await manifest(node)).toBe(before);
      patched.close();
    });

    test.each([
      ["just before the old text returns", { before: `sed -i '$a # someone' ${CONFIG}` }],
      ["just before the old text returns, in place", { before: `echo '# someone' >>${CONFIG}` }],
      ["just after it returned", { after: `sed -i '$a # someone' ${CONFIG}` }],
      [
        "by a program that has our text open, while the daemon starts",
        {
          before: `(exec 3>>${CONFIG}; sleep 1.5; echo '# someone' >&3) >/dev/null 2>&1 & sleep 0.1`,
        },
      ],
    ])("saves %s: nothing of theirs is lost, and none of our lines stays", async (_when, hooks) => {
      await node.succeed(
        `mkdir -p ${CONTAINERD_DROP_IN} && printf '%s\\n' '[Service]' 'ExecStartPre=/bin/sh -c "if grep -qF ${REGISTRY} ${CONFIG}; then exit 1; fi; sleep 3"' >${CONTAINERD_DROP_IN}/fault.conf && systemctl daemon-reload`,
      );
      const patched = mirror();
      succeeded(await patched.guard());
      const decision = await patched.decide();
      await aroundExchange(node, 2, hooks);
      const said = failed(await patched.apply(decision));
      expect(await node.succeed("cat /run/exchanges")).not.toBe("1\n");
      expect(await node.succeed(`tail -n 1 ${CONFIG}`)).toBe("# someone\n");
      await node.fail(`grep -F ${REGISTRY} ${CONFIG}`);
      expect(await node.succeed("find /etc -name '.cluster-registry*'")).toBe("");
      if (!("after" in hooks)) {
        expect(said).toContain(
          `${CONFIG} was changed by someone else during this operation: their text is kept; check it.`,
        );
      }
      await noFault(node);
      await node.succeed(
        `sed -i '/# someone/d' ${CONFIG} && rm -r ${CONTAINERD_DROP_IN} && systemctl daemon-reload && systemctl restart containerd`,
      );
      await ends(patched);
    });

    test("an editor that saves continuously never loses a save", async () => {
      const patched = mirror();
      succeeded(await patched.guard());
      await node.succeed(
        `(i=0; while [ $i -lt 400 ]; do i=$((i + 1)); sed -i "1i # save $i" ${CONFIG}; done; touch /run/saved) >/dev/null 2>&1 &`,
      );
      const said: string[] = [];
      for (let round = 0; round < 8; round++) {
        const observation = await patched.look();
        const decision = patched.decideOn(observation);
        if (decision.inSync) break;
        said.push(output(await patched.apply(decision)));
      }
      await node.waitUntilSucceeds("test -e /run/saved", { timeoutSeconds: 60 });
      expect(await node.succeed(`grep -c '^# save' ${CONFIG}`)).toBe("400\n");
      for (const text of said)
        expect(text).toMatch(/changed by someone else|written\. containerd restarted|Rolled back/);
      succeeded((await patched.up()) ?? (await patched.apply(await patched.decide())));
      succeeded(await patched.undo());
      expect(await node.succeed(`grep -c '^# save' ${CONFIG}`)).toBe("400\n");
      await node.succeed("rm /run/saved");
      patched.close();
    });

    test("two operators with the same stack at once: one makes the change, the other finds it done", async () => {
      const one = mirror();
      const two = mirror();
      succeeded(await one.guard());
      const decision = await one.decide();
      await two.connect();
      const results = await Promise.all([one.apply(decision), two.apply(decision)]);
      expect(results.map(succeeded).sort()).toEqual([
        `${CONFIG}: written. containerd restarted and healthy.\n`,
        "Already applied: nothing to do.\n",
      ]);
      two.close();
      await ends(one);
    });

    test("two stacks at once: they take turns, and the one with a plan from older text must run again", async () => {
      const one = mirror({}, "one");
      const two = new PatchedHost(lab, node, {
        daemon: "containerd",
        registry: "10.88.42.77:5000",
        stack: "two",
      });
      succeeded(await one.guard());
      succeeded(await two.guard());
      const decisions = [await one.decide(), await two.decide()] as const;
      const results = await Promise.all([one.apply(decisions[0]), two.apply(decisions[1])]);
      expect(results.filter((result) => result.code === 0)).toHaveLength(1);
      const refused = results.find((result) => result.code !== 0);
      expect(failed(refused)).toContain(
        "expected the records of this host as they were when the plan was made; found another apply or destroy since",
      );
      for (const each of [one, two]) {
        const again = await each.up();
        if (again !== undefined) succeeded(again);
      }
      await node.succeed(`grep -qF ${REGISTRY} ${CONFIG} && grep -qF 10.88.42.77:5000 ${CONFIG}`);
      succeeded(await two.undo());
      two.close();
      succeeded(await one.undo());
      expect(await manifest(node)).toBe(before);
      one.close();
    });

    test.each(["flock", "diff", "awk", "sha256sum", "gzip"])(
      "a host without %s: refused by preview, guard, apply and undo alike, before anything is changed",
      async (tool) => {
        const patched = mirror();
        succeeded(await patched.guard());
        const decision = await patched.decide();
        await node.succeed(`p=$(command -v ${tool}); mv $p $p.aside; ln -s $p /srv/missing`);
        try {
          const said = `this host lacks tools that a change needs: ${tool} (they are in coreutils,`;
          await expect(patched.look()).rejects.toThrow(
            `this host lacks tools that a change needs: ${tool}\n  fix: install them (they are in coreutils, diffutils,`,
          );
          expect(failed(await patched.apply(decision))).toContain(said);
          expect(failed(await patched.undo())).toContain(said);
          const guard = guardCreate({
            sudo: false,
            id: patched.id,
            enrolled: "ab12",
            daemon: "containerd",
          });
          expect(failed(await patched.run(guard, packedHelper()))).toContain(said);
        } finally {
          await node.succeed("p=$(readlink /srv/missing); mv $p.aside $p; rm /srv/missing");
        }
        expect(await manifest(node)).toBe(before);
        await ends(patched);
      },
    );

    test("a diff that fails in the middle of a change leaves the host unchanged, and no record with an empty undo", async () => {
      const patched = mirror();
      succeeded(await patched.guard());
      await node.exec("cat >/usr/local/bin/diff && chmod 755 /usr/local/bin/diff", {
        stdin: "#!/bin/sh\nexit 2\n",
      });
      try {
        await refusesUntouched(
          patched,
          /config\.toml: expected diff\(1\) to say what changes, which an undo needs; found that it failed/,
        );
      } finally {
        await node.succeed("rm /usr/local/bin/diff");
      }
      await ends(patched);
    });
  });

  describe("a daemon that does not like it", () => {
    async function dropIn(text: string): Promise<void> {
      await node.succeed(
        `mkdir -p ${CONTAINERD_DROP_IN} && cat >${CONTAINERD_DROP_IN}/fault.conf && systemctl daemon-reload`.replace(
          "cat",
          `printf '%s\\n' ${text
            .split("\n")
            .map((line) => `'${line}'`)
            .join(" ")}`,
        ),
      );
    }

    test("the start fails: the old file is back, the daemon runs with it, and the error quotes the daemon", async () => {
      await dropIn(
        `[Service]\nExecStartPre=/bin/sh -c "if grep -qF ${REGISTRY} ${CONFIG}; then echo level=fatal msg=no-thanks; exit 1; fi"`,
      );
      const patched = mirror();
      succeeded(await patched.guard());
      const said = failed(await patched.apply(await patched.decide()));
      expect(said).toMatch(
        /^containerd is not healthy with the new files: containerd.service does not start/,
      );
      expect(said).toContain("  containerd: level=fatal msg=no-thanks");
      expect(said).toContain("Rolled back: the old files are in place, and containerd is healthy.");
      expect(await node.succeed(`sha256sum ${CONFIG}`)).toBe(
        await node.succeed(
          `sha256sum /root/pristine/containerd/config.toml | sed s,/root/pristine,/etc,`,
        ),
      );
      expect(await node.succeed("systemctl is-active containerd")).toBe("active\n");
      await criIsWell(node);
      await node.succeed(`rm -rf ${CONTAINERD_DROP_IN} && systemctl daemon-reload`);
      await ends(patched);
    });

    test.each(["inactive", "failed"])(
      "the start fails, and the daemon was %s before: so it is afterwards",
      async (was) => {
        await dropIn(
          `[Service]\nExecStartPre=/bin/sh -c "if grep -qF ${REGISTRY} ${CONFIG}; then exit 1; fi"`,
        );
        await node.succeed(
          was === "failed"
            ? // A start that fails, and is not tried again.
              `systemctl stop containerd; touch /run/broken; mkdir -p /run/systemd/system/containerd.service.d; printf '%s\\n' '[Service]' Restart=no 'ExecStartPre=/bin/sh -c "! test -e /run/broken"' >${CONTAINERD_DROP_IN}/broken.conf; systemctl daemon-reload; systemctl start containerd; rm /run/broken`
            : "systemctl stop containerd",
        );
        expect((await node.exec("systemctl is-active containerd")).stdout).toBe(`${was}\n`);
        const patched = mirror();
        succeeded(await patched.guard());
        const said = failed(await patched.apply(await patched.decide()));
        expect(said).toContain(
          "Rolled back: the old files are in place, and containerd is stopped, as before.",
        );
        expect((await node.exec("systemctl is-active containerd")).stdout).toBe(`${was}\n`);
        await node.fail(`grep -F ${REGISTRY} ${CONFIG}`);
        await node.succeed(
          `rm -rf ${CONTAINERD_DROP_IN} && systemctl daemon-reload && systemctl restart containerd`,
        );
        await ends(patched);
      },
    );

    test("a daemon that was stopped, and starts without its CRI plugin, is stopped again", async () => {
      const patched = mirror();
      succeeded(await patched.guard());
      await node.succeed("systemctl stop containerd");
      const decision = await patched.decide();
      await node.exec("cat >/usr/local/bin/ctr && chmod 755 /usr/local/bin/ctr", {
        stdin: "#!/bin/sh\necho io.containerd.grpc.v1 cri - error\n",
      });
      try {
        const said = failed(await patched.apply(decision));
        expect(said).toContain("containerd runs without its CRI plugin");
        expect(said).toContain("and containerd is stopped, as before.");
        expect((await node.exec("systemctl is-active containerd")).stdout).toBe("inactive\n");
      } finally {
        await node.succeed("rm /usr/local/bin/ctr; systemctl start containerd");
      }
      await ends(patched);
    });

    test("the start fails with the old file too: the error says so, and quotes the daemon", async () => {
      await dropIn(
        `[Service]\nExecStartPre=/bin/sh -c "sleep 1; echo level=fatal msg=never-again; exit 1"`,
      );
      const patched = mirror();
      succeeded(await patched.guard());
      const said = failed(await patched.apply(await patched.decide()));
      const [, second] = said.split("  The old files are in place, but: ");
      expect(second).toMatch(/^containerd.service does not start/);
      expect(second).toContain("  containerd: level=fatal msg=never-again");
      expect(await node.succeed(`cat ${CONFIG}`)).not.toContain(REGISTRY);
      await node.succeed(
        `rm -rf ${CONTAINERD_DROP_IN} && systemctl daemon-reload && systemctl restart containerd`,
      );
      await ends(patched);
    });

    test("the start hangs: it ends after the configured time, and the change is rolled back", async () => {
      await dropIn(
        `[Service]\nExecStartPre=/bin/sh -c "if grep -qF ${REGISTRY} ${CONFIG}; then sleep 600; fi"`,
      );
      const patched = mirror({ waitSeconds: 3 });
      succeeded(await patched.guard());
      const said = failed(await patched.apply(await patched.decide()));
      expect(said).toContain(
        "with the new files: containerd.service is activating (start-pre), after 3 seconds",
      );
      expect(said).toContain("Rolled back: the old files are in place, and containerd is healthy.");
      await criIsWell(node);
      await node.succeed(`rm -rf ${CONTAINERD_DROP_IN} && systemctl daemon-reload`);
      await ends(patched);
    });

    test("containerd stays up and loses CRI: the change is rolled back, and the error quotes the plugin", async () => {
      const patched = mirror();
      succeeded(await patched.guard());
      const text = await node.succeed(`cat ${CONFIG}`);
      const at = Buffer.from(text).indexOf(
        '      [plugins."io.containerd.grpc.v1.cri".registry.mirrors]',
      );
      // What the patcher refuses to write: mirrors and config_path together.
      const line = text.split("\n").find((one) => /registry\]$/.test(one)) ?? "";
      const place = Buffer.from(text).indexOf(`${line}\n`) + line.length + 1;
      expect(at).toBeGreaterThan(0);
      const existing = /^\s*config_path = ""\n/m.exec(text.slice(text.indexOf(line)));
      const edits: Edit[] = existing
        ? [
            {
              offset: Buffer.from(text.slice(0, text.indexOf(existing[0], text.indexOf(line))))
                .length,
              length: existing[0].length,
              text: '      config_path = "/etc/containerd/certs.d"\n',
            },
          ]
        : [{ offset: place, length: 0, text: '      config_path = "/etc/containerd/certs.d"\n' }];
      const said = failed(
        await patched.apply(withEdits(await patched.decide(), Buffer.from(text), edits)),
      );
      expect(said).toContain(
        "with the new files: containerd runs without its CRI plugin, so the kubelet cannot run pods on this node: io.containerd.grpc.v1.cri is error",
      );
      expect(said).toContain("`mirrors` cannot be set when `config_path` is provided");
      expect(said).toContain("Rolled back: the old files are in place, and containerd is healthy.");
      await criIsWell(node);
      await ends(patched);
    });

    test("a text that containerd cannot read is refused before it is in place", async () => {
      const patched = mirror();
      succeeded(await patched.guard());
      const bytes = Buffer.from(await node.succeed(`cat ${CONFIG}`));
      const started = await invocation(node, "containerd");
      const said = failed(
        await patched.apply(
          withEdits(await patched.decide(), bytes, [{ offset: 0, length: 0, text: "[broken\n" }]),
        ),
      );
      expect(said).toContain(`${CONFIG}: the daemon cannot read the new text:`);
      expect(said).toContain("Nothing was changed on this host.");
      expect(await invocation(node, "containerd")).toBe(started);
      await ends(patched);
    });

    test("docker refuses a reload: the old file is back, no container has stopped, and the error quotes dockerd", async () => {
      const patched = new PatchedHost(lab, node, { daemon: "docker", registry: REGISTRY });
      succeeded(await patched.guard());
      const bytes = Buffer.from(await node.succeed(`cat ${DAEMON_JSON}`));
      const started = await invocation(node, "docker");
      const said = failed(
        await patched.apply(
          withEdits(await patched.decide(), bytes, [
            { offset: 2, length: 0, text: '  "no-such-directive": 1,\n' },
          ]),
        ),
      );
      expect(said).toContain(
        `with the new files: the docker daemon does not have the right insecure registries: ${REGISTRY} is not among them`,
      );
      expect(said).toContain("no-such-directive");
      expect(said).toContain("Rolled back: the old files are in place, and docker is healthy.");
      expect(await node.succeed(`sha256sum <${DAEMON_JSON}`)).toContain(
        createHash("sha256").update(bytes).digest("hex"),
      );
      expect(await invocation(node, "docker")).toBe(started);
      succeeded(await patched.up());
      succeeded(await patched.undo());
      expect(await manifest(node)).toBe(before);
      patched.close();
    });

    test("a host without ctr is refused, because a change could not be checked", async () => {
      await node.succeed("mv /usr/bin/ctr /usr/bin/ctr.aside");
      const patched = mirror();
      try {
        succeeded(await patched.guard());
        await refusesUntouched(
          patched,
          /cannot query containerd: the ctr command is not installed/,
        );
      } finally {
        await node.succeed("mv /usr/bin/ctr.aside /usr/bin/ctr");
      }
      await ends(patched);
    });

    test("a restart that would kill every container is refused", async () => {
      await dropIn("[Service]\nKillMode=mixed");
      const patched = mirror();
      succeeded(await patched.guard());
      await refusesUntouched(
        patched,
        /expected KillMode=process in containerd.service, so that a restart leaves the containers running; found KillMode=mixed/,
      );
      await node.succeed(`rm -rf ${CONTAINERD_DROP_IN} && systemctl daemon-reload`);
      await ends(patched);
    });

    test("a registry that does not answer the node is named before anything is changed", async () => {
      const patched = mirror({ reach: { address: node.address, port: 5999 } });
      succeeded(await patched.guard());
      await refusesUntouched(
        patched,
        /http:\/\/10\.88\.42\.11:5999\/v2\/ does not answer this node: connection refused, or no route: is the registry running/,
      );
      succeeded(await patched.undo());
      patched.close();
    });

    test("a daemon that prints a line of a megabyte, and binary data: the error stays short and readable", async () => {
      await dropIn(
        `[Service]\nExecStartPre=/bin/sh -c "if grep -qF ${REGISTRY} ${CONFIG}; then head -c 1000000 /dev/zero | tr \\\\\\\\0 x; echo; echo level=fatal msg=end; head -c 3000 /dev/urandom; exit 1; fi"`,
      );
      const patched = mirror();
      succeeded(await patched.guard());
      const said = failed(await patched.apply(await patched.decide()));
      expect(said).toContain("Rolled back");
      expect(said.length).toBeLessThan(8000);
      expect(Math.max(...said.split("\n").map((line) => line.length))).toBeLessThan(1000);
      await node.succeed(`rm -rf ${CONTAINERD_DROP_IN} && systemctl daemon-reload`);
      await ends(patched);
    });
  });

  test("banners and profiles that print, also without a newline, disturb nothing", async () => {
    await node.succeed(
      'cp -a /root/.bashrc /root/.bashrc.aside 2>/dev/null; { echo \'printf "Welcome! cluster-registry-observation 1"; echo oops >&2; printf "no newline"\'; } >/root/.bashrc',
    );
    const patched = mirror();
    await ends(patched);
    await node.succeed(
      "rm /root/.bashrc; test -f /root/.bashrc.aside && mv /root/.bashrc.aside /root/.bashrc; true",
    );
  });

  test("a host that reboots itself in the middle of a change ends well", async () => {
    const patched = mirror();
    succeeded(await patched.guard());
    const decision = await patched.decide();
    await atMark(node, "activating", "systemctl --no-block reboot; sleep 600");
    const leader = node.leader;
    const cut = patched.apply(decision).catch((error: Error) => error);
    for (let tries = 0; tries < 300 && node.leader === leader; tries++)
      await new Promise((resolve) => setTimeout(resolve, 100));
    await node.start();
    const result = await cut;
    if (!(result instanceof Error)) failed(result);
    patched.close();
    await node.waitUntilSucceeds("systemctl is-active containerd");
    await criIsWell(node);
    await ends(patched);
  });

  test("passwords in the files are only in the files and in root's own records", async () => {
    await node.succeed(
      `printf '\\n[plugins."io.containerd.grpc.v1.cri".registry.configs."x:1".auth]\\n  password = "canary-1234"\\n' >>${CONFIG} && systemctl restart containerd`,
    );
    const patched = mirror();
    const decision = await patched.decide();
    expect(decision.payload).not.toContain("canary");
    expect(decision.diff).not.toContain("canary");
    await atMark(node, "checking", "ps axww >/run/ps-then");
    const said = output(await patched.up());
    expect(said).not.toContain("canary");
    await node.fail("grep -q canary /run/ps-then");
    await node.fail("journalctl --no-pager | grep -v containerd | grep canary");
    await node.fail(
      "grep -rl canary /tmp /run --include='*' 2>/dev/null | grep -v '^/run/systemd'",
    );
    expect(await node.succeed(`grep -rl canary ${HOME} | xargs stat -c '%a %U' | sort -u`)).toMatch(
      /^600 root\n$/,
    );
    succeeded(await patched.undo());
    await node.fail(`test -e ${HOME}`);
    patched.close();
  });

  test.each([
    ["bash", "cp /bin/bash /root/sh-under-test"],
    [
      "busybox sh",
      "cp /root/busybox /root/sh-under-test.real; printf '#!/root/busybox sh\\nexec /root/busybox sh \"$@\"\\n' >/root/sh-under-test; chmod 755 /root/sh-under-test",
    ],
  ])(
    "with %s as the host's sh the whole circle works, a kill in the middle too",
    async (_name, make) => {
      await node.exec("cat >/root/busybox && chmod 755 /root/busybox", { stdin: busybox() });
      await node.succeed(
        `${make} && cp -a /bin/sh /root/sh-aside && mount --bind /root/sh-under-test "$(readlink -f /bin/sh)"`,
      );
      try {
        const patched = mirror();
        const blow = whenSeen(node, "activating", "systemctl kill --signal=KILL $UNIT");
        const said = failed(await patched.up());
        expect(said).toContain("the change was stopped from outside before its end");
        expect(said).toContain(
          'The last change was interrupted at "activating": rolling it back now.',
        );
        await blow;
        await ends(patched);
      } finally {
        await node.succeed('umount "$(readlink -f /bin/sh)"');
      }
    },
  );

  test("with no tool but those that the guard looks for, apply, drift and undo work", async () => {
    const names = /^needed_tools='([^']*)'/m.exec(helperText())?.[1]?.split(/\s+/) ?? [];
    // The others are those of the login, of the daemon, of the exchange of two names, and of this test.
    const kept = [...names, "sh", "dash", "bash", "perl", "mawk", "containerd", "ctr", "umount"];
    await node.succeed(
      `mkdir /srv/bin && for t in ${kept.join(" ")}; do test ! -e /usr/bin/$t || cp -aL /usr/bin/$t /srv/bin/; done`,
    );
    const patched = mirror();
    await patched.connect();
    await node.succeed("mount --bind /srv/bin /usr/bin");
    try {
      succeeded(await patched.up());
      await node.succeed(`sed -i '/${REGISTRY}/d' ${CONFIG}`);
      expect((await patched.decide()).why).toBe("drift on the host");
      succeeded(await patched.up());
      await atMark(node, "checking", "kill -9 $HELPER_PID");
      await node.succeed(`sed -i '/${REGISTRY}/d' ${CONFIG}`);
      expect(failed(await patched.up())).toContain("rolling it back now.");
      succeeded(await patched.up());
      succeeded(await patched.undo());
    } finally {
      await node.succeed("umount -l /usr/bin; systemctl restart containerd");
    }
    expect(await manifest(node)).toBe(before);
    expect(await leftovers(node)).toBe("");
    await node.succeed("rm -r /srv/bin");
    patched.close();
  });

  test("with busybox for every tool, apply, drift and undo work", async () => {
    await node.exec("cat >/root/busybox && chmod 755 /root/busybox", { stdin: busybox() });
    await node.succeed(
      "for t in awk base64 cat chmod chown cmp cp cut date diff find grep gzip head hostname id ln ls mkdir mktemp mv readlink rm rmdir sed sha256sum sleep sort stat sync tail tee timeout tr uname wc; do ln -s /root/busybox /usr/local/bin/$t; done",
    );
    try {
      const patched = mirror();
      succeeded(await patched.up());
      await node.succeed(`sed -i '/${REGISTRY}/d' ${CONFIG}`);
      expect((await patched.decide()).why).toBe("drift on the host");
      await ends(patched);
    } finally {
      await node.succeed("/bin/find /usr/local/bin -lname /root/busybox -exec /bin/rm {} +");
    }
  });
});

/** The same decision with other edits: what no patcher of ours would plan. */
function withEdits(decision: Decision, bytes: Buffer, edits: Edit[]): Decision {
  const payload = parsePayload(decision.payload);
  const sum = (some: Buffer) => createHash("sha256").update(some).digest("hex");
  const file = {
    ...payload.files[0]!,
    base: sum(bytes),
    after: sum(applyEdits(bytes, edits)),
    edits,
  };
  return { ...decision, payload: buildPayload({ ...payload, files: [file] }) };
}

function busybox(): Buffer {
  return readFileSync("/bin/busybox");
}
