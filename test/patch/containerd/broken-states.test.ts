import { certain } from "../../../patch/certain";
import { filePlan } from "../../../patch/plan";
import { CONFIG, configAfter, planFor, refusalOf } from "./plan";

const V2 = 'plugins."io.containerd.grpc.v1.cri".registry';

describe("a state in which the CRI plugin does not load is refused:", () => {
  it("mirrors and config_path", () => {
    const config = `version = 2\n[${V2}]\nconfig_path = "/x"\n[${V2}.mirrors.a]\nendpoint = []\n`;
    expect(refusalOf(() => planFor(config))).toBe(`${CONFIG}:4:1: \
expected either mirrors or config_path: with both, containerd's CRI plugin does not load; \
found mirrors here, and ${V2}.config_path = "/x", line 3
  3 | config_path = "/x"
> 4 | [${V2}.mirrors.a]
    | ^
  5 | endpoint = []
  fix: take one of them out (for the mirrors way, set config_path = ""), or set migrate: true, \
which moves mirrors to hosts.toml files`);
  });

  it("an old TLS table with config_path, on 1.x only", () => {
    const config = `version = 2\n[${V2}]\nconfig_path = "/x"\n[${V2}.configs."a:5000".tls]\nca_file = "/a.crt"\n`;
    expect(refusalOf(() => planFor(config))).toContain(
      `expected no ${V2}.configs."a:5000".tls beside config_path`,
    );
    expect(() => planFor(config, { daemonVersion: "2.2.3" })).not.toThrow();
  });

  it("mirrors in a version 2 file of containerd 2.2.0 and 2.2.1", () => {
    const config = `version = 2\n[${V2}.mirrors.a]\nendpoint = []\n`;
    expect(refusalOf(() => planFor(config, { daemonVersion: "2.2.1" }))).toContain(
      "fix: upgrade containerd to 2.2.2 or later, or set migrate: true",
    );
    expect(() => planFor(config, { daemonVersion: "2.2.2" })).not.toThrow();
  });

  it("CRI disabled, by any of its names", () => {
    for (const name of ["cri", "io.containerd.grpc.v1.cri"]) {
      expect(refusalOf(() => planFor(`version = 2\ndisabled_plugins = ["${name}"]\n`))).toContain(
        `found disabled_plugins has "${name}"`,
      );
    }
    for (const name of ["io.containerd.cri.v1.images", "io.containerd.cri.v1.runtime"]) {
      const config = `version = 3\ndisabled_plugins = ["${name}"]\n`;
      expect(refusalOf(() => planFor(config, { daemonVersion: "2.2.3" }))).toContain(
        `found disabled_plugins has "${name}"`,
      );
    }
  });
});

describe("files that are never edited", () => {
  it.each([
    ["TOML with a fault", "version = 2\n[a\n", `${CONFIG}:2:3: expected valid TOML`],
    ["a table twice", "[a]\n[a]\n", `${CONFIG}:2:2: expected valid TOML; found trying to redefine`],
    ["TOML 1.1", "a = {\n  b = 1 }\n", `${CONFIG}:2:3: expected TOML 1.0`],
    ["a time without seconds", "a = 10:20\n", `${CONFIG}:1:10: expected TOML 1.0`],
    ["arrays 3000 deep in one another", `a = ${"[".repeat(3000)}`, "expected valid TOML; found"],
    ["a new escape", 'a = "\\e"\n', "found invalid character in escape sequence"],
    ["plugins that is no table", "plugins = 3\n", "expected plugins to be a table; found a number"],
  ])("%s", (_, config, message) => {
    expect(refusalOf(() => planFor(config))).toContain(message);
  });

  it("bytes that are not UTF-8, and NUL, with the place", () => {
    expect(refusalOf(() => planFor("a = 1\nb\u0000 = 2\n"))).toBe(
      `${CONFIG}:2:2: expected text in UTF-8; found a NUL byte at byte 7
  1 | a = 1
> 2 | b\u2400 = 2
    |  ^
  3 |
  fix: rewrite the file as UTF-8 text (it may be UTF-16, or damaged)`,
    );
  });

  it("a byte-order mark if containerd does not accept it; otherwise it is kept", () => {
    const config = `\uFEFFversion = 2\n[${V2}]\nconfig_path = ""\n`;
    expect(configAfter(config)).toBe(
      `\uFEFFversion = 2\n[${V2}]\nconfig_path = "/etc/containerd/certs.d"\n`,
    );
    expect(refusalOf(() => planFor(config, { daemonVersion: "2.2.3" }))).toContain(
      "found a byte-order mark, which containerd 2.2.3 does not take",
    );
  });

  it("an escape in a table header if containerd does not read it as TOML specifies", () => {
    const config = 'version = 2\n[a]\n["\\u0062"]\n"\\u0063" = "\\u0064"\n';
    expect(refusalOf(() => planFor(config))).toContain(
      `${CONFIG}:3:1: expected table headers without escapes; found one with an escape, which containerd 1.7.28`,
    );
    expect(() => planFor(config, { daemonVersion: "2.2.3" })).not.toThrow();
    expect(() => planFor('version = 2\n[a]\n"\\u0063" = 1\n')).not.toThrow();
  });

  it("a file with only a byte-order mark has no keys, and gets no newline at its end", () => {
    expect(configAfter("\uFEFF")).toBe(
      `\uFEFFversion = 2\n\n[${V2}]\n  config_path = "/etc/containerd/certs.d"`,
    );
  });

  it("an edit with a wrong result shows its place", () => {
    const file = filePlan(CONFIG, Buffer.from("a = 1\nb = 2\n"), [
      { offset: 8, length: 0, text: "= " },
    ]);
    expect(refusalOf(() => certain(file, () => false))).toBe(`${CONFIG}:2:3: \
expected a file that can be edited with certainty; found the edited text would not mean what was asked
  1 | a = 1
> 2 | b = 2
    |   ^
  3 |
  fix: make the change by hand, and report this file as a fault of cluster-registry`);
  });

  it("control characters are shown as symbols, so that no file controls the terminal", () => {
    const message = refusalOf(() => planFor("a = 1 # \u001b[2J\u009b1m\nb = = 1\n"));
    expect(message).toContain("1 | a = 1 # \u241b[2J\ufffd1m\n");
  });

  it("credentials near the place are not shown", () => {
    const message = refusalOf(() => planFor('password = "hunter2"\nx = = 1\n'));
    expect(message).toContain("1 | password = ***");
    expect(message).not.toContain("hunter2");
  });
});

