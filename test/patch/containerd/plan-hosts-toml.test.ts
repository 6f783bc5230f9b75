import { hunks, OWNERSHIP_MARK } from "../../../patch";
import { codeFrame } from "../../../patch/frame";
import { CONFIG, configAfter, HOSTS, planFor, refusalOf, textOf } from "./plan";

const V2 = 'plugins."io.containerd.grpc.v1.cri"';

describe("config_path, in each spelling,", () => {
  it("is a value that is replaced in its own quotes", () => {
    const config = `version = 2\n[${V2}.registry]\n  config_path = '' # none\n`;
    expect(configAfter(config)).toBe(
      `version = 2\n[${V2}.registry]\n  config_path = '/etc/containerd/certs.d' # none\n`,
    );
  });

  it("is a line below the registry header, with the indentation of its keys", () => {
    expect(configAfter(`version = 2\n[${V2}.registry]\n   x = 1\n`)).toBe(
      `version = 2\n[${V2}.registry]\n   config_path = "/etc/containerd/certs.d"\n   x = 1\n`,
    );
  });

  it("is a registry table above the tables that imply it, and above their comment", () => {
    const config = `version = 2\n# who pulls\n[${V2}.registry.configs.a.auth]\nusername = "u"\n`;
    expect(configAfter(config)).toBe(`version = 2
[${V2}.registry]
config_path = "/etc/containerd/certs.d"
# who pulls
[${V2}.registry.configs.a.auth]
username = "u"
`);
  });

  it("is a dotted key beside dotted keys", () => {
    expect(configAfter(`version = 2\n[${V2}]\nregistry.configs.a.auth.username = "u"\n`)).toBe(
      `version = 2\n[${V2}]\nregistry.configs.a.auth.username = "u"\nregistry.config_path = "/etc/containerd/certs.d"\n`,
    );
  });

  it("is an entry of an inline table, dotted if a dotted one leads the same way", () => {
    expect(configAfter(`version = 2\n[${V2}]\nregistry = {}\n`)).toContain(
      'registry = {config_path = "/etc/containerd/certs.d"}\n',
    );
    expect(configAfter(`version = 2\n[${V2}]\nregistry = { }\n`)).toContain(
      'registry = { config_path = "/etc/containerd/certs.d" }\n',
    );
    expect(
      configAfter(`version = 2\n[plugins]\n"io.containerd.grpc.v1.cri" = { a = 1 }\n`),
    ).toContain('{ registry = { config_path = "/etc/containerd/certs.d" }, a = 1 }\n');
    expect(configAfter(`version = 2\nplugins = { "io.containerd.grpc.v1.cri".a = 1 }\n`)).toContain(
      '{ "io.containerd.grpc.v1.cri".registry.config_path = "/etc/containerd/certs.d", "io.containerd.grpc.v1.cri".a = 1 }\n',
    );
  });

  it("keeps CRLF after a last line without a newline, which is part of the hunk only then", () => {
    const closed = configAfter(`version = 2\r\n[grpc]\r\ngid = 0`);
    expect(closed).toBe(
      `version = 2\r\n[${V2}.registry]\r\nconfig_path = "/etc/containerd/certs.d"\r\n[grpc]\r\ngid = 0`,
    );
    const plan = planFor(`version = 2\r\n[${V2}.registry]`);
    const main = plan.files.find(({ path }) => path === CONFIG);
    expect(main?.desired?.toString()).toBe(
      `version = 2\r\n[${V2}.registry]\r\n  config_path = "/etc/containerd/certs.d"`,
    );
    expect(main && hunks(main)).toEqual([
      {
        line: 2,
        removed: [`[${V2}.registry]`],
        added: [`[${V2}.registry]\r`, '  config_path = "/etc/containerd/certs.d"'],
      },
    ]);
  });

  it("is a table at the end if nothing of CRI is configured", () => {
    expect(configAfter("version = 2\n[grpc]\n  gid = 0\n")).toBe(
      `version = 2\n[grpc]\n  gid = 0\n[${V2}.registry]\n  config_path = "/etc/containerd/certs.d"\n`,
    );
  });

  it("gives a hunk with only our own lines if a line can be inserted", () => {
    const plan = planFor(`version = 2\n[${V2}.registry]\n[grpc]\npassword = "x"\n`);
    const main = plan.files.find(({ path }) => path === CONFIG);
    expect(main && hunks(main)).toEqual([
      { line: 3, removed: [], added: ['config_path = "/etc/containerd/certs.d"'] },
    ]);
  });
});

