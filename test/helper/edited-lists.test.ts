import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decideInsecureRegistry, decideMirror } from "../../decision/plan";
import { CONFIG, DAEMON_JSON, FolderHost, LESSON } from "./folder-host";

const A = "10.0.0.1:5000";
const B = "10.0.0.1:5001";
const DOCKER = "test.one.daemon-json";
const NODE = "test.one.containerd-n";

jest.setTimeout(60_000);

let folder: string;
let host: FolderHost;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "edited-"));
  host = FolderHost.inFirstShell(folder);
});
afterEach(() => rmSync(folder, { recursive: true }));

const docker = (registry: string) =>
  decideInsecureRegistry(host.look(), DOCKER, { insecureRegistries: [registry] }, {});

function dockerUp(registry: string): void {
  expect(host.apply(DOCKER, docker(registry))).toMatchObject({ code: 0, stderr: "" });
}

const node = (...mirrors: string[]) =>
  decideMirror(
    host.look(),
    NODE,
    { registry: A, endpoints: [`http://${A}`], mirrors: { "docker.io": mirrors }, migrate: false },
    {},
  );

function nodeUp(...mirrors: string[]): void {
  expect(host.apply(NODE, node(...mirrors))).toMatchObject({ code: 0, stderr: "" });
}

function edit(path: string, from: string, to: string): void {
  const text = host.read(path) ?? "";
  expect(text).toContain(from);
  host.write(path, text.replace(from, to));
}

describe("our list on one line, with an item that an admin has added", () => {
  test("daemon.json: another port replaces the old one, and the admin's entry stays, also after destroy", () => {
    host.write(DAEMON_JSON, '{\n  "debug": true,\n  "mtu": 1454\n}\n');
    dockerUp(A);
    edit(DAEMON_JSON, `["${A}"]`, `["${A}", "admin:5000"]`);
    expect(docker(B).diff).toContain(`-  "insecure-registries": ["${A}", "admin:5000"],\n`);
    dockerUp(B);
    expect(host.read(DAEMON_JSON)).toContain("admin:5000");
    expect(host.read(DAEMON_JSON)).toContain(B);
    expect(host.read(DAEMON_JSON)).not.toContain(A);
    expect(host.undo(DOCKER)).toMatchObject({ code: 0, stderr: "" });
    expect(host.read(DAEMON_JSON)).toBe(
      '{\n  "insecure-registries": ["admin:5000"],\n  "debug": true,\n  "mtu": 1454\n}\n',
    );
  });

  test("config.toml: a corrected mirror replaces the old one, and the admin's stays, also after destroy", () => {
    host.write(CONFIG, LESSON);
    nodeUp("https://wrong.example");
    edit(CONFIG, '"https://wrong.example", ', '"https://wrong.example", "https://admin.example", ');
    nodeUp("https://right.example");
    expect(host.read(CONFIG)).not.toContain("wrong.example");
    expect(host.read(CONFIG)).toContain('["https://right.example", "https://admin.example", ');
    expect(host.undo(NODE)).toMatchObject({ code: 0, stderr: "" });
    const [, list] = /mirrors\."docker\.io"\]\n\s*endpoint = \[(.*)\]/.exec(LESSON) ?? [];
    expect(host.read(CONFIG)).toBe(
      LESSON.replace(`endpoint = [${list}]`, `endpoint = ["https://admin.example", ${list}]`),
    );
  });
});

describe("lines of ours that an admin has edited otherwise, with something that must be removed", () => {
  const plain = '{\n  "mtu": 1454\n}\n';

  test("daemon.json in another layout: another port is refused, with the line to remove; after that it is accepted", () => {
    host.write(DAEMON_JSON, plain);
    dockerUp(A);
    const laidOut = `{\n  "insecure-registries": [\n    "${A}"\n  ],\n  "mtu": 1454\n}\n`;
    host.write(DAEMON_JSON, laidOut);
    // The same settings find nothing to do.
    expect(docker(A).diff).toBe("");
    expect(() => docker(B)).toThrow(
      `/etc/docker/daemon.json: cannot remove ${A}, because lines of this program were edited by hand\n` +
        `  fix: by hand, take out:   "insecure-registries": ["${A}"],\n` +
        "       then run again",
    );
    host.write(DAEMON_JSON, plain);
    dockerUp(B);
    expect(host.read(DAEMON_JSON)).not.toContain(A);
    expect(host.undo(DOCKER)).toMatchObject({ code: 0, stderr: "" });
    expect(host.read(DAEMON_JSON)).toBe(plain);
  });

  test("config.toml: an endpoint in the registry's own table blocks a move of the registry, but no addition", () => {
    host.write(CONFIG, LESSON);
    nodeUp("https://wrong.example");
    edit(CONFIG, `["http://${A}"]`, `["http://${A}", "http://admin:1"]`);
    expect(node("https://wrong.example", "https://more.example").diff).toContain("more.example");
    const moved = { registry: B, endpoints: [`http://${B}`], mirrors: {}, migrate: false };
    expect(() => decideMirror(host.look(), NODE, moved, {})).toThrow(
      `cannot remove http://${A}, ${A}, because lines of this program were edited by hand`,
    );
  });
});
