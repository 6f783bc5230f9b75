import { configAfter, planFor, refusalOf } from "./plan";

const CRI = 'plugins."io.containerd.grpc.v1.cri".registry';

describe("the mirrors table, in each spelling,", () => {
  it("gets a table below its header", () => {
    expect(
      configAfter(`version = 2\n[${CRI}.mirrors]\n[${CRI}.mirrors.a]\nendpoint = ["http://a"]\n`),
    ).toBe(`version = 2
[${CRI}.mirrors]
[${CRI}.mirrors."172.30.1.2:5000"]
endpoint = ["http://172.30.1.2:5000"]
[${CRI}.mirrors.a]
endpoint = ["http://a"]
`);
  });

  it("gets a table after its last one if it has no header", () => {
    expect(
      configAfter(
        `version = 2\n  [${CRI}.mirrors.a]\n    endpoint = ["http://a"] # a\n\n[debug]\n`,
      ),
    ).toBe(`version = 2
  [${CRI}.mirrors.a]
    endpoint = ["http://a"] # a
  [${CRI}.mirrors."172.30.1.2:5000"]
    endpoint = ["http://172.30.1.2:5000"]

[debug]
`);
  });

  it("gets an inline table if its entries are inline tables", () => {
    expect(configAfter(`version = 2\n[${CRI}.mirrors]\n\t'a' = { endpoint = ['http://a'] }\n`))
      .toBe(`version = 2
[${CRI}.mirrors]
\t"172.30.1.2:5000" = { endpoint = ["http://172.30.1.2:5000"] }
\t'a' = { endpoint = ['http://a'] }
`);
  });

  it("writes an endpoint like the others in its list, with any quotes in the rest of the file", () => {
    const file = (list: string) =>
      `version = 2\n[plugins.'io.containerd.grpc.v1.cri'.registry.mirrors."172.30.1.2:5000"]\nendpoint = [${list}]\n`;
    expect(configAfter(file('"http://a"'))).toBe(file('"http://172.30.1.2:5000", "http://a"'));
    expect(configAfter(file("'http://a'"))).toBe(file("'http://172.30.1.2:5000', 'http://a'"));
  });

  it("gets a dotted key if it has dotted keys", () => {
    expect(configAfter(`version = 2\n[${CRI}]\nmirrors.a.endpoint = ["http://a"]\n`))
      .toBe(`version = 2
[${CRI}]
mirrors.a.endpoint = ["http://a"]
mirrors."172.30.1.2:5000".endpoint = ["http://172.30.1.2:5000"]
`);
  });

  it("gets a dotted key from the top of the file if everything is dotted", () => {
    expect(configAfter(`version = 2\n${CRI}.mirrors.a.endpoint = ["http://a"]\n`)).toBe(`version = 2
${CRI}.mirrors.a.endpoint = ["http://a"]
${CRI}.mirrors."172.30.1.2:5000".endpoint = ["http://172.30.1.2:5000"]
`);
  });

  it("gets an entry at the front if it is inline", () => {
    expect(
      configAfter(`version = 2\n[${CRI}]\nmirrors = { a = { endpoint = ["http://a"] } } # m\n`),
    ).toBe(`version = 2
[${CRI}]
mirrors = { "172.30.1.2:5000" = { endpoint = ["http://172.30.1.2:5000"] }, a = { endpoint = ["http://a"] } } # m
`);
  });

  it("gets an entry deep within one inline table that contains everything", () => {
    expect(
      configAfter(
        `version = 2\nplugins = {"io.containerd.grpc.v1.cri" = {registry = {mirrors = {a = {endpoint = ["http://a"]}}}}}\n`,
      ),
    ).toContain(
      `{mirrors = {"172.30.1.2:5000" = { endpoint = ["http://172.30.1.2:5000"] }, a = {endpoint`,
    );
  });

  it("keeps CRLF, and a last line without a line break", () => {
    expect(configAfter(`version = 2\r\n[${CRI}.mirrors.a]\r\nendpoint = ["http://a"]\r\n`)).toBe(
      `version = 2\r\n[${CRI}.mirrors.a]\r\nendpoint = ["http://a"]\r\n` +
        `[${CRI}.mirrors."172.30.1.2:5000"]\r\nendpoint = ["http://172.30.1.2:5000"]\r\n`,
    );
    expect(configAfter(`version = 2\n[${CRI}.mirrors.a]\nendpoint = ["http://a"]`)).toBe(
      `version = 2\n[${CRI}.mirrors.a]\nendpoint = ["http://a"]\n` +
        `[${CRI}.mirrors."172.30.1.2:5000"]\nendpoint = ["http://172.30.1.2:5000"]`,
    );
  });

  it("puts the new table before the last one if CRLF text ends without a newline, so that the last line stays", () => {
    const first = `version = 2\r\n[${CRI}.mirrors.a]\r\nendpoint = ["http://a"]\r\n`;
    const last = `# b\r\n[${CRI}.mirrors.b]\r\nendpoint = ["http://b"]`;
    expect(configAfter(first + last)).toBe(
      `${first}[${CRI}.mirrors."172.30.1.2:5000"]\r\nendpoint = ["http://172.30.1.2:5000"]\r\n${last}`,
    );
    const dotted = `version = 2\r\n[${CRI}]\r\nmirrors.a.endpoint = ["http://a"]`;
    expect(configAfter(dotted)).toBe(
      `version = 2\r\n[${CRI}]\r\nmirrors."172.30.1.2:5000".endpoint = ["http://172.30.1.2:5000"]\r\nmirrors.a.endpoint = ["http://a"]`,
    );
  });

  it("goes after commented-out keys, which would otherwise become its own", () => {
    const config = `version = 2
[${CRI}.mirrors]
  # "quay.io" = {}
  # a note

  # [${CRI}.mirrors."gcr.io"]
  #   endpoint = [
  #     "http://b",
  #   ]
  # what follows
  [${CRI}.mirrors.a]
`;
    const [head, tail] = config.split("  # what follows");
    expect(configAfter(config)).toBe(
      `${head}  [${CRI}.mirrors."172.30.1.2:5000"]
    endpoint = ["http://172.30.1.2:5000"]
  # what follows${tail}`,
    );
  });

  it("gets an IPv6 registry as a key on 1.x, which reads no bracket in a header", () => {
    const registry = { address: "[fd00::1]:5000", endpoints: ["http://[fd00::1]:5000"] };
    const config = `version = 2\n[${CRI}.mirrors.a]\nendpoint = ["http://a"]\n`;
    const entry = '"[fd00::1]:5000" = { endpoint = ["http://[fd00::1]:5000"] }\n';
    const after = configAfter(config, { registry });
    expect(after).toBe(config.replace("[plug", `[${CRI}.mirrors]\n${entry}[plug`));
    expect(planFor(after, { registry }).activate).toBe("none");
    expect(configAfter(config, { registry, daemonVersion: "2.0.11" })).toContain(
      `[${CRI}.mirrors."[fd00::1]:5000"]\n`,
    );
    const header = `version = 2\n[${CRI}.mirrors."[fd00::1]:5000"]\nendpoint = ["http://a"]\n`;
    expect(refusalOf(() => planFor(header, { registry }))).toContain(
      "config.toml:2:1: expected table headers without brackets in their names; found one with a bracket, with which containerd 1.7.28 does not start",
    );
  });

  it("is refused as an array of tables", () => {
    const config = `version = 2\n[[${CRI}.mirrors]]\nx = 1\n`;
    expect(refusalOf(() => planFor(config))).toContain("to be a table; found an array");
  });
});

