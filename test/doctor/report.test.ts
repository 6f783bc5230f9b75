import { inOrderOfFixes } from "../../doctor";
import { type Diagnosis, isHealthy, reportJson, reportText } from "../../doctor/report";

const IMAGE = "10.0.0.11:5000/web:1.0";
const registry: Diagnosis = { name: "registry", passed: ["docker 26.1.5 runs"] };
const well: Diagnosis = { name: "node01", passed: ["containerd 1.7.28 runs"] };
const ill: Diagnosis = {
  name: "node02",
  passed: [],
  cause: {
    cause: "containerd does not run",
    evidence: ["containerd.service: inactive (dead)"],
    fix: "ssh root@10.0.0.12 'systemctl start containerd'",
  },
};

test("a report has the cause, what shows it, and the fix; a node that is well has one line", () => {
  expect(reportText([registry, well, ill], IMAGE, false)).toBe(
    [
      `node01: healthy, pulled ${IMAGE}`,
      "node02: containerd does not run",
      "  containerd.service: inactive (dead)",
      "  fix: ssh root@10.0.0.12 'systemctl start containerd'",
      "",
    ].join("\n"),
  );
  expect(isHealthy([registry, well])).toBe(true);
  expect(isHealthy([registry, well, ill])).toBe(false);
});

test("--verbose lists the checks that passed", () => {
  expect(reportText([registry, well], IMAGE, true)).toBe(
    [
      "registry: ok: docker 26.1.5 runs",
      "node01: ok: containerd 1.7.28 runs",
      `node01: healthy, pulled ${IMAGE}`,
      "",
    ].join("\n"),
  );
});

test("a node that only the registry keeps from pulling says so, and is not healthy", () => {
  const skipped = { ...well, skipped: "well in itself; it cannot pull because of the registry" };
  expect(reportText([skipped], IMAGE, false)).toBe(
    "node01: well in itself; it cannot pull because of the registry\n",
  );
  expect(isHealthy([skipped])).toBe(false);
});

test("--json has the same facts", () => {
  expect(JSON.parse(reportJson([well, ill], IMAGE))).toEqual({
    image: IMAGE,
    results: [
      { name: "node01", healthy: true, passed: ["containerd 1.7.28 runs"] },
      { name: "node02", healthy: false, ...ill.cause, passed: [] },
    ],
  });
});

test("a fix on one host comes before `up`, which changes no host while it refuses one", () => {
  const ended = (name: string, fix: string): Diagnosis => ({
    ...ill,
    name,
    cause: { ...ill.cause!, fix },
  });
  const all = [
    well,
    ended("a", "npm run up"),
    ended("b", "ssh root@10.0.0.13 'rm x' && npm run up"),
    ended("c", "ssh root@10.0.0.14 'systemctl start containerd'"),
  ];
  expect(inOrderOfFixes(all, "npm run up").map(({ name }) => name)).toEqual([
    "c",
    "b",
    "a",
    "node01",
  ]);
});
