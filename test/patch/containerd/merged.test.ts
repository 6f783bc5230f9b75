import { CONFIG, planFor, refusalOf } from "./plan";

const V2 = 'plugins."io.containerd.grpc.v1.cri".registry';
const V3 = "plugins.'io.containerd.cri.v1.images'.registry";

describe("what the daemon merges (containerd config dump)", () => {
  it("has a config_path of an import: only hosts.toml is written, in that directory", () => {
    const plan = planFor('version = 3\nimports = ["/etc/containerd/conf.d/*.toml"]\n', {
      daemonVersion: "2.2.3",
      dump: `version = 3\n[${V3}]\nconfig_path = '/srv/certs.d'\n`,
    });
    expect(plan.files.map(({ path, edits }) => [path, edits.length])).toEqual([
      ["/srv/certs.d/172.30.1.2:5000/hosts.toml", 1],
      [CONFIG, 0],
    ]);
  });

  it("has mirrors of an import: on 2.x, which merges them, ours are added", () => {
    const plan = planFor('version = 2\nimports = ["x"]\n', {
      daemonVersion: "2.0.11",
      dump: `version = 3\n[${V3}.mirrors.a]\nendpoint = ["http://a"]\n`,
    });
    expect(plan.files[0]?.desired?.toString()).toContain(`[${V2}.mirrors."172.30.1.2:5000"]`);
  });

  it("has mirrors of an import: several of ours go into one new table, in any spelling", () => {
    const dump = `version = 3\n[${V3}.mirrors.a]\nendpoint = ["http://a"]\n`;
    const asked = { daemonVersion: "2.2.3", dump, mirrors: { b: ["http://b"] } };
    const table = "plugins.'io.containerd.cri.v1.images'";
    const config = (registry: string) => `version = 3\nimports = ["/x"]\n[${table}]\n${registry}\n`;
    expect(planFor(config("registry = { x = 1 }"), asked).files[0]?.desired?.toString()).toBe(
      config(
        "registry = { mirrors = { b = { endpoint = ['http://b'] }, '172.30.1.2:5000' = { endpoint = ['http://172.30.1.2:5000'] } }, x = 1 }",
      ),
    );
    expect(planFor(config("registry = { mirrors = {} }"), asked).activate).toBe("restart");
    expect(planFor(config(""), asked).activate).toBe("restart");
  });

  it("has mirrors of an import: on 1.x, which uses only one of the tables, this is refused", () => {
    const dump = `version = 2\n[${V2}.mirrors.a]\nendpoint = ["http://a"]\n`;
    expect(refusalOf(() => planFor('version = 2\nimports = ["/x.toml"]\n', { dump }))).toContain(
      "found a mirror for a that only an imported file can have",
    );
  });

  it("has other endpoints of an import for our host: refused, because they take precedence", () => {
    const config = 'version = 3\nimports = ["/etc/containerd/conf.d/*.toml"]\n';
    const dump = `version = 3
imports = ['/etc/containerd/config.toml', '/etc/containerd/conf.d/old.toml']
[${V3}.mirrors.'172.30.1.2:5000']
endpoint = ['https://old.lan']
`;
    expect(refusalOf(() => planFor(config, { daemonVersion: "2.2.3", dump })))
      .toBe(`${CONFIG}:2:1: expected 172.30.1.2:5000 led to http://172.30.1.2:5000, or not named, by what is imported: \
it goes before what is written here; found ["https://old.lan"] in /etc/containerd/conf.d/old.toml
  1 | version = 3
> 2 | imports = ["/etc/containerd/conf.d/*.toml"]
    | ^
  3 |
  fix: in /etc/containerd/conf.d/old.toml, take \
[plugins."io.containerd.cri.v1.images".registry.mirrors."172.30.1.2:5000"] out, or set its endpoint = ["http://172.30.1.2:5000"]`);
  });

  it("says the same about a mirrored host, even if our own host is in order", () => {
    const dump = `version = 3
[${V3}.mirrors.'172.30.1.2:5000']
endpoint = ['http://172.30.1.2:5000']
[${V3}.mirrors.'docker.io']
endpoint = ['https://b', 'https://a']
`;
    const asked = {
      daemonVersion: "2.2.3",
      dump,
      mirrors: { "docker.io": ["https://a", "https://b"] },
    };
    const message = refusalOf(() => planFor('version = 3\nimports = ["x.toml"]\n', asked));
    expect(message).toContain('found ["https://b","https://a"] in x.toml');
    expect(message).not.toContain("led to http://172.30.1.2:5000");
  });

  it.each([
    ["1.7.28", 2, V2],
    ["2.2.3", 3, V3],
  ])(
    "has all that is asked, from an import: nothing is edited (%s)",
    (daemonVersion, version, table) => {
      const dump = `version = ${version}\n[${table}.mirrors.'172.30.1.2:5000']\nendpoint = ['https://x', 'http://172.30.1.2:5000/v2']\n`;
      const plan = planFor(`version = ${version}\nimports = ["/x.toml"]\n`, {
        daemonVersion,
        dump,
      });
      expect(plan.files.map(({ path, edits }) => [path, edits])).toEqual([[CONFIG, []]]);
      expect(plan.activate).toBe("none");
      expect(plan.notes).toEqual([`${CONFIG}: 172.30.1.2:5000 is already in mirrors of /x.toml`]);
    },
  );

  it("replaces the endpoint here by an import's: nothing is edited if that one is right", () => {
    const config = (url: string) =>
      `version = 3\nimports = ["/x.toml"]\n[${V3}.mirrors.'172.30.1.2:5000']\nendpoint = ['${url}']\n`;
    const asked = { daemonVersion: "2.2.3", dump: config("http://172.30.1.2:5000") };
    expect(planFor(config("https://old"), asked).activate).toBe("none");
    const wrong = { daemonVersion: "2.2.3", dump: config("https://old") };
    expect(refusalOf(() => planFor(config("http://172.30.1.2:5000"), wrong))).toContain(
      "in force as config.toml has it",
    );
  });

  it("has an import's endpoints of another host: ours are added, and the import's stay", () => {
    const dump = `version = 3\n[${V3}.mirrors.'docker.io']\nendpoint = ['https://a']\n`;
    const plan = planFor('version = 3\nimports = ["/x.toml"]\n', {
      daemonVersion: "2.2.3",
      dump,
      mirrors: { "docker.io": ["https://a"] },
    });
    expect(plan.files[0]?.desired?.toString()).not.toContain("docker.io");
    expect(plan.notes).toEqual([`${CONFIG}: docker.io is already in mirrors of /x.toml`]);
  });

  it("says that an import disables CRI: refused", () => {
    const config = 'version = 3\nimports = ["/x.toml"]\n';
    for (const name of ["io.containerd.grpc.v1.cri", "io.containerd.cri.v1.runtime"]) {
      const dump = `version = 3\nimports = ["/x.toml", "${CONFIG}"]\ndisabled_plugins = ["${name}"]\n`;
      expect(refusalOf(() => planFor(config, { daemonVersion: "2.2.3", dump }))).toContain(
        `${CONFIG}:2:1: expected the CRI plugin switched on, since Kubernetes pulls through it; \
found disabled_plugins of an import has "${name}"
  1 | version = 3
> 2 | imports = ["/x.toml"]
    | ^
  3 |
  fix: take it out of disabled_plugins in /x.toml; then restart containerd`,
      );
    }
  });

  it("has mirrors of an import and config_path here, which disables CRI: refused with both places", () => {
    const config = `version = 3\nimports = ["/x.toml"]\n[${V3}]\nconfig_path = '/c'\n`;
    const dump = `version = 3\n[${V3}]\nconfig_path = '/c'\n[${V3}.mirrors.'a']\nendpoint = ['http://a']\n`;
    const message = refusalOf(() => planFor(config, { daemonVersion: "2.2.3", dump }));
    expect(message).toContain(`${CONFIG}:2:1: expected either mirrors or config_path`);
    expect(message).toContain(`found mirrors from /x.toml, and ${V3}.config_path = "/c", line 4`);
  });

  it("has a runtime that shows that the import's CRI table replaces this one on 1.x: refused", () => {
    const dump = `version = 2\n[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.nvidia]\nruntime_type = "x"\n`;
    expect(refusalOf(() => planFor('version = 2\nimports = ["/x.toml"]\n', { dump }))).toContain(
      "found runtimes.nvidia that only an imported file can have",
    );
  });

  it("has a version 1 file's table under its name in version 2", () => {
    const config =
      'imports = ["/x.toml"]\n[plugins.cri]\nsandbox_image = "y"\n[plugins.cri.registry.mirrors.a]\nendpoint = ["http://a"]\n';
    const dump = `version = 2
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "y"
[${V2}.mirrors.a]
endpoint = ["http://a"]
`;
    expect(planFor(config, { dump }).activate).toBe("restart");
    const other = dump.replace('"y"', '"z"');
    expect(refusalOf(() => planFor(config, { dump: other }))).toContain(
      `${CONFIG}:3:1: expected plugins.cri.sandbox_image in force as config.toml has it`,
    );
  });

  it("leaves out unknown keys: without an import, nothing is hidden", () => {
    const config = `version = 2\n[plugins."io.containerd.grpc.v1.cri"]\nno_such_key = 1\n`;
    const dump = (imports: string) =>
      `version = 2\nimports = [${imports}]\n[${V2}]\nconfig_path = ""\n`;
    expect(planFor(config, { dump: dump(`"${CONFIG}"`) }).activate).toBe("restart");
    expect(refusalOf(() => planFor(config, { dump: dump(`"${CONFIG}", "/x.toml"`) }))).toContain(
      "no_such_key in force as config.toml has it",
    );
  });

  it("cannot show everything of 1.x: then the plan has a note", () => {
    const dump = `version = 2\nimports = ["/x.toml", "${CONFIG}"]\n[${V2}]\nconfig_path = ""\n`;
    const plan = planFor('version = 2\nimports = ["/*.toml"]\n', { dump });
    expect(plan.notes).toEqual([
      `${CONFIG}: if /x.toml has a table of the CRI plugin, containerd 1.x takes that one alone; then the next preview says that this file is not in force`,
    ]);
  });

  it("shows that a mirror here is not in force: refused", () => {
    const config = `version = 2\nimports = ["/x.toml"]\n[${V2}.mirrors.a]\nendpoint = ["http://a"]\n`;
    const dump = `version = 2\n[${V2}]\nconfig_path = ""\n`;
    expect(refusalOf(() => planFor(config, { dump }))).toContain(
      `expected ${V2}.mirrors.a in force as config.toml has it; found another value, or none`,
    );
  });

  it("has the built-in list of 2.2.0, which nobody has set", () => {
    const dump = `version = 3\n[${V3}]\nconfig_path = '/etc/containerd/certs.d:/etc/docker/certs.d'\n`;
    const plan = planFor("version = 3\n", { daemonVersion: "2.2.0", dump });
    expect(plan.activate).toBe("restart");
  });

  it("is missing: then the plan says that imports were not read", () => {
    const plan = planFor('version = 2\nimports = ["/x/*.toml"]\n');
    expect(plan.notes).toEqual([`${CONFIG}: what it imports (/x/*.toml) was not looked at`]);
  });
});