describe("the version of the file", () => {
  it("names the table: version 1", () => {
    expect(configAfter("version = 1\n[plugins.cri]\n  a = 1\n")).toContain(
      '[plugins.cri.registry]\n  config_path = "/etc/containerd/certs.d"\n',
    );
    expect(configAfter("[plugins.cri]\n  a = 1\n")).toContain("[plugins.cri.registry]\n");
  });

  it("names the table: versions 3 and 4", () => {
    for (const version of [3, 4]) {
      expect(configAfter(`version = ${version}\n`, { daemonVersion: "2.3.4" })).toBe(
        `version = ${version}\n[plugins."io.containerd.cri.v1.images".registry]\n  config_path = "/etc/containerd/certs.d"\n`,
      );
    }
  });

  it("is written into a new file, and at the top of one that configures no plugin", () => {
    const created = planFor(undefined, { daemonVersion: "2.2.3" });
    expect(created.files.map(({ path, base, mode }) => ({ path, base, mode }))).toEqual([
      { path: HOSTS, base: undefined, mode: 0o644 },
      { path: CONFIG, base: undefined, mode: 0o644 },
    ]);
    expect(textOf(created, CONFIG)).toBe(
      'version = 3\n\n[plugins."io.containerd.cri.v1.images".registry]\n  config_path = "/etc/containerd/certs.d"\n',
    );
    expect(configAfter('root = "/data"\n')).toBe(
      `version = 2\nroot = "/data"\n[${V2}.registry]\n  config_path = "/etc/containerd/certs.d"\n`,
    );
  });

  it("is refused if the daemon does not start with it", () => {
    expect(refusalOf(() => planFor("version = 3\n"))).toBe(`/etc/containerd/config.toml:1:1: \
expected version = 2 or lower, the highest that containerd 1.7.28 reads; found version = 3
> 1 | version = 3
    | ^
  2 |
  fix: write the file for version = 2; containerd 1.7.28 does not start with it`);
    expect(refusalOf(() => planFor("version = 4\n", { daemonVersion: "2.2.3" }))).toContain(
      "expected version = 3 or lower",
    );
    for (const version of ['"2"', "2.0", "2e0", "+2.0", "-1"]) {
      expect(refusalOf(() => planFor(`version = ${version}\n`))).toContain(
        "to be an integer from 1 to 4",
      );
    }
    expect(() => planFor("version = 0x2\n")).not.toThrow();
  });

  it("is refused if it is missing and the tables are of another version", () => {
    expect(refusalOf(() => planFor(`[${V2}]\na = 1\n`))).toContain(
      'found no version line, and [plugins."io.containerd.grpc.v1.cri"]: containerd 1.7.28 does not read such tables',
    );
    expect(
      refusalOf(() => planFor("[plugins.cri]\na = 1\n", { daemonVersion: "2.2.3" })),
    ).toContain(
      'fix: put `version = 2` on top, and write plugins.cri as plugins."io.containerd.grpc.v1.cri" in every header, and every other plugin by its whole name',
    );
  });

  it("is refused if settings are in the table of another version", () => {
    const config = `version = 2\n[plugins."io.containerd.cri.v1.images".registry]\nconfig_path = "/x"\n`;
    expect(refusalOf(() => planFor(config))).toContain(
      'found settings in [plugins."io.containerd.cri.v1.images".registry]',
    );
  });

  it("2 with only a table of version 3 is read by containerd 2, so the table stays", () => {
    const config = `version = 2\n[plugins."io.containerd.cri.v1.images".registry]\nconfig_path = "/x"\n`;
    const plan = planFor(config, { daemonVersion: "2.2.3" });
    expect(plan.files.map(({ path }) => path)).toEqual(["/x/172.30.1.2:5000/hosts.toml", CONFIG]);
    expect(plan.activate).toBe("none");
  });
});

