import { commandsFor } from "../../doctor/commands";
import { unlistedNodes } from "../../doctor/unlisted";
import { settings } from "./facts";

const node = (name: string, address: string) => ({
  name,
  role: "worker" as const,
  addresses: [{ type: "InternalIP", address }],
});
const cluster = (...nodes: ReturnType<typeof node>[]) => ({
  server: "https://10.0.0.11:6443",
  nodes,
  others: [],
});

test("a node of the cluster that the stack lacks: the fix adds it to the settings", () => {
  const all = cluster(node("node01", "10.0.0.12"), node("node09", "10.0.0.19"));
  expect(unlistedNodes(settings, all, commandsFor([]))).toEqual([
    {
      name: "node09",
      passed: [],
      cause: {
        cause:
          "node09 is a node of the cluster, but not of this stack, so nothing tells it of the registry",
        evidence: [
          "the cluster at https://10.0.0.11:6443: node09, 10.0.0.19",
          "the setting nodes: controlplane, node01",
        ],
        fix:
          "npm run config -- set --path 'nodes[2].name' node09 && npm run config -- set --path 'nodes[2].address' 10.0.0.19 && " +
          "npm run config -- set --path 'nodes[2].role' worker && npm run up",
      },
    },
  ]);
});

test("a node with another name in the settings is found by its address", () => {
  expect(unlistedNodes(settings, cluster(node("worker-1", "10.0.0.12")), commandsFor([]))).toEqual(
    [],
  );
});
