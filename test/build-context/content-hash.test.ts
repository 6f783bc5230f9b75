import { chmodSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { contentHash } from "../../build-context/content-hash";
import { contentOf, CONTENT_LABEL, labelled } from "../../build-context/labelled";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "context-"));
  writeFileSync(join(folder, "a"), "a");
  writeFileSync(join(folder, "b"), "b");
});
afterEach(() => rmSync(folder, { recursive: true }));

const hash = (change: object = {}) =>
  contentHash({
    folder,
    dockerfile: "FROM x\n",
    ignore: "b\n",
    buildArgs: {},
    platform: "linux/amd64",
    ...change,
  });

test("content, mode, Dockerfile and build arguments count; times and ignored files do not", () => {
  const before = hash();
  utimesSync(join(folder, "a"), 1, 1);
  writeFileSync(join(folder, "b"), "other");
  expect(hash()).toBe(before);
  expect(hash({ dockerfile: "FROM y\n" })).not.toBe(before);
  expect(hash({ buildArgs: { A: "1" } })).not.toBe(before);
  chmodSync(join(folder, "a"), 0o755);
  const executable = hash();
  expect(executable).not.toBe(before);
  writeFileSync(join(folder, "a"), "c");
  expect(hash()).not.toBe(executable);
});

test("a label counts only as the image's last step, since images inherit labels", () => {
  const config = { Labels: { [CONTENT_LABEL]: "h" } };
  const own = { created_by: `/bin/sh -c #(nop)  LABEL ${CONTENT_LABEL}=h` };
  expect(contentOf({ config, history: [own] })).toBe("h");
  expect(contentOf({ config, history: [own, { created_by: "RUN x" }] })).toBeUndefined();
});

test("a Dockerfile whose last line goes on is refused", () => {
  expect(labelled("FROM x", "h")).toBe(`FROM x\nLABEL ${CONTENT_LABEL}=h\n`);
  expect(() => labelled("RUN a \\\n", "h")).toThrow(
    "expected a Dockerfile whose last line ends, found one that ends with a line continuation: remove the last \\ or `",
  );
});
