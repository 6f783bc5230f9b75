import { isWell, reportText, type NodeReport } from "../../check/report";

const well: NodeReport = {
  name: "node01",
  role: "worker",
  configuration: "as it should be",
  inSync: true,
};

test("a report names the nodes that do not pull and those that drifted, each once", () => {
  const nodes = [
    well,
    { ...well, name: "n2", inSync: false, configuration: "drift on the host" },
    { ...well, name: "n3", trouble: "no route to host" },
  ];
  expect(reportText("10.0.0.1:5000/probe:1", nodes)).toBe(
    [
      "node01  pulled 10.0.0.1:5000/probe:1",
      "        configuration: as it should be",
      "n2      pulled 10.0.0.1:5000/probe:1",
      "        configuration: drift on the host",
      "n3      does not pull: no route to host",
      "        configuration: as it should be",
      "2 of 3 nodes pull from the registry; these do not: n3; not configured as they should be: n2",
      "",
    ].join("\n"),
  );
  expect(isWell(nodes)).toBe(false);
});

test("a drifted node that pulls is not well, and neither is a node that does not pull", () => {
  expect(isWell([well])).toBe(true);
  expect(isWell([{ ...well, inSync: false }])).toBe(false);
  expect(isWell([{ ...well, trouble: "x" }])).toBe(false);
});
