import type { NodeList } from "../../kube/nodes";
import { clusterNews, listDifferences } from "../../observation/membership";
import type { PastGuard } from "../../observation/past";
import type { NodeSettings } from "../../settings/schema";

const listed = (name: string, address: string): NodeSettings => ({ name, address, role: "worker" });
const guard = (host: string, daemon: PastGuard["daemon"] = "containerd"): PastGuard => ({
  host,
  daemon,
  id: "x",
  cluster: "cluster",
  sudo: false,
  connection: {},
  inputs: {},
});

test("news are the nodes that joined or left; the registry's host is no node", () => {
  const guards = [guard("registry", "docker"), guard("a"), guard("b")];
  expect(
    clusterNews({ guards }, { nodes: [listed("a", "10.0.0.1"), listed("c", "10.0.0.3")] }, []),
  ).toEqual([
    "c joined the cluster: up lets it pull from the registry",
    "b left the cluster: up removes the lines of this program from it",
  ]);
});

test("a node whose host does not answer is no news: it has a message of its own", () => {
  const guards = [guard("a"), guard("b"), guard("c")];
  expect(clusterNews({ guards }, { nodes: [listed("a", "10.0.0.1")] }, [guard("b")])).toEqual([
    "c left the cluster: up removes the lines of this program from it",
  ]);
});

test("a stack without a run before has no news", () => {
  expect(clusterNews({ guards: [] }, { nodes: [listed("a", "10.0.0.1")] }, [])).toEqual([]);
});

test("a list differs from the cluster by the nodes that have neither name nor address in common", () => {
  const node = (name: string, address: string) => ({
    name,
    role: "worker" as const,
    addresses: [{ type: "InternalIP", address }],
  });
  const cluster: NodeList = {
    server: "https://10.0.0.1:6443",
    nodes: [node("a", "10.9.9.9"), node("b.example.com", "10.0.0.2"), node("new", "10.0.0.4")],
    others: [],
  };
  const nodes = [listed("a", "10.0.0.1"), listed("b", "10.0.0.2"), listed("c", "10.0.0.3")];
  expect(listDifferences({ nodes }, cluster)).toEqual([
    "new is a node of the cluster at https://10.0.0.1:6443, but the setting nodes lacks it: Pods there cannot pull from the registry until you add it",
    "c is in the setting nodes, but the cluster at https://10.0.0.1:6443 has no such node, by name or address",
  ]);
});
