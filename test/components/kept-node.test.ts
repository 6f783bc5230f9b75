import * as pulumi from "@pulumi/pulumi";
import { KeptNode } from "../../components/kept-node";
import { record, settled, valueOf } from "./recorder";

const connection = {
  ...{ host: "10.0.0.2", port: 22, user: "root", privateKey: "KEY" },
  ...{ dialErrorLimit: 2, perDialTimeout: 15 },
};
const inputs = { connection, create: "guard", delete: "undo", stdin: "helper", triggers: ["e-1"] };
const apply = { connection, create: "apply", stdin: "payload", addPreviousOutputInEnv: false };
const past = {
  ...{ host: "node01", daemon: "containerd" as const, cluster: "cluster", sudo: false },
  ...{ id: "p.s.containerd-node01", connection, inputs },
};
const secret = {
  [pulumi.runtime.specialSigKey]: pulumi.runtime.specialSecretSig,
  value: connection,
};

test("both Commands are declared as the state has them, and their connection is a secret", async () => {
  const declared = record({ "cluster-node01-containerd-apply": "applied revision 2" });
  const node = new KeptNode("cluster-node01", { ...past, apply }, "worker", {});
  expect(await valueOf(node.state)).toBe("applied revision 2");
  expect(await valueOf(node.role)).toBe("worker");
  expect(declared).toEqual([
    { type: "cluster-registry:index:ContainerdMirror", name: "cluster-node01", inputs: {} },
    {
      type: "command:remote:Command",
      name: "cluster-node01-containerd-guard",
      inputs: { ...inputs, connection: secret },
    },
    {
      type: "command:remote:Command",
      name: "cluster-node01-containerd-apply",
      inputs: { ...apply, connection: secret },
    },
  ]);
});

test("an apply that never succeeded is not declared", async () => {
  const declared = record();
  const node = new KeptNode("cluster-node01", past, "master", {});
  expect(await valueOf(node.state)).toBe("not applied");
  await settled();
  expect(declared.map(({ name }) => name)).toEqual([
    "cluster-node01",
    "cluster-node01-containerd-guard",
  ]);
});
