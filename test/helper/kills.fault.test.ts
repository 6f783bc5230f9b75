import { defineLab, type RunningHost, type RunningLab, startLab } from "../../lab";
import { describeLab } from "../lab-only";
import { atMark, FREEZE, frozen, type Mark, MARKS, noFault, SOME_MARKS } from "./faults";
import {
  CONFIG,
  criIsWell,
  DAEMON_JSON,
  failed,
  installDocker,
  leftovers,
  manifest,
  PatchedHost,
  Pristine,
  succeeded,
} from "./patched-host";

const REGISTRY = "10.88.40.11:5000";

/** At these steps, the files are in place and checked, and only the record is missing. */
const GOOD = ["healthy", "recording"];

jest.setTimeout(90_000);

describeLab("a change that is interrupted at any step", () => {
  let lab: RunningLab;
  let node: RunningHost;
  let pristine: Pristine;
  let original: string;
  let before: string;

  beforeAll(async () => {
    lab = await startLab(defineLab({ name: "hosts-kills", octet: 101, hosts: ["n1"] }));
    node = lab.host("n1");
    await installDocker(node);
    pristine = await Pristine.of(node);
    original = await sum(CONFIG);
    before = await manifest(node);
  }, 300_000);
  afterAll(() => lab?.down(), 60_000);
  afterEach(async () => {
    await noFault(node);
    await pristine.restore();
  }, 60_000);

  const sum = async (path: string) => (await node.succeed(`sha256sum <${path}`)).slice(0, 64);

  const mirror = () =>
    new PatchedHost(lab, node, {
      daemon: "containerd",
      registry: REGISTRY,
      health: { watchdogSeconds: 8 },
    });

  /** The end of every fault: the next `up` completes, and destroy restores the host. */
  async function ends(patched: PatchedHost): Promise<void> {
    const result = await patched.up();
    if (result !== undefined) succeeded(result);
    expect((await patched.decide()).inSync).toBe(true);
    await node.succeed(
      `grep -qF '"http://${REGISTRY}"' ${CONFIG} || grep -qF ${REGISTRY} ${DAEMON_JSON}`,
    );
    await criIsWell(node);
    await destroyed(patched);
  }

  async function destroyed(patched: PatchedHost): Promise<void> {
    succeeded(await patched.undo());
    expect(await manifest(node)).toBe(before);
    expect(await leftovers(node)).toBe("");
    await criIsWell(node);
    patched.close();
  }

  test.each(MARKS)(
    "killed at %s: the host reverts or finishes by itself, at once",
    async (mark) => {
      const patched = mirror();
      succeeded(await patched.guard());
      const decision = await patched.decide();
      await atMark(node, mark, "kill -9 $HELPER_PID");
      const said = failed(await patched.apply(decision));
      expect(said).toContain("the change was stopped from outside before its end");
      await criIsWell(node);
      const now = await sum(CONFIG);
      if (GOOD.includes(mark)) expect(decision.payload).toContain(`after ${now}`);
      else expect(now).toBe(original);
      await ends(patched);
    },
  );

  test.each(
    SOME_MARKS.flatMap((mark) => [
      [mark, "its process gets a SIGTERM", "kill -TERM $HELPER_PID; sleep 1"] as const,
      [
        mark,
        "its unit is stopped",
        "systemctl stop 'cluster-registry-apply-*.service'; sleep 600",
      ] as const,
    ]),
  )(
    "ended at %s, as %s: that is a failure, reverted or finished at once, and destroy restores the host",
    async (mark, _how, command) => {
      const patched = mirror();
      succeeded(await patched.guard());
      const decision = await patched.decide();
      await atMark(node, mark, command);
      expect(failed(await patched.apply(decision))).toContain(
        "the change was stopped from outside before its end",
      );
      const now = await sum(CONFIG);
      if (GOOD.includes(mark)) expect(decision.payload).toContain(`after ${now}`);
      else expect(now).toBe(original);
      await criIsWell(node);
      await node.fail(`test -d ${patched.record}/next`);
      // One of the two ways continues with an up, the other directly with a destroy.
      if (command.startsWith("systemctl")) await ends(patched);
      else await destroyed(patched);
    },
  );

  /** Records the daemon's file at each start of the daemon. */
  const WITNESS = "/etc/systemd/system/containerd.service.d/witness.conf";
  const witness = () =>
    node.succeed(
      `mkdir -p ${WITNESS.replace(/\/[^/]*$/, "")} && printf '%s\\n' '[Service]' 'ExecStartPre=/bin/sh -c "sha256sum <${CONFIG} >>/root/started-with"' >${WITNESS} && systemctl daemon-reload`,
    );
  const noWitness = () =>
    node.succeed(
      `rm -f ${WITNESS} /root/started-with && rmdir ${WITNESS.replace(/\/[^/]*$/, "")} && systemctl daemon-reload`,
    );

  /** Cuts the power while a change is at a step, and boots the host again without any further command. */
  async function cutAt(mark: Mark, patched: PatchedHost, change: () => Promise<unknown>) {
    await atMark(node, mark, FREEZE);
    const cut = change().catch((error: Error) => error);
    await frozen(node);
    await node.cutPower();
    patched.close();
    expect(await cut).toBeInstanceOf(Error);
    await node.start();
    await criIsWell(node);
  }

  const UNSETTLED = ["begin", "checked", "staged", "validated"];

  test.each(MARKS)(
    "a power cut at %s: the boot puts back or finishes before the daemon starts, and the next up completes",
    async (mark) => {
      const patched = mirror();
      succeeded(await patched.guard());
      const decision = await patched.decide();
      await witness();
      try {
        await cutAt(mark, patched, () => patched.apply(decision));
        const now = await sum(CONFIG);
        if (GOOD.includes(mark)) expect(decision.payload).toContain(`after ${now}`);
        else expect(now).toBe(original);
        expect((await node.succeed("tail -n 1 /root/started-with")).slice(0, 64)).toBe(now);
        const unsettled = await node.exec(`test -d ${patched.record}/next`);
        expect(unsettled.code).toBe(UNSETTLED.includes(mark) ? 0 : 1);
        await node.waitUntilSucceeds(
          "test -z \"$(systemctl list-units --all --plain --no-legend 'cluster-registry*')\"",
        );
        expect(await node.succeed("find /etc/systemd /run -name '*cluster-registry*'")).toBe("");
      } finally {
        await noWitness();
      }
      await ends(patched);
    },
  );

  test.each(["replaced", "activating", "healthy"] as const)(
    "a power cut at %s of an undo: the boot puts back or finishes before the daemon starts, and the next undo completes",
    async (mark) => {
      const patched = mirror();
      succeeded(await patched.up());
      const applied = await sum(CONFIG);
      await witness();
      try {
        await cutAt(mark, patched, () => patched.undo());
        expect(await sum(CONFIG)).toBe(GOOD.includes(mark) ? original : applied);
        expect((await node.succeed("tail -n 1 /root/started-with")).slice(0, 64)).toBe(
          await sum(CONFIG),
        );
        await node.fail(`test -d ${patched.record}/next`);
      } finally {
        await noWitness();
      }
      await destroyed(patched);
    },
  );

  test("docker: a power cut with the new file in place is rolled back before dockerd starts", async () => {
    const patched = new PatchedHost(lab, node, { daemon: "docker", registry: REGISTRY });
    succeeded(await patched.guard());
    const decision = await patched.decide();
    await cutAt("checking", patched, () => patched.apply(decision));
    expect(await manifest(node)).toBe(before);
    await node.waitUntilSucceeds("curl -sf --unix-socket /run/docker.sock http://d/info");
    expect(
      await node.succeed("curl -s --unix-socket /run/docker.sock http://d/info"),
    ).not.toContain(REGISTRY);
    succeeded(await patched.up());
    await destroyed(patched);
  });

  test("the unit that settles a change does nothing in the boot of that change, and is removed with it", async () => {
    const patched = mirror();
    succeeded(await patched.guard());
    const decision = await patched.decide();
    // Somebody else reloads systemd, so that it knows the unit.
    await atMark(
      node,
      "replaced",
      "find /etc/systemd -name '*cluster-registry*' | sort >/root/units-then; systemctl daemon-reload",
    );
    expect(succeeded(await patched.apply(decision))).toBe(
      `${CONFIG}: written. containerd restarted and healthy.\n`,
    );
    expect(await node.succeed("cat /root/units-then")).toBe(
      "/etc/systemd/system/cluster-registry-settle.service\n" +
        "/etc/systemd/system/containerd.service.wants/cluster-registry-settle.service\n",
    );
    expect(await node.succeed("find /etc/systemd /run -name '*cluster-registry*'")).toBe("");
    await node.succeed("rm /root/units-then; systemctl daemon-reload");
    await ends(patched);
  });

  test("a host on which that unit cannot be written is refused before anything is changed", async () => {
    const patched = mirror();
    succeeded(await patched.guard());
    const decision = await patched.decide();
    await node.succeed(
      "mount --bind /etc/systemd/system /etc/systemd/system && mount -o remount,ro,bind /etc/systemd/system",
    );
    try {
      const said = failed(await patched.apply(decision));
      expect(said).toMatch(
        /^cannot write to \/etc\/systemd\/system the unit that finishes this change after a power failure: Read-only file system\n {2}Nothing was changed on this host\.\n$/,
      );
    } finally {
      await node.succeed("umount /etc/systemd/system");
    }
    expect(await sum(CONFIG)).toBe(original);
    await ends(patched);
  });

  test.each(SOME_MARKS)(
    "the connection is cut at %s: the change runs to its end without it",
    async (mark) => {
      const patched = mirror();
      succeeded(await patched.guard());
      const decision = await patched.decide();
      await atMark(node, mark, FREEZE);
      const cut = patched.apply(decision).catch((error: Error) => error);
      await frozen(node);
      patched.close();
      await cut;
      await node.succeed("touch /run/thawed");
      await node.waitUntilSucceeds(
        `test -f ${patched.record}/payload && test ! -d ${patched.record}/next`,
      );
      expect((await patched.decide()).inSync).toBe(true);
      await ends(patched);
    },
  );

  test.each(SOME_MARKS)(
    "an undo that is killed at %s is reverted or finished, and the next one completes",
    async (mark) => {
      const patched = mirror();
      succeeded(await patched.up());
      const applied = await sum(CONFIG);
      await atMark(node, mark, "kill -9 $HELPER_PID");
      failed(await patched.undo());
      await criIsWell(node);
      expect([original, applied]).toContain(await sum(CONFIG));
      succeeded(await patched.undo());
      expect(await manifest(node)).toBe(before);
      expect(await leftovers(node)).toBe("");
      patched.close();
    },
  );

  // The change is killed with an interim text in place: without a file before, and without a folder.
  test.each(
    SOME_MARKS.flatMap((mark) => [[mark, DAEMON_JSON] as const, [mark, "/etc/docker"] as const]),
  )("docker: an undo that is killed at %s, without %s before", async (mark, missing) => {
    await node.succeed(`rm -rf ${missing}`);
    const start = await manifest(node);
    const patched = new PatchedHost(lab, node, { daemon: "docker", registry: REGISTRY });
    succeeded(await patched.up());
    await atMark(node, mark, "kill -9 $HELPER_PID");
    failed(await patched.undo());
    succeeded(await patched.undo());
    expect(await manifest(node)).toBe(start);
    expect(await leftovers(node)).toBe("");
    patched.close();
  });

  test.each(MARKS)("docker: killed at %s, apply and undo", async (mark) => {
    const patched = new PatchedHost(lab, node, { daemon: "docker", registry: REGISTRY });
    const started = await node.succeed("systemctl show -p InvocationID docker");
    succeeded(await patched.guard());
    await atMark(node, mark, "kill -9 $HELPER_PID");
    failed(await patched.apply(await patched.decide()));
    if (await patched.up()) expect((await patched.decide()).inSync).toBe(true);
    await atMark(node, mark, "kill -9 $HELPER_PID");
    failed(await patched.undo());
    succeeded(await patched.undo());
    expect(await manifest(node)).toBe(before);
    expect(await leftovers(node)).toBe("");
    expect(await node.succeed("systemctl show -p InvocationID docker")).toBe(started);
    expect(
      await node.succeed("curl -s --unix-socket /run/docker.sock http://d/info"),
    ).not.toContain(REGISTRY);
    patched.close();
  });

  test.each(SOME_MARKS)(
    "a change that hangs at %s is ended by the watchdog, and reverted or finished",
    async (mark) => {
      const patched = new PatchedHost(lab, node, {
        daemon: "containerd",
        registry: REGISTRY,
        health: { watchdogSeconds: 5 },
      });
      succeeded(await patched.guard());
      const decision = await patched.decide();
      await atMark(node, mark, "kill -STOP $HELPER_PID; sleep 600");
      const said = failed(await patched.apply(decision));
      expect(said).toContain("the change was stopped from outside before its end");
      const now = await sum(CONFIG);
      if (GOOD.includes(mark)) expect(decision.payload).toContain(`after ${now}`);
      else expect(now).toBe(original);
      if (mark === "checking") {
        expect(said).toContain(
          'The last change was interrupted at "checking": rolling it back now.',
        );
        expect(said).toContain(
          "Rolled back: the old files are in place, and containerd is healthy.",
        );
      }
      await node.fail(`test -d ${patched.record}/next`);
      await criIsWell(node);
      patched.close();
      // The next steps have enough time, also on a busy machine.
      await destroyed(mirror());
    },
  );

  // Otherwise it would still wait for the end of the change after destroy has removed everything.
  test("a slow watchdog is removed with the change that it ended, and leaves nothing behind", async () => {
    const patched = new PatchedHost(lab, node, {
      daemon: "containerd",
      registry: REGISTRY,
      health: { watchdogSeconds: 3 },
    });
    await node.exec("cat >/usr/local/bin/systemctl && chmod 755 /usr/local/bin/systemctl", {
      stdin: '#!/bin/sh\n/bin/systemctl "$@"\n[ "$1" != kill ] || sleep 4\n',
    });
    try {
      succeeded(await patched.guard());
      await atMark(node, "validated", "kill -STOP $HELPER_PID; sleep 600");
      failed(await patched.apply(await patched.decide()));
      expect(
        await node.succeed("systemctl list-units --all --plain --no-legend 'cluster-registry*'"),
      ).toBe("");
      succeeded(await patched.undo());
    } finally {
      await node.exec("rm -f /usr/local/bin/systemctl");
      patched.close();
    }
    expect(await manifest(node)).toBe(before);
    expect(await leftovers(node)).toBe("");
  });

  test("killed together with its own recovery, the watchdog still reverts", async () => {
    const patched = mirror();
    succeeded(await patched.guard());
    await atMark(
      node,
      "checking",
      `/bin/mv /var/lib/cluster-registry/helper /root/helper-aside; kill -9 $HELPER_PID; sleep 1; /bin/mv /root/helper-aside /var/lib/cluster-registry/helper`,
    );
    failed(await patched.apply(await patched.decide()));
    await node.exec(
      "test -f /root/helper-aside && /bin/mv /root/helper-aside /var/lib/cluster-registry/helper",
    );
    expect(await sum(CONFIG)).not.toBe(original);
    await node.waitUntilSucceeds(`test "$(sha256sum <${CONFIG} | cut -c1-64)" = ${original}`, {
      timeoutSeconds: 20,
    });
    await node.waitUntilSucceeds(`test ! -d ${patched.record}/next`, { timeoutSeconds: 20 });
    await ends(patched);
  });
});
