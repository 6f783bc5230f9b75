import { hunks, Refusal } from "../../../patch";
import { planner } from "./planned";

const PATH = "/etc/docker/daemon.json";

const { plan, after, refusal } = planner();

describe("insecure-registries", () => {
  it("is a line of its own after the brace, and the only line of the hunk", () => {
    const text = '{\n  "log-driver": "json-file",\n  "mtu": 1454\n}\n';
    const { files, activate } = plan(text);
    expect(files[0]?.desired?.toString()).toBe(
      '{\n  "insecure-registries": ["172.30.1.2:5000"],\n  "log-driver": "json-file",\n  "mtu": 1454\n}\n',
    );
    expect(files[0] && hunks(files[0])).toEqual([
      { line: 2, removed: [], added: ['  "insecure-registries": ["172.30.1.2:5000"],'] },
    ]);
    expect(activate).toBe("reload");
  });

  it.each([
    ["no file", undefined, '{\n  "insecure-registries": ["172.30.1.2:5000"]\n}\n'],
    ["an empty file", "", '{\n  "insecure-registries": ["172.30.1.2:5000"]\n}\n'],
    ["blanks alone", " \n", '{\n  "insecure-registries": ["172.30.1.2:5000"]\n}\n'],
    ["{}", "{}", '{ "insecure-registries": ["172.30.1.2:5000"] }'],
    ["an object on two lines", "{\n}\n", '{\n  "insecure-registries": ["172.30.1.2:5000"]\n}\n'],
    ["one line", '{"mtu":1}\n', '{"insecure-registries": ["172.30.1.2:5000"], "mtu":1}\n'],
    [
      "tabs",
      '{\n\t"mtu": 1\n}\n',
      '{\n\t"insecure-registries": ["172.30.1.2:5000"],\n\t"mtu": 1\n}\n',
    ],
    [
      "CRLF and no last line break",
      '{\r\n  "mtu": 1\r\n}',
      '{\r\n  "insecure-registries": ["172.30.1.2:5000"],\r\n  "mtu": 1\r\n}',
    ],
    [
      "an empty list",
      '{"insecure-registries": []}',
      '{"insecure-registries": ["172.30.1.2:5000"]}',
    ],
    [
      "a list on one line",
      '{"insecure-registries": ["a:1"]}',
      '{"insecure-registries": ["172.30.1.2:5000", "a:1"]}',
    ],
    [
      "a list over several lines",
      '{\n  "insecure-registries": [\n    "a:1"\n  ]\n}\n',
      '{\n  "insecure-registries": [\n    "172.30.1.2:5000",\n    "a:1"\n  ]\n}\n',
    ],
    [
      "a key of that name deeper down",
      '{"x": {"insecure-registries": ["172.30.1.2:5000"]}}',
      '{"insecure-registries": ["172.30.1.2:5000"], "x": {"insecure-registries": ["172.30.1.2:5000"]}}',
    ],
  ])("in %s", (_, text, expected) => {
    expect(after(text)).toBe(expected);
  });

  it("a new file has mode 0644; an existing one has no mode in the plan", () => {
    expect(plan(undefined).files[0]?.mode).toBe(0o644);
    expect(plan("{}").files[0]).not.toHaveProperty("mode");
  });

  it.each([
    ["as it is", "172.30.1.2:5000"],
    ["with a scheme", "http://172.30.1.2:5000"],
    ["with the other scheme", "HTTPS://172.30.1.2:5000"],
    ["by a CIDR", "172.30.0.0/16"],
  ])("is there already %s: no edit, and the plan says where", (_, entry) => {
    const { files, notes, activate } = plan(`{\n  "insecure-registries": ["x:1", "${entry}"]\n}`);
    expect(files[0]?.edits).toEqual([]);
    expect(notes).toEqual([`${PATH}: 172.30.1.2:5000 is already in insecure-registries, line 2`]);
    expect(activate).toBe("none");
  });

  it.each([
    ["another port", "172.30.1.2:5001"],
    ["no port", "172.30.1.2"],
    ["zeros before the port", "172.30.1.2:05000"],
    ["a sign before the port", "172.30.1.2:+5000"],
    ["a CIDR elsewhere", "172.31.0.0/16"],
    ["a longer address", "172.30.1.22:5000"],
  ])("does not count as there with %s", (_, entry) => {
    expect(plan(`{"insecure-registries": ["${entry}"]}`).activate).toBe("reload");
  });

  it.each([
    ["REGISTRY.lan:5000", "registry.lan:5000"],
    ["registry.lan:5000", "REGISTRY.lan:5000"],
    ["[FD00::1]:5000", "[fd00::1]:5000"],
    ["10.0.0.11:05000", "10.0.0.11:5000"],
    ["http://REGISTRY.lan:5000", "registry.lan:5000"],
  ])(
    "%s is not %s to dockerd, which compares letter by letter: added, with a note",
    (entry, registry) => {
      const { files, notes } = plan(`{"insecure-registries": ["${entry}"]}`, {
        registry,
        dockerVersion: "26.1.5",
      });
      expect(files[0]?.desired?.toString()).toBe(
        `{"insecure-registries": ["${registry}", "${entry}"]}`,
      );
      expect(notes).toEqual([
        `${PATH}: "${entry}" in line 1 does not count, since dockerd compares letter by letter`,
      ]);
    },
  );

  it("null is an empty list, which replaces it", () => {
    expect(after('{\n  "insecure-registries": null,\n  "mtu": 1\n}\n')).toBe(
      '{\n  "insecure-registries": ["172.30.1.2:5000"],\n  "mtu": 1\n}\n',
    );
    expect(plan('{"insecure-registries": null}', { present: false }).activate).toBe("none");
  });

  it("a host name is never in a CIDR, because DNS is not asked; an IPv6 address can be", () => {
    const text = '{"insecure-registries": ["0.0.0.0/0", "fd00::/8"]}';
    expect(plan(text, { registry: "registry.lan:5000" }).activate).toBe("reload");
    expect(plan(text, { registry: "[fd00::1]:5000" }).activate).toBe("none");
    expect(plan(text, { registry: "[fe80::1]:5000" }).activate).toBe("reload");
  });

  it("is not needed for a loopback address", () => {
    const { notes, activate } = plan("{}", { registry: "127.0.0.1:5000" });
    expect(activate).toBe("none");
    expect(notes).toEqual([
      `${PATH}: 127.0.0.1:5000 is a loopback address, which dockerd always takes`,
    ]);
  });
});

