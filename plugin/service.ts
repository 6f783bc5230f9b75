/**
 * Serves one of this engine's providers over Pulumi's own protocol, pulumirpc.ResourceProvider, for the Pulumi CLI. A
 * service is one provider instance: the CLI starts a process for each.
 */
import type * as grpc from "@grpc/grpc-js";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { PluginInfo, type PluginAttach } from "@pulumi/pulumi/proto/plugin_pb";
import * as proto from "@pulumi/pulumi/proto/provider_pb";
import { PartialFailure } from "../engine/providers/provider";
import type {
  CheckFailure,
  CreateContext,
  Diff,
  PropertyChange,
  ProviderInstance,
  ProviderPlugin,
  Severity,
  StepContext,
} from "../engine/providers/provider";
import { checkFailures, message, unary } from "../engine/rpc/service";
import { Redactor } from "../engine/secrets/redact";
import { bareState, type CustomTimeouts, type ResourceState } from "../engine/state/resource";
import { stepContext } from "../engine/steps/context";
import { PluginManager } from "../engine/steps/manager";
import { urnType } from "../engine/steps/urn";
import { changedKeys, diffMaps } from "../engine/values/diff";
import { deepEquals, markLike, unwrapMap, type PropertyMap } from "../engine/values/property";
import { fromWire, toWire } from "../engine/values/wire";
import type { EngineLog } from "./engine-log";
import { serviceError, Unimplemented } from "./errors";

export class ProviderService {
  private instance: ProviderInstance | undefined;
  private manager: PluginManager | undefined;
  /** Cancel aborts it. The CLI also calls Cancel at the end of each run. Configure begins another run. */
  private run = new AbortController();
  private readonly redactor = new Redactor();

  /** `folder`: the program's folder, where relative paths start. */
  constructor(
    private readonly plugin: ProviderPlugin,
    private readonly folder: string,
    private readonly log: EngineLog,
  ) {}

  /** The handlers for the gRPC server. Other calls are answered as unimplemented. */
  readonly methods = {
    handshake: this.unary((r: proto.ProviderHandshakeRequest) => this.handshake(r)),
    attach: this.unary((r: PluginAttach) => this.attach(r.getAddress())),
    getPluginInfo: this.unary(() => message(PluginInfo, { version: this.plugin.version })),
    getSchema: this.unary((r: proto.GetSchemaRequest) => this.schema(r)),
    checkConfig: this.unary((r: proto.CheckRequest) => this.checkConfig(r)),
    diffConfig: this.unary((r: proto.DiffRequest) => this.diffConfig(r)),
    configure: this.unary((r: proto.ConfigureRequest) => this.configure(r)),
    check: this.unary((r: proto.CheckRequest) => this.check(r)),
    diff: this.unary((r: proto.DiffRequest) => this.diff(r)),
    create: this.unary((r: proto.CreateRequest, fails) => this.create(r, fails)),
    read: this.unary((r: proto.ReadRequest, fails) => this.read(r, fails)),
    update: this.unary((r: proto.UpdateRequest, fails) => this.update(r, fails)),
    delete: this.unary((r: proto.DeleteRequest) => this.delete(r)),
    invoke: this.unary((r: proto.InvokeRequest) => this.invoke(r)),
    cancel: this.unary(() => this.cancel()),
    parameterize: this.unary(() => this.refuse("parameters")),
    construct: this.unary(() => this.refuse("components")),
    call: this.unary(() => this.refuse("methods")),
  };

  /** Closes connections. */
  async close(): Promise<void> {
    this.run.abort(new Error(`the ${this.plugin.name} provider was ended`));
    await this.instance?.close();
    this.log.close();
  }

  private handshake(request: proto.ProviderHandshakeRequest): proto.ProviderHandshakeResponse {
    this.log.connect(request.getEngineAddress());
    return message(proto.ProviderHandshakeResponse, { acceptSecrets: true });
  }

  private attach(address: string): Empty {
    this.log.connect(address);
    return new Empty();
  }

  /** The names of the types. Their properties come from the SDK: nothing is generated from this schema. */
  private schema(request: proto.GetSchemaRequest): proto.GetSchemaResponse {
    if (request.getVersion() !== 0)
      throw new Error(`there is no schema of version ${request.getVersion()}, only of version 0`);
    const { name, version, types } = this.plugin;
    const resources = Object.fromEntries(types.map((type) => [type, {}]));
    return message(proto.GetSchemaResponse, {
      schema: JSON.stringify({ name, version, resources }),
    });
  }

