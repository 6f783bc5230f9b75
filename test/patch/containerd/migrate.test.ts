import { OWNERSHIP_MARK } from "../../../patch";
import { CONFIG, HOSTS, planFor, refusalOf, textOf } from "./plan";

const V2 = 'plugins."io.containerd.grpc.v1.cri".registry';
const folder = "/etc/containerd/certs.d";

describe("migrate: true", () => {
  it("moves mirrors and TLS tables to hosts.toml, and leaves config_path alone", () => {
    const plan = planFor(
      `version = 2

[${V2}]
  [${V2}.mirrors]
    # the cache
    [${V2}.mirrors."quay.io"]
      endpoint = ["https://cache.lan/proxy/quay", "cache2.lan/v2"] # two
    [${V2}.mirrors."*"]
      endpoint = ["http://any.lan"]
  [${V2}.configs."cache.lan".tls]
    ca_file = "/ca.crt"
    cert_file = "/me.crt"
    key_file = "/me.key"
  [${V2}.configs."cache.lan".auth]
    username = "me"
  [${V2}.configs."alone.lan".tls]
    insecure_skip_verify = true

[debug]
  level = "info"
`,
      { migrate: true },
    );
    expect(textOf(plan, CONFIG)).toBe(`version = 2

[${V2}]
  config_path = "/etc/containerd/certs.d"
    # the cache
  [${V2}.configs."cache.lan".auth]
    username = "me"

[debug]
  level = "info"
`);
    expect(textOf(plan, `${folder}/quay.io/hosts.toml`)).toBe(`${OWNERSHIP_MARK}
server = "https://quay.io"

[host."https://cache.lan/proxy/quay"]
  capabilities = ["pull", "resolve"]
  ca = "/ca.crt"
  client = [["/me.crt", "/me.key"]]
  override_path = true

[host."https://cache2.lan/v2"]
  capabilities = ["pull", "resolve"]
`);
    expect(textOf(plan, `${folder}/_default/hosts.toml`)).toBe(`${OWNERSHIP_MARK}

[host."http://any.lan"]
  capabilities = ["pull", "resolve"]
`);
    expect(textOf(plan, `${folder}/alone.lan/hosts.toml`)).toBe(`${OWNERSHIP_MARK}
server = "https://alone.lan"
skip_verify = true

[host."https://alone.lan"]
  capabilities = ["pull", "resolve"]
  skip_verify = true
`);
    expect(plan.activate).toBe("restart");
    expect(plan.notes).toEqual([
      `${CONFIG}: mirrors of quay.io moved to its hosts.toml`,
      `${CONFIG}: mirrors of _default moved to its hosts.toml`,
      `${CONFIG}: mirrors of alone.lan moved to its hosts.toml`,
    ]);
  });

  it("repairs a file with both ways, and keeps its directory", () => {
    const plan = planFor(
      `version = 2\n[${V2}]\nmirrors = { a = { endpoint = ["http://a"] } }\nconfig_path = "/srv"\n`,
      { migrate: true },
    );
    expect(textOf(plan, CONFIG)).toBe(`version = 2\n[${V2}]\nconfig_path = "/srv"\n`);
    expect(textOf(plan, "/srv/a/hosts.toml")).toContain('[host."http://a"]');
  });

  it("removes an inline table's mirrors from the middle, and dotted ones with their lines", () => {
    const inline = planFor(
      `version = 2\n[plugins]\n"io.containerd.grpc.v1.cri" = { registry = { x = 1, mirrors = { a = {} }, y = 2 } }\n`,
      { migrate: true },
    );
    expect(textOf(inline, CONFIG)).toContain(
      'registry = { config_path = "/etc/containerd/certs.d", x = 1, y = 2 }',
    );
    const dotted = planFor(
      `version = 2\n[${V2}]\nmirrors.a.endpoint = [\n  "http://a",\n]\nx = 1\n`,
      { migrate: true },
    );
    expect(textOf(dotted, CONFIG)).toBe(
      `version = 2\n[${V2}]\nconfig_path = "/etc/containerd/certs.d"\nx = 1\n`,
    );
  });

  it("keeps the table of a file without a version line that had only mirrors", () => {
    const plan = planFor('[plugins.cri.registry.mirrors.a]\nendpoint = ["http://a"]\n', {
      migrate: true,
    });
    expect(textOf(plan, CONFIG)).toBe(
      '[plugins.cri.registry]\n  config_path = "/etc/containerd/certs.d"\n',
    );
  });

  it("uses http for this machine itself without a scheme, as containerd does", () => {
    const plan = planFor(
      `version = 2\n[${V2}.mirrors."localhost:32000"]\nendpoint = ["127.0.0.1:32000", "reg.lan"]\n`,
      { migrate: true },
    );
    expect(textOf(plan, `${folder}/localhost:32000/hosts.toml`)).toBe(`${OWNERSHIP_MARK}
server = "http://localhost:32000"

[host."http://127.0.0.1:32000"]
  capabilities = ["pull", "resolve"]

[host."https://reg.lan"]
  capabilities = ["pull", "resolve"]
`);
  });

  it("creates no file for a star without endpoints", () => {
    const plan = planFor(`version = 2\n[${V2}.mirrors."*"]\n[${V2}.mirrors.a]\nendpoint = []\n`, {
      migrate: true,
    });
    expect(plan.files.map(({ path }) => path)).toEqual([HOSTS, `${folder}/a/hosts.toml`, CONFIG]);
  });

  it("refuses to drop a directory of a list that is in use", () => {
    const config = `version = 2\n[${V2}]\nconfig_path = "/etc/containerd/certs.d:/etc/docker/certs.d"\n[${V2}.mirrors.a]\nendpoint = ["http://a"]\n`;
    const certsD = new Map([["/etc/docker/certs.d/quay.io/hosts.toml", Buffer.from("")]]);
    expect(refusalOf(() => planFor(config, { migrate: true, certsD }))).toContain(
      'found "/etc/containerd/certs.d:/etc/docker/certs.d", with /etc/docker/certs.d/quay.io/hosts.toml',
    );
  });

  it("changes nothing if there is nothing to move", () => {
    const plan = planFor(`version = 2\n[${V2}]\nconfig_path = "/srv"\n`, { migrate: true });
    expect(plan.activate).toBe("none");
  });

  it.each([
    [
      "what hosts.toml cannot say",
      `[${V2}.mirrors.a]\nendpoint = ["http://a"]\nrewrite = { x = "y" }\n`,
      `expected only settings that hosts.toml has too; found ${V2}.mirrors.a.rewrite`,
    ],
    [
      "an endpoint of ours that the settings do not have, which would be lost",
      `[${V2}.mirrors."172.30.1.2:5000"]\nendpoint = ["https://old"]\n`,
      "expected only endpoints of 172.30.1.2:5000 that the settings have too; found https://old",
    ],
    [
      "a certificate without its key",
      `[${V2}.mirrors.a]\nendpoint = ["https://a"]\n[${V2}.configs.a.tls]\ncert_file = "/c"\n`,
      `found ${V2}.configs.a.tls`,
    ],
  ])("refuses %s", (_, tables, message) => {
    const config = `version = 2\n${tables}`;
    expect(refusalOf(() => planFor(config, { migrate: true }))).toContain(message);
  });

  it.each(["http://172.30.1.9:5000", "../../../root/x", "..", "a/b"])(
    "refuses a mirror of %s, which no folder can be named by",
    (host) => {
      const config = (table: string) => `version = 2\n[${V2}.${table}]\n`;
      const migrated = (table: string) =>
        refusalOf(() => planFor(config(table), { migrate: true }));
      expect(migrated(`mirrors."${host}"`)).toContain(
        `${CONFIG}:2:1: expected a registry's host as in image names, which its folder can be named by; found \`${host}\``,
      );
      expect(migrated(`configs."${host}".tls`)).toContain(`found \`${host}\``);
    },
  );

  it("refuses to overwrite a hosts.toml of somebody else", () => {
    const certsD = new Map([[`${folder}/a/hosts.toml`, Buffer.from('[host."https://b"]\n')]]);
    const config = `version = 2\n[${V2}.mirrors.a]\nendpoint = ["http://a"]\n`;
    expect(refusalOf(() => planFor(config, { migrate: true, certsD }))).toContain(
      "found one that somebody else wrote and that leads elsewhere",
    );
  });
});

