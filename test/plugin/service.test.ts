import * as grpc from "@grpc/grpc-js";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { EngineService } from "@pulumi/pulumi/proto/engine_grpc_pb";
import type { LogRequest } from "@pulumi/pulumi/proto/engine_pb";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as proto from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { serveProvider, type Serving } from "../../plugin/serve";
import type { ProviderPlugin } from "../../engine/providers/provider";
import { UNKNOWN } from "../../engine/providers/provider";
import { Secret, type PropertyMap } from "../../engine/values/property";
import { fromWire, toWire } from "../../engine/values/wire";
import { FakeWorld, fakePlugin } from "../engine/fake-provider";

const URN = "urn:pulumi:s::p::fake:index:Thing::a";

/** What a call was answered with; errors are rejections. */
function ask<T>(
  start: (done: (error: grpc.ServiceError | null, answer: T) => void) => unknown,
): Promise<T> {
  return new Promise((resolve, reject) =>
    start((error, answer) => (error ? reject(error) : resolve(answer))),
  );
}

let world: FakeWorld;
let serving: Serving;
let client: ResourceProviderClient;
let engine: grpc.Server;
let lines: string[];

async function serve(plugin: ProviderPlugin): Promise<void> {
  const port = await new Promise<number>((resolve, reject) =>
    engine.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  serving = await serveProvider(plugin, "/", `127.0.0.1:${port}`);
  client = new ResourceProviderClient(
    `127.0.0.1:${serving.port}`,
    grpc.credentials.createInsecure(),
  );
}

beforeEach(() => {
  world = new FakeWorld();
  lines = [];
  engine = new grpc.Server();
  engine.addService(EngineService, {
    log: (
      call: grpc.ServerUnaryCall<LogRequest, Empty>,
      callback: grpc.sendUnaryData<Empty>,
    ): void => {
      const { severity, message, urn, ephemeral } = call.request.toObject();
      lines.push(`${severity} ${urn.split("::").at(-1)} ${message}${ephemeral ? " ..." : ""}`);
      callback(null, new Empty());
    },
  });
});

afterEach(async () => {
  client.close();
  await serving.stop();
  engine.forceShutdown();
});

const configure = (): Promise<proto.ConfigureResponse> => {
  const request = new proto.ConfigureRequest();
  request.setArgs(toWire({ version: "1.0.0" }));
  return ask((done) => client.configure(request, done));
};

function create(inputs: PropertyMap, more: { preview?: boolean; timeout?: number } = {}) {
  const request = new proto.CreateRequest();
  request.setUrn(URN);
  request.setProperties(toWire(inputs));
  request.setPreview(more.preview ?? false);
  request.setTimeout(more.timeout ?? 0);
  return ask<proto.CreateResponse>((done) => client.create(request, done));
}

test("accepts secrets and previews, and says its version and its types", async () => {
  await serve(fakePlugin(world));
  const handshake = await ask<proto.ProviderHandshakeResponse>((done) =>
    client.handshake(new proto.ProviderHandshakeRequest(), done),
  );
  expect(handshake.toObject()).toEqual({
    acceptSecrets: true,
    acceptResources: false,
    acceptOutputs: false,
    supportsAutonamingConfiguration: false,
  });
  expect((await configure()).toObject()).toMatchObject({
    acceptsecrets: true,
    supportspreview: true,
    acceptresources: false,
  });
  const info = await ask<{ getVersion(): string }>((done) =>
    client.getPluginInfo(new Empty(), done),
  );
  expect(info.getVersion()).toBe("1.0.0");
  const schema = await ask<proto.GetSchemaResponse>((done) =>
    client.getSchema(new proto.GetSchemaRequest(), done),
  );
  expect(JSON.parse(schema.getSchema())).toEqual({
    name: "fake",
    version: "1.0.0",
    resources: { "fake:index:Thing": {} },
  });
});

test("a secret reaches the provider open, and comes back sealed in inputs and outputs", async () => {
  await serve(fakePlugin(world));
  await configure();
  const check = new proto.CheckRequest();
  check.setUrn(URN);
  check.setOlds(toWire({}));
  check.setNews(toWire({ name: "a", value: new Secret("s3cret") }));
  const checked = await ask<proto.CheckResponse>((done) => client.check(check, done));
  const inputs = fromWire(checked.getInputs());
  expect(inputs).toEqual({ kind: "default", name: "a", value: new Secret("s3cret") });

  const created = await create(inputs);
  expect(world.things.get("a-1")).toEqual({ kind: "default", name: "a", value: "s3cret" });
  expect(created.getId()).toBe("a-1");
  expect(fromWire(created.getProperties())["value"]).toEqual(new Secret("s3cret"));
});

test("what a preview cannot know goes both ways as unknown, and nothing is made", async () => {
  await serve(fakePlugin(world));
  await configure();
  const created = await create({ name: "a", value: UNKNOWN }, { preview: true });
  expect(fromWire(created.getProperties())).toEqual({
    name: "a",
    value: UNKNOWN,
    echo: UNKNOWN,
  });
  expect(world.log).toEqual([]);
});

test("what came about by half is in the error's details, secrets sealed", async () => {
  await serve(fakePlugin(world));
  await configure();
  world.half.add("create a");
  const error = await create({ name: "a", value: new Secret("s3cret") }).then(
    () => undefined,
    (reason: grpc.ServiceError) => reason,
  );
  expect(error?.details).toBe("half done");
  const [bytes] = error?.metadata.get("grpc-status-details-bin") ?? [];
  const [detail] = Status.deserializeBinary(bytes as Buffer).getDetailsList();
  expect(detail?.getTypeName()).toBe("pulumirpc.ErrorResourceInitFailed");
  const failed = proto.ErrorResourceInitFailed.deserializeBinary(detail?.getValue_asU8() as Buffer);
  expect(failed.getId()).toBe("a-1");
  expect(failed.getReasonsList()).toEqual(["half done"]);
  expect(fromWire(failed.getProperties())).toMatchObject({ value: new Secret("s3cret") });
});

test("lines are the engine's before the step ends, and show no secret; nor do errors", async () => {
  const plugin = fakePlugin(world);
  await serve({
    ...plugin,
    configure: async (inputs, folder) => ({
      ...(await plugin.configure(inputs, folder)),
      create: (_type, inputs, ctx) => {
        ctx.log("info", `making ${inputs["value"] as string}`);
        ctx.log("warning", "slowly", true);
        return Promise.reject(new Error(`cannot create ${inputs["value"] as string}`));
      },
    }),
  });
  await configure();
  await expect(create({ name: "a", value: new Secret("s3cret") })).rejects.toMatchObject({
    code: grpc.status.UNKNOWN,
    details: "cannot create [secret]",
  });
  expect(lines).toEqual(["1 a making [secret]", "2 a slowly ..."]);
});

test("Cancel calls off what runs and what comes, until the next Configure", async () => {
  await serve(fakePlugin(world));
  await configure();
  let begun = (): void => undefined;
  const started = new Promise<void>((resolve) => (begun = resolve));
  world.during = (_operation, signal) =>
    new Promise((_resolve, reject) => {
      begun();
      if (signal?.aborted) reject(signal.reason as Error);
      signal?.addEventListener("abort", () => reject(signal.reason as Error));
    });
  const running = create({ name: "a" });
  await started;
  await ask((done) => client.cancel(new Empty(), done));
  await expect(running).rejects.toMatchObject({ details: "the operation was cancelled" });
  await expect(create({ name: "b" })).rejects.toMatchObject({
    details: "the operation was cancelled",
  });
  world.during = () => undefined;
  await configure();
  expect((await create({ name: "c" })).getId()).toBe("c-3");
});

test("a timeout of the resource stops it, and the error says whose limit it was", async () => {
  await serve(fakePlugin(world));
  await configure();
  world.during = (_operation, signal) =>
    new Promise((_resolve, reject) =>
      signal?.addEventListener("abort", () => reject(signal.reason as Error)),
    );
  await expect(create({ name: "a" }, { timeout: 0.05 })).rejects.toMatchObject({
    details: expect.stringContaining(
      "the create did not end within 0.05 s, which is the resource's customTimeouts.create",
    ) as string,
  });
});

test("a type that it does not have is refused by name, saying how to get the official plugin", async () => {
  await serve(fakePlugin(world));
  await configure();
  const request = new proto.CheckRequest();
  request.setUrn("urn:pulumi:s::p::fake:index:Other::a");
  await expect(
    ask<proto.CheckResponse>((done) => client.check(request, done)),
  ).rejects.toMatchObject({
    details:
      "this fake plugin has no resource type fake:index:Other (it has fake:index:Thing); it is cluster-registry's own, " +
      "not Pulumi's: `npm run plugins -- remove fake` takes it away, and the CLI then downloads the official one",
  });
});

test("functions are answered, and refused by name where there are none", async () => {
  const plugin = fakePlugin(world);
  await serve(plugin);
  await configure();
  const request = new proto.InvokeRequest();
  request.setTok("fake:index:double");
  request.setArgs(toWire({ of: "ab" }));
  const answer = await ask<proto.InvokeResponse>((done) => client.invoke(request, done));
  expect(fromWire(answer.getReturn())).toEqual({ twice: "abab" });
  request.setTok("fake:index:other");
  await expect(
    ask<proto.InvokeResponse>((done) => client.invoke(request, done)),
  ).rejects.toMatchObject({ details: "no function fake:index:other" });
});

test("reads what is there, and answers with no id for what is gone; deletes", async () => {
  await serve(fakePlugin(world));
  await configure();
  world.things.set("a-1", { name: "a", value: "there" });
  const request = new proto.ReadRequest();
  request.setUrn(URN);
  request.setId("a-1");
  const there = await ask<proto.ReadResponse>((done) => client.read(request, done));
  expect(there.getId()).toBe("a-1");
  expect(fromWire(there.getInputs())).toEqual({ name: "a", value: "there" });
  request.setId("a-2");
  expect((await ask<proto.ReadResponse>((done) => client.read(request, done))).getId()).toBe("");

  const gone = new proto.DeleteRequest();
  gone.setUrn(URN);
  gone.setId("a-1");
  gone.setOldInputs(toWire({ name: "a" }));
  await ask((done) => client.delete(gone, done));
  expect(world.things.size).toBe(0);
});

test("a configuration that is as it was is no change; another one is what the provider says", async () => {
  await serve(fakePlugin(world));
  const request = new proto.DiffRequest();
  request.setOldInputs(toWire({ region: "x" }));
  request.setNews(toWire({ region: "x" }));
  const diff = () => ask<proto.DiffResponse>((done) => client.diffConfig(request, done));
  expect((await diff()).getChanges()).toBe(proto.DiffResponse.DiffChanges.DIFF_NONE);
  request.setNews(toWire({ region: "y" }));
  expect((await diff()).getReplacesList()).toEqual(["region"]);
});