describe("a daemon.json that dockerd would not read is refused:", () => {
  it("comments", () => {
    expect(refusal('{\n  // mirrors\n  "a": 1\n}')).toBe(`${PATH}:2:3: \
expected JSON without comments, since dockerd takes none; found a comment
  1 | {
> 2 |   // mirrors
    |   ^
  3 |   "a": 1
  fix: take the comment out of the file`);
  });

  it("a duplicate key, also at a deeper level and in the same line", () => {
    expect(refusal('{\n  "a": 1,\n  "b": {"c": 1, "c": 2},\n  "a": 3\n}')).toBe(`${PATH}:3:17: \
expected each key once; found "c" again, first in line 3
  2 |   "a": 1,
> 3 |   "b": {"c": 1, "c": 2},
    |                 ^
  4 |   "a": 3
  fix: join the two into one

${PATH}:4:3: expected each key once; found "a" again, first in line 2
  3 |   "b": {"c": 1, "c": 2},
> 4 |   "a": 3
    |   ^
  5 | }
  fix: join the two into one`);
  });

  it.each([
    [
      "a comma behind the last element",
      '{"a": 1,}',
      `${PATH}:1:8: expected no comma behind the last element`,
    ],
    ["text behind the object", "{} {}", "found more text behind the end of the object"],
    ["no end", '{"a": 1', "found no } that ends the { in line 1"],
    ["an array", "[1]", "expected an object { ... }; found a value of type array"],
    ["a control character in a string", '{"a": "\t"}', "found a control character in a string"],
    ["a number JSON has not", '{"a": 01}', `${PATH}:1:`],
    ["a list that is none", '{"insecure-registries": "x"}', "as an array of strings"],
    ["a list of other things", '{"insecure-registries": ["x", 1]}', "found a value of type number"],
    ["null among them", '{"insecure-registries": ["x", null]}', "found a value of type null in it"],
    ["a file of null", "null", "expected an object { ... }; found a value of type null"],
    [
      "a number that no double holds",
      '{"a": 1e400}',
      "found the number 1e400, which dockerd cannot hold",
    ],
    ["UTF-16", "\u0000{\u0000}", "found a NUL byte at byte 0"],
  ])("%s", (_, text, message) => {
    expect(refusal(text)).toContain(message);
  });

  it.each(["Insecure-Registries", "INSECURE-REGISTRIES"])(
    "%s, which Go's reader takes for the key and dockerd's for an unknown one",
    (key) => {
      expect(refusal(`{\n  "${key}": ["172.30.1.2:5000"]\n}`)).toBe(`${PATH}:2:3: \
expected "insecure-registries", the only spelling with which dockerd starts; found "${key}"
  1 | {
> 2 |   "${key}": ["172.30.1.2:5000"]
    |   ^
  3 | }
  fix: write "insecure-registries" in its place, or join the two where both are there`);
      expect(() => plan(`{"features": {"${key}": true}}`)).not.toThrow();
    },
  );

  it.each(["[", '{"a":'])("nesting that no reader goes along with: %s, 3000 deep", (open) => {
    const text = `{"a": ${open.repeat(3000)}`;
    const message = refusal(text);
    expect(message).toContain(
      "expected objects and arrays at most 200 deep in one another; found more",
    );
    expect(message.length).toBeLessThan(1000);
    expect(after(`{"builder": ${"[".repeat(199)}${"]".repeat(199)}}`)).toContain("172.30.1.2:5000");
  });

  it("one long line: the message shows the part around the place", () => {
    const items = Array.from({ length: 20_000 }, (_, index) => `"key-${index}": ${index}`).join(
      ", ",
    );
    const message = refusal(`{${items}, "key-9000": 1}`);
    expect(message).toContain(`, "key-9000": 1}`);
    expect(message.length).toBeLessThan(600);
    const secret = refusal(`{"token": "hunter2", ${items}, "key-9000": 1}`);
    expect(secret).toContain(`, "key-9000": 1}`);
    expect(refusal(`{"token": "hunter2", "a": 1, "a": 2}`)).toContain(`
> 1 | {"token": ***, "a": 1, "a": 2}
    |                        ^
`);
  });

  it.each([
    ["10.0.0.11:5000 ", "has a port that is no number from 0 to 65535"],
    ["othermachine:port", "has a port that is no number from 0 to 65535"],
    ["my_registry.lan", "has an underscore, which no image name has in its host"],
    ["me:hunter2@registry.lan:5000", "has a user in front"],
    ["registry lan", "has a blank, or a character that is not seen, in it"],
    ["a:1,b:1", "is more than one"],
    ["registry.lan/v2", "has a path"],
    ["*.lan", "has a wildcard, which dockerd does not know"],
    ["registry.", "names no host"],
    ["-a", "begins or ends with a dash"],
    ["ftp://a", "has a scheme other than http and https"],
    [
      "10.0.0.0/33",
      "is no network: bits from 0 to 32 stand behind an IPv4 address, to 128 behind an IPv6 one",
    ],
  ])("the entry %j, with the line and without a password", (entry, fault) => {
    const message = refusal(`{\n  "insecure-registries": [\n    "a:1",\n    "${entry}"\n  ]\n}`);
    const shown = entry.replace("me:hunter2", "***");
    expect(message).toContain(`${PATH}:4:5: expected a host, HOST:PORT or a network: \
dockerd does not start with anything else; found "${shown}", which ${fault}
  3 |     "a:1",
> 4 |     "${shown}"
    |     ^
  5 |   ]
  fix: `);
  });

  it("one key ten thousand times: the first ones are named", () => {
    const message = refusal(`{${'"a": 1, '.repeat(10_000)}"b": 2}`);
    expect(message.match(/expected each key once/g)).toHaveLength(20);
  });

  it("bytes that are not UTF-8", () => {
    const bytes = Buffer.concat([Buffer.from('{\n"a": "Zü'), Buffer.from([0xfc, 0x22, 0x7d])]);
    expect(() => plan(undefined, { bytes })).toThrow(
      `${PATH}:2:9: expected text in UTF-8; found byte 0xfc at byte 11, not UTF-8
  1 | {
> 2 | "a": "Zü\ufffd"}
    |         ^
  fix: rewrite the file as UTF-8 text (it may be UTF-16, or damaged)`,
    );
  });

  it("a byte-order mark before 23.0; later versions accept it, so it is kept", () => {
    expect(refusal("\uFEFF{}")).toContain(
      "found a byte-order mark, which dockerd before 23.0 does not take",
    );
    expect(refusal("\uFEFF{}", { dockerVersion: "20.10.24" })).toContain("dockerd 20.10.24");
    expect(after("\uFEFF{}", { dockerVersion: "26.1.5" })).toBe(
      '\uFEFF{ "insecure-registries": ["172.30.1.2:5000"] }',
    );
    expect(after("\uFEFF", { dockerVersion: "26.1.5" })).toBe(
      '\uFEFF{\n  "insecure-registries": ["172.30.1.2:5000"]\n}',
    );
  });

  it("registries that are not addresses: all are named", () => {
    const message = refusal("{}", { registry: ["http://a:5000", "a", "a:5000/x", "[::1]:99999"] });
    expect(message.match(/^settings: expected a registry as HOST:PORT/gm)).toHaveLength(4);
    expect(refusal("{}", { registry: "my_registry.lan:5000" })).toBe(`settings: \
expected a registry as HOST:PORT, such as 172.30.1.2:5000 or [fd00::1]:5000; \
found \`my_registry.lan:5000\`: no image can be named so, since a host in an image name has no underscore
  fix: give the registry's host a name of letters, digits, dashes and dots, or name its address`);
  });
});