describe("a proxy between containerd and the registry", () => {
  const file = "/etc/systemd/system/containerd.service.d/proxy.conf";
  const content =
    '[Service]\nEnvironment="HTTP_PROXY=http://me:pw@proxy:3128" NO_PROXY=10.0.0.0/8\n';
  const environment = [
    { file, line: 2, text: "HTTP_PROXY=http://me:pw@proxy:3128", content },
    { file, line: 2, text: "NO_PROXY=10.0.0.0/8", content },
  ];

  it("is refused with the line that sets it, even if nothing else has to change", () => {
    const message = `${file}:2:14: expected 172.30.1.2 in NO_PROXY, since HTTP_PROXY is set; \
found \`HTTP_PROXY=http://***@proxy:3128\`, and NO_PROXY is \`10.0.0.0/8\`
  1 | [Service]
> 2 | Environment="HTTP_PROXY=http://***@proxy:3128" NO_PROXY=10.0.0.0/8
    |              ^
  3 |
  fix: add 172.30.1.2 to NO_PROXY of the service, reload systemd and restart the service`;
    const mirrors = `version = 2\n[${V2}.registry.mirrors.a]\nendpoint = ["http://a"]\n`;
    for (const [config, asked] of [
      ["version = 2\n", {}],
      [mirrors, {}],
      [mirrors, { migrate: true }],
      [configAfter(mirrors), {}],
    ] as const) {
      expect(refusalOf(() => planFor(config, { environment, ...asked }))).toBe(message);
    }
  });

  it("is no problem with an exception, for mirrors of public registries, and for a removal", () => {
    const excepted = [...environment, { file, line: 3, text: "NO_PROXY=172.30.0.0/16" }];
    expect(planFor("version = 2\n", { environment: excepted }).activate).toBe("restart");
    const https = [{ file, line: 1, text: "HTTPS_PROXY=http://p" }];
    const mirrors = { "docker.io": ["https://mirror.gcr.io"] };
    expect(planFor("version = 2\n", { environment: https, mirrors }).activate).toBe("restart");
    expect(planFor("version = 2\n", { environment, present: false }).activate).toBe("none");
  });

  it("is a problem for an https registry if HTTPS_PROXY is set", () => {
    const https = [{ file, line: 1, text: "https_proxy=http://p" }];
    const registry = { address: "reg.lan:5000", endpoints: ["https://reg.lan:5000"] };
    expect(refusalOf(() => planFor("version = 2\n", { environment: https, registry }))).toContain(
      `${file}:1:1: expected reg.lan in NO_PROXY, since HTTPS_PROXY is set`,
    );
  });
});

describe("one directory as config_path", () => {
  const config = `version = 2\n[${V2}.registry]\nconfig_path = "/srv/certs.d/"\n`;

  it("gets the hosts.toml; config.toml stays, and nothing is restarted", () => {
    const plan = planFor(config);
    expect(plan.files.map(({ path, edits }) => [path, edits.length])).toEqual([
      ["/srv/certs.d/172.30.1.2:5000/hosts.toml", 1],
      [CONFIG, 0],
    ]);
    expect(plan.activate).toBe("none");
    expect(plan.notes).toEqual([`${CONFIG}: config_path is already /srv/certs.d/, line 3`]);
  });

  it("uses an existing folder name with underscores, because containerd prefers it", () => {
    const path = "/srv/certs.d/172.30.1.2_5000_/hosts.toml";
    const certsD = new Map([[path, Buffer.from(`${OWNERSHIP_MARK}\n`)]]);
    expect(planFor(config, { certsD }).files[0]?.path).toBe(path);
  });

  it("names the folders that a new config_path puts into force", () => {
    const certsD = new Map([["/etc/containerd/certs.d/quay.io/hosts.toml", Buffer.from("")]]);
    expect(planFor("version = 2\n", { certsD }).notes).toEqual([
      "config_path also puts into force: /etc/containerd/certs.d/quay.io/hosts.toml",
    ]);
  });
});

it.each(["${SNAP_DATA}/args/certs.d", "certs.d", " ", "/etc/containerd/certs.d:certs.d"])(
  "%j as config_path is no directory to write to: refused, with migrate too",
  (path) => {
    const config = `version = 2\n[${V2}.registry]\nconfig_path = "${path}"\n`;
    expect(refusalOf(() => planFor(config))).toContain(
      `${CONFIG}:3:1: expected an absolute directory as config_path; found`,
    );
    const mirrors = `[${V2}.registry.mirrors.a]\nendpoint = ["http://a"]\n`;
    expect(refusalOf(() => planFor(config + mirrors, { migrate: true }))).toContain(
      "expected an absolute directory as config_path; found",
    );
  },
);