describe("a registry that is there already", () => {
  it.each([
    ["as it would be written", '"172.30.1.2:5000"', '["http://172.30.1.2:5000"]'],
    ["in other quotes", "'172.30.1.2:5000'", "['http://172.30.1.2:5000']"],
    ["with an escape in its name", '"172.30.1.2\\u003a5000"', '["http://172.30.1.2:5000"]'],
    ["with the API's path", '"172.30.1.2:5000"', '["http://172.30.1.2:5000/v2/"]'],
    ["without a scheme, which is https then", '"172.30.1.2:5000"', '["172.30.1.2:5000"]', "https"],
    ["among other endpoints", '"172.30.1.2:5000"', '["http://x", "http://172.30.1.2:5000"]'],
  ])("%s needs no edit, and the plan says where it is", (_, host, endpoint, scheme = "http") => {
    // On 2.x, because 1.x does not decode an escape in a header: see broken-states.test.ts.
    const config = `version = 2\n[${CRI}.mirrors.${host}]\n  endpoint = ${endpoint}\n`;
    const plan = planFor(config, {
      daemonVersion: "2.0.11",
      registry: { address: "172.30.1.2:5000", endpoints: [`${scheme}://172.30.1.2:5000`] },
    });
    expect(plan.files.map(({ edits }) => edits)).toEqual([[]]);
    expect(plan.notes).toEqual([
      "/etc/containerd/config.toml: 172.30.1.2:5000 is already in mirrors, line 3",
    ]);
    expect(plan.activate).toBe("none");
  });

  it.each([
    ["https://registry-1.docker.io:443", "https://registry-1.docker.io"],
    ["http://reg.lan", "http://reg.lan:80"],
    ["cache.lan", "https://cache.lan"],
    ["localhost:32000", "http://localhost:32000"],
    ["HTTP://Reg.lan:5000/proxy/", "http://reg.lan:5000/proxy"],
  ])("as %s needs no edit where %s is wanted", (there, wanted) => {
    const config = `version = 2\n[${CRI}.mirrors."172.30.1.2:5000"]\nendpoint = ["${there}"]\n`;
    const registry = { address: "172.30.1.2:5000", endpoints: [wanted] };
    expect(planFor(config, { registry }).activate).toBe("none");
  });

  it("with a single slash at its end is another endpoint for containerd, so ours goes before it", () => {
    const config = `version = 2\n[${CRI}.mirrors."172.30.1.2:5000"]\nendpoint = ["http://172.30.1.2:5000/"]\n`;
    expect(configAfter(config)).toContain(
      'endpoint = ["http://172.30.1.2:5000", "http://172.30.1.2:5000/"]\n',
    );
  });

  it("with no endpoints gets its list", () => {
    expect(configAfter(`version = 2\n[${CRI}.mirrors."172.30.1.2:5000"]\n# none yet\n`)).toBe(
      `version = 2\n[${CRI}.mirrors."172.30.1.2:5000"]\n  endpoint = ["http://172.30.1.2:5000"]\n# none yet\n`,
    );
    expect(
      configAfter(`version = 2\n[${CRI}.mirrors."172.30.1.2:5000"]\nendpoint = [ ]\n`),
    ).toContain('endpoint = ["http://172.30.1.2:5000" ]\n');
  });

  it("with an invalid list is refused", () => {
    const config = `version = 2\n[${CRI}.mirrors."172.30.1.2:5000"]\n  endpoint = "http://172.30.1.2:5000"\n`;
    expect(refusalOf(() => planFor(config))).toBe(`/etc/containerd/config.toml:3:3: \
expected ${CRI}.mirrors."172.30.1.2:5000".endpoint to be a list of strings; found a string, with which containerd 1.7.28 does not start
  2 | [${CRI}.mirrors."172.30.1.2:5000"]
> 3 |   endpoint = "http://172.30.1.2:5000"
    |   ^
  4 |
  fix: write a list of strings, or take the key out`);
  });
});

