import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Decision } from "../../decision/decide";
import { decideInsecureRegistry, decideMirror } from "../../decision/plan";
import type { InsecureSpec, MirrorSpec } from "../../decision/wants";
import { parsePayload } from "../../helper/payload";
import { CONFIG, FolderHost } from "./folder-host";
import { userlands } from "./shells";

const FIXTURES = join(__dirname, "../fixtures/records-1");
const CASES = readdirSync(FIXTURES).filter((name) => name !== "README.md");

jest.setTimeout(120_000);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "conversion-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The host of a fixture, in a folder of the test. */
function hostOf(name: string, userland = userlands[0]): FolderHost {
  if (userland === undefined) throw new Error("no shell to test with");
  const after = join(FIXTURES, name, "after");
  if (existsSync(join(after, "etc")))
    cpSync(join(after, "etc"), join(folder, "etc"), { recursive: true });
  cpSync(join(after, "var/lib/cluster-registry"), join(folder, "home"), { recursive: true });
  // If there was no file before the first apply, this folder is empty, and git does not store empty folders.
  for (const id of readdirSync(join(folder, "home/records")))
    mkdirSync(join(folder, "home/records", id, "first"), { recursive: true });
  // The record has the paths of created folders on the host. Here they are in the test's folder.
  for (const path of readdirSync(join(folder, "home"), { recursive: true, encoding: "utf8" })) {
    if (!path.endsWith("/folders")) continue;
    const file = join(folder, "home", path);
    writeFileSync(file, readFileSync(file, "utf8").replace(/^\//gm, `${folder}/`));
  }
  return new FolderHost(folder, userland);
}

const recordIds = (name: string) =>
  readdirSync(join(FIXTURES, name, "after/var/lib/cluster-registry/records"));

/** The decision for a record, with the settings that it was made with. */
function decideAgain(host: FolderHost, id: string): Decision {
  const observation = host.look();
  const record = observation.records.find((one) => one.id === id);
  const payload = parsePayload(record?.payload ?? "");
  // As on a host, this start of the daemon has read the files.
  const records = observation.records.map((one) => ({ ...one, running: "start-1" }));
  const { docker } = observation;
  if (docker !== undefined) docker.insecureRegistries = ["10.88.40.11:5000", "10.88.40.12:5000"];
  const spec: unknown = JSON.parse(payload.spec);
  return payload.daemon === "docker"
    ? decideInsecureRegistry({ ...observation, records }, id, spec as InsecureSpec, {})
    : decideMirror({ ...observation, records }, id, spec as MirrorSpec, {});
}

function files(root: string): Record<string, string> {
  const etc = join(root, "etc");
  if (!existsSync(etc)) return {};
  return Object.fromEntries(
    readdirSync(etc, { recursive: true, withFileTypes: true })
      .filter((one) => one.isFile())
      .map((one) => join(one.parentPath, one.name))
      .map((path) => [path.slice(root.length), readFileSync(path, "latin1")]),
  );
}

describe.each(CASES)("a host that the version before has set up: %s", (name) => {
  const ids = recordIds(name);
  const orders = ids.length > 1 ? [ids, [...ids].reverse()] : [ids];

  test.each(orders.map((order) => [order.join(", "), order] as const))(
    "the next up converts it without a restart, and destroy in the order %s gives it back",
    (_what, order) => {
      const host = hostOf(name);
      const before = files(folder);
      for (const id of order) {
        const decision = decideAgain(host, id);
        const moved = name === "mirrors-moved";
        expect(decision).toMatchObject({
          inSync: false,
          why: "record of an earlier version",
          activate: moved ? "restart" : "none",
        });
        if (!moved) expect(decision.diff).toBe("");
        expect(host.apply(id, decision)).toMatchObject({ code: 0, stderr: "" });
        expect(decideAgain(host, id).inSync).toBe(true);
      }
      if (name === "mirrors-moved") {
        expect(host.read(CONFIG)).not.toContain("10.88.40.12");
      } else {
        expect(files(folder)).toEqual(before);
        expect(existsSync(join(folder, "activations"))).toBe(false);
      }
      for (const id of order) {
        expect(host.undo(id)).toMatchObject({ code: 0, stderr: "" });
      }
      expect(files(folder)).toEqual(files(join(FIXTURES, name, "before")));
      expect(existsSync(join(folder, "etc/containerd/certs.d"))).toBe(false);
    },
  );

  test("the first undo copy stays complete", () => {
    const host = hostOf(name);
    const first = (root: string) =>
      ids.map((id) => readdirSync(join(root, "records", id, "first")));
    const was = first(join(folder, "home"));
    host.run("convert");
    expect(first(join(folder, "home"))).toEqual(was);
    for (const { file, baseline } of host.look().managed) {
      const before = files(join(FIXTURES, name, "before"))[file.path];
      expect(baseline && Buffer.from(baseline, "base64").toString("latin1")).toBe(before);
    }
  });
});

test.each(["hosts-shared"])(
  "%s: a conversion that is cut off anywhere is done again from the start",
  (name) => {
    for (let call = 1; call < 14; call += 3) {
      const host = hostOf(name);
      const baselines = host.look().managed.map(({ baseline }) => baseline);
      host.run(
        `calls=0; for tool in mv rm cat; do eval "$tool() { calls=\\$((calls + 1)); [ \\$calls -ne ${call} ] || kill -9 \\$\\$; command $tool \\"\\$@\\"; }"; done; convert`,
      );
      expect(host.look().managed.map(({ baseline }) => baseline)).toEqual(baselines);
      expect(host.run("convert")).toMatchObject({ code: 0, stderr: "" });
      expect(host.look().managed.map(({ baseline }) => baseline)).toEqual(baselines);
      expect(readdirSync(join(folder, "home")).filter((one) => one === "convert")).toEqual([]);
      rmSync(folder, { recursive: true });
    }
    folder = mkdtempSync(join(tmpdir(), "conversion-"));
  },
);

test("an admin's later edits are kept by the conversion, and by destroy", () => {
  const host = hostOf("mirrors-two");
  host.write(CONFIG, `# by hand\n${host.read(CONFIG) ?? ""}`);
  for (const id of recordIds("mirrors-two")) {
    const decision = decideAgain(host, id);
    expect(decision).toMatchObject({ activate: "none", diff: "" });
    host.apply(id, decision);
  }
  for (const id of recordIds("mirrors-two")) host.undo(id);
  const before = readFileSync(join(FIXTURES, "mirrors-two/before", CONFIG), "latin1");
  expect(host.read(CONFIG)).toBe(`# by hand\n${before}`);
});

test("before the next up of two stacks, a destroy of one says what is missing", () => {
  const host = hostOf("mirrors-shared");
  const before = files(folder);
  expect(host.undo("test.one.containerd-n1").stderr).toBe(
    `${CONFIG}: expected a plan of what it is for test.two.containerd-n1 alone; found none: run \`up\` of that stack first, which plans it or says what it lacks; or destroy that stack first\n\n  Nothing was changed on this host.\n`,
  );
  expect(files(folder)).toEqual(before);
  const decision = decideAgain(host, "test.two.containerd-n1");
  host.apply("test.two.containerd-n1", decision);
  expect(host.undo("test.one.containerd-n1")).toMatchObject({ code: 0, stderr: "" });
  expect(host.read(CONFIG)).toContain("10.88.40.11");
  expect(host.read(CONFIG)).not.toContain("mirror.example");
});
