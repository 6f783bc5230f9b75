import { editedByHand } from "../../hosts/edited-by-hand";
import { file } from "./observations";

const base64 = (text: string) => Buffer.from(text).toString("base64");

const BEFORE = "[a]\nx = 1\n";
const WRITTEN = '[a]\n[mirrors."r:1"]\n  endpoint = ["http://r:1"]\nx = 1\n';
const HUNKS = '@@ -1,2 +1,4 @@\n [a]\n+[mirrors."r:1"]\n+  endpoint = ["http://r:1"]\n x = 1\n';

const noteOf = (live: string, baseline = live) =>
  editedByHand({
    file: file("/etc/x", live),
    baseline: base64(baseline),
    claims: ["test.dev.x"],
    written: { text: base64(WRITTEN), hunks: base64(HUNKS) },
  });

const INTRO =
  "/etc/x: our lines were edited by hand; these stay, as an admin's, and destroy leaves them too (take them out if nobody wants them):";

test("all lines of ours that belong to an edited one are named, with their numbers", () => {
  const live = `# mine\n${WRITTEN.replace("http://r:1", "http://r:9")}`;
  expect(noteOf(live)).toBe(
    `${INTRO}\n  line 3: [mirrors."r:1"]\n  line 4: endpoint = ["http://r:9"]`,
  );
});

test("a line that was put between two of ours is named with them", () => {
  const live = WRITTEN.replace("  endpoint", "  # mine\n  endpoint");
  expect(noteOf(live)).toBe(
    `${INTRO}\n  line 2: [mirrors."r:1"]\n  line 3: # mine\n  line 4: endpoint = ["http://r:1"]`,
  );
});

test.each([
  ["edits elsewhere", `# mine\n${WRITTEN}y = 2\n`, `# mine\n${BEFORE}y = 2\n`],
  ["lines put right before and behind ours", WRITTEN.replace("[m", "# mine\n[m"), BEFORE],
  ["a person took ours out", BEFORE, BEFORE],
  [
    "a person took one of them out, and the other goes by itself",
    '[a]\n[mirrors."r:1"]\nx = 1\n',
    BEFORE,
  ],
])("%s: there is nothing to say", (_what, live, baseline) => {
  expect(noteOf(live, baseline)).toBeUndefined();
});

test("a credential in such a line is not shown", () => {
  const live = WRITTEN.replace("http://r:1", "http://me:hidden@r:1");
  expect(noteOf(live)).toContain('line 3: endpoint = ["http://***@r:1"]');
  expect(noteOf(live)).not.toContain("hidden");
});

test("of a file that nobody has edited there is nothing to say", () => {
  expect(
    editedByHand({
      file: file("/etc/x", WRITTEN),
      baseline: base64(BEFORE),
      claims: ["test.dev.x"],
    }),
  ).toBeUndefined();
});
