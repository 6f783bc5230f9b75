import { skippedNote, skippedOf } from "../../decision/skipped";
import type { Surveyed } from "../../observation/hosts";
import { parseSettings } from "../../settings/parse";
import { SshError, type SshErrorKind } from "../../ssh/error";

const settings = (changes: Record<string, unknown> = {}) =>
  parseSettings({
    registry: { host: "m1", address: "10.0.0.1" },
    nodes: ["m1", "w1", "w2"].map((name, index) => ({
      name,
      address: `10.0.0.${index + 1}`,
      role: index === 0 ? "master" : "worker",
    })),
    ...changes,
  });
const unread = (kind: SshErrorKind) =>
  ({ access: {}, error: new SshError(kind, `${kind}!`) }) as unknown as Surveyed;
const problem = (host: string, reason = `${host} has a problem`) => ({ host, reason });

describe("which problems stop a run", () => {
  test("all of them, unless the settings say otherwise", () => {
    const surveyed = new Map([["w1", unread("unreachable")]]);
    const problems = [problem("w1"), problem("w2")];
    expect(skippedOf(settings(), surveyed, problems)).toEqual({ skipped: [], remaining: problems });
  });

  test.each(["unreachable", "timeout", "lost"] as const)(
    "not a node whose connection ends with %s, with onUnreachable: skip",
    (kind) => {
      const surveyed = new Map([["w1", unread(kind)]]);
      const found = skippedOf(settings({ onUnreachable: "skip" }), surveyed, [problem("w1")]);
      expect(found).toEqual({
        skipped: [{ host: "w1", kind: "unreachable", reason: "w1 has a problem" }],
        remaining: [],
      });
    },
  );

  test.each(["authentication", "host-key", "forward-refused"] as const)(
    "a node whose login ends with %s is a problem, and not a host that is off",
    (kind) => {
      const surveyed = new Map([["w1", unread(kind)]]);
      const problems = [problem("w1")];
      expect(skippedOf(settings({ onUnreachable: "skip" }), surveyed, problems).remaining).toEqual(
        problems,
      );
      const { skipped, remaining } = skippedOf(settings({ onProblem: "skip" }), surveyed, problems);
      expect([skipped.map((one) => one.kind), remaining]).toEqual([["problem"], []]);
    },
  );

  test("the registry's host always does: no node can pull without it", () => {
    const all = settings({ onUnreachable: "skip", onProblem: "skip" });
    const surveyed = new Map([["m1", unread("unreachable")]]);
    expect(skippedOf(all, surveyed, [problem("m1")]).remaining).toEqual([problem("m1")]);
  });

  test("two problems of one node are one skip with both reasons", () => {
    const found = skippedOf(settings({ onProblem: "skip" }), new Map(), [
      problem("w1", "a"),
      problem("w1", "b"),
    ]);
    expect(found.skipped).toEqual([{ host: "w1", kind: "problem", reason: "a\nb" }]);
  });
});

test("the note says what becomes of the node", () => {
  expect(skippedNote({ host: "w1", kind: "unreachable", reason: "no route" }, true)).toBe(
    "w1 is skipped (onUnreachable: skip): no route\n" +
      "  It keeps its configuration, and its resources stay as they are. The next up covers it.",
  );
  expect(skippedNote({ host: "w1", kind: "problem", reason: "bad file" }, false)).toBe(
    "w1 is skipped (onProblem: skip): bad file\n" +
      "  It has no configuration of this stack yet, so it may not pull from the registry. The next up covers it.",
  );
});