describe("dockerd's flags", () => {
  const unit = (text: string) => [
    {
      file: "/lib/systemd/system/docker.service",
      line: 13,
      text: `ExecStart=/usr/bin/dockerd ${text}`,
    },
  ];

  it("that set insecure registries exclude the key: refused, with the line and both fixes", () => {
    expect(
      refusal("{}", { flags: unit("-H fd:// --insecure-registry=a:1 --insecure-registry b:2") }),
    ).toBe(`/lib/systemd/system/docker.service:13:37: \
expected insecure-registries set in daemon.json only: dockerd does not start with both; \
found \`ExecStart=/usr/bin/dockerd -H fd:// --insecure-registry=a:1 --insecure-registry b:2\`
> 13 | ExecStart=/usr/bin/dockerd -H fd:// --insecure-registry=a:1 --insecure-registry b:2
     |                                     ^
  fix: add --insecure-registry=172.30.1.2:5000 to this line, or take --insecure-registry out of it \
and write "insecure-registries": ["a:1","b:2","172.30.1.2:5000"] in daemon.json`);
  });

  it("are shown in their file, in the right line of a setting over several lines", () => {
    const content = `[Service]
Environment="DOCKER_OPTS=--debug \\
# for the old registry
  --insecure-registry=a:1" 'TOKEN=hunter2'
ExecStart=/usr/bin/dockerd $DOCKER_OPTS
`;
    const file = "/etc/systemd/system/docker.service.d/x.conf";
    const flags = [{ file, line: 2, text: "DOCKER_OPTS=--debug --insecure-registry=a:1", content }];
    expect(refusal("{}", { flags })).toContain(`${file}:4:3: \
expected insecure-registries set in daemon.json only: dockerd does not start with both; \
found \`DOCKER_OPTS=--debug --insecure-registry=a:1\`
  3 | # for the old registry
> 4 |   --insecure-registry=a:1" 'TOKEN=***
    |   ^
  5 | ExecStart=/usr/bin/dockerd $DOCKER_OPTS
  fix:`);
  });

  it("that contain our registry are enough", () => {
    const { notes, activate } = plan(undefined, {
      flags: unit("--insecure-registry=172.30.0.0/16"),
    });
    expect(activate).toBe("none");
    expect(notes).toEqual([
      `${PATH}: 172.30.1.2:5000 is given by dockerd's flag \`172.30.0.0/16\``,
    ]);
  });

  it("are read from /etc/default/docker, but not from its comments", () => {
    const file = "/etc/default/docker";
    const set = [{ file, line: 3, text: 'DOCKER_OPTS="--dns 8.8.8.8 --insecure-registry a:1"' }];
    expect(refusal("{}", { flags: set })).toContain(`${file}:3:28: expected insecure-registries`);
    const comment = [{ file, line: 3, text: '#DOCKER_OPTS="--insecure-registry a:1"' }];
    expect(plan("{}", { flags: comment }).activate).toBe("reload");
  });

  it("are read from a unit, without a blank before them, and only after a reset", () => {
    const file = "/etc/systemd/system/docker.service.d/x.conf";
    const raw = [{ file, line: 2, text: 'Environment="DOCKER_OPTS=--insecure-registry=a:1"' }];
    expect(refusal("{}", { flags: raw })).toContain(`${file}:2:26: expected insecure-registries`);
    const reset = [
      ...unit("--insecure-registry=a:1"),
      { file, line: 2, text: "ExecStart=" },
      { file, line: 3, text: "ExecStart=/usr/bin/dockerd" },
    ];
    expect(plan("{}", { flags: reset }).activate).toBe("reload");
    expect(refusal("{}", { flags: [...reset, ...unit("--insecure-registry=a:1")] })).toContain(
      "a:1",
    );
  });

  it("beside the key are refused, even if one of them has the registry, because dockerd does not start", () => {
    const flags = unit("--insecure-registry=172.30.1.2:5000");
    expect(refusal('{\n  "insecure-registries": ["x:1"]\n}', { flags })).toBe(`${PATH}:2:3: \
expected insecure-registries here or as a flag of dockerd, not both: dockerd does not start then; \
found the key, and \`ExecStart=/usr/bin/dockerd --insecure-registry=172.30.1.2:5000\` in /lib/systemd/system/docker.service, line 13
  1 | {
> 2 |   "insecure-registries": ["x:1"]
    |   ^
  3 | }
  fix: take --insecure-registry out of that line, and write its values here`);
    const other = unit("--insecure-registry=a:1");
    const there = '{"insecure-registries": ["172.30.1.2:5000"]}';
    expect(refusal(there, { flags: other })).toContain("here or as a flag of dockerd, not both");
  });

  it("that set another configuration file are refused", () => {
    expect(refusal("{}", { flags: ["dockerd --config-file=/srv/d.json"] })).toContain(
      "expected dockerd to read /etc/docker/daemon.json; found `dockerd --config-file=/srv/d.json`",
    );
    expect(plan("{}", { flags: [`dockerd --config-file ${PATH}`] }).activate).toBe("reload");
  });
});

