import * as grpc from "@grpc/grpc-js";
import * as resourceGrpc from "@pulumi/pulumi/proto/resource_grpc_pb";
import * as resourceProto from "@pulumi/pulumi/proto/resource_pb";
import { Monitor } from "../../../engine/rpc/monitor";

/** Every feature that the SDK asks for (its runtime/settings.js), and what it does where the answer is no. */
const FEATURES: Record<string, boolean> = {
  secrets: true,
  resourceReferences: true,
  deletedWith: true,
  aliasSpecs: true,
  // Outputs are then sent as plain values, secrets and unknowns.
  outputValues: false,
  // Refused by the engine, by name, in a program that uses them: the SDK would say "update the Pulumi CLI".
  replaceWith: true,
  transforms: true,
  invokeTransforms: true,
  parameterization: true,
  resourceHooks: true,
  errorHooks: true,
  aFeatureOfTomorrow: false,
};

test("supportsFeature says what there is", async () => {
  const monitor = new Monitor({} as never);
  const client = new resourceGrpc.ResourceMonitorClient(
    await monitor.listen(),
    grpc.credentials.createInsecure(),
  );
  const supports = (id: string): Promise<boolean> =>
    new Promise((resolve, reject) => {
      const request = new resourceProto.SupportsFeatureRequest();
      request.setId(id);
      client.supportsFeature(request, (error, response) =>
        error ? reject(error) : resolve(response.getHassupport()),
      );
    });
  try {
    const said = await Promise.all(
      Object.keys(FEATURES).map(async (id) => [id, await supports(id)] as const),
    );
    expect(Object.fromEntries(said)).toEqual(FEATURES);
  } finally {
    client.close();
    monitor.close();
  }
});