describe("the docker.io list", () => {
  const wanted = { "docker.io": ["https://a", "https://b", "https://c"] };
  const listAfter = (list: string): string | undefined =>
    /endpoint = (\[[^\]]*\])/.exec(
      configAfter(`version = 2\n[${CRI}.mirrors."docker.io"]\nendpoint = ${list}\n`, {
        mirrors: wanted,
      }) ?? "",
    )?.[1];

  it("does not change if it has them in their order, with or without others in between", () => {
    expect(listAfter('["https://a","https://b",   "https://c"]')).toBe(
      '["https://a","https://b",   "https://c"]',
    );
    expect(listAfter('["https://a", "https://x", "https://b", "https://c"]')).toBe(
      '["https://a", "https://x", "https://b", "https://c"]',
    );
  });

  it("gets a missing endpoint at the front, or after the one that it follows", () => {
    expect(listAfter('["https://x", "https://b"]')).toBe(
      '["https://a", "https://x", "https://b", "https://c"]',
    );
    expect(listAfter('["https://x"]')).toBe('["https://a", "https://b", "https://c", "https://x"]');
  });

  it("is sorted by exchanging elements", () => {
    expect(listAfter('["https://c", "https://x", "https://b", "https://a"]')).toBe(
      '["https://a", "https://x", "https://b", "https://c"]',
    );
  });

  it("keeps its lines and comments if it has several", () => {
    expect(listAfter('[\n  "https://a", # first\n  "https://c" # last\n]')).toBe(
      '[\n  "https://a", # first\n  "https://b",\n  "https://c" # last\n]',
    );
    expect(listAfter('[\n  "https://a",\n  "https://b", # second\n]')).toBe(
      '[\n  "https://a",\n  "https://b",\n  "https://c", # second\n]',
    );
  });
});

it("_default stands for any other registry: a star in mirrors", () => {
  const config = `version = 2\n[${CRI}.mirrors.a]\nendpoint = ["http://a"]\n`;
  expect(configAfter(config, { mirrors: { _default: ["https://cache.lan"] } })).toContain(
    `[${CRI}.mirrors."*"]\nendpoint = ["https://cache.lan"]\n`,
  );
});

it("settings with default values can be in mirrors; other settings cannot", () => {
  const config = `version = 2\n[${CRI}.mirrors.a]\nendpoint = ["http://a"]\n`;
  const said = { url: "https://b", skipVerify: false, overridePath: false };
  expect(configAfter(config, { mirrors: { b: [said] } })).toContain('endpoint = ["https://b"]');
  const more = { ...said, capabilities: ["pull"] as const };
  expect(refusalOf(() => planFor(config, { mirrors: { b: [more] } }))).toContain(
    "plain URLs for b",
  );
});

it("settings that mirrors cannot hold are refused, not dropped", () => {
  const config = `version = 2\n[${CRI}.mirrors.a]\nendpoint = ["http://a"]\n`;
  const endpoints = [{ url: "https://172.30.1.2:5000", ca: "/etc/ssl/ca.crt" }];
  const message = refusalOf(() =>
    planFor(config, { registry: { address: "172.30.1.2:5000", endpoints } }),
  );
  expect(message).toContain(
    "expected plain URLs for 172.30.1.2:5000, since mirrors can say no more",
  );
  expect(message).toContain("fix: set migrate: true, which moves mirrors to hosts.toml files");
});
