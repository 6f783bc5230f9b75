import type { ClusterNode, NodeList } from "../../kube/nodes";
import { resolveSettings } from "../../observation/cluster-nodes";
import { SettingsError } from "../../settings/problem";

const KUBECONFIG =
  "current-context: lab\ncontexts: [{name: lab}]\nusers: [{name: me, user: {token: SECRET}}]\n";
const around = {
  read: (path: string) => (path === "/project/admin.conf" ? KUBECONFIG : undefined),
  home: "/home/me",
  project: "/project",
  localUser: "me",
  agentSocket: undefined,
};

const node = (name: string, address: string): ClusterNode => ({
  name,
  role: "worker",
  addresses: [{ type: "InternalIP", address }],
});
const TWO = [node("a", "10.0.0.1"), node("b", "10.0.0.2")];

function resolve(
  nodes: Record<string, unknown>,
  found: Partial<NodeList> | Error = { nodes: TWO },
  others: Record<string, unknown> = {},
) {
  const raw = { registry: { host: "a", address: "10.0.0.1" }, nodes, ...others };
  return resolveSettings(raw, around, () =>
    found instanceof Error
      ? Promise.reject(found)
      : Promise.resolve({ server: "https://10.0.0.1:6443", nodes: [], others: [], ...found }),
  );
}

async function problems(work: Promise<unknown>): Promise<string[]> {
  const error: unknown = await work.catch((thrown: unknown) => thrown);
  if (!(error instanceof SettingsError)) throw new Error(`no refusal: ${String(error)}`);
  return error.problems.map(({ path, reason }) => `${path}: ${reason}`);
}

const FROM = { fromKubeconfig: "admin.conf" };

test("the cluster's nodes take the place of the setting, with the login name for them", async () => {
  const found = await resolve(
    { ...FROM, user: "admin" },
    { nodes: TWO, others: [{ name: "win", os: "windows" }] },
  );
  expect(found.settings.nodes).toEqual([
    { name: "a", address: "10.0.0.1", role: "worker", ssh: { user: "admin" } },
    { name: "b", address: "10.0.0.2", role: "worker", ssh: { user: "admin" } },
  ]);
  expect(found.notes).toEqual(["win: this node of the cluster runs windows, so it is left out"]);
  expect(found.server).toBe("https://10.0.0.1:6443");
});

test("a list stays a list, and no cluster is asked", async () => {
  const nodes = [{ name: "a", address: "10.0.0.1", role: "master" }];
  const raw = { registry: { host: "a", address: "10.0.0.1" }, nodes };
  const found = await resolveSettings(raw, around, () => Promise.reject(new Error("asked")));
  expect(found.settings.nodes).toEqual(nodes);
  expect(found).not.toHaveProperty("server");
});

test("no node that matches is refused: the stack's nodes stay", async () => {
  expect(await problems(resolve({ ...FROM, selector: "pool=x" }, {}))).toEqual([
    'nodes.selector: expected at least one node that the selector "pool=x" selects, found none in the cluster at https://10.0.0.1:6443 (/project/admin.conf); correct the selector, or run destroy to remove the registry from all nodes',
  ]);
});

test("a node without such an address is refused by its name", async () => {
  expect(await problems(resolve({ ...FROM, address: "ExternalIP" }, { nodes: [TWO[0]!] }))).toEqual(
    [
      "nodes.address: expected an ExternalIP of the node a, found InternalIP 10.0.0.1 in the cluster at https://10.0.0.1:6443 (/project/admin.conf); choose another kind of address, or a selector without this node",
    ],
  );
});

test("a cluster that does not answer is refused, with the file", async () => {
  expect(await problems(resolve(FROM, new Error("the cluster does not answer")))).toEqual([
    "nodes.fromKubeconfig: the nodes cannot be read with /project/admin.conf: the cluster does not answer",
  ]);
});

test("a missing file, an unknown key and a wrong kind of address are refused before the cluster is asked", async () => {
  const asked = new Error("asked");
  expect(await problems(resolve({ fromKubeconfig: "~/none" }, asked))).toEqual([
    "nodes.fromKubeconfig: expected a kubeconfig at /home/me/none, found no file",
  ]);
  expect(await problems(resolve({ ...FROM, context: "prod" }, asked))).toEqual([
    'nodes.context: expected one of the contexts of /project/admin.conf (lab), found "prod"',
  ]);
  expect(await problems(resolve({ ...FROM, users: "x", address: "IP" }, asked))).toEqual([
    'nodes.address: expected InternalIP, ExternalIP or Hostname, found "IP"',
    "nodes.users: unknown key (known here: fromKubeconfig, context, selector, user, address)",
  ]);
});

test("problems of the list name the cluster's nodes", async () => {
  expect(
    await problems(resolve(FROM, { nodes: [node("a", "10.0.0.1"), node("b", "10.0.0.1")] })),
  ).toEqual([`nodes.fromKubeconfig: b: "10.0.0.1" is the cluster's a.address already`]);
});
