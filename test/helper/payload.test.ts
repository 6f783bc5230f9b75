import fc from "fast-check";
import { buildPayload, canonicalJson, parsePayload, type Payload } from "../../helper/payload";

const payload: Payload = {
  enrolled: "0f3a",
  daemon: "containerd",
  revision: 3,
  why: "drift on the host",
  spec: '{"registry":"172.30.1.2:5000"}',
  order: 1,
  claimants: [
    { id: "p.dev.containerd-n1", revision: 3 },
    { id: "p.two.containerd-n1", revision: 1 },
  ],
  instead: ["p.dev.containerd-n0"],
  claims: ["172.30.1.2:5000"],
  activate: "restart",
  insecure: [],
  mirrors: [],
  reach: { address: "172.30.1.2", port: 5000 },
  waitSeconds: 60,
  watchdogSeconds: 180,
  files: [
    {
      path: "/etc/containerd/config.toml",
      base: "aa",
      baseline: "99",
      after: "bb",
      edits: [{ offset: 12, length: 0, text: "  [a]\n    b = 1\n" }],
      others: [
        {
          for: ["p.two.containerd-n1"],
          after: "dd",
          edits: [{ offset: 12, length: 2, text: "z\n" }],
        },
      ],
    },
    {
      path: "/etc/containerd/certs.d/172.30.1.2:5000/hosts.toml",
      base: undefined,
      baseline: undefined,
      after: "cc",
      mode: 0o644,
      edits: [{ offset: 0, length: 0, text: 'server = "http://172.30.1.2:5000"' }],
      others: [{ for: ["p.two.containerd-n1"], after: undefined, edits: [] }],
    },
  ],
};

test("a long text is packed into one line, and is the same when it is read", () => {
  const [file] = payload.files;
  const text = `${"const a = '\\\\ü';".repeat(1000)}\n`;
  const packed: Payload = {
    ...payload,
    daemon: "page",
    files: [{ ...file!, edits: [{ offset: 0, length: 0, text }], others: [] }],
  };
  const lines = buildPayload(packed).split("\n");
  const line = lines[lines.indexOf("edit 0 0") + 1];
  expect(line).toMatch(/^=[A-Za-z0-9+/=]{40,400}$/);
  expect(parsePayload(buildPayload(packed))).toEqual(packed);
});

test("a payload consists of readable lines, and a plus marks our own lines", () => {
  expect(buildPayload(payload)).toBe(`cluster-registry 2
enrolled 0f3a
daemon containerd
revision 3
why drift on the host
spec {"registry":"172.30.1.2:5000"}
order 1
claimant p.dev.containerd-n1 3
claimant p.two.containerd-n1 1
instead p.dev.containerd-n0
claim 172.30.1.2:5000
activate restart
reach 172.30.1.2 5000
wait 60
watchdog 180
file /etc/containerd/config.toml
base aa
baseline 99
after bb
edit 12 0
+  [a]
+    b = 1
for p.two.containerd-n1
after dd
edit 12 2
+z
file /etc/containerd/certs.d/172.30.1.2:5000/hosts.toml
base absent
baseline absent
mode 0644
after cc
edit 0 0
+server = "http://172.30.1.2:5000"
\\
for p.two.containerd-n1
after absent
end
`);
});

test("a built payload can be parsed", () => {
  expect(parsePayload(buildPayload(payload))).toEqual(payload);
  const docker = { ...payload, insecure: ["a:5000"], mirrors: ["http://a:5001", "https://b"] };
  expect(parsePayload(buildPayload(docker))).toEqual(docker);
});

test("every text of an edit survives: backslashes, carriage returns, control characters, other alphabets", () => {
  const text = fc.string({ unit: "grapheme" }).filter((one) => !one.includes("\0"));
  const awkward = fc.constantFrom("\\", "\\r", "\r\n", "a\\", "+", "\n\n", "\t", "\x01", "\\101");
  const edits = fc.array(
    fc
      .tuple(fc.nat(), fc.nat(), fc.array(fc.oneof(text, awkward)))
      .map(([offset, length, parts]) => ({ offset, length, text: parts.join("") })),
  );
  fc.assert(
    fc.property(edits, (some) => {
      const one = { ...payload, files: [{ ...payload.files[0]!, edits: some }] };
      expect(parsePayload(buildPayload(one))).toEqual(one);
    }),
  );
});

test("a value that would become a line of its own is refused", () => {
  expect(() => buildPayload({ ...payload, claims: ["a\nactivate none"] })).toThrow(
    'control character in a payload line: "claim a\\nactivate none"',
  );
});

test("a NUL character is refused, because no configuration has one", () => {
  const edits = [{ offset: 0, length: 0, text: "\0" }];
  expect(() => buildPayload({ ...payload, files: [{ ...payload.files[0]!, edits }] })).toThrow(
    "a configuration line cannot hold a NUL character",
  );
});

test.each([
  ["", 'expected "cluster-registry 2" on line 1; found ""'],
  [
    "cluster-registry 3\nend\n",
    'expected "cluster-registry 2" on line 1; found "cluster-registry 3"',
  ],
  ["cluster-registry 2\n", 'line 2 of the payload is not understood: ""'],
  [
    "cluster-registry 1\nsurprise 1\nend\n",
    'line 2 of the payload is not understood: "surprise 1"',
  ],
  ["cluster-registry 1\nwhy x", "the payload has no end line: it is cut off"],
  [
    "cluster-registry 1\nactivate later\nend\n",
    'line 2 of the payload is not understood: "activate later"',
  ],
])("what is no payload is refused by the line: %j", (text, message) => {
  expect(() => parsePayload(text)).toThrow(message);
});

test("canonical JSON does not depend on the order of keys, at any depth", () => {
  expect(canonicalJson({ b: [{ d: 1, c: 2 }], a: null })).toBe('{"a":null,"b":[{"c":2,"d":1}]}');
});