it("a proxy between dockerd and the registry is refused", () => {
  const environment = [
    {
      file: "/etc/systemd/system/docker.service.d/p.conf",
      line: 2,
      text: "Environment=HTTP_PROXY=http://p:3128",
    },
  ];
  expect(refusal("{}", { environment })).toContain(
    "p.conf:2:13: expected 172.30.1.2 in NO_PROXY, since HTTP_PROXY is set",
  );
});

describe("daemon.json's own proxies", () => {
  const proxies = (inner: string) => `{\n  "proxies": {\n    ${inner}\n  }\n}\n`;

  it("are refused at their line, the password masked", () => {
    const said = refusal(proxies('"http-proxy": "http://me:hunter2@proxy:3128"'));
    expect(said).toContain(`${PATH}:3:5: expected 172.30.1.2 in NO_PROXY, since HTTP_PROXY is set`);
    expect(said).toContain('add 172.30.1.2 to "no-proxy" in "proxies" here, and restart docker');
    expect(said).not.toContain("hunter2");
  });

  it.each([
    '"http-proxy": "http://proxy:3128", "no-proxy": "172.30.0.0/16"',
    '"http-proxy": ""',
    '"https-proxy": "http://proxy:3128"',
  ])("do not matter with %s", (inner) => {
    expect(() => plan(proxies(inner))).not.toThrow();
  });

  it("replace those of the environment one by one, as in dockerd", () => {
    const environment = [
      { file: "docker.conf", line: 2, text: "HTTP_PROXY=http://proxy:3128" },
      { file: "docker.conf", line: 3, text: "NO_PROXY=10.0.0.0/8" },
    ];
    expect(() => plan(proxies('"no-proxy": "172.30.1.2"'), { environment })).not.toThrow();
    expect(refusal(proxies('"no-proxy": "10.1.0.0/16"'), { environment })).toContain(
      "docker.conf:2:1: expected 172.30.1.2 in NO_PROXY",
    );
  });
});

