import { messageLines } from "../../../engine/display/message-lines";

const DIFF = [
  "first apply",
  "--- /etc/a.toml\tlive",
  "+++ /etc/a.toml\tdesired",
  "@@ -10,5 +10,6 @@",
  " one",
  "+two",
  " three",
  "-four",
  "+4",
  "+5",
  "-five",
  " six",
  "containerd restarts; containers go on.",
].join("\n");

const shown = (text: string, full: boolean): string[] =>
  messageLines(text, full).map((line) => `${line.kind}: ${line.text}`);

test("in brief a diff is the file, the line of each change, and the lines that go and come; the text around it stays", () => {
  expect(shown(DIFF, false)).toEqual([
    "text: first apply",
    "file: /etc/a.toml, line 11:",
    "added: +two",
    "file: /etc/a.toml, line 12:",
    "removed: -four",
    "added: +4",
    "added: +5",
    "removed: -five",
    "text: containerd restarts; containers go on.",
  ]);
});

test("in full a diff is what it was, line by line", () => {
  expect(
    messageLines(DIFF, true)
      .map(({ text }) => text)
      .join("\n"),
  ).toBe(DIFF);
  expect(shown(DIFF, true)).toContain("context:  one");
});

test("a new file is named by its own name, a removed one by what it was", () => {
  const made = "--- /dev/null\tlive\n+++ /etc/b\tdesired\n@@ -0,0 +1,1 @@\n+b\n";
  expect(shown(made, false)).toEqual(["file: /etc/b, line 1:", "added: +b"]);
  const gone =
    "--- /etc/b\tlive\n+++ /dev/null\tdesired\n@@ -1 +0,0 @@\n-b\n\\ No newline at end of file";
  expect(shown(gone, false)).toEqual(["file: /etc/b, line 1:", "removed: -b"]);
});

test("lines that only look like those of a diff are text, and an empty line of context is one", () => {
  expect(shown("- an item\n+ another\n@@ at", false)).toEqual([
    "text: - an item",
    "text: + another",
    "text: @@ at",
  ]);
  const blank = "--- /a\tlive\n+++ /a\tdesired\n@@ -1,2 +1,3 @@\n\n+x\n y\n- not of the diff";
  expect(shown(blank, false)).toEqual([
    "file: /a, line 2:",
    "added: +x",
    "text: - not of the diff",
  ]);
});