  private async checkConfig(request: proto.CheckRequest): Promise<proto.CheckResponse> {
    const news = this.properties(request.getNews());
    const { inputs, failures } = await this.plugin.checkConfig(unwrapMap(news));
    const checked = markLike(inputs, news);
    if (news["version"] !== undefined) checked["version"] ??= news["version"];
    return checkResponse(checked, failures);
  }

  private async diffConfig(request: proto.DiffRequest): Promise<proto.DiffResponse> {
    const olds = this.properties(request.getOldInputs() ?? request.getOlds());
    const news = this.properties(request.getNews());
    return diffResponse(
      deepEquals(olds, news)
        ? { changes: "none", replaces: [] }
        : await this.plugin.diffConfig(unwrapMap(olds), unwrapMap(news)),
    );
  }

  private async configure(request: proto.ConfigureRequest): Promise<proto.ConfigureResponse> {
    const inputs = this.properties(request.getArgs());
    const former = this.instance;
    this.instance = await this.plugin.configure(unwrapMap(inputs), this.folder);
    this.manager = new PluginManager(this.instance);
    this.run = new AbortController();
    await former?.close();
    return message(proto.ConfigureResponse, { acceptsecrets: true, supportspreview: true });
  }

  private async check(request: proto.CheckRequest): Promise<proto.CheckResponse> {
    const state = this.resource(request);
    const olds = this.properties(request.getOlds());
    const { inputs, failures } = await this.configured().check(
      state,
      // The protocol sends an empty map if there is no resource yet.
      Object.keys(olds).length > 0 ? olds : undefined,
      this.properties(request.getNews()),
    );
    return checkResponse(inputs, failures);
  }

  private async diff(request: proto.DiffRequest): Promise<proto.DiffResponse> {
    const old = this.resource(request, {
      id: request.getId(),
      inputs: this.properties(request.getOldInputs()),
      outputs: this.properties(request.getOlds()),
    });
    const news = this.properties(request.getNews());
    const found = await this.configured().diff(old, news);
    // A provider without a detailed diff leaves it to the embedded engine, but the CLI's engine needs one.
    const detailed =
      found.detailed ?? (found.changes === "some" ? diffMaps(old.inputs, news) : undefined);
    return diffResponse(found, detailed);
  }

  private async create(request: proto.CreateRequest, fails: Fails): Promise<proto.CreateResponse> {
    const state = this.resource(request, { inputs: this.properties(request.getProperties()) });
    fails(state);
    await this.configured().create(state, {
      ...this.context(state.urn, "create", request.getTimeout()),
      preview: request.getPreview(),
    });
    return message(proto.CreateResponse, {
      id: state.id ?? "",
      properties: toWire(state.outputs),
    });
  }

  private async update(request: proto.UpdateRequest, fails: Fails): Promise<proto.UpdateResponse> {
    const id = request.getId();
    const inputs = this.properties(request.getOldInputs());
    const old = this.resource(request, { id, inputs, outputs: this.properties(request.getOlds()) });
    const state = this.resource(request, { id, inputs: this.properties(request.getNews()) });
    fails(state);
    const ctx: CreateContext = {
      ...this.context(state.urn, "update", request.getTimeout()),
      preview: request.getPreview(),
    };
    await this.configured().update(old, state, ctx);
    return message(proto.UpdateResponse, { properties: toWire(state.outputs) });
  }

  private async read(request: proto.ReadRequest, fails: Fails): Promise<proto.ReadResponse> {
    const state = this.resource(request, {
      id: request.getId(),
      inputs: this.properties(request.getInputs()),
      outputs: this.properties(request.getProperties()),
    });
    const now = await this.configured().read(state, this.context(state.urn, "create", 0));
    if (!now) return new proto.ReadResponse(); // No id: the resource is gone.
    if (now.initErrors.length > 0) {
      fails(now);
      // The CLI shows the reasons as a warning, and keeps them, so that its next up waits again.
      throw new PartialFailure(now.id ?? "", unwrapMap(now.outputs), now.initErrors);
    }
    return message(proto.ReadResponse, {
      id: now.id ?? "",
      inputs: toWire(now.inputs),
      properties: toWire(now.outputs),
    });
  }

  private async delete(request: proto.DeleteRequest): Promise<Empty> {
    const state = this.resource(request, {
      id: request.getId(),
      inputs: this.properties(request.getOldInputs()),
      outputs: this.properties(request.getProperties()),
    });
    await this.configured().delete(state, this.context(state.urn, "delete", request.getTimeout()));
    return new Empty();
  }