describe("invalid settings", () => {
  const endpoints = ["http://172.30.1.2:5000"];
  it.each([
    ["an address without a port", { address: "172.30.1.2", endpoints }, "as HOST:PORT"],
    ["an address with a scheme", { address: "http://a:5000", endpoints }, "as HOST:PORT"],
    ["no endpoint", { address: "a:5000", endpoints: [] }, "registry.endpoints: at least one"],
    ["an endpoint that is no URL", { address: "a:5000", endpoints: ["a:5000"] }, "an http:// or"],
    [
      "credentials in a URL",
      { address: "a:5000", endpoints: ["http://u:p@a:5000"] },
      "found `http://***@a:5000`",
    ],
    [
      "TLS settings on an http endpoint, even as false",
      { address: "a:5000", endpoints: [{ url: "http://a:5000", skipVerify: false, ca: "/c" }] },
      "registry.endpoints[0]: no TLS settings on an http endpoint; found ca, skipVerify",
    ],
  ])("%s: refused before any file is looked at", (_, registry, message) => {
    expect(refusalOf(() => planFor("not = TOML = 1", { registry }))).toContain(message);
  });

  it("are all reported at once", () => {
    const registry = { address: "nowhere", endpoints: ["x"] };
    const message = refusalOf(() => planFor("", { registry, mirrors: { "http://a": [] } }));
    expect(message.match(/^settings: /gm)).toHaveLength(4);
  });

  it.each(["..", ".", "../x", "http://a"])("%s is no host to mirror", (host) => {
    const message = refusalOf(() => planFor("", { mirrors: { [host]: ["http://a"] } }));
    expect(message).toContain(`mirrors.${host}: a registry host as in image names, or _default`);
  });

  it("* and _default are the same, and only one may be used", () => {
    const mirrors = { "*": ["http://a"], _default: ["http://b"] };
    expect(refusalOf(() => planFor("", { mirrors }))).toBe(
      "settings: expected one list of mirrors for any other host; found mirrors.* and mirrors._default\n" +
        "  fix: join the two into mirrors._default",
    );
  });

  it("an IPv6 registry cannot be named in images of containerd 1.6", () => {
    const registry = { address: "[fd00::1]:5000", endpoints: ["http://[fd00::1]:5000"] };
    const asked = { registry, daemonVersion: "1.6.20" };
    expect(refusalOf(() => planFor("version = 2\n", asked))).toBe(
      "settings: expected an IPv4 address or a host name: containerd 1.6.20 takes no image name with an IPv6 address; found `[fd00::1]:5000`\n" +
        "  fix: name the registry by a host name, or upgrade containerd to 1.7",
    );
    expect(() => planFor("version = 2\n", { ...asked, daemonVersion: "1.7.0" })).not.toThrow();
    expect(() => planFor("version = 2\n", { ...asked, present: false })).not.toThrow();
  });

  it("the daemon's version must be a version", () => {
    expect(refusalOf(() => planFor("", { daemonVersion: "unknown" }))).toContain(
      "expected containerd's version, such as 1.7.28; found `unknown`",
    );
  });
});
