import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { decideInsecureRegistry, decideMirror } from "../../decision/plan";
import {
  type InsecureSpec,
  type MirrorSpec,
  uniteInsecure,
  uniteMirrors,
} from "../../decision/wants";
import { mixesWays, planContainerd, planDaemonJson } from "../../patch";
import { CONFIG, DAEMON_JSON, FolderHost, LESSON } from "./folder-host";
import { userlands } from "./shells";

/** PROPERTY_RUNS sets a higher number. */
const RUNS = Number(process.env["PROPERTY_RUNS"] ?? 4);
const [userland] = userlands;

const A = "10.0.0.1:5000";
const B = "10.0.0.2:5000";
const hostsWay = readFileSync(
  join(__dirname, "../fixtures/records-1/hosts/before", CONFIG),
  "latin1",
);

jest.setTimeout(60_000 + RUNS * 20_000);

type Stack = "one" | "two";
const idOf = (stack: Stack, daemon: string) => `test.${stack}.${daemon}`;

const mirrors = fc.constantFrom<MirrorSpec["mirrors"]>(
  {},
  { "docker.io": ["https://m1.example"] },
  { "docker.io": ["https://m2.example", "https://m1.example"] },
  { "ghcr.io": ["https://m1.example"] },
);
const spec = fc.record({
  registry: fc.constantFrom(A, B),
  mirrors,
  migrate: fc.boolean(),
});
const stack = fc.constantFrom<Stack>("one", "two");
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ what: fc.constant("up" as const), stack, spec }) },
  { weight: 3, arbitrary: fc.record({ what: fc.constant("destroy" as const), stack }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant("insert" as const), at: fc.nat(400) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("delete" as const), at: fc.nat(400) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("take out" as const) }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant("edit ours" as const), at: fc.nat(40) }) },
  {
    weight: 1,
    arbitrary: fc.record({ what: fc.constant("delete hosts.toml" as const), at: fc.nat(3) }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ownership-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("two stacks and an admin on one node, in any order", () => {
  test.each([
    ["a config.toml with mirrors", LESSON],
    ["a config.toml with config_path", hostsWay],
    ["a config.toml of one line", "version = 2\n"],
    ["a config.toml whose last line is open", "version = 2\n[grpc]\n  uid = 0"],
    ["no config.toml", undefined],
  ])(
    "containerd, %s: the node has what the remaining stacks want, and in the end its first bytes",
    (_what, first) => {
      fc.assert(
        fc.property(fc.array(step, { minLength: 2, maxLength: 6 }), (steps) => {
          play(first, steps);
        }),
        // Each step starts a shell. Seed and path are enough to repeat a failure, so no shorter example is searched.
        { numRuns: RUNS, endOnFailure: true },
      );
    },
  );
});

describe("two stacks with the same names, of whose lines one was edited, in a file that an admin has put back", () => {
  const mirrors: MirrorSpec["mirrors"] = { "ghcr.io": ["https://m1.example"] };
  const same = { what: "up", spec: { registry: A, mirrors, migrate: false } } as const;
  test.each<[string, string, Step[]]>([
    [
      "a config.toml with mirrors",
      LESSON,
      [
        { ...same, stack: "one" },
        { what: "edit ours", at: 5 },
        { ...same, stack: "two" },
        { what: "take out" },
      ],
    ],
    [
      "a config.toml of one line",
      "version = 2\n",
      [
        { ...same, stack: "two" },
        { what: "edit ours", at: 11 },
        { ...same, stack: "one" },
        { what: "take out" },
      ],
    ],
  ])("%s: each destroy finds nothing to take out", (_what, first, steps) => {
    play(first, steps);
  });
});

describe("two stacks with the same registry, and lines that an admin has rewritten", () => {
  const ghcr = { "ghcr.io": ["https://m1.example"] };
  const inFirst = () => {
    if (userland === undefined) throw new Error("no shell to test with");
    rmSync(folder, { recursive: true });
    return new FolderHost(folder, userland);
  };
  const upMirrors = (host: FolderHost, stack: Stack, mirrors: MirrorSpec["mirrors"]) =>
    up(host, stack, { registry: A, endpoints: [`http://${A}`], mirrors, migrate: false });
  /** TOML reads a text in single quotes as the same. */
  const requote = (host: FolderHost, table: string) =>
    host.write(
      CONFIG,
      (host.read(CONFIG) ?? "").replace(
        new RegExp(`^.*mirrors\\."${table}"\\]\\n.*\\n`, "m"),
        (lines) => lines.replaceAll('"', "'"),
      ),
    );
  const wordsOf = (host: FolderHost, stack: Stack, daemon = "containerd-n") => {
    const { code, stderr } = host.undo(idOf(stack, daemon));
    return code === 0 ? "undone" : stderr;
  };

  test("the last destroy names what both needed, and the first one leaves it", () => {
    const host = inFirst();
    host.write(CONFIG, LESSON);
    for (const stack of ["one", "two"] as const) upMirrors(host, stack, {});
    requote(host, A);
    expect(wordsOf(host, "one")).toBe("undone");
    expect(wordsOf(host, "two")).toMatch(
      /lines of this program were edited by hand\. Change them by hand:\n {2}take out: .*10\.0\.0\.1:5000/,
    );
    expect(host.read(CONFIG)).toContain(`mirrors.'${A}'`);
    expect(host.look().managed).toHaveLength(1);
  });

  test("a destroy names what this stack alone needed", () => {
    const host = inFirst();
    host.write(CONFIG, LESSON);
    upMirrors(host, "one", ghcr);
    upMirrors(host, "two", {});
    requote(host, "ghcr.io");
    expect(wordsOf(host, "one")).toMatch(/take out: .*mirrors\."ghcr\.io"/);
    expect(host.read(CONFIG)).toContain("mirrors.'ghcr.io'");
  });

  test("so it is with a daemon.json that was written anew on one line", () => {
    const host = inFirst();
    host.write(DAEMON_JSON, '{\n  "debug": true,\n  "mtu": 1454\n}\n');
    for (const stack of ["one", "two"] as const) {
      const id = idOf(stack, "daemon-json");
      const decision = decideInsecureRegistry(host.look(), id, { insecureRegistries: [A] }, {});
      expect(host.apply(id, decision)).toMatchObject({ code: 0, stderr: "" });
    }
    host.write(DAEMON_JSON, `${JSON.stringify(JSON.parse(host.read(DAEMON_JSON) ?? ""))}\n`);
    expect(wordsOf(host, "one", "daemon-json")).toBe("undone");
    expect(wordsOf(host, "two", "daemon-json")).toContain("Change them by hand:");
    expect(host.read(DAEMON_JSON)).toContain(A);
  });
});

const insecureStep = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      what: fc.constant("up" as const),
      stack,
      registries: fc.constantFrom([A], [B], [A, B]),
    }),
  },
  { weight: 2, arbitrary: fc.record({ what: fc.constant("destroy" as const), stack }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("take out" as const) }) },
);

