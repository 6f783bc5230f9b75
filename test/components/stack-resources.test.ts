import * as pulumi from "@pulumi/pulumi";
import { stackResources } from "../../components/stack-resources";

const secret = (value: unknown) => ({
  [pulumi.runtime.specialSigKey]: pulumi.runtime.specialSecretSig,
  value,
});

test("a secret within a secret, as a connection with a key is, comes out open", async () => {
  const asked: unknown[] = [];
  await pulumi.runtime.setMocks(
    {
      newResource: () => ({ id: "", state: {} }),
      call: ({ token, inputs }) => {
        asked.push([token, inputs]);
        const connection = secret({ host: "10.0.0.1", privateKey: secret("KEY") });
        return { outputs: { u: { type: "t", outputs: { connection, list: [secret(1)] } } } };
      },
    },
    "cluster-registry",
    "test",
    true,
  );
  expect(await stackResources()).toEqual({
    u: {
      type: "t",
      outputs: { connection: { host: "10.0.0.1", privateKey: "KEY" }, list: [1] },
    },
  });
  expect(asked).toEqual([["pulumi:pulumi:readStackResourceOutputs", { stackName: "test" }]]);
});
