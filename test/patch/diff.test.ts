import { fileDiff } from "../../patch/diff";
import { filePlan } from "../../patch/plan";

/** The diff of one replacement. */
function diffOf(before: string, what: string, by: string): string {
  const base = Buffer.from(before);
  const edit = { offset: base.indexOf(what), length: Buffer.byteLength(what), text: by };
  return fileDiff(filePlan("f", base, [edit]), "live", "desired");
}

describe("fileDiff", () => {
  it("is made from the real texts and masked afterwards: a change in a file of one line is visible", () => {
    const text = '{"auth-of-old": "hunter2", "insecure-registries": ["b:2"]}';
    expect(diffOf(text, '"b:2"', '"a:1", "b:2"')).toBe(`--- f\tlive
+++ f\tdesired
@@ -1,1 +1,1 @@
-{"auth-of-old": ***, "insecure-registries": ["b:2"]}
\\ No newline at end of file
+{"auth-of-old": ***, "insecure-registries": ["a:1", "b:2"]}
\\ No newline at end of file
`);
  });

  it("says so if a line differs only in masked parts", () => {
    const diff = diffOf("a\npassword = 'hunter2'\nb\n", "hunter2", "hunter3");
    expect(diff).toContain(
      "@@ -1,3 +1,3 @@\n a\n-password = ***\n+password = *** (changed within what is hidden)\n b\n",
    );
    expect(diff).not.toContain("hunter");
  });

  it("hides a value that begins above the lines that are shown", () => {
    const text = `Authorization = [\n${"  'x',\n".repeat(9)}  'hunter2',\n]\na = 1\n`;
    const diff = diffOf(text, "a = 1", "a = 2");
    expect(diff).toContain("   ***\n ***\n-a = 1\n+a = 2\n");
    expect(diff).not.toContain("hunter2");
  });

  it("names a new or removed file, and is empty for an unchanged one", () => {
    const comes = filePlan("f", undefined, [{ offset: 0, length: 0, text: "x\n" }]);
    expect(fileDiff(comes)).toBe("--- /dev/null\n+++ f\n@@ -0,0 +1,1 @@\n+x\n");
    const goes = {
      ...filePlan("f", Buffer.from("x\n"), [{ offset: 0, length: 2, text: "" }]),
      desired: undefined,
    };
    expect(fileDiff(goes)).toBe("--- f\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-x\n");
    expect(fileDiff(filePlan("f", Buffer.from("x\n"), []))).toBe("");
  });
});