describe("two stacks and an admin on one registry host, in any order", () => {
  test.each([
    ["a daemon.json with other keys", '{\n  "debug": true,\n  "mtu": 1454\n}\n'],
    ["a daemon.json on one line", '{"insecure-registries": ["old:5000"], "debug": true}'],
    ["no daemon.json", undefined],
  ])("%s", (_what, first) => {
    fc.assert(
      fc.property(fc.array(insecureStep, { minLength: 2, maxLength: 6 }), (steps) => {
        if (userland === undefined) throw new Error("no shell to test with");
        rmSync(folder, { recursive: true });
        const host = new FolderHost(folder, userland);
        host.write(DAEMON_JSON, first);
        const wants = new Map<Stack, InsecureSpec>();
        let drifted = false;
        const check = () => {
          if (drifted) return;
          const bytes = first === undefined ? undefined : Buffer.from(first);
          const registry = uniteInsecure([...wants].map(([id, spec]) => ({ id, spec })));
          const plan = planDaemonJson({ path: DAEMON_JSON, bytes, registry });
          const desired = registry.length === 0 ? first : plan.files[0]?.desired?.toString();
          expect(words(host.read(DAEMON_JSON))).toEqual(words(desired));
        };
        for (const one of steps) {
          if (one.what === "up") {
            const id = idOf(one.stack, "daemon-json");
            const spec = { insecureRegistries: one.registries };
            const decision = decideInsecureRegistry(host.look(), id, spec, {});
            if (!decision.inSync)
              expect(host.apply(id, decision)).toMatchObject({ code: 0, stderr: "" });
            wants.set(one.stack, spec);
            drifted = false;
            check();
          } else if (one.what === "destroy") {
            const undone = host.undo(idOf(one.stack, "daemon-json"));
            expect(undone).toMatchObject({ code: 0, stderr: "" });
            wants.delete(one.stack);
            check();
          } else {
            host.write(DAEMON_JSON, first);
            drifted = true;
          }
        }
        for (const each of ["one", "two"] as const) {
          expect(host.undo(idOf(each, "daemon-json"))).toMatchObject({ code: 0, stderr: "" });
        }
        expect(host.read(DAEMON_JSON)).toBe(first);
      }),
      { numRuns: RUNS, endOnFailure: true },
    );
  });
});

