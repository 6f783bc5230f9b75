import { hunks, revert } from "../../../patch";
import { planner } from "./planned";

const PATH = "/etc/docker/daemon.json";
const MIRROR = "http://172.30.1.2:5001";

const { plan, after, refusal } = planner({ mirrors: [MIRROR] });

const unit = (flags: string) => [{ file: "docker.service", text: `ExecStart=dockerd ${flags}` }];

describe("registry-mirrors", () => {
  it("is a line of its own after insecure-registries, and is taken out again byte for byte", () => {
    const text = '{\n  "mtu": 1454\n}\n';
    const [file] = plan(text).files;
    expect(file?.desired?.toString()).toBe(
      `{\n  "insecure-registries": ["172.30.1.2:5000"],\n  "registry-mirrors": ["${MIRROR}"],\n  "mtu": 1454\n}\n`,
    );
    expect(file && hunks(file)).toEqual([
      {
        line: 2,
        removed: [],
        added: [
          '  "insecure-registries": ["172.30.1.2:5000"],',
          `  "registry-mirrors": ["${MIRROR}"],`,
        ],
      },
    ]);
    expect(file && revert(file)).toBe(true);
    expect(plan(text).activate).toBe("reload");
  });

  it.each([
    [
      "no file",
      undefined,
      `{\n  "insecure-registries": ["172.30.1.2:5000"],\n  "registry-mirrors": ["${MIRROR}"]\n}\n`,
    ],
    [
      "an object on two lines",
      "{\n}\n",
      `{\n  "insecure-registries": ["172.30.1.2:5000"],\n  "registry-mirrors": ["${MIRROR}"]\n}\n`,
    ],
    [
      "{}",
      "{}",
      `{ "insecure-registries": ["172.30.1.2:5000"], "registry-mirrors": ["${MIRROR}"] }`,
    ],
    [
      "one line",
      '{"mtu":1}',
      `{"insecure-registries": ["172.30.1.2:5000"], "registry-mirrors": ["${MIRROR}"], "mtu":1}`,
    ],
    [
      "a file with the registry",
      '{\n  "insecure-registries": ["172.30.1.2:5000"]\n}\n',
      `{\n  "registry-mirrors": ["${MIRROR}"],\n  "insecure-registries": ["172.30.1.2:5000"]\n}\n`,
    ],
    [
      "a file with mirrors, before them",
      '{\n  "registry-mirrors": ["https://mirror.gcr.io"]\n}\n',
      `{\n  "insecure-registries": ["172.30.1.2:5000"],\n  "registry-mirrors": ["${MIRROR}", "https://mirror.gcr.io"]\n}\n`,
    ],
    [
      "both lists over several lines",
      '{\n  "insecure-registries": [\n    "a:1"\n  ],\n  "registry-mirrors": [\n    "https://b"\n  ]\n}\n',
      `{\n  "insecure-registries": [\n    "172.30.1.2:5000",\n    "a:1"\n  ],\n  "registry-mirrors": [\n    "${MIRROR}",\n    "https://b"\n  ]\n}\n`,
    ],
    [
      "null",
      '{"registry-mirrors": null}',
      `{"insecure-registries": ["172.30.1.2:5000"], "registry-mirrors": ["${MIRROR}"]}`,
    ],
  ])("in %s", (_, text, expected) => {
    expect(after(text)).toBe(expected);
    expect(plan(expected).files[0]?.edits).toEqual([]);
  });

  it("is not written without a mirror, and its entries and flags are nobody's business then", () => {
    expect(after('{"registry-mirrors": ["https://b"]}', { mirrors: [] })).toBe(
      '{"insecure-registries": ["172.30.1.2:5000"], "registry-mirrors": ["https://b"]}',
    );
    const flags = unit("--registry-mirror=https://b");
    expect(plan("{}", { mirrors: [], flags }).activate).toBe("reload");
  });

  it("counts an entry with a slash at its end, wherever it stands", () => {
    const text = `{
  "insecure-registries": ["172.30.1.2:5000"],
  "registry-mirrors": ["https://b", "${MIRROR}/"]
}
`;
    const { files, notes, activate } = plan(text);
    expect(files[0]?.edits).toEqual([]);
    expect(activate).toBe("none");
    expect(notes).toContain(`${PATH}: ${MIRROR} is already in registry-mirrors, line 3`);
  });

  it("is left alone where dockerd's flags name the mirror", () => {
    const { notes, files } = plan('{"insecure-registries": ["172.30.1.2:5000"]}', {
      flags: unit(`--registry-mirror ${MIRROR}/`),
    });
    expect(files[0]?.edits).toEqual([]);
    expect(notes).toContain(`${PATH}: the mirror ${MIRROR} is given by a flag of dockerd`);
  });

  it("is refused beside the flag, since dockerd does not start with both", () => {
    expect(refusal("{}", { flags: unit("--registry-mirror=https://b") })).toContain(
      `expected registry-mirrors set in daemon.json only: dockerd does not start with both; ` +
        "found `ExecStart=dockerd --registry-mirror=https://b`",
    );
    expect(refusal("{}", { flags: unit("--registry-mirror=https://b") })).toContain(
      `add --registry-mirror=${MIRROR} to this line, or take --registry-mirror out of it and write ` +
        `"registry-mirrors": ["https://b","${MIRROR}"] in daemon.json`,
    );
    expect(
      refusal('{"registry-mirrors": []}', { flags: unit(`--registry-mirror=${MIRROR}`) }),
    ).toContain(
      "expected registry-mirrors here or as a flag of dockerd, not both: dockerd does not start then",
    );
  });
});
