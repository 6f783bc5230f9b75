import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decideInsecureRegistry, decideMirror } from "../../decision/plan";
import { CONFIG, DAEMON_JSON, FolderHost, LESSON } from "../helper/folder-host";

const A = "10.0.0.1:5000";
const HELPER = "/var/lib/cluster-registry/helper";
const HEADER = `[plugins."io.containerd.grpc.v1.cri".registry.mirrors."${A}"]`;

jest.setTimeout(60_000);

let folder: string;
let host: FolderHost;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "edited-"));
  host = FolderHost.inFirstShell(folder);
  host.write(CONFIG, LESSON);
});
afterEach(() => rmSync(folder, { recursive: true }));

type Stack = "one" | "two";
const idOf = (stack: Stack) => `test.${stack}.containerd-n`;

const decided = (mirrors: Record<string, string[]>, stack: Stack = "one", registry = A) =>
  decideMirror(
    host.look(),
    idOf(stack),
    { registry, endpoints: [`http://${registry}`], mirrors, migrate: false },
    {},
  );

function up(mirrors: Record<string, string[]> = {}, stack: Stack = "one", registry = A): void {
  const decision = decided(mirrors, stack, registry);
  expect(host.apply(idOf(stack), decision)).toMatchObject({ code: 0, stderr: "" });
}

function edit(from: string, to: string, path = CONFIG): void {
  const text = host.read(path) ?? "";
  expect(text.split(from)).toHaveLength(2);
  host.write(path, text.replace(from, to));
}

const OURS = `["http://${A}"]`;
const EDITED = `["http://${A}", "http://admin:1"]`;
const refusal = (stack: Stack, ...lines: string[]) =>
  `${CONFIG}: lines of this program were edited by hand. Change them by hand:\n` +
  lines.map((line) => `  ${line}\n`).join("") +
  `then run again; or, to keep the edited lines, run on this host: sudo sh ${HELPER} undo ${idOf(stack)} anyway\n`;

describe("an admin's edit inside one of our tables, and then an apply that only adds", () => {
  beforeEach(() => {
    up();
    edit(OURS, EDITED);
  });

  const hub = { "docker.io": ["https://more.example"] };

  test("the preview names our lines, with their numbers where they stand, and what happens to them", () => {
    const at = (host.read(CONFIG) ?? "").split("\n").findIndex((line) => line.includes(HEADER)) + 1;
    expect(at).toBeGreaterThan(1);
    expect(decided(hub).notes).toContain(
      `${CONFIG}: lines of this program were edited by hand. up keeps the edits; destroy stops until they are removed:\n` +
        `  line ${at}: ${HEADER}\n` +
        `  edited or removed: endpoint = ${OURS}`,
    );
  });

  test("the edit stays; destroy still refuses, names our lines, and does not change the file", () => {
    up(hub);
    const live = host.read(CONFIG);
    expect(live).toContain(EDITED);
    expect(live).toContain("more.example");
    const said = host.undo(idOf("one"));
    expect(said.code).toBe(1);
    expect(said.stderr).toContain(
      refusal("one", `take out:         ${HEADER}`, `take out:           endpoint = ${OURS}`),
    );
    expect(host.read(CONFIG)).toBe(live);
  });

  test("after the edit is reverted, destroy restores the original bytes", () => {
    up(hub);
    edit(EDITED, OURS);
    expect(host.undo(idOf("one"))).toMatchObject({ code: 0, stderr: "" });
    expect(host.read(CONFIG)).toBe(LESSON);
  });

  test("after the lines are removed, destroy restores the original bytes, and up adds the lines again", () => {
    up(hub);
    const text = host.read(CONFIG) ?? "";
    const lines = text.split("\n");
    const at = lines.findIndex((line) => line.includes(HEADER));
    const out = [...lines.slice(0, at), ...lines.slice(at + 2)].join("\n");
    host.write(CONFIG, out);
    expect(decided(hub).diff).toContain(`+          endpoint = ${OURS}`);
    expect(decided(hub).notes.join()).not.toContain("edited by hand");
    expect(host.undo(idOf("one"))).toMatchObject({ code: 0, stderr: "" });
    expect(host.read(CONFIG)).toBe(LESSON);
  });

  test("the command in the error keeps the edited lines, and removes the rest", () => {
    up(hub);
    expect(host.undo(idOf("one"), "anyway")).toMatchObject({ code: 0, stderr: "" });
    const text = host.read(CONFIG) ?? "";
    expect(text).toContain(EDITED);
    expect(text).not.toContain("more.example");
    expect(text.split("\n").length).toBe(LESSON.split("\n").length + 2);
    expect(host.look()).toMatchObject({ managed: [], records: [] });
  });

  test("they stay recorded through any number of applies, even if no other line of ours is in the file", () => {
    up(hub);
    up({ "ghcr.io": ["https://more.example"] });
    up({});
    expect(host.read(CONFIG)?.split("\n").length).toBe(LESSON.split("\n").length + 2);
    const said = host.undo(idOf("one"));
    expect(said.code).toBe(1);
    expect(said.stderr).toContain(`take out:           endpoint = ${OURS}`);
    edit(EDITED, OURS);
    expect(host.undo(idOf("one"))).toMatchObject({ code: 0, stderr: "" });
    expect(host.read(CONFIG)).toBe(LESSON);
  });

  test("a name in them that must be removed is an error, after any number of applies", () => {
    up(hub);
    expect(() => decided(hub, "one", "10.0.0.2:5000")).toThrow(
      `${CONFIG}: cannot remove http://${A}, ${A}, because lines of this program were edited by hand`,
    );
  });
});