  private async invoke(request: proto.InvokeRequest): Promise<proto.InvokeResponse> {
    const token = request.getTok();
    this.configured();
    if (!this.instance?.invoke)
      throw new Error(`the function ${token} is not in this plugin; ${this.official}`);
    const args = this.properties(request.getArgs());
    const { result, failures } = await this.instance.invoke(
      token,
      unwrapMap(args),
      this.run.signal,
    );
    return message(proto.InvokeResponse, {
      return: toWire(markLike(result, args)),
      failuresList: checkFailures(failures),
    });
  }

  private cancel(): Empty {
    this.run.abort(new Error("the operation was cancelled"));
    return new Empty();
  }

  private refuse(feature: string): never {
    throw new Unimplemented(`the ${this.plugin.name} provider has no ${feature}`);
  }

  private configured(): PluginManager {
    if (!this.manager) throw new Error(`the ${this.plugin.name} provider is not configured yet`);
    return this.manager;
  }

  private context(
    urn: string,
    operation: keyof CustomTimeouts,
    timeoutSeconds: number,
  ): StepContext {
    const write = ({
      severity,
      text,
      ephemeral,
    }: {
      severity: Severity;
      text: string;
      ephemeral: boolean;
    }): void => this.log.write(urn, severity, this.redactor.redact(text), ephemeral);
    return stepContext(urn, this.run.signal, write, operation, timeoutSeconds);
  }

  /** Refuses types that this provider does not have, in every call. */
  private resource(
    request: { getUrn(): string },
    known: Partial<ResourceState> = {},
  ): ResourceState {
    const urn = request.getUrn();
    const type = urnType(urn);
    const { name, types } = this.plugin;
    if (!types.includes(type)) {
      throw new Error(
        `this ${name} plugin has no resource type ${type} (it has ${types.join(", ")}); ${this.official}`,
      );
    }
    return { ...bareState(urn, type, true), ...known };
  }

  private get official(): string {
    const { name } = this.plugin;
    return (
      `it is cluster-registry's own, not Pulumi's: \`npm run plugins -- remove ${name}\` takes it away, and the CLI then ` +
      "downloads the official one"
    );
  }

  /** A property map of a request. From then on, its secrets are redacted from every text. */
  private properties(struct: Struct | undefined): PropertyMap {
    const map = fromWire(struct);
    this.redactor.addFrom(map);
    return map;
  }

  private unary<Request, Response>(
    handle: (request: Request, fails: Fails) => Response | Promise<Response>,
  ): grpc.handleUnaryCall<Request, Response> {
    return (call, callback) => {
      let resource: ResourceState | undefined;
      const answer = async (request: Request): Promise<Response> => {
        try {
          return await handle(request, (state) => (resource = state));
        } finally {
          await this.log.flush();
        }
      };
      const redact = (text: string): string => this.redactor.redact(text);
      unary(answer, (error) => serviceError(error, redact, resource))(call, callback);
    };
  }
}

/** Names the resource of a failure. */
type Fails = (state: ResourceState) => void;

function checkResponse(inputs: PropertyMap, failures: CheckFailure[]): proto.CheckResponse {
  return message(proto.CheckResponse, {
    inputs: toWire(inputs),
    failuresList: checkFailures(failures),
  });
}

const KINDS: Record<PropertyChange, proto.PropertyDiff.Kind> = {
  add: proto.PropertyDiff.Kind.ADD,
  delete: proto.PropertyDiff.Kind.DELETE,
  update: proto.PropertyDiff.Kind.UPDATE,
  "add-replace": proto.PropertyDiff.Kind.ADD_REPLACE,
  "delete-replace": proto.PropertyDiff.Kind.DELETE_REPLACE,
  "update-replace": proto.PropertyDiff.Kind.UPDATE_REPLACE,
};

function diffResponse(
  { changes, replaces, deleteBeforeReplace, detailed: own }: Diff,
  detailed = own,
): proto.DiffResponse {
  const { DIFF_NONE, DIFF_SOME } = proto.DiffResponse.DiffChanges;
  const response = message(proto.DiffResponse, {
    changes: changes === "none" ? DIFF_NONE : DIFF_SOME,
    replacesList: replaces,
    deletebeforereplace: deleteBeforeReplace === true,
  });
  if (!detailed) return response;
  response.setHasdetaileddiff(true);
  response.setDiffsList(changedKeys(detailed));
  for (const [path, kind] of Object.entries(detailed)) {
    const fields = { kind: KINDS[kind], inputdiff: own === undefined };
    response.getDetaileddiffMap().set(path, message(proto.PropertyDiff, fields));
  }
  return response;
}
