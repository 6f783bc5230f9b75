import * as pulumi from "@pulumi/pulumi";
import { GoneHost } from "../../components/gone-host";
import { record, settled, valueOf } from "./recorder";

test("the guard is declared as the state has it, and its connection is a secret", async () => {
  const declared = record();
  const inputs = {
    connection: {
      ...{ host: "10.0.0.2", port: 22, user: "root", privateKey: "KEY" },
      ...{ dialErrorLimit: 2, perDialTimeout: 15 },
    },
    create: "guard",
    delete: "undo",
    stdin: "helper",
    triggers: ["e-1"],
  };
  const guard = {
    ...{ host: "node01", daemon: "containerd" as const, cluster: "cluster", sudo: false },
    ...{ id: "p.s.containerd-node01", connection: inputs.connection, inputs },
  };
  const host = new GoneHost("cluster-node01", guard, {});
  await valueOf(host.urn);
  await settled();
  const secret = { [pulumi.runtime.specialSigKey]: pulumi.runtime.specialSecretSig };
  expect(declared).toEqual([
    { type: "cluster-registry:index:ContainerdMirror", name: "cluster-node01", inputs: {} },
    {
      type: "command:remote:Command",
      name: "cluster-node01-containerd-guard",
      inputs: { ...inputs, connection: { ...secret, value: inputs.connection } },
    },
  ]);
});
