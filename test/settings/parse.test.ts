import { settingsOn } from "../../settings/node";
import { parseSettings } from "../../settings/parse";
import { SettingsError } from "../../settings/problem";

const minimal = {
  registry: { host: "controlplane", address: "172.30.1.2" },
  nodes: [
    { name: "controlplane", address: "172.30.1.2", role: "master" },
    { name: "node01", address: "172.30.2.2", role: "worker" },
  ],
};

function problemsOf(raw: Record<string, unknown>): string[] {
  try {
    parseSettings(raw);
  } catch (error) {
    if (error instanceof SettingsError)
      return error.problems.map(({ path, reason }) => `${path}: ${reason}`);
    throw error;
  }
  return [];
}

describe("parseSettings", () => {
  test("fills in the lesson's defaults", () => {
    const settings = parseSettings(minimal);
    expect(settings.registry).toEqual({
      host: "controlplane",
      address: "172.30.1.2",
      port: 5000,
      image: "registry",
      volume: "registry-data",
      retainVolume: true,
      bind: "0.0.0.0",
      deleteEnabled: true,
      adopt: false,
    });
    expect(settings.docker).toBe("apt");
    expect(settings.health).toEqual({ wait: "60s", watchdog: "180s" });
    expect(settings.mirrors).toEqual({});
    expect(settings.migrate).toBe(false);
  });

  test("reports all problems at once, each with its property path", () => {
    expect(
      problemsOf({
        registry: { host: "A_", address: "300.1.1.1", port: "x" },
        nodes: [{ name: "a", address: "10.0.0.1", role: "mastr" }],
        ssh: { wait: "1x" },
      }),
    ).toEqual([
      `registry.host: expected a host name (lower-case letters, digits, '-' and '.'), found "A_"`,
      `registry.address: expected an IP address or a host name, found "300.1.1.1"`,
      `registry.port: expected a port from 1 to 65535, found "x"`,
      `nodes[0].role: expected master or worker, found "mastr"`,
      `ssh.wait: expected a duration such as 30s or 2m, found "1x"`,
    ]);
  });

  test.each([
    [{ wait: "2m", watchdog: "270s" }, []],
    [{ wait: "soon" }, [`health.wait: expected a duration such as 30s or 2m, found "soon"`]],
    [{ wait: "500ms" }, [`health.wait: expected a duration from 1s to 10m, found "500ms"`]],
    [{ watchdog: "2h" }, [`health.watchdog: expected a duration of at most 1h, found "2h"`]],
    [
      { wait: "2m" },
      [`health.watchdog: expected at least 270s (twice health.wait, and 30s), found "180s"`],
    ],
    [
      { wait: "10s", watchdog: "49s" },
      [`health.watchdog: expected at least 50s (twice health.wait, and 30s), found "49s"`],
    ],
  ])("a watchdog leaves time to put things back: %j", (health, problems) => {
    expect(problemsOf({ ...minimal, health })).toEqual(problems);
  });

  test.each([
    [undefined, undefined],
    [{}, { port: 8080, readOnly: false, image: "nginx", bind: "0.0.0.0" }],
    [
      { port: 80, readOnly: true, image: "nginx:1.29", bind: "127.0.0.1" },
      { port: 80, readOnly: true, image: "nginx:1.29", bind: "127.0.0.1" },
    ],
  ])("ui: %j is %j", (ui, expected) => {
    expect(parseSettings({ ...minimal, ...(ui && { ui }) }).ui).toEqual(expected);
  });

  test.each([
    [true, "ui: expected an object with port, readOnly, image, bind, found true"],
    [{ port: 65536 }, "ui.port: expected a port from 1 to 65535, found 65536"],
    [{ readonly: true }, "ui.readonly: unknown key (known here: port, readOnly, image, bind)"],
    [{ bind: "registry" }, 'ui.bind: expected an IP address, found "registry"'],
    [{ image: "no image" }, 'ui.image: expected an image reference, found "no image"'],
    [
      { port: 5000 },
      "ui.port: expected another port than registry.port, found 5000: both are on the registry's host",
    ],
  ])("refuses ui: %j", (ui, problem) => {
    expect(problemsOf({ ...minimal, ui })).toEqual([problem]);
  });

  test.each([
    [{ onCalendar: "Sun 03:00" }, { onCalendar: "Sun 03:00", untaggedDays: 7 }],
    [
      { onCalendar: "Mon..Fri *-*-1/2 4:00 Europe/Berlin", untaggedDays: 30 },
      { onCalendar: "Mon..Fri *-*-1/2 4:00 Europe/Berlin", untaggedDays: 30 },
    ],
  ])("gcTimer: %j is %j", (gcTimer, expected) => {
    expect(parseSettings({ ...minimal, gcTimer }).gcTimer).toEqual(expected);
  });

  const TIME = "gcTimer.onCalendar: expected a time as in systemd's OnCalendar such as Sun 03:00";
  test.each([
    [true, "gcTimer: expected an object with onCalendar, untaggedDays, found true"],
    [{}, TIME.replace(": expected", ": missing: expected")],
    [{ onCalendar: "" }, `${TIME}, found ""`],
    [{ onCalendar: "daily\nUser=x" }, `${TIME}, found "daily\\nUser=x"`],
    [{ onCalendar: "%H:00" }, `${TIME}, found "%H:00"`],
    [{ onCalendar: " daily" }, `${TIME}, found " daily"`],
    [
      { onCalendar: "daily", untaggedDays: 0 },
      "gcTimer.untaggedDays: expected a number of days from 1, found 0",
    ],
  ])("refuses gcTimer: %j", (gcTimer, problem) => {
    expect(problemsOf({ ...minimal, gcTimer })).toEqual([problem]);
  });

  test("the page's port is compared with the registry's also where one of them is a default", () => {
    const registry = { ...minimal.registry, port: 8080 };
    expect(problemsOf({ ...minimal, registry, ui: {} })).toEqual([
      "ui.port: expected another port than registry.port, found 8080: both are on the registry's host",
    ]);
  });

  test.each([
    [undefined, false],
    [false, false],
    [true, { wait: "2m" }],
    [{}, { wait: "2m" }],
    [{ wait: "30s" }, { wait: "30s" }],
  ])("kubernetes.pullCheck: %j is %j", (pullCheck, expected) => {
    const kubernetes = pullCheck === undefined ? {} : { pullCheck };
    expect(parseSettings({ ...minimal, kubernetes }).kubernetes?.pullCheck).toEqual(expected);
  });

  test.each([
    ["on", 'kubernetes.pullCheck: expected true, false, or {wait}, found "on"'],
    [{ wait: "0" }, 'kubernetes.pullCheck.wait: expected a duration from 1s to 1h, found "0"'],
    [{ after: 1 }, "kubernetes.pullCheck.after: unknown key (known here: wait)"],
  ])("refuses kubernetes.pullCheck: %j", (pullCheck, problem) => {
    expect(problemsOf({ ...minimal, kubernetes: { pullCheck } })).toEqual([problem]);
  });

  test.each([
    [undefined, undefined],
    [{}, { canary: 1, batch: "25%", pause: "0s" }],
    [
      { canary: 0, batch: 10, pause: "5m" },
      { canary: 0, batch: 10, pause: "5m" },
    ],
    [{ pause: "24h" }, { canary: 1, batch: "25%", pause: "24h" }],
  ])("rollout: %j is %j", (rollout, expected) => {
    expect(parseSettings({ ...minimal, ...(rollout && { rollout }) }).rollout).toEqual(expected);
  });

  test.each([
    [
      { batch: "0%" },
      'rollout.batch: expected a number of nodes from 1, or a part of all nodes such as "25%", found "0%"',
    ],
    [
      { batch: 0 },
      'rollout.batch: expected a number of nodes from 1, or a part of all nodes such as "25%", found 0',
    ],
    [{ canary: -1 }, "rollout.canary: expected a number of nodes from 0, found -1"],
    [{ canary: 1.5 }, "rollout.canary: expected a number of nodes from 0, found 1.5"],
    [{ pause: "720h" }, 'rollout.pause: expected a duration of at most 24h, found "720h"'],
    [{ pause: 5 }, "rollout.pause: expected a duration such as 30s or 2m, found 5"],
    [{ batches: 2 }, "rollout.batches: unknown key (known here: canary, batch, pause)"],
  ])("refuses rollout: %j", (rollout, problem) => {
    expect(problemsOf({ ...minimal, rollout })).toEqual([problem]);
  });

  test("a node that cannot be changed stops the run, unless it is to be skipped", () => {
    const { onUnreachable, onProblem } = parseSettings(minimal);
    expect([onUnreachable, onProblem]).toEqual(["fail", "fail"]);
    expect(problemsOf({ ...minimal, onUnreachable: "ignore", onProblem: true })).toEqual([
      'onUnreachable: expected fail or skip, found "ignore"',
      "onProblem: expected fail or skip, found true",
    ]);
  });

  test.each(["10.0.0.11:5000/app", "App", "app:1.0", "app web"])(
    "a rule of retention for %s, which is no repository's name, is refused",
    (repositories) => {
      expect(problemsOf({ ...minimal, retention: [{ repositories, keepLast: 1 }] })).toEqual([
        `retention[0].repositories: expected a pattern of repository names such as app/* (lower case, without the registry's address and without a tag), found "${repositories}"`,
      ]);
    },
  );

  test("the error says that no host was changed", () => {
    expect(() => parseSettings({ ...minimal, bogus: 1 })).toThrow(
      new SettingsError([
        {
          path: "bogus",
          reason:
            "unknown key (known here: registry, docker, nodes, ssh, health, mirrors, caches, migrate, recreateDeleted, kubernetes, ui, rollout, onUnreachable, onProblem, retention, gcTimer, engine)",
        },
      ]),
    );
    expect(() => parseSettings({ ...minimal, bogus: 1 })).toThrow(
      "The configuration has 1 problem; no host was changed:\n  cluster-registry:bogus: unknown key",
    );
  });

  test("refuses unknown keys at any depth, naming the known ones", () => {
    expect(problemsOf({ ...minimal, docker: { package: "debs" } })).toEqual([
      "docker.packages: missing: expected an absolute path on the registry host (letters, digits, '.', '_', '+', '-' and '/')",
      "docker.package: unknown key (known here: packages)",
    ]);
  });

  test("refuses missing required settings", () => {
    expect(problemsOf({})).toEqual([
      "registry: missing: expected an object with host, address, sshAddress, port, image, volume, retainVolume, bind, deleteEnabled, adopt, ssh",
      "nodes: missing: expected a list of nodes, or {fromKubeconfig, context, selector, user, address}",
    ]);
  });

  test("refuses a node named twice and an address used twice", () => {
    const nodes = [...minimal.nodes, { name: "node01", address: "172.30.2.2", role: "worker" }];
    expect(problemsOf({ ...minimal, nodes })).toEqual([
      'nodes[2].name: "node01" is nodes[1].name already',
      'nodes[2].address: "172.30.2.2" is nodes[1].address already',
    ]);
  });

  test("accepts the same address twice if the SSH ports differ", () => {
    const nodes = [
      ...minimal.nodes,
      { name: "node02", address: "172.30.2.2", role: "worker", ssh: { port: 2222 } },
    ];
    expect(problemsOf({ ...minimal, nodes })).toEqual([]);
  });

  test.each(["127.0.0.1", "0.0.0.0", "localhost", "::1"])(
    "refuses %s as the address to pull from",
    (address) => {
      expect(problemsOf({ ...minimal, registry: { host: "controlplane", address } })).toEqual([
        `registry.address: expected an address that other hosts reach (not loopback or 0.0.0.0), found "${address}"`,
      ]);
    },
  );

  test.each([
    "my_registry.lan",
    "registry..lan",
    "registry.",
    "-registry.lan",
    "r\u00e9gistre.lan",
  ])(
    "refuses %s as the address to pull from: it is no host name, and no image can be named so",
    (address) => {
      expect(problemsOf({ ...minimal, registry: { host: "controlplane", address } })).toEqual([
        `registry.address: expected an IP address or a host name, found "${address}"`,
      ]);
    },
  );

  test.each(["fe80::1%eth0", "::ffff:10.0.0.1"])(
    "refuses %s as the address to pull from: it is an address, but no image can be named so",
    (address) => {
      expect(problemsOf({ ...minimal, registry: { host: "controlplane", address } })).toEqual([
        `registry.address: expected an address that image names can have (an IPv6 address without zone and dots), found "${address}"`,
      ]);
    },
  );

  test.each([
    "docker.io",
    "Registry.lan",
    "cache:5000",
    "localhost",
    "[fd00::1]:5000",
    "[FD00::1]",
    "_default",
  ])("takes mirrors of %s", (name) => {
    expect(problemsOf({ ...minimal, mirrors: { [name]: ["https://a"] } })).toEqual([]);
  });

  test.each([
    "my_cache.lan",
    "cache",
    "a..lan",
    "a-.lan",
    "a.lan.",
    "a.lan:0",
    "a.lan:65536",
    "[::::]",
    "[fe80::1%eth0]",
    "[::ffff:10.0.0.1]",
    "index.docker.io",
    "http://a.lan",
    "a.lan/b",
  ])("refuses mirrors of %s: no image is of that registry", (name) => {
    const [problem] = problemsOf({ ...minimal, mirrors: { [name]: ["https://a"] } });
    expect(problem).toContain("expected a registry's host as in image names (docker.io, ");
  });

  test("accepts migrate for one node", () => {
    const nodes = [{ ...minimal.nodes[0], migrate: true }, minimal.nodes[1]];
    const settings = parseSettings({ ...minimal, nodes });
    expect(settingsOn(settings, "controlplane").migrate).toBe(true);
    expect(settingsOn(settings, "node01").migrate).toBe(false);
    const off = parseSettings({
      ...minimal,
      migrate: true,
      nodes: [{ ...minimal.nodes[0], migrate: false }, minimal.nodes[1]],
    });
    expect(settingsOn(off, "controlplane").migrate).toBe(false);
    expect(settingsOn(off, "node01").migrate).toBe(true);
    expect(problemsOf({ ...minimal, nodes: [{ ...minimal.nodes[0], migrate: "yes" }] })).toEqual([
      'nodes[0].migrate: expected true or false, found "yes"',
    ]);
  });

  test("refuses two ways to log in", () => {
    expect(problemsOf({ ...minimal, ssh: { privateKeyPath: "key", agent: true } })).toEqual([
      "ssh: expected one way to log in, found privateKeyPath and agent",
    ]);
  });

  test("never shows a secret with a wrong value", () => {
    const problems = problemsOf({ ...minimal, ssh: { privateKey: "hunter2" } });
    expect(problems).toEqual([
      "ssh.privateKey: expected a private key in PEM or OpenSSH form, found another value",
    ]);
    expect(problems.join()).not.toContain("hunter2");
  });

  test("never shows a secret inside an object that is wrong", () => {
    const key = { password: "hunter2", bastion: [{ privateKey: "hunter3" }] };
    const nodes = [{ ...minimal.nodes[0], ssh: [key] }];
    const problems = problemsOf({ ...minimal, nodes });
    expect(problems).toEqual([
      "nodes[0].ssh: expected an object with user, port, privateKeyPath, privateKey, privateKeyPassphrase, agent, password, hostKey, knownHostsPath, strictHostKeyChecking, connectTimeout, keepAlive, bastion, sudo, wait, config, " +
        'found [{"password":"[secret]","bastion":[{"privateKey":"[secret]"}]}]',
    ]);
  });

  test.each(["debs", "~/debs", "/srv/my debs", "/srv/d;bs", "/srv/débs", "/"])(
    "refuses %j as the folder of packages, as the host would",
    (packages) => {
      expect(problemsOf({ ...minimal, docker: { packages } })).toEqual([
        `docker.packages: expected an absolute path on the registry host (letters, digits, '.', '_', '+', '-' and '/'), found ${JSON.stringify(packages)}`,
      ]);
    },
  );

  test("accepts a folder of packages on the host", () => {
    const docker = { packages: "/srv/debs_12/docker.io+more" };
    expect(parseSettings({ ...minimal, docker }).docker).toEqual(docker);
  });

  test.each(["127.0.0.1", "127.0.1.1", "::1", "0:0:0:0:0:0:0:1", "::ffff:127.0.0.1"])(
    "refuses to bind the registry to %s, where no other host reaches it",
    (bind) => {
      expect(problemsOf({ ...minimal, registry: { ...minimal.registry, bind } })).toEqual([
        `registry.bind: expected an IP address that other hosts reach (not loopback), found "${bind}"`,
      ]);
    },
  );

  test.each(["0.0.0.0", "::", "172.30.1.2"])(
    "accepts %s as the registry's bind address",
    (bind) => {
      const registry = { ...minimal.registry, bind };
      expect(parseSettings({ ...minimal, registry }).registry.bind).toBe(bind);
    },
  );

  test("refuses mirrors of the registry itself", () => {
    const own = ["http://172.30.1.2:5000"];
    expect(problemsOf({ ...minimal, mirrors: { "172.30.1.2:5000": own } })).toEqual([
      'mirrors["172.30.1.2:5000"]: expected mirrors of other registries, found this one: its own address is set on every node already; leave the entry out',
    ]);
    const registry = { ...minimal.registry, port: 5001 };
    expect(problemsOf({ ...minimal, registry, mirrors: { "172.30.1.2:5001": own } })).toEqual([
      'mirrors["172.30.1.2:5001"]: expected mirrors of other registries, found this one: its own address is set on every node already; leave the entry out',
    ]);
    expect(problemsOf({ ...minimal, registry, mirrors: { "172.30.1.2:5000": own } })).toEqual([]);
  });

  test("refuses to delete the volume of a registry that may be adopted", () => {
    const registry = { ...minimal.registry, adopt: true, retainVolume: false };
    expect(problemsOf({ ...minimal, registry })).toEqual([
      "registry.retainVolume: expected true with adopt: true: destroy never deletes the images of an adopted registry",
    ]);
    expect(problemsOf({ ...minimal, registry: { ...registry, adopt: false } })).toEqual([]);
  });

  test("refuses ssh settings for a registry host that is one of the nodes", () => {
    const registry = { ...minimal.registry, ssh: { user: "ops" }, sshAddress: "10.0.0.9" };
    expect(problemsOf({ ...minimal, registry })).toEqual([
      "registry.ssh: controlplane is one of the nodes: set nodes[0].ssh instead",
      "registry.sshAddress: controlplane is one of the nodes: SSH reaches it at nodes[0].address",
    ]);
  });

  test("refuses an invalid mirror address and an invalid registry name", () => {
    expect(
      problemsOf({
        ...minimal,
        mirrors: { "docker io": ["https://a"], "docker.io": ["mirror.gcr.io"] },
      }),
    ).toEqual([
      `mirrors["docker io"]: expected a registry's host as in image names (docker.io, 10.0.0.5:5000; one without a dot needs its port) as the name`,
      `mirrors["docker.io"][0]: expected an http:// or https:// address without user, query or fragment, found "mirror.gcr.io"`,
    ]);
  });

  test("accepts a mirror as an address, or as an object with more settings", () => {
    const mirrors = {
      "docker.io": [
        "https://mirror.gcr.io",
        {
          url: "https://mirror.lan:5443/v2/hub",
          ca: "/etc/ssl/lan.crt",
          client: { cert: "/etc/ssl/me.crt", key: "/etc/ssl/me.key" },
          overridePath: true,
          capabilities: ["pull"],
        },
        { url: "https://last.lan", skipVerify: true },
      ],
    };
    expect(parseSettings({ ...minimal, mirrors }).mirrors).toEqual(mirrors);
  });

  test.each([
    [
      { url: "mirror.lan" },
      '[0].url: expected an http:// or https:// address without user, query or fragment, found "mirror.lan"',
    ],
    [
      {},
      "[0].url: missing: expected an http:// or https:// address without user, query or fragment",
    ],
    [
      { url: "https://m.lan", ca: "ca.crt" },
      '[0].ca: expected an absolute path on the node, found "ca.crt"',
    ],
    [
      { url: "https://m.lan", client: { cert: "/c" } },
      "[0].client.key: missing: expected an absolute path on the node",
    ],
    [
      { url: "https://m.lan", verify: false },
      "[0].verify: unknown key (known here: url, ca, client, skipVerify, overridePath, capabilities)",
    ],
    [
      { url: "https://m.lan", capabilities: ["fly"] },
      '[0].capabilities[0]: expected pull, resolve or push, found "fly"',
    ],
    [
      7,
      "[0]: expected an address, or {url, ca, client, skipVerify, overridePath, capabilities}, found 7",
    ],
  ])("refuses the mirror %j with its place", (mirror, problem) => {
    expect(problemsOf({ ...minimal, mirrors: { "docker.io": [mirror] } })).toEqual([
      `mirrors["docker.io"]${problem}`,
    ]);
  });

  test("refuses TLS settings for a plain http mirror", () => {
    const mirrors = { "docker.io": [{ url: "http://m.lan", skipVerify: true, ca: "/ca.crt" }] };
    expect(problemsOf({ ...minimal, mirrors })).toEqual([
      'mirrors["docker.io"][0]: expected no ca and skipVerify with an http:// address',
    ]);
  });
});