describe("a list as config_path", () => {
  const table = "plugins.'io.containerd.cri.v1.images'.registry";
  const list = `version = 3\n[${table}]\nconfig_path = '/etc/containerd/certs.d:/etc/docker/certs.d'\n`;

  it("becomes its first directory if containerd ignores lists", () => {
    expect(configAfter(list, { daemonVersion: "2.2.3" })).toBe(
      `version = 3\n[${table}]\nconfig_path = '/etc/containerd/certs.d'\n`,
    );
  });

  it("stays if containerd reads it", () => {
    expect(configAfter(list, { daemonVersion: "2.0.11" })).toBe(list);
  });

  it("is refused if another directory in it is in use", () => {
    const certsD = new Map([["/etc/docker/certs.d/quay.io/hosts.toml", Buffer.from("")]]);
    expect(refusalOf(() => planFor(list, { daemonVersion: "2.2.3", certsD }))).toContain(
      "fix: move all of it to /etc/containerd/certs.d and set config_path",
    );
  });
});

describe("hosts.toml", () => {
  const config = `version = 2\n[${V2}.registry]\nconfig_path = "/etc/containerd/certs.d"\n`;
  const hostsAfter = (asked: Parameters<typeof planFor>[1], path = HOSTS): string | undefined =>
    textOf(planFor(config, asked), path);

  it("has the form that works on every version, and names this program", () => {
    expect(hostsAfter({})).toBe(`${OWNERSHIP_MARK}
server = "http://172.30.1.2:5000"

[host."http://172.30.1.2:5000"]
  capabilities = ["pull", "resolve"]
`);
  });

  it("has several endpoints in their order, with all of their settings", () => {
    const endpoints = [
      { url: "http://10.0.0.1:5000", capabilities: ["pull"] as const },
      {
        url: "https://registry.lan/api/v2",
        ca: "/etc/ssl/lan.crt",
        client: { cert: "/etc/ssl/me.crt", key: "/etc/ssl/me.key" },
        skipVerify: true,
        overridePath: true,
      },
    ];
    expect(
      hostsAfter(
        { registry: { address: "registry.lan:5000", endpoints } },
        "/etc/containerd/certs.d/registry.lan:5000/hosts.toml",
      ),
    ).toBe(`${OWNERSHIP_MARK}
server = "https://registry.lan/api/v2"
ca = "/etc/ssl/lan.crt"
client = [["/etc/ssl/me.crt", "/etc/ssl/me.key"]]
skip_verify = true
override_path = true

[host."http://10.0.0.1:5000"]
  capabilities = ["pull"]
`);
  });

  it("for docker.io ends with its own server; for _default it has none", () => {
    const mirrors = {
      "docker.io": ["https://mirror.gcr.io", "https://registry-1.docker.io"],
      _default: ["https://cache.lan"],
    };
    expect(hostsAfter({ mirrors }, "/etc/containerd/certs.d/docker.io/hosts.toml"))
      .toBe(`${OWNERSHIP_MARK}
server = "https://registry-1.docker.io"

[host."https://mirror.gcr.io"]
  capabilities = ["pull", "resolve"]
`);
    expect(hostsAfter({ mirrors }, "/etc/containerd/certs.d/_default/hosts.toml"))
      .toBe(`${OWNERSHIP_MARK}

[host."https://cache.lan"]
  capabilities = ["pull", "resolve"]
`);
  });

  it("for an IPv6 registry is in a folder with its name", () => {
    const registry = { address: "[fd00::1]:5000", endpoints: ["http://[fd00::1]:5000"] };
    const path = "/etc/containerd/certs.d/[fd00::1]:5000/hosts.toml";
    const start = `${OWNERSHIP_MARK}\nserver = "http://[fd00::1]:5000"\n\n`;
    // 1.x reads no bracket in a header.
    expect(hostsAfter({ registry }, path)).toBe(
      `${start}host."http://[fd00::1]:5000".capabilities = ["pull", "resolve"]\n`,
    );
    const newer = hostsAfter({ registry, daemonVersion: "2.2.3" }, path);
    expect(newer).toBe(
      `${start}[host."http://[fd00::1]:5000"]\n  capabilities = ["pull", "resolve"]\n`,
    );
    const foreign = (newer ?? "").slice(OWNERSHIP_MARK.length);
    const certsD = new Map([[path, Buffer.from(foreign)]]);
    expect(refusalOf(() => planFor(config, { registry, certsD }))).toContain(
      `${path}:4:1: expected table headers without brackets in their names`,
    );
    expect(planFor(config, { registry, certsD, daemonVersion: "2.0.11" }).activate).toBe("none");
  });

  it("of ours that was edited is repaired, only in its changed lines", () => {
    const edited = (hostsAfter({}) ?? "").replace('"resolve"]', '"resolve", "push"]');
    const plan = planFor(config, { certsD: new Map([[HOSTS, Buffer.from(edited)]]) });
    expect(textOf(plan, HOSTS)).toBe(hostsAfter({}));
    expect(plan.files[0] && hunks(plan.files[0])).toEqual([
      {
        line: 5,
        removed: ['  capabilities = ["pull", "resolve", "push"]'],
        added: ['  capabilities = ["pull", "resolve"]'],
      },
    ]);
  });

  it("of somebody else is adopted if it names the same endpoints", () => {
    const certsD = new Map([
      [HOSTS, Buffer.from('[host."http://172.30.1.2:5000/"]\n[host."https://other"]\n')],
    ]);
    const plan = planFor(config, { certsD });
    expect(plan.files.every(({ edits }) => edits.length === 0)).toBe(true);
    expect(plan.notes).toContain(`${HOSTS}: written by somebody else, and leads there already`);
  });

  it.each([
    [
      "leads elsewhere",
      '# x\n  [host."http://10.0.0.9:5000"]\n',
      "2:3",
      "http://10.0.0.9:5000 is asked",
    ],
    [
      "asks another host first",
      '[host."x"]\n[host."http://172.30.1.2:5000"]\n',
      "1:1",
      "https://x is asked",
    ],
    [
      "only resolves there",
      '[host."http://172.30.1.2:5000"]\ncapabilities = ["resolve"]\n',
      "1:1",
      "http://172.30.1.2:5000 is not asked",
    ],
    [
      "takes its URL for the whole API root",
      'server = "https://x"\n[host."http://172.30.1.2:5000"]\noverride_path = true\n',
      "3:1",
      "the settings have another override_path for http://172.30.1.2:5000",
    ],
    ["says nothing", "# nothing\n", "1:1", "http://172.30.1.2:5000 is not asked"],
  ])(
    "of somebody else that %s is refused at its place, with what to write",
    (_, text, place, found) => {
      const certsD = new Map([[HOSTS, Buffer.from(text)]]);
      const message = refusalOf(() => planFor(config, { certsD }));
      const [line = 0, column = 0] = place.split(":").map(Number);
      expect(message).toBe(`${HOSTS}:${place}: \
expected a hosts.toml that leads 172.30.1.2:5000 to http://172.30.1.2:5000, or none; \
found one that somebody else wrote and that leads elsewhere: ${found}
${codeFrame(text, line, column)}
  fix: move the file away, or write in it:
    ${OWNERSHIP_MARK}
    server = "http://172.30.1.2:5000"

    [host."http://172.30.1.2:5000"]
      capabilities = ["pull", "resolve"]`);
      expect(message).toContain(`> ${line} | ${text.split("\n")[line - 1]}\n`);
    },
  );

  it("of somebody else with a byte-order mark is adopted on 1.x, which reads it", () => {
    const certsD = new Map([[HOSTS, Buffer.from('\uFEFF[host."http://172.30.1.2:5000"]\n')]]);
    expect(planFor(config, { certsD }).activate).toBe("none");
    const asked = { certsD, daemonVersion: "2.2.3" };
    expect(refusalOf(() => planFor(config, asked))).toContain(
      `${HOSTS}:1:1: expected TOML without a byte-order mark; found a byte-order mark, which containerd 2.2.3 does not take`,
    );
  });

  it("of somebody else that is not TOML is refused with the place", () => {
    const certsD = new Map([[HOSTS, Buffer.from('server = "x"\n[host\n')]]);
    expect(refusalOf(() => planFor(config, { certsD }))).toContain(
      `${HOSTS}:2:6: expected valid TOML`,
    );
  });
});