/** The admin's edits are made in the live file and in the expected text without any stack. */
function play(first: string | undefined, steps: readonly Step[]): void {
  if (userland === undefined) throw new Error("no shell to test with");
  rmSync(folder, { recursive: true });
  const host = new FolderHost(folder, userland);
  let foreign = first;
  host.write(CONFIG, first);
  const wants = new Map<Stack, MirrorSpec>();
  let inserted = 0;
  // Lines that an admin has removed are missing until the next up of any stack.
  let drifted = false;
  // Text that an admin has added at the end of our lines.
  let edits: string[] = [];
  // Whether one of them is in a line that is ours as a whole, and not in an admin's list with entries of ours.
  let isOursEdited = false;

  const expected = () => {
    const bytes = foreign === undefined ? undefined : Buffer.from(foreign, "latin1");
    if (wants.size === 0) return new Map([[CONFIG, foreign]]);
    const input = {
      configPath: CONFIG,
      bytes,
      daemonVersion: "1.7.28",
      certsD: new Map(),
      ...uniteMirrors([...wants].map(([id, one]) => ({ id, spec: one }))),
    };
    const plan = planContainerd({ ...input, migrate: input.migrate && mixesWays(input) });
    return new Map(plan.files.map(({ path, desired }) => [path, desired?.toString("latin1")]));
  };
  const expectEdits = () => {
    const text = host.read(CONFIG) ?? "";
    expect(edits.filter((mark) => !text.includes(mark))).toEqual([]);
  };
  const check = () => {
    expectEdits();
    if (drifted || edits.length > 0) return;
    const files = expected();
    for (const [path, text] of files) expect(lines(host.read(path))).toEqual(lines(text));
    const others = host.look().containerd?.hostsToml.map(({ path }) => path) ?? [];
    expect(others.filter((path) => !files.has(path))).toEqual([]);
  };

  for (const one of steps) {
    const live = host.read(CONFIG);
    switch (one.what) {
      case "up": {
        const full = { ...one.spec, endpoints: [`http://${one.spec.registry}`] };
        const former = wants.get(one.stack);
        wants.set(one.stack, full);
        const isRefused =
          edits.length > 0 ? refuses(() => up(host, one.stack, full)) : refuses(expected);
        if (isRefused) {
          expect(() => up(host, one.stack, full)).toThrow(/expected|cannot remove/);
          if (former === undefined) wants.delete(one.stack);
          else wants.set(one.stack, former);
          check();
          break;
        }
        up(host, one.stack, full);
        drifted = false;
        check();
        if (edits.length > 0) break;
        // The next preview finds nothing to do, also that of the other stack.
        for (const [other, spec] of wants) {
          expect(decideMirror(host.look(), idOf(other, "containerd-n"), spec, {}).inSync).toBe(
            true,
          );
        }
        break;
      }
      case "destroy":
        if (undone(host, one.stack, edits)) wants.delete(one.stack);
        check();
        break;
      case "edit ours": {
        const theirs = new Set(foreign?.split("\n"));
        const ours = (live ?? "")
          .split("\n")
          .slice(0, -1)
          .filter((line) => !theirs.has(line) && isWhole(line));
        const line = ours[one.at % Math.max(1, ours.length)];
        if (live === undefined || line === undefined) break;
        const mark = ` # edit ${++inserted}`;
        edits.push(mark);
        isOursEdited ||= !isTheirList(line, foreign);
        host.write(CONFIG, live.replace(`${line}\n`, `${line}${mark}\n`));
        break;
      }
      case "insert": {
        // After a line of the admin's own, wherever it is.
        const anchor = anchorAt(foreign, live, one.at);
        if (anchor === undefined) break;
        const line = `# by hand ${++inserted}`;
        foreign = foreign?.replace(anchor, `${anchor}${line}\n`);
        host.write(CONFIG, live?.replace(anchor, `${anchor}${line}\n`));
        break;
      }
      case "delete": {
        const anchor = anchorAt(foreign, live, one.at);
        if (anchor === undefined || !/^\s*(#|oom_score|uid|gid|stats)/.test(anchor)) break;
        foreign = foreign?.replace(anchor, "");
        host.write(CONFIG, live?.replace(anchor, ""));
        break;
      }
      case "take out":
        // Then a file that we created is removed as a whole.
        if (live !== undefined) host.write(CONFIG, foreign);
        edits = [];
        isOursEdited = false;
        drifted = true;
        break;
      case "delete hosts.toml": {
        const made = host.look().containerd?.hostsToml ?? [];
        const file = made[one.at % Math.max(1, made.length)];
        if (file !== undefined) host.write(file.path, undefined);
        drifted = true;
        break;
      }
    }
  }
  // Edited lines of this program stay for a person, and never count as an admin's.
  const done = (["two", "one"] as const).map((each) => undone(host, each, edits));
  expectEdits();
  if (isOursEdited) expect(done).toContain(false);
  for (const mark of edits) host.write(CONFIG, host.read(CONFIG)?.replace(mark, ""));
  for (const each of ["two", "one"] as const) expect(undone(host, each, [])).toBe(true);
  expect(host.read(CONFIG)).toBe(foreign);
  expect(host.look()).toMatchObject({ managed: [], records: [] });
  expect(host.run('ls -d "$root/etc/containerd/certs.d" "$files"/* 2>/dev/null').stdout).toBe("");
}

/** A table's header, or a key whose value ends at the end of the line, with nothing after it. */
function isWhole(line: string): boolean {
  return /^\s*\[.*\]$|^\s*\w+ = .*["\]]$/.test(line);
}

/** A list that an admin has in this text, with entries of ours in front of theirs: those go without the rest of the line. */
function isTheirList(line: string, foreign: string | undefined): boolean {
  const lists = foreign?.split("\n").filter((each) => /^\s*endpoint = \[./.test(each)) ?? [];
  return lists.some((list) => line.endsWith(list.replace(/^\s*endpoint = \[/, "")));
}

/** Destroys one stack. It may refuse only if lines were edited, and must name them. */
function undone(host: FolderHost, stack: Stack, edits: readonly string[]): boolean {
  const said = host.undo(idOf(stack, "containerd-n"));
  if (said.code === 0) {
    expect(said.stderr).toBe("");
    return true;
  }
  expect(said).toMatchObject({ code: 1, stdout: "" });
  if (edits.length === 0) throw new Error(`refused without an edited line: ${said.stderr}`);
  expect(said.stderr).toMatch(
    /lines of this program were edited by hand\. Change them by hand:\n {2}(take out|put back): /,
  );
  return false;
}

function refuses(plan: () => unknown): boolean {
  try {
    plan();
    return false;
  } catch {
    return true;
  }
}

function up(host: FolderHost, stack: Stack, spec: MirrorSpec): void {
  const id = idOf(stack, "containerd-n");
  const decision = decideMirror(host.look(), id, spec, {});
  if (decision.inSync) return;
  expect(host.apply(id, decision)).toMatchObject({ code: 0, stderr: "" });
}

/** One of the admin's lines that is in both texts exactly once, with its end. */
function anchorAt(foreign: string | undefined, live: string | undefined, at: number) {
  if (foreign === undefined || live === undefined) return undefined;
  const once = (text: string, line: string) => text.split(line).length === 2;
  const anchors = foreign
    .split(/(?<=\n)/)
    .filter((line) => line.endsWith("\n") && line.trim() !== "")
    .filter((line) => once(foreign, line) && once(live, line));
  return anchors[at % Math.max(1, anchors.length)];
}

function words(text: string | undefined): string[] | undefined {
  return text?.split(/[\s,[\]{}]+/).sort();
}

function lines(text: string | undefined): string[] | undefined {
  return text?.split("\n").sort();
}
