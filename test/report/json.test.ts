import { reportJson } from "../../report/json";
import { HOSTILE_REPORT, SAMPLE } from "./sample";

test("--json has every row as it is, and how many have each state", () => {
  expect(JSON.parse(reportJson(SAMPLE))).toEqual({
    stack: "prod",
    registry: "10.0.0.11:5000",
    inSync: false,
    states: { unreachable: 1, drifted: 1, "in sync": 2 },
    rows: SAMPLE.rows,
  });
});

test("--json of a stack that is in sync says so", () => {
  const rows = SAMPLE.rows.filter(({ state }) => state === "in sync");
  expect(JSON.parse(reportJson({ ...SAMPLE, rows }))).toMatchObject({
    inSync: true,
    states: { "in sync": 2 },
  });
});

test("--json keeps what a hostile host says as a string", () => {
  const text = reportJson(HOSTILE_REPORT);
  expect((JSON.parse(text) as { rows: unknown }).rows).toEqual(HOSTILE_REPORT.rows);
  expect(text).not.toContain("\u001b");
});
