/**
 * A program without an SDK: a list of things, registered one after the other with whatever engine serves the monitor. Each
 * is there before the next one is asked for, so that both engines see the same requests in the same order.
 */
import * as grpc from "@grpc/grpc-js";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Alias } from "@pulumi/pulumi/proto/alias_pb";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { SetRootResourceRequest } from "@pulumi/pulumi/proto/engine_pb";
import { ResourceMonitorClient } from "@pulumi/pulumi/proto/resource_grpc_pb";
import * as proto from "@pulumi/pulumi/proto/resource_pb";
import { UNKNOWN } from "../../engine/providers/provider";
import type { AliasSpec } from "../../engine/steps/goal";
import type { PropertyMap } from "../../engine/values/property";
import { fromWire, toWire } from "../../engine/values/wire";
import type { Thing as SimulatedThing } from "../engine/simulation";

export interface Thing extends SimulatedThing {
  /** Not made: what has this id is read. */
  read?: string;
}

export interface Addresses {
  monitor: string;
  engine: string;
}

interface Registered {
  urn: string;
  outputs: PropertyMap;
}

/** Resolves to false where the engine has ended the program, having said why. */
export async function runThings(
  things: readonly Thing[],
  { monitor, engine }: Addresses,
  stack: { project: string; name: string; preview: boolean },
): Promise<boolean> {
  const credentials = grpc.credentials.createInsecure();
  const client = new ResourceMonitorClient(monitor, credentials);
  const engineClient = new EngineClient(engine, credentials);
  const program = new Program(client, stack.preview);
  try {
    const root = await program.register(rootRequest(stack.project, stack.name));
    const rootResource = new SetRootResourceRequest();
    rootResource.setUrn(root.urn);
    await call((done) => engineClient.setRootResource(rootResource, done));
    await program.things(things, root.urn);
    const outputs = new proto.RegisterResourceOutputsRequest();
    outputs.setUrn(root.urn);
    outputs.setOutputs(toWire({}));
    await call((done) => client.registerResourceOutputs(outputs, done));
    await call((done) => client.signalAndWaitForShutdown(new Empty(), done));
    return true;
  } catch (error) {
    if ((error as grpc.ServiceError).code === undefined) throw error;
    return false;
  } finally {
    client.close();
    engineClient.close();
  }
}

class Program {
  private readonly done = new Map<string, Registered>();

  constructor(
    private readonly client: ResourceMonitorClient,
    private readonly preview: boolean,
  ) {}

  async things(things: readonly Thing[], root: string): Promise<void> {
    for (const thing of things) {
      const needs = [...needed(thing), thing.in, thing.deletedWithThing];
      // What needs something that has failed is not asked for, as in an SDK.
      if (needs.some((name) => name !== undefined && !this.done.has(name))) continue;
      const registered = await (thing.read === undefined
        ? this.register(this.request(thing, root))
        : this.read(thing, root, thing.read));
      if (registered.urn !== "") this.done.set(thing.name, registered);
    }
  }

  /** The URN is empty where the resource has failed, and the program goes on. */
  async register(request: proto.RegisterResourceRequest): Promise<Registered> {
    const response = await call<proto.RegisterResourceResponse>((done) =>
      this.client.registerResource(request, done),
    );
    const failed = response.getResult() !== proto.Result.SUCCESS;
    return { urn: failed ? "" : response.getUrn(), outputs: fromWire(response.getObject()) };
  }

  private async read(thing: Thing, root: string, id: string): Promise<Registered> {
    const request = new proto.ReadResourceRequest();
    request.setId(id);
    request.setType("fake:index:Thing");
    request.setName(thing.name);
    request.setParent(root);
    request.setProperties(toWire(this.inputs(thing)));
    request.setDependenciesList(needed(thing).map((name) => this.urn(name)));
    request.setVersion("1.0.0");
    request.setAcceptsecrets(true);
    request.setAcceptresources(true);
    const response = await call<proto.ReadResourceResponse>((done) =>
      this.client.readResource(request, done),
    );
    return { urn: response.getUrn(), outputs: fromWire(response.getProperties()) };
  }

