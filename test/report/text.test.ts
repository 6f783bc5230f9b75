import { isInSync } from "../../report/states";
import { glanceText, reportText, summaryText } from "../../report/text";
import { HOSTILE_REPORT, SAMPLE } from "./sample";

test("the table has a row for each thing; below it are the reasons, then the sum", () => {
  expect(reportText(SAMPLE)).toBe(
    [
      "HOST    ROLE      OS                              PROGRAM             WAY         STATE        LAST APPLIED          FILES",
      "cp      master    Debian GNU/Linux 12 (bookworm)  containerd 1.6.20   mirrors     in sync      2026-11-28 12:50:01Z  /etc/containerd/config.toml",
      "node01  worker    Debian GNU/Linux 12 (bookworm)  containerd 2.2.1    hosts.toml  drifted      2026-11-28 12:50:01Z  /etc/containerd/certs.d/10.0.0.11:5000/hosts.toml, /etc/containerd/config.toml",
      "node02  worker    -                               containerd          -           unreachable  -                     /etc/containerd/config.toml",
      "cp      registry  -                               container registry  -           in sync      -                     -",
      "",
      "node01 containerd: drifted: drift on the host",
      "node02 containerd: unreachable: no answer from 10.0.0.13:22",
      "    is it on?",
      "",
      "2 of 4 in sync; unreachable: node02 containerd; drifted: node01 containerd",
      "",
    ].join("\n"),
  );
  expect(isInSync(SAMPLE.rows)).toBe(false);
});

test("a report without a reason has the table and the sum", () => {
  const rows = SAMPLE.rows.filter(({ state }) => state === "in sync");
  const report = { ...SAMPLE, rows };
  expect(reportText(report).split("\n").slice(3)).toEqual(["", "2 of 2 in sync", ""]);
  expect(summaryText(report)).toBe("2 of 2 in sync");
  expect(isInSync(rows)).toBe(true);
});

describe("at a glance", () => {
  test("few rows are all in the table, without the reasons", () => {
    const lines = glanceText(SAMPLE).split("\n");
    expect(lines[0]).toMatch(/^HOST /);
    expect(lines.slice(1, 5).map((line) => line.split(" ")[0])).toEqual([
      "cp",
      "node01",
      "node02",
      "cp",
    ]);
    expect(lines.slice(5)).toEqual([
      "2 of 4 in sync; unreachable: node02 containerd; drifted: node01 containerd",
      "",
    ]);
  });

  const many = (states: ("in sync" | "drifted")[]) => ({
    ...SAMPLE,
    rows: states.map((state, index) => ({ ...SAMPLE.rows[0]!, host: `n${index}`, state })),
  });

  test("of many rows, only those that are not in sync are", () => {
    const states = Array.from({ length: 30 }, (_, index) => (index === 7 ? "drifted" : "in sync"));
    const lines = glanceText(many(states)).split("\n");
    expect(lines.slice(1)).toEqual([
      expect.stringMatching(/^n7 .* drifted /),
      "29 of 30 in sync; drifted: n7 containerd",
      "",
    ]);
    expect(glanceText(many(Array.from({ length: 30 }, () => "in sync")))).toBe(
      "30 of 30 in sync\n",
    );
  });

  test("if many are not in sync, the sum does not name them again", () => {
    const lines = glanceText(many(Array.from({ length: 30 }, () => "drifted"))).split("\n");
    expect(lines).toHaveLength(33);
    expect(lines[31]).toBe("0 of 30 in sync");
  });
});

test("a hostile host can neither move the cursor nor add lines", () => {
  const text = reportText(HOSTILE_REPORT);
  expect(text).toMatch(/^(?:[^\p{Cc}\p{Cf}]|\n)*$/u);
  expect(text).toContain("\\u202e\\u001b[2J\\u0000");
  expect(text.split("\n")).toHaveLength(7);
});
