import { isWell, reportText, type NodeReport } from "../../check/report";

const well: NodeReport = {
  name: "node01",
  role: "worker",
  configuration: "in sync",
  inSync: true,
};

test("a report names the nodes that cannot pull and the nodes that are not in sync", () => {
  const nodes = [
    well,
    { ...well, name: "n2", inSync: false, configuration: "drift on the host" },
    { ...well, name: "n3", trouble: "no route to host" },
  ];
  expect(reportText("10.0.0.1:5000/probe:1", nodes)).toBe(
    [
      "node01  pulled 10.0.0.1:5000/probe:1",
      "        configuration: in sync",
      "n2      pulled 10.0.0.1:5000/probe:1",
      "        configuration: drift on the host",
      "n3      cannot pull: no route to host",
      "        configuration: in sync",
      "2 of 3 nodes pull from the registry; cannot pull: n3; not in sync: n2",
      "",
    ].join("\n"),
  );
  expect(isWell(nodes)).toBe(false);
});

test("a check fails if a node is not in sync or cannot pull", () => {
  expect(isWell([well])).toBe(true);
  expect(isWell([{ ...well, inSync: false }])).toBe(false);
  expect(isWell([{ ...well, trouble: "x" }])).toBe(false);
});