  private request(thing: Thing, root: string): proto.RegisterResourceRequest {
    const custom = thing.custom ?? true;
    const request = basicRequest(custom ? "fake:index:Thing" : "p:index:Group", thing.name, custom);
    if (custom) request.setVersion("1.0.0");
    request.setObject(toWire(custom ? this.inputs(thing) : {}));
    request.setParent(thing.in === undefined ? root : this.urn(thing.in));
    request.setDependenciesList(needed(thing).map((name) => this.urn(name)));
    // An SDK names every property, also those that depend on nothing.
    for (const key of custom ? Object.keys(this.inputs(thing)) : []) {
      const urns = new proto.RegisterResourceRequest.PropertyDependencies();
      if (key === "value" && thing.from !== undefined) urns.setUrnsList([this.urn(thing.from)]);
      request.getPropertydependenciesMap().set(key, urns);
    }
    if (thing.protect !== undefined) request.setProtect(thing.protect);
    if (thing.retainOnDelete !== undefined) request.setRetainondelete(thing.retainOnDelete);
    if (thing.deleteBeforeReplace !== undefined) {
      request.setDeletebeforereplace(thing.deleteBeforeReplace);
      request.setDeletebeforereplacedefined(true);
    }
    request.setIgnorechangesList(thing.ignoreChanges ?? []);
    request.setReplaceonchangesList(thing.replaceOnChanges ?? []);
    request.setAdditionalsecretoutputsList(thing.additionalSecretOutputs ?? []);
    request.setAliasesList((thing.aliases ?? []).map(aliasOf));
    request.setImportid(thing.importId ?? "");
    if (thing.deletedWithThing !== undefined)
      request.setDeletedwith(this.urn(thing.deletedWithThing));
    return request;
  }

  private inputs(thing: Thing): PropertyMap {
    if (thing.read !== undefined) return thing.inputs ?? {};
    const source = thing.from === undefined ? undefined : this.done.get(thing.from);
    return {
      name: thing.name,
      ...thing.inputs,
      ...(source ? { value: source.outputs["echo"] ?? (this.preview ? UNKNOWN : null) } : {}),
    };
  }

  private urn(name: string): string {
    const found = this.done.get(name);
    if (!found) throw new Error(`the program needs ${name} before it is there`);
    return found.urn;
  }
}

const needed = (thing: Thing): string[] => [
  ...(thing.after ?? []),
  ...(thing.from === undefined ? [] : [thing.from]),
];

function basicRequest(type: string, name: string, custom: boolean): proto.RegisterResourceRequest {
  const request = new proto.RegisterResourceRequest();
  request.setType(type);
  request.setName(name);
  request.setCustom(custom);
  request.setAcceptsecrets(true);
  request.setAcceptresources(true);
  request.setSupportspartialvalues(true);
  request.setSupportsresultreporting(true);
  request.setAliasspecs(true);
  return request;
}

function rootRequest(project: string, name: string): proto.RegisterResourceRequest {
  const request = basicRequest("pulumi:pulumi:Stack", `${project}-${name}`, false);
  request.setObject(toWire({}));
  return request;
}

function aliasOf(spec: AliasSpec): Alias {
  const alias = new Alias();
  if (spec.urn !== undefined) {
    alias.setUrn(spec.urn);
    return alias;
  }
  const message = new Alias.Spec();
  message.setName(spec.name ?? "");
  message.setType(spec.type ?? "");
  message.setStack(spec.stack ?? "");
  message.setProject(spec.project ?? "");
  if (spec.parent) message.setParenturn(spec.parent);
  if (spec.noParent) message.setNoparent(true);
  alias.setSpec(message);
  return alias;
}

function call<T>(
  start: (done: (error: grpc.ServiceError | null, response: T) => void) => unknown,
): Promise<T> {
  return new Promise((resolve, reject) => {
    start((error, response) => (error ? reject(error) : resolve(response)));
  });
}
