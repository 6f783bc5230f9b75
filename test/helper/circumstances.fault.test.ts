import { spawnSync } from "node:child_process";
import { refusals } from "../../decision/refusals";
import { helperText } from "../../helper/helper-text";
import { parsePayload } from "../../helper/payload";
import { defineLab, type RunningHost, type RunningLab, startLab } from "../../lab";
import { recordIds } from "../../observation/records";
import { parseSettings } from "../../settings/parse";
import { describeLab } from "../lab-only";
import { atMark, FREEZE, frozen, noFault, SOME_MARKS } from "./faults";
import {
  CONFIG,
  criIsWell,
  failed,
  HOME,
  installDocker,
  invocation,
  leftovers,
  manifest,
  type Patch,
  PatchedHost,
  Pristine,
  succeeded,
} from "./patched-host";

const REGISTRY = "10.88.94.11:5000";
const CONTAINERD_DROP_IN = "/run/systemd/system/containerd.service.d";
const DOCKER_DROP_IN = "/run/systemd/system/docker.service.d";

jest.setTimeout(90_000);

describeLab("a host that is set up in its own way", () => {
  let lab: RunningLab;
  let node: RunningHost;
  let pristine: Pristine;
  let before: string;

  beforeAll(async () => {
    lab = await startLab(defineLab({ name: "hosts-ways", octet: 94, hosts: ["n1"] }));
    node = lab.host("n1");
    await installDocker(node);
    pristine = await Pristine.of(node);
    before = await manifest(node);
  }, 300_000);
  afterAll(() => lab?.down(), 60_000);
  afterEach(async () => {
    await noFault(node);
    await node.exec(
      `umount -l /etc/containerd ${HOME} 2>/dev/null; rm -rf ${CONTAINERD_DROP_IN} ${DOCKER_DROP_IN}; systemctl daemon-reload; ` +
        "rm -f /usr/local/bin/date /etc/sudoers.d/requiretty; test ! -e /usr/bin/sudo.aside || mv /usr/bin/sudo.aside /usr/bin/sudo; usermod -s /bin/bash ops",
    );
    await pristine.restore();
  }, 60_000);

  const mirror = (changes: Partial<Patch> = {}) =>
    new PatchedHost(lab, node, {
      daemon: "containerd",
      registry: REGISTRY,
      ...changes,
      health: { waitSeconds: 8, watchdogSeconds: 60, ...changes.health },
    });
  const dropIn = (folder: string, text: string) =>
    node.succeed(
      `mkdir -p ${folder} && printf '%s\\n' '${text.replaceAll("\n", "' '")}' >${folder}/fault.conf && systemctl daemon-reload`,
    );

  async function ends(patched: PatchedHost): Promise<void> {
    const result = await patched.up();
    if (result !== undefined) succeeded(result);
    expect((await patched.decide()).inSync).toBe(true);
    await criIsWell(node);
    succeeded(await patched.undo());
    expect(await manifest(node)).toBe(before);
    expect(await leftovers(node)).toBe("");
    patched.close();
  }

  describe("logins", () => {
    test("a login shell that is not sh, with a start-up file that prints: apply, drift and undo work", async () => {
      await node.exec("mkdir -p /opt/tcsh && tar -xf - -C /opt/tcsh", { stdin: tcsh() });
      await node.exec("cat >/opt/tcsh/shell && chmod 755 /opt/tcsh/shell", {
        stdin:
          '#!/bin/sh\nexec "$(echo /opt/tcsh/lib*/ld-linux*)" --library-path "$(echo /opt/tcsh/lib/*-linux-gnu)" /opt/tcsh/usr/bin/tcsh "$@"\n',
      });
      await node.succeed(
        `echo 'echo "Welcome! "; setenv GREETED yes' >/home/ops/.tcshrc && usermod -s /opt/tcsh/shell ops`,
      );
      const patched = mirror({ user: "ops" });
      // This shows that the login shell is used, and that it is not a POSIX shell.
      const asked = await patched.run("setenv ASKED $GREETED; echo $ASKED $version");
      expect(succeeded(asked)).toMatch(/^Welcome! \nyes tcsh /);
      await ends(patched);
      await node.succeed("rm -rf /opt/tcsh /home/ops/.tcshrc");
    });

    test("if a login shell refuses everybody, the error has its own message", async () => {
      await node.succeed("usermod -s /usr/sbin/nologin ops");
      const patched = mirror({ user: "ops" });
      await expect(patched.look()).rejects.toThrow(
        "expected the facts of the host; found none of them (exit code 1); it said: This account is currently not available.",
      );
      expect(await leftovers(node)).toBe("");
      patched.close();
    });

    test("a host without sudo is refused before anything is done, with the needed rule", async () => {
      await node.succeed("mv /usr/bin/sudo /usr/bin/sudo.aside");
      const patched = mirror({ user: "ops" });
      await expect(patched.look()).rejects.toThrow(
        /expected sudo without a password for ops; found: sh: 1: sudo: not found\n {2}fix: in sudoers, `ops ALL=\(root\) NOPASSWD: ALL`/,
      );
      expect(await leftovers(node)).toBe("");
      patched.close();
    });

    test("a sudo that wants a terminal is refused before anything is done, with the needed setting", async () => {
      await node.succeed(
        "echo 'Defaults:ops requiretty' >/etc/sudoers.d/requiretty && chmod 440 /etc/sudoers.d/requiretty",
      );
      const patched = mirror({ user: "ops" });
      await expect(patched.look()).rejects.toThrow(
        /expected sudo without a password for ops; found: sudo: sorry, you must have a tty to run sudo\n {2}fix: .*; and no requiretty/,
      );
      expect(await leftovers(node)).toBe("");
      patched.close();
    });
  });

  describe("another version of the helper", () => {
    const ours = helperText();
    const other = ours.replace("set -u\n", "# One line more.\nset -u\n");

    test.each([
      ["newer", ours, other],
      ["older", other, ours],
    ])(
      "%s: it restarts nothing, and undoes what this one applied",
      async (_which, first, second) => {
        const one = mirror({ helper: first });
        succeeded(await one.up());
        const started = await invocation(node, "containerd");
        const two = mirror({ helper: second });
        expect((await two.decide()).inSync).toBe(true);
        succeeded(await two.guard());
        expect(await node.succeed(`cat ${HOME}/helper`)).toBe(second);
        expect((await two.decide()).inSync).toBe(true);
        expect(await invocation(node, "containerd")).toBe(started);
        succeeded(await two.undo());
        expect(await manifest(node)).toBe(before);
        expect(await leftovers(node)).toBe("");
        one.close();
        two.close();
      },
    );

    test.each([
      ["newer", ours, other],
      ["older", other, ours],
    ])(
      "%s: it puts back what this one was cut off in by a power cut",
      async (_which, first, second) => {
        const one = mirror({ helper: first });
        succeeded(await one.guard());
        const decision = await one.decide();
        await atMark(node, "replaced", FREEZE);
        const cut = one.apply(decision).catch((error: Error) => error);
        await frozen(node);
        await node.cutPower();
        one.close();
        expect(await cut).toBeInstanceOf(Error);
        await node.start();
        await ends(mirror({ helper: second }));
      },
    );
  });

  test("a change that waits for the lock longer than a change may take names the holder and the time, and changes nothing", async () => {
    const one = mirror({ stack: "one" });
    const two = mirror({
      stack: "two",
      registry: "10.88.94.77:5000",
      health: { waitSeconds: 2, watchdogSeconds: 3 },
    });
    succeeded(await one.guard());
    succeeded(await two.guard());
    const [first, second] = [await one.decide(), await two.decide()];
    await atMark(node, "checking", FREEZE);
    const applied = one.apply(first);
    await frozen(node);
    const text = await node.succeed(`cat ${CONFIG}`);
    expect(failed(await two.apply(second))).toMatch(
      new RegExp(
        `^the lock of this host has been held for 5 seconds, by ${one.id} since \\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ, process \\d+: wait until it is released, then run again\\n`,
      ),
    );
    expect(await node.succeed(`cat ${CONFIG}`)).toBe(text);
    await node.fail(`test -e ${two.record}/next`);
    await node.succeed("touch /run/thawed");
    succeeded(await applied);
    succeeded(await two.up());
    succeeded(await two.undo());
    two.close();
    await ends(one);
  });

  test.each(["2 years ago", "2 years"])(
    "a clock that is off (%s) overwrites no copy, hides none of the daemon's words, and leaves no daemon with the wrong file",
    async (shift) => {
      await node.exec("cat >/usr/local/bin/date && chmod 755 /usr/local/bin/date", {
        stdin: `#!/bin/sh\nexec /bin/date -d '${shift}' "$@"\n`,
      });
      const patched = mirror();
      succeeded(await patched.up());
      expect((await patched.decide()).inSync).toBe(true);
      await node.succeed(`sed -i '/${REGISTRY}/d' ${CONFIG} && sed -i '1i # kept' ${CONFIG}`);
      await dropIn(
        CONTAINERD_DROP_IN,
        `[Service]\nExecStartPre=/bin/sh -c "if grep -qF ${REGISTRY} ${CONFIG}; then echo level=fatal msg=no-thanks; exit 1; fi"`,
      );
      const said = failed(await patched.up());
      expect(said).toContain("  containerd: level=fatal msg=no-thanks");
      expect(said).toContain("Rolled back: the old files are in place, and containerd is healthy.");
      await criIsWell(node);
      await node.succeed(`rm -r ${CONTAINERD_DROP_IN} && systemctl daemon-reload`);
      // The change is killed after the daemon has read the new file, so the daemon gets the old one again.
      await atMark(node, "checking", "kill -9 $HELPER_PID");
      failed(await patched.up());
      await criIsWell(node);
      expect(await started(node)).toBeGreaterThan(await changed(node));
      succeeded(await patched.up());
      expect(await node.succeed(`sha256sum <${patched.record}/first/config.toml`)).toBe(
        await node.succeed("sha256sum </root/pristine/containerd/config.toml"),
      );
      await node.succeed(`sed -i '/^# kept$/d' ${CONFIG}`);
      await ends(patched);
    },
  );

  describe("names that are taken", () => {
    test.each([
      ["a file", "echo theirs >$planted"],
      ["a link to a file", "ln -s /srv/victim $planted"],
      ["a link to nothing", "ln -s /srv/nothing $planted"],
    ])(
      "%s at the name that a change is about to use is not written through",
      async (_what, plant) => {
        await node.succeed("echo victim >/srv/victim && chmod 600 /srv/victim");
        const patched = mirror();
        succeeded(await patched.guard());
        const text = await node.succeed(`cat ${CONFIG}`);
        await atMark(
          node,
          "checked",
          `s=$(ls -d ${HOME}/stage.*); planted=/etc/containerd/.cluster-registry-\${s##*.}-1; ${plant}`,
        );
        const said = failed(await patched.apply(await patched.decide()));
        expect(said).toContain("cannot write to /etc/containerd: File exists");
        expect(said).toContain("Nothing was changed on this host.");
        expect(await node.succeed("cat /srv/victim; stat -c %a /srv/victim")).toBe("victim\n600\n");
        await node.fail("test -e /srv/nothing");
        expect(await node.succeed(`cat ${CONFIG}`)).toBe(text);
        await node.succeed("rm -f /srv/victim /etc/containerd/.cluster-registry-*");
        await ends(patched);
      },
    );

    test.each([
      [
        "a link",
        `mkdir -m 700 /srv/elsewhere && ln -s /srv/elsewhere ${HOME}`,
        "to be a directory; found a symbolic link: remove it",
      ],
      [
        "somebody else's folder",
        `install -d -o ops -m 700 ${HOME}`,
        "to be owned by root; found owner ops: remove it",
      ],
    ])("%s in the place of our folder is refused", async (_what, make, text) => {
      const patched = mirror();
      await node.succeed(make);
      const said = failed(await patched.guard());
      expect(said).toContain(`expected ${HOME} ${text}`);
      expect(await node.succeed(`ls -A ${HOME}/ /srv/elsewhere 2>/dev/null; true`)).not.toContain(
        "helper",
      );
      await node.succeed(`rm -rf ${HOME} /srv/elsewhere`);
      await ends(patched);
    });
  });

  describe("a proxy", () => {
    test("in the environment of every login does not affect the node's connection to its registry", async () => {
      await node.succeed(
        "cp -a /etc/environment /root/environment 2>/dev/null; printf 'http_proxy=http://127.0.0.1:9\\nHTTP_PROXY=http://127.0.0.1:9\\n' >>/etc/environment; " +
          `systemd-run --quiet --unit=answers perl -MIO::Socket::INET -e 'my $l = IO::Socket::INET->new(Listen => 5, LocalPort => 5999, ReuseAddr => 1) or die; while (my $c = $l->accept) { while (<$c>) { last if /^\\r?$/ } print $c "HTTP/1.0 200 OK\\r\\n\\r\\n"; close $c }'`,
      );
      try {
        const patched = mirror({ health: { reach: { address: node.address, port: 5999 } } });
        expect(succeeded(await patched.run("echo $http_proxy"))).toBe("http://127.0.0.1:9\n");
        await ends(patched);
      } finally {
        await node.succeed(
          "systemctl stop answers; if test -e /root/environment; then mv /root/environment /etc/environment; else rm /etc/environment; fi",
        );
      }
    });

    test("that systemd gives to every service is refused by its line", async () => {
      const patched = mirror();
      await node.succeed(
        "mkdir -p /etc/systemd/system.conf.d && printf '[Manager]\\nDefaultEnvironment=HTTP_PROXY=http://me:hunter2@proxy:3128\\n' >/etc/systemd/system.conf.d/proxy.conf",
      );
      await expect(patched.decide()).rejects.toThrow(
        "/etc/systemd/system.conf.d/proxy.conf:2:20: expected 10.88.94.11 in NO_PROXY, since HTTP_PROXY is set",
      );
      await node.succeed("rm -r /etc/systemd/system.conf.d");
      await node.succeed("systemctl set-environment HTTP_PROXY=http://me:hunter2@proxy:3128");
      await expect(patched.decide()).rejects.toThrow(
        "systemctl show-environment: expected 10.88.94.11 in NO_PROXY, since HTTP_PROXY is set",
      );
      await node.succeed("systemctl unset-environment HTTP_PROXY");
      await ends(patched);
    });

    test("that only the running process has is refused by preview, the password masked", async () => {
      await dropIn(
        CONTAINERD_DROP_IN,
        "[Service]\nExecStart=\nExecStart=/usr/bin/env HTTP_PROXY=http://me:hunter2@proxy:3128 SECRET=canary-77 /usr/bin/containerd",
      );
      await node.succeed("systemctl restart containerd");
      const patched = mirror();
      const [problem, ...more] = await refusedByPreview(patched);
      expect(more).toEqual([]);
      expect(problem).toMatch(
        /^\/proc\/\d+\/environ: expected 10\.88\.94\.11 in NO_PROXY, since HTTP_PROXY is set/,
      );
      expect(problem).not.toContain("hunter2");
      const { containerd } = await patched.look();
      expect(containerd?.service.processEnvironment?.map(({ name }) => name)).toEqual([
        "HTTP_PROXY",
      ]);
      await node.succeed(
        `rm -r ${CONTAINERD_DROP_IN} && systemctl daemon-reload && systemctl restart containerd`,
      );
      await ends(patched);
    });

    test("in the daemon's own settings is refused by its line, unless the registry is excepted", async () => {
      await dropIn(
        CONTAINERD_DROP_IN,
        '[Service]\nEnvironment="HTTP_PROXY=http://me:hunter2@proxy:3128"',
      );
      const patched = mirror();
      await expect(patched.decide()).rejects.toThrow(
        `${CONTAINERD_DROP_IN}/fault.conf:2:14: expected 10.88.94.11 in NO_PROXY, since HTTP_PROXY is set`,
      );
      await dropIn(
        CONTAINERD_DROP_IN,
        '[Service]\nEnvironment="HTTP_PROXY=http://me:hunter2@proxy:3128" "NO_PROXY=10.0.0.0/8"',
      );
      await ends(patched);
    });
  });

  /** The errors in a preview of this node alone. */
  async function refusedByPreview(patched: PatchedHost): Promise<string[]> {
    const settings = parseSettings({
      registry: { host: "cp", address: "10.88.94.11" },
      nodes: [
        { name: "cp", address: "10.88.94.99", role: "master" },
        { name: "n1", address: "10.88.94.11", role: "worker" },
      ],
    });
    const access = {
      name: "n1",
      login: { host: "n1", port: 22, user: "root" },
      sudo: false,
      waitSeconds: 0,
      knownHostsFiles: [],
      keyInFiles: true,
      learnHostKey: false,
      notes: [],
    };
    const surveyed = new Map([["n1", { access, observation: await patched.look() }]]);
    const ids = recordIds("cluster-registry", "test");
    return refusals(settings, surveyed, ids).map(({ reason }) => reason);
  }

  test.each([
    [
      "masked",
      "systemctl mask --runtime containerd",
      "expected a unit containerd.service that can be started; found it masked: run `systemctl unmask containerd`",
    ],
    [
      "started by something that does not name its file",
      `mkdir -p ${CONTAINERD_DROP_IN} && printf '[Service]\\nExecStart=\\nExecStart=/opt/start\\n' >${CONTAINERD_DROP_IN}/fault.conf && systemctl daemon-reload`,
      "expected a command line that says which file containerd reads; found `ExecStart=/opt/start`: its unit does not say which, and it does not run",
    ],
  ])(
    "a containerd that stands still and is %s is not taken for none",
    async (_what, fault, words) => {
      const patched = new PatchedHost(lab, node, { daemon: "containerd", registry: REGISTRY });
      await node.succeed(`systemctl stop containerd && ${fault}`);
      try {
        const [problem] = await refusedByPreview(patched);
        expect(problem).toContain(words);
      } finally {
        await node.succeed(
          `systemctl unmask --runtime containerd; rm -rf ${CONTAINERD_DROP_IN}; systemctl daemon-reload; systemctl start containerd`,
        );
        patched.close();
      }
    },
  );

  describe("what stands in the way is refused by preview and up alike, by the same words:", () => {
    test.each([
      [
        "a masked unit",
        "systemctl mask --runtime containerd",
        "systemctl unmask --runtime containerd",
        "expected a unit containerd.service that can be started; found it masked: run `systemctl unmask containerd`",
      ],
      [
        "a unit that systemd has not read again",
        `mkdir -p ${CONTAINERD_DROP_IN} && printf '[Unit]\\nDescription=x\\n' >${CONTAINERD_DROP_IN}/fault.conf`,
        `rm -r ${CONTAINERD_DROP_IN} && systemctl daemon-reload`,
        "expected systemd to have containerd.service as it is on the disk; found it changed since systemd read it: " +
          "look at `systemctl cat containerd`, then run `systemctl daemon-reload`",
      ],
      [
        "a drop-in that was changed since systemd read it",
        `mkdir -p ${CONTAINERD_DROP_IN} && printf '[Unit]\\nDescription=x\\n' >${CONTAINERD_DROP_IN}/fault.conf && systemctl daemon-reload && sleep 1.1 && printf '[Unit]\\nDescription=y\\n' >${CONTAINERD_DROP_IN}/fault.conf`,
        `rm -r ${CONTAINERD_DROP_IN} && systemctl daemon-reload`,
        "expected systemd to have containerd.service as it is on the disk; found it changed since systemd read it: " +
          "look at `systemctl cat containerd`, then run `systemctl daemon-reload`",
      ],
      [
        "a restart that ends every container",
        `mkdir -p ${CONTAINERD_DROP_IN} && printf '[Service]\\nKillMode=mixed\\n' >${CONTAINERD_DROP_IN}/fault.conf && systemctl daemon-reload`,
        `rm -r ${CONTAINERD_DROP_IN} && systemctl daemon-reload`,
        "expected KillMode=process in containerd.service, so that a restart leaves the containers running; found KillMode=mixed: " +
          "set it with `systemctl edit containerd`",
      ],
      [
        "no ctr",
        "mv /usr/bin/ctr /usr/bin/ctr.aside",
        "mv /usr/bin/ctr.aside /usr/bin/ctr",
        "cannot query containerd: the ctr command is not installed",
      ],
      [
        "a mount of its own",
        `mount --bind ${CONFIG} ${CONFIG}`,
        `umount ${CONFIG}`,
        `${CONFIG}: cannot replace the file: it is a mount point: change the file where it is mounted from, or unmount it`,
      ],
      [
        "no D-Bus",
        "systemctl stop dbus.socket dbus.service",
        "systemctl start dbus.socket",
        "expected D-Bus on this host, through which systemd-run waits for a change; found that it does not answer: " +
          "install dbus, or run `systemctl start dbus`",
      ],
    ])("%s", async (_what, make, mend, text) => {
      const patched = mirror();
      succeeded(await patched.guard());
      const decision = await patched.decide();
      await node.succeed(make);
      try {
        expect(await refusedByPreview(patched)).toEqual([text]);
        const said = failed(await patched.apply(decision));
        expect(said.startsWith(text)).toBe(true);
        expect(said).toMatch(/Nothing was (?:started or )?changed on this host\.\n$/);
        expect(await manifest(node)).toBe(before);
      } finally {
        await node.succeed(mend);
      }
      await ends(patched);
    });

    test.each([
      ["an immutable file", `chattr +i ${CONFIG}`, `chattr -i ${CONFIG}`],
      [
        "a read-only file system",
        "mount --bind /etc/containerd /etc/containerd && mount -o remount,ro,bind /etc/containerd",
        "umount /etc/containerd",
      ],
    ])(
      "%s, which a preview tells by looking, and a change by trying",
      async (_what, make, mend) => {
        const patched = mirror();
        succeeded(await patched.guard());
        const decision = await patched.decide();
        await node.succeed(make);
        try {
          expect(await refusedByPreview(patched)).toEqual([
            `${CONFIG}: cannot write the file: the file or its directory is read-only (chattr +i? a read-only file system?)`,
          ]);
          expect(failed(await patched.apply(decision))).toContain(
            `${CONFIG}: cannot write the file: `,
          );
        } finally {
          await node.succeed(mend);
        }
        await ends(patched);
      },
    );

    test("a configuration that containerd cannot read, with its own message", async () => {
      const patched = mirror();
      succeeded(await patched.guard());
      await node.succeed(
        `cp -a ${CONFIG} /root/whole.toml && echo '[broken' >/etc/containerd/broken.toml && sed -i 's,^imports = .*,imports = ["/etc/containerd/broken.toml"],' ${CONFIG}`,
      );
      const decision = await patched.decide();
      const [problem, ...more] = await refusedByPreview(patched);
      expect(more).toEqual([]);
      expect(problem).toMatch(
        /^expected a configuration that containerd can read \(`containerd config dump` of \/etc\/containerd\/config\.toml\); found that it cannot: containerd: .*broken/s,
      );
      const said = failed(await patched.apply(decision));
      expect(said).toContain(`${CONFIG}: the daemon cannot read the new text: containerd`);
      expect(said).toContain("Nothing was changed on this host.");
      await node.succeed(
        `cp -a /root/whole.toml ${CONFIG} && rm /etc/containerd/broken.toml /root/whole.toml`,
      );
      await ends(patched);
    });

    test("a daemon that is stopped is a warning, and `up` starts it", async () => {
      const patched = mirror();
      succeeded(await patched.up());
      await node.succeed("systemctl stop containerd");
      const decision = await patched.decide();
      expect(decision).toMatchObject({ inSync: false, why: "not running", diff: "" });
      expect(decision.warnings).toEqual([
        "containerd.service is not running (inactive, dead): `up` starts it",
      ]);
      expect(await refusedByPreview(patched)).toEqual([]);
      await ends(patched);
    });
  });

  describe("containerd started with another --config", () => {
    const OTHER = "/srv/containerd/own.toml";
    const command = (text: string) =>
      dropIn(CONTAINERD_DROP_IN, `[Service]\nExecStart=\nExecStart=${text}`);

    beforeEach(() => node.succeed(`mkdir -p /srv/containerd && cp -a ${CONFIG} ${OTHER}`));
    afterEach(() => node.succeed("rm -rf /srv/containerd /etc/default/containerd"));

    async function patchesTheOther(): Promise<void> {
      await node.succeed("systemctl restart containerd");
      const start = await node.succeed(`sha256sum ${OTHER}; stat -c '%a %U:%G' ${OTHER}`);
      const usual = await manifest(node);
      const patched = mirror();
      expect(succeeded(await patched.up())).toBe(
        `${OTHER}: written. containerd restarted and healthy.\n`,
      );
      await node.succeed(`grep -qF ${REGISTRY} ${OTHER} && ! grep -qF ${REGISTRY} ${CONFIG}`);
      await node.succeed(
        `containerd --config ${OTHER} config dump | grep -qF 'http://${REGISTRY}'`,
      );
      expect((await patched.decide()).inSync).toBe(true);
      expect(await node.succeed(`ls ${patched.record}/first`)).toBe("own.toml\n");
      await node.succeed(`sed -i '/${REGISTRY}/d' ${OTHER}`);
      expect((await patched.decide()).why).toBe("drift on the host");
      succeeded(await patched.up());
      succeeded(await patched.undo());
      expect(await node.succeed(`sha256sum ${OTHER}; stat -c '%a %U:%G' ${OTHER}`)).toBe(start);
      expect(await manifest(node)).toBe(usual);
      expect(await leftovers(node)).toBe("");
      expect(await node.succeed("ls -A /srv/containerd")).toBe("own.toml\n");
      patched.close();
    }

    test("by its unit: that file is patched, and the usual one stays unchanged", async () => {
      await command(`/usr/bin/containerd --config ${OTHER}`);
      await patchesTheOther();
    });

    test("by a variable of its unit, as on Flatcar", async () => {
      await dropIn(
        CONTAINERD_DROP_IN,
        `[Service]\nEnvironment=CONTAINERD_CONFIG=${OTHER}\nExecStart=\nExecStart=/usr/bin/env PATH=/usr/sbin:/usr/bin:/sbin:/bin /usr/bin/containerd --config \${CONTAINERD_CONFIG}`,
      );
      await patchesTheOther();
    });

    test("by an environment file", async () => {
      await node.succeed(`echo 'OPTIONS="--config=${OTHER}"' >/etc/default/containerd`);
      await dropIn(
        CONTAINERD_DROP_IN,
        "[Service]\nEnvironmentFile=-/etc/default/containerd\nExecStart=\nExecStart=/usr/bin/containerd $OPTIONS",
      );
      await patchesTheOther();
    });

    test("by a script: the process shows the file", async () => {
      await node.exec("cat >/srv/start && chmod 755 /srv/start", {
        stdin: `#!/bin/sh\nexec /usr/bin/containerd --config ${OTHER}\n`,
      });
      await command("/srv/start");
      await patchesTheOther();
      const patched = mirror();
      await node.succeed("systemctl stop containerd");
      await expect(patched.decide()).rejects.toThrow(
        `${CONTAINERD_DROP_IN}/fault.conf:3: expected a command line that says which file containerd reads; ` +
          "found `ExecStart=/srv/start`: its unit does not say which, and it does not run",
      );
      await node.succeed(
        `rm -r ${CONTAINERD_DROP_IN} /srv/start && systemctl daemon-reload && systemctl start containerd`,
      );
      patched.close();
    });

    test("by a script with the name containerd: the process shows the file", async () => {
      await node.exec(
        "mkdir -p /srv/wrapper && cat >/srv/wrapper/containerd && chmod 755 /srv/wrapper/containerd",
        {
          stdin: `#!/bin/sh\nexec /usr/bin/containerd --config ${OTHER}\n`,
        },
      );
      await command("/srv/wrapper/containerd");
      await patchesTheOther();
      await node.succeed(
        `rm -r ${CONTAINERD_DROP_IN} /srv/wrapper && systemctl daemon-reload && systemctl restart containerd`,
      );
    });

    test("whose process sees another file at that path is refused by the unit's line, and nothing is written", async () => {
      await dropIn(CONTAINERD_DROP_IN, `[Service]\nBindPaths=${OTHER}:${CONFIG}`);
      await node.succeed("systemctl restart containerd");
      const patched = mirror();
      // After a replacement, the new file is visible at that path until the next start.
      await node.succeed(`cp -p ${CONFIG} ${CONFIG}.new && mv ${CONFIG}.new ${CONFIG}`);
      await expect(patched.decide()).rejects.toThrow(
        `the process finds another file at ${CONFIG} than this host has there (BindPaths, RootDirectory or the like of its unit)`,
      );
      await node.succeed(
        `rm -r ${CONTAINERD_DROP_IN} && systemctl daemon-reload && systemctl restart containerd`,
      );
      await ends(patched);
    });

    test("that the process does not use yet is refused by the unit's line", async () => {
      await command(`/usr/bin/containerd --config ${OTHER}`);
      const patched = mirror();
      await expect(patched.decide()).rejects.toThrow(
        `${CONTAINERD_DROP_IN}/fault.conf:3: expected a command line that says which file containerd reads; found ` +
          `\`ExecStart=/usr/bin/containerd --config ${OTHER}\`: it runs with ${CONFIG}, and would start with ${OTHER}: restart it`,
      );
      await node.succeed(`rm -r ${CONTAINERD_DROP_IN} && systemctl daemon-reload`);
      await ends(patched);
    });
  });

  describe("flags of dockerd", () => {
    const docker = () => mirror({ daemon: "docker", health: { waitSeconds: 8 } });
    const info = () => node.succeed("curl -s --unix-socket /run/docker.sock http://d/info");

    test("that set the same as daemon.json are refused by their line; a forced change is rolled back", async () => {
      const patched = docker();
      const decision = await patched.decide();
      await dropIn(
        DOCKER_DROP_IN,
        "[Service]\nExecStart=\nExecStart=/usr/sbin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock --insecure-registry=other:5000",
      );
      await node.succeed("systemctl restart docker");
      const started = await invocation(node, "docker");
      await expect(patched.decide()).rejects.toThrow(
        "expected insecure-registries set in daemon.json only: dockerd does not start with both",
      );
      succeeded(await patched.guard());
      const said = failed(await patched.apply(decision));
      expect(said).toContain(
        "the following directives are specified both as a flag and in the configuration file: insecure-registries",
      );
      expect(said).toContain("Rolled back: the old files are in place, and docker is healthy.");
      expect(await manifest(node)).toBe(before);
      expect(await invocation(node, "docker")).toBe(started);
      expect(await info()).not.toContain(REGISTRY);
      await node.succeed(
        `rm -r ${DOCKER_DROP_IN} && systemctl daemon-reload && systemctl restart docker`,
      );
      await ends(patched);
    });

    test("a docker that cannot be reloaded is refused before anything is changed, and its containers keep running", async () => {
      await dropIn(DOCKER_DROP_IN, "[Service]\nExecReload=");
      const patched = docker();
      const started = await invocation(node, "docker");
      succeeded(await patched.guard());
      const said = failed(await patched.apply(await patched.decide()));
      expect(said).toBe(
        "expected docker.service to have an ExecReload, so that it takes the file without a restart, which would stop its containers; " +
          "found none: add `ExecReload=/bin/kill -s HUP $MAINPID` to its [Service] with `systemctl edit docker`\n" +
          "  Nothing was changed on this host.\n",
      );
      expect(await manifest(node)).toBe(before);
      expect(await invocation(node, "docker")).toBe(started);
      await node.succeed(`rm -r ${DOCKER_DROP_IN} && systemctl daemon-reload`);
      await ends(patched);
    });
  });

  describe("disks", () => {
    test.each(SOME_MARKS)(
      "/etc full from %s on: the old file or the new one, the daemon well",
      async (mark) => {
        await node.succeed(
          "cp -a /etc/containerd /root/c && mount -t tmpfs -o size=48k,mode=755 tmpfs /etc/containerd && cp -a /root/c/. /etc/containerd/ && rm -r /root/c",
        );
        const start = await manifest(node);
        const patched = mirror();
        succeeded(await patched.guard());
        const decision = await patched.decide();
        await atMark(
          node,
          mark,
          "(dd if=/dev/zero of=/etc/containerd/full bs=512 2>/dev/null; true)",
        );
        const result = await patched.apply(decision);
        await criIsWell(node);
        const now = (await node.succeed(`sha256sum <${CONFIG}`)).slice(0, 64);
        const { base, after } = parsePayload(decision.payload).files[0]!;
        expect(now).toBe(result.code === 0 ? after : base);
        if (result.code !== 0) expect(failed(result)).toContain("No space left on device");
        await node.succeed("rm /etc/containerd/full");
        const again = await patched.up();
        if (again !== undefined) succeeded(again);
        succeeded(await patched.undo());
        expect(await manifest(node)).toBe(start);
        await node.succeed("umount /etc/containerd");
        expect(await leftovers(node)).toBe("");
        patched.close();
      },
    );

    test.each(["replaced", "activating", "checking", "healthy"] as const)(
      "/var read-only from %s on: the daemon is well with the file that is in place",
      async (mark) => {
        const patched = mirror();
        succeeded(await patched.guard());
        const decision = await patched.decide();
        // By a mount over it, because a file system with open files cannot become read-only.
        await atMark(
          node,
          mark,
          `mount --bind ${HOME} ${HOME} && mount -o remount,ro,bind ${HOME}`,
        );
        failed(await patched.apply(decision));
        await criIsWell(node);
        const now = (await node.succeed(`sha256sum <${CONFIG}`)).slice(0, 64);
        const { base, after } = parsePayload(decision.payload).files[0]!;
        expect(now).toBe(mark === "healthy" ? after : base);
        // At `replaced`, the daemon has not read the new file yet, so it need not read the old one again.
        if (mark !== "replaced") expect(await started(node)).toBeGreaterThan(await changed(node));
        await node.succeed(`umount ${HOME}`);
        await ends(patched);
      },
    );
  });
});