describe("present: false", () => {
  const removed = (text: string) => plan(text, { present: false });

  it.each([
    ['{"insecure-registries": ["172.30.1.2:5000", "bad/"]}', '{"insecure-registries": ["bad/"]}'],
    ['{"insecure-registries": [5, "172.30.1.2:5000"]}', '{"insecure-registries": [5]}'],
    [
      '{"Insecure-Registries": ["a"], "insecure-registries": ["172.30.1.2:5000", "b"]}',
      '{"Insecure-Registries": ["a"], "insecure-registries": ["b"]}',
    ],
    ['{"insecure-registries": "172.30.1.2:5000"}', '{"insecure-registries": "172.30.1.2:5000"}'],
  ])("a fault that was there without us does not keep the registry in %s", (text, left) => {
    expect(() => plan(text)).toThrow(Refusal);
    expect(removed(text).files[0]?.desired?.toString()).toBe(left);
  });

  it.each([
    ['{\n  "mtu": 1\n}\n'],
    ['{"mtu":1}'],
    ["{ }"],
    ['{\n  "insecure-registries": ["a:1"]\n}\n'],
    ['{\n  "insecure-registries": [\n    "a:1",\n    "b:2"\n  ]\n}\n'],
  ])("takes out what was put into %j", (text) => {
    const added = after(text) ?? "";
    const without = removed(added).files[0]?.desired?.toString();
    expect(without?.replace("{ }", "{}")).toBe(text.replace("{ }", "{}"));
  });

  it("needs a restart if the key is removed, because dockerd keeps the values at a reload", () => {
    const plan = removed('{\n  "insecure-registries": ["172.30.1.2:5000"],\n  "mtu": 1\n}\n');
    expect(plan.activate).toBe("restart");
    expect(plan.notes).toHaveLength(1);
  });

  it("keeps an empty list if the layout is not ours, and reloads", () => {
    const plan = removed(
      '{\n  "mtu": 1,\n  "insecure-registries": ["http://172.30.1.2:5000"]\n}\n',
    );
    expect(plan.files[0]?.desired?.toString()).toBe(
      '{\n  "mtu": 1,\n  "insecure-registries": []\n}\n',
    );
    expect(plan.activate).toBe("reload");
  });

  it("removes a last and a middle element with its comma", () => {
    const text = (list: string) => `{"insecure-registries": [${list}]}`;
    const left = (list: string) => removed(text(list)).files[0]?.desired?.toString();
    expect(left('"a:1", "172.30.1.2:5000"')).toBe(text('"a:1"'));
    expect(left('"a:1", "172.30.1.2:5000", "b:2"')).toBe(text('"a:1", "b:2"'));
    expect(left('"a:1", "172.30.1.2:5000", "http://172.30.1.2:5000"')).toBe(text('"a:1"'));
  });

  it("does not remove a CIDR, nor anything from a file without the registry", () => {
    expect(removed('{"insecure-registries": ["172.30.0.0/16"]}').activate).toBe("none");
    expect(removed("{}").notes).toEqual([`${PATH}: 172.30.1.2:5000 is not in insecure-registries`]);
    expect(removed("").files[0]?.edits).toEqual([]);
  });
});

describe("a registry with an IPv6 address", () => {
  const note =
    "/etc/docker/daemon.json: dockerd 20.10.24 takes no image name with an IPv6 address; name the registry by a host name, or upgrade Docker to 25.0";

  it("has a note for a dockerd that accepts no image name with one", () => {
    const { notes, files } = plan("{}", { registry: "[fd00::1]:5000", dockerVersion: "20.10.24" });
    expect(notes).toEqual([note]);
    expect(files[0]?.desired?.toString()).toContain("[fd00::1]:5000");
  });

  it.each([
    ["[fd00::1]:5000", "25.0.0"],
    ["10.0.0.11:5000", "20.10.24"],
  ])("is not noted otherwise: %s, %s", (registry, dockerVersion) => {
    expect(plan("{}", { registry, dockerVersion }).notes).toEqual([]);
  });
});