describe("the TLS tables that migrate: true removes", () => {
  const migrated = (tables: string, mirrors: Parameters<typeof planFor>[1] = {}) =>
    planFor(`version = 2\n${tables}`, { migrate: true, ...mirrors });
  const cache = `[${V2}.mirrors."docker.io"]
endpoint = ["https://cache.lan"]
[${V2}.configs."cache.lan".tls]
ca_file = "/ca.crt"
`;

  it("are refused for an endpoint in the settings without the same TLS settings, with the fix", () => {
    const mirrors = { "docker.io": ["https://cache.lan"] };
    expect(refusalOf(() => migrated(cache, { mirrors }))).toBe(`${CONFIG}:4:1: \
expected the TLS settings of cache.lan in the settings' endpoints of docker.io too, since its hosts.toml says what they say; \
found ca_file = "/ca.crt" here alone
  3 | endpoint = ["https://cache.lan"]
> 4 | [${V2}.configs."cache.lan".tls]
    | ^
  5 | ca_file = "/ca.crt"
  fix: write there {"url":"https://cache.lan","ca":"/ca.crt"}, or take this table out`);
    const other = { "docker.io": [{ url: "https://cache.lan", ca: "/other.crt" }] };
    expect(refusalOf(() => migrated(cache, { mirrors: other }))).toContain(
      'found ca_file = "/ca.crt" here alone',
    );
  });

  it("stay in force if the settings have the same, and the next plan changes nothing", () => {
    const mirrors = { "docker.io": [{ url: "https://cache.lan", ca: "/ca.crt" }] };
    const plan = migrated(cache, { mirrors });
    expect(textOf(plan, `${folder}/docker.io/hosts.toml`)).toBe(`${OWNERSHIP_MARK}
server = "https://registry-1.docker.io"

[host."https://cache.lan"]
  capabilities = ["pull", "resolve"]
  ca = "/ca.crt"
`);
    const certsD = new Map(
      plan.files.map(({ path, desired }) => [path, desired ?? Buffer.alloc(0)]),
    );
    const again = planFor(textOf(plan, CONFIG), { migrate: true, mirrors, certsD });
    expect(again.files.flatMap(({ edits }) => edits)).toEqual([]);
  });

  it("are refused for our own https registry, too", () => {
    const tables = `[${V2}.configs."172.30.1.2:5000".tls]
insecure_skip_verify = true
cert_file = "/me.crt"
key_file = "/me.key"
`;
    const registry = { address: "172.30.1.2:5000", endpoints: ["https://172.30.1.2:5000"] };
    expect(refusalOf(() => migrated(tables, { registry }))).toContain(
      `found cert_file = "/me.crt", key_file = "/me.key", insecure_skip_verify = true here alone`,
    );
  });

  it("move to the server that is asked last if the host itself has them", () => {
    const plan = migrated(`[${V2}.mirrors."harbor.lan:5000"]
endpoint = ["https://cache.lan"]
[${V2}.configs."harbor.lan:5000".tls]
ca_file = "/ca.crt"
`);
    expect(textOf(plan, `${folder}/harbor.lan:5000/hosts.toml`)).toBe(`${OWNERSHIP_MARK}
server = "https://harbor.lan:5000"
ca = "/ca.crt"

[host."https://cache.lan"]
  capabilities = ["pull", "resolve"]
`);
  });

  it("for docker.io's server move to docker.io, with or without mirrors", () => {
    const tls = `[${V2}.configs."registry-1.docker.io".tls]\nca_file = "/ca.crt"\n`;
    const docker = `${folder}/docker.io/hosts.toml`;
    const server = `${OWNERSHIP_MARK}\nserver = "https://registry-1.docker.io"\nca = "/ca.crt"\n`;
    const mirrored = migrated(
      `[${V2}.mirrors."docker.io"]\nendpoint = ["https://cache.lan"]\n${tls}`,
    );
    expect(textOf(mirrored, docker)).toBe(
      `${server}\n[host."https://cache.lan"]\n  capabilities = ["pull", "resolve"]\n`,
    );
    const alone = migrated(tls);
    expect(textOf(alone, docker)).toBe(
      `${server}\n[host."https://registry-1.docker.io"]\n  capabilities = ["pull", "resolve"]\n  ca = "/ca.crt"\n`,
    );
    for (const plan of [mirrored, alone]) {
      expect(textOf(plan, `${folder}/registry-1.docker.io/hosts.toml`)).toBeUndefined();
    }
    const mirrors = { "docker.io": ["https://cache.lan"] };
    expect(refusalOf(() => migrated(tls, { mirrors }))).toContain(
      'fix: write there {"url":"https://registry-1.docker.io","ca":"/ca.crt"}',
    );
  });

  it("for a server that is asked only by http have no effect, and a note says so", () => {
    const plan = migrated(`[${V2}.configs."172.30.1.2:5000".tls]\ninsecure_skip_verify = true\n`);
    expect(textOf(plan, HOSTS)).not.toContain("skip_verify");
    expect(plan.notes).toEqual([
      `${CONFIG}: the TLS settings of 172.30.1.2:5000 go, since nothing asks it by https`,
    ]);
    // containerd asks registry-1.docker.io for images of docker.io, never docker.io itself.
    const docker = migrated(`[${V2}.configs."docker.io".tls]\nca_file = "/ca.crt"\n`);
    expect(textOf(docker, `${folder}/docker.io/hosts.toml`)).toBeUndefined();
  });
});
