import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decideInsecureRegistry, decideMirror } from "../../decision/plan";
import type { MirrorSpec } from "../../decision/wants";
import { CONFIG, DAEMON_JSON, FolderHost, LESSON } from "./folder-host";

const MIRROR_ID = "test.dev.containerd-n";
const DOCKER_ID = "test.dev.daemon-json";
const REGISTRY = "10.0.0.1:5000";
const FIRST = {
  [CONFIG]: LESSON,
  [DAEMON_JSON]: '{\n  "debug": true,\n  "mtu": 1454\n}\n',
};

jest.setTimeout(60_000);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "by-hand-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const mirror = (registry: string): MirrorSpec => ({
  registry,
  endpoints: [`http://${registry}`],
  mirrors: {},
  migrate: false,
});

describe("files that a person has changed", () => {
  let host: FolderHost;

  /** A host with both original files and our lines in them. */
  function setUp(): FolderHost {
    const made = FolderHost.inFirstShell(folder);
    for (const [path, text] of Object.entries(FIRST)) made.write(path, text);
    const decision = decideMirror(made.look(), MIRROR_ID, mirror(REGISTRY), {});
    expect(made.apply(MIRROR_ID, decision)).toMatchObject({ code: 0, stderr: "" });
    const spec = { insecureRegistries: [REGISTRY] };
    const other = decideInsecureRegistry(made.look(), DOCKER_ID, spec, {});
    expect(made.apply(DOCKER_ID, other)).toMatchObject({ code: 0, stderr: "" });
    return made;
  }
  beforeEach(() => {
    host = setUp();
  });

  const ids: [string, keyof typeof FIRST][] = [
    [MIRROR_ID, CONFIG],
    [DOCKER_ID, DAEMON_JSON],
  ];

  test("an undo says that it removes the last text of a deleted file, and leaves it deleted", () => {
    for (const [id, path] of ids) {
      const { length } = host.read(path) ?? "";
      host.write(path, undefined);
      expect(host.undo(id)).toEqual({
        code: 0,
        stderr: "",
        stdout: `${path}: the file was deleted and is not restored; its last text of ${length} bytes, which was kept on this host, is deleted. \n`,
      });
      expect(host.read(path)).toBeUndefined();
    }
    expect(host.look()).toMatchObject({ managed: [], records: [] });
  });

  test.each([
    ["with our lines", (ours: string) => ours, (first: string) => first],
    ["without our lines", (_: string, first: string) => first, (first: string) => first],
    [
      "older, without our lines, with others",
      (_: string, first: string) => older(first),
      (first: string) => older(first),
    ],
    [
      "older, with our lines and with others",
      (ours: string) => older(ours),
      (first: string) => older(first),
    ],
  ])("a backup %s, destroyed at once: only our lines go", (_what, backup, then) => {
    for (const [id, path] of ids) {
      host.write(path, backup(host.read(path) ?? "", FIRST[path]));
      expect(host.undo(id)).toMatchObject({ code: 0, stderr: "" });
      expect(host.read(path)).toBe(then(FIRST[path]));
    }
    expect(host.look()).toMatchObject({ managed: [], records: [] });
  });

  test("if our line was edited and the settings no longer need it, the error names the lines to remove", () => {
    const edited = "http://by-hand.example:5000";
    host.write(CONFIG, host.read(CONFIG)?.replace(`http://${REGISTRY}`, edited));
    expect(() => decideMirror(host.look(), MIRROR_ID, mirror("10.0.0.2:5000"), {})).toThrow(
      `${CONFIG}: cannot remove ${REGISTRY}, because lines of this program were edited by hand`,
    );
  });
});

/** The text as somebody else had it earlier. */
function older(text: string): string {
  return text.startsWith("{")
    ? text.replace('"debug": true', '"debug": false')
    : `# older\n${text}`;
}
