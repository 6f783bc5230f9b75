import type { ApiObject, ApiRequest } from "../../kube/api-server";
import { addressOf, listNodes, nodesOf } from "../../kube/nodes";

const node = (name: string, labels: Record<string, string> = {}, os = "linux"): ApiObject => ({
  metadata: { name, labels },
  status: {
    nodeInfo: { operatingSystem: os },
    addresses: [
      { type: "InternalIP", address: "10.0.0.1" },
      { type: "InternalIP", address: "fd00::1" },
      { type: "Hostname", address: name },
    ],
  },
});

test("a node with one of the two labels of the control plane is a master, and any other one a worker", () => {
  const { nodes } = nodesOf([
    node("old", { "node-role.kubernetes.io/master": "" }),
    node("new", { "node-role.kubernetes.io/control-plane": "" }),
    node("plain", { "node-role.kubernetes.io/infra": "" }),
  ]);
  expect(nodes.map(({ name, role }) => [name, role])).toEqual([
    ["new", "master"],
    ["old", "master"],
    ["plain", "worker"],
  ]);
});

test("a node with another operating system is set apart, also by its label alone", () => {
  const labelled = { metadata: { name: "w2", labels: { "kubernetes.io/os": "windows" } } };
  expect(nodesOf([node("w1", {}, "windows"), labelled, { metadata: { name: "bare" } }])).toEqual({
    nodes: [{ name: "bare", role: "worker", addresses: [] }],
    others: [
      { name: "w1", os: "windows" },
      { name: "w2", os: "windows" },
    ],
  });
});

test("the first address of a kind counts", () => {
  const [found] = nodesOf([node("a")]).nodes;
  if (found === undefined) throw new Error("no node");
  expect(addressOf(found, "InternalIP")).toBe("10.0.0.1");
  expect(addressOf(found, "Hostname")).toBe("a");
  expect(addressOf(found, "ExternalIP")).toBeUndefined();
});

test("a long list is read page by page, each with the selector", async () => {
  const asked: ApiRequest["query"][] = [];
  const pages: ApiObject[] = [
    { metadata: { continue: "two" }, items: [node("a")] },
    { metadata: {}, items: [node("b")] },
  ];
  const api = {
    request: ({ query }: ApiRequest) => {
      asked.push(query);
      return Promise.resolve(pages.shift() ?? {});
    },
  };
  const found = await listNodes(api, "pool=a", new AbortController().signal);
  expect(nodesOf(found).nodes.map(({ name }) => name)).toEqual(["a", "b"]);
  expect(asked).toEqual([
    { limit: "500", labelSelector: "pool=a" },
    { limit: "500", labelSelector: "pool=a", continue: "two" },
  ]);
});