/** The time of containerd's start, in seconds since the boot. */
async function started(host: RunningHost): Promise<number> {
  const said = await host.succeed(
    "systemctl show -p ExecMainStartTimestampMonotonic --value containerd",
  );
  return Number(said) / 1_000_000;
}

/** The time of the last replacement of containerd's file, in seconds since the boot. */
async function changed(host: RunningHost): Promise<number> {
  const [now, uptime, at] = (
    await host.succeed(`/bin/date +%s.%N; cut -d' ' -f1 /proc/uptime; stat -c %.9Z ${CONFIG}`)
  )
    .trim()
    .split("\n")
    .map(Number);
  return (uptime ?? 0) - ((now ?? 0) - (at ?? 0)) - 0.05;
}

/** tcsh and the libraries that it needs, as an archive. */
function tcsh(): Buffer {
  const libraries = spawnSync("ldd", ["/usr/bin/tcsh"], { encoding: "utf8" }).stdout;
  const paths = [...libraries.matchAll(/(\/\S+) \(0x/g)].map(([, path = ""]) => path.slice(1));
  const archive = spawnSync("tar", ["-chf", "-", "-C", "/", "usr/bin/tcsh", ...paths], {
    maxBuffer: 64 * 1024 * 1024,
  });
  if (archive.status !== 0) throw new Error(archive.stderr.toString());
  return archive.stdout;
}