describe("two stacks, and an edit in the lines of one", () => {
  const two = "10.0.0.2:5000";
  beforeEach(() => {
    up();
    up({}, "two", two);
    edit(`["http://${two}"]`, `["http://${two}", "http://admin:1"]`);
    up({ "docker.io": ["https://more.example"] });
  });

  test("the destroy of their stack stops for them, the other one does not", () => {
    const said = host.undo(idOf("two"));
    expect(said.code).toBe(1);
    expect(said.stderr).toContain(`take out:           endpoint = ["http://${two}"]`);
    expect(host.undo(idOf("one"))).toMatchObject({ code: 0, stderr: "" });
    expect(host.read(CONFIG)).toContain("http://admin:1");
    expect(host.read(CONFIG)).not.toContain(A);
    expect(host.undo(idOf("two")).code).toBe(1);
    edit(`["http://${two}", "http://admin:1"]`, `["http://${two}"]`);
    expect(host.undo(idOf("two"))).toMatchObject({ code: 0, stderr: "" });
    expect(host.read(CONFIG)).toBe(LESSON);
  });
});

test("daemon.json in another layout, and then another key of ours: destroy still stops", () => {
  const id = "test.one.daemon-json";
  const B = "10.0.0.1:5001";
  const plain = '{\n  "mtu": 1454\n}\n';
  host.write(DAEMON_JSON, plain);
  const dockerUp = (...insecureRegistries: string[]) => {
    const decision = decideInsecureRegistry(host.look(), id, { insecureRegistries }, {});
    expect(host.apply(id, decision)).toMatchObject({ code: 0, stderr: "" });
  };
  dockerUp(A);
  host.write(DAEMON_JSON, `{\n  "insecure-registries": [\n    "${A}"\n  ],\n  "mtu": 1454\n}\n`);
  dockerUp(A, B);
  const said = host.undo(id);
  expect(said.code).toBe(1);
  expect(said.stderr).toContain(`  take out:   "insecure-registries": ["${A}"],\n`);
  host.write(DAEMON_JSON, plain);
  expect(host.undo(id)).toMatchObject({ code: 0, stderr: "" });
  expect(host.read(DAEMON_JSON)).toBe(plain);
});
