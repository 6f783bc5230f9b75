import { OWNERSHIP_MARK } from "../../../patch";
import { CONFIG, planFor, refusalOf, textOf } from "./plan";

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

  it("mends a file with both, keeping its directory", () => {
    const plan = planFor(
      `version = 2\n[${V2}]\nmirrors = { a = { endpoint = ["http://a"] } }\nconfig_path = "/srv"\n`,
      { migrate: true },
    );
    expect(textOf(plan, CONFIG)).toBe(`version = 2\n[${V2}]\nconfig_path = "/srv"\n`);
    expect(textOf(plan, "/srv/a/hosts.toml")).toContain('[host."http://a"]');
  });

  it("takes an inline table's mirrors out of the middle, and dotted ones with their lines", () => {
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

  it("changes nothing where there is nothing to move", () => {
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

  it("refuses to write over a hosts.toml of somebody else", () => {
    const certsD = new Map([[`${folder}/a/hosts.toml`, Buffer.from('[host."https://b"]\n')]]);
    const config = `version = 2\n[${V2}.mirrors.a]\nendpoint = ["http://a"]\n`;
    expect(refusalOf(() => planFor(config, { migrate: true, certsD }))).toContain(
      "found one that somebody else wrote and that leads elsewhere",
    );
  });
});
