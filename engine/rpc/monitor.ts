/** Pulumi's two services, as the SDK in the program's process speaks to them: ResourceMonitor and Engine. */
import * as grpc from "@grpc/grpc-js";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import * as engineGrpc from "@pulumi/pulumi/proto/engine_grpc_pb";
import * as engineProto from "@pulumi/pulumi/proto/engine_pb";
import * as providerProto from "@pulumi/pulumi/proto/provider_pb";
import * as resourceGrpc from "@pulumi/pulumi/proto/resource_grpc_pb";
import * as resourceProto from "@pulumi/pulumi/proto/resource_pb";
import type { Severity } from "../providers/provider";
import { isProviderType } from "../state/resource";
import type { Deployment } from "../steps/deployment";
import type { Progress, Registered } from "../steps/progress";
import type { Sink } from "../steps/events";
import { emptyGoal } from "../steps/goal";
import { Halted, StepFailed } from "../steps/halt";
import type { ProviderHost } from "../steps/provider-host";
import type { Runner } from "../steps/runner";
import { markLike, unwrapMap, type PropertyMap } from "../values/property";
import { fromWire, toWire } from "../values/wire";
import { goalFromRequest, positions, unsupported } from "./goal-from-request";

/**
 * What the SDK sends as it is. The second line is what this engine does not have: asked for it, it says so by its own name,
 * where the SDK would ask for a newer Pulumi CLI. Of the rest (`outputValues`) the SDK sends an older form.
 */
const FEATURES = new Set([
  ...["secrets", "resourceReferences", "deletedWith", "aliasSpecs"],
  ...[
    "transforms",
    "invokeTransforms",
    "resourceHooks",
    "errorHooks",
    "replaceWith",
    "parameterization",
  ],
]);
const MESSAGE_BYTES = 400 * 1024 * 1024;

interface MonitorParts {
  deployment: Deployment;
  progress: Progress;
  host: ProviderHost;
  runner: Runner;
  sink: Sink;
  project: string;
  stack: string;
  /** Of Pulumi.yaml: where positions in the source start from. */
  root: string;
}

/** The services on a port of their own. */
export class Monitor {
  private readonly server = new grpc.Server({
    "grpc.max_receive_message_length": MESSAGE_BYTES,
    "grpc.max_send_message_length": MESSAGE_BYTES,
  });
  private root = "";

  constructor(private readonly parts: MonitorParts) {
    this.server.addService(resourceGrpc.ResourceMonitorService, {
      supportsFeature: this.unary((request: resourceProto.SupportsFeatureRequest) => {
        const response = new resourceProto.SupportsFeatureResponse();
        response.setHassupport(FEATURES.has(request.getId()));
        return Promise.resolve(response);
      }),
      registerResource: this.unary((r: resourceProto.RegisterResourceRequest) =>
        this.registerResource(r),
      ),
      registerResourceOutputs: this.unary((r: resourceProto.RegisterResourceOutputsRequest) =>
        this.registerOutputs(r),
      ),
      readResource: this.unary((r: resourceProto.ReadResourceRequest) => this.readResource(r)),
      invoke: this.unary((r: resourceProto.ResourceInvokeRequest) => this.invoke(r)),
      call: this.unary((r: resourceProto.ResourceCallRequest) =>
        this.refuse(`the method ${r.getTok()}`),
      ),
      registerPackage: this.unary(() => this.refuse("parameterized packages")),
      registerStackTransform: this.unary(() => this.refuse("stack transforms")),
      registerStackInvokeTransform: this.unary(() => this.refuse("invoke transforms")),
      registerResourceHook: this.unary(() => this.refuse("resource hooks")),
      registerErrorHook: this.unary(() => this.refuse("error hooks")),
      // There are no hooks, so nothing has to wait for the deletes that follow.
      signalAndWaitForShutdown: this.unary(() => Promise.resolve(new Empty())),
    });
    this.server.addService(engineGrpc.EngineService, {
      log: this.unary((request: engineProto.LogRequest) => this.log(request)),
      getRootResource: this.unary(() => {
        const response = new engineProto.GetRootResourceResponse();
        response.setUrn(this.root);
        return Promise.resolve(response);
      }),
      setRootResource: this.unary((request: engineProto.SetRootResourceRequest) => {
        this.root = request.getUrn();
        return Promise.resolve(new engineProto.SetRootResourceResponse());
      }),
      requirePulumiVersion: this.unary(() =>
        Promise.resolve(new engineProto.RequirePulumiVersionResponse()),
      ),
      startDebugging: this.unary(() => this.refuse("debugging")),
    });
  }

  /** Resolves to its address, on loopback. */
  listen(): Promise<string> {
    return new Promise((resolve, reject) => {
      this.server.bindAsync(
        "127.0.0.1:0",
        grpc.ServerCredentials.createInsecure(),
        (error, port) => {
          if (error) reject(error);
          else resolve(`127.0.0.1:${port}`);
        },
      );
    });
  }

  close(): void {
    this.server.forceShutdown();
  }

  /** A stopping operation answers UNAVAILABLE, upon which the SDK ends the program without a word. */
  private unary<Request, Response>(
    handle: (request: Request) => Promise<Response>,
  ): grpc.handleUnaryCall<Request, Response> {
    return (call, callback) => {
      handle(call.request).then(
        (response) => callback(null, response),
        (error: unknown) => {
          if (error instanceof Halted || error instanceof StepFailed) {
            callback({ code: grpc.status.UNAVAILABLE, details: "resource monitor shut down" });
            return;
          }
          callback({
            code: grpc.status.UNKNOWN,
            details: error instanceof Error ? error.message : String(error),
          });
        },
      );
    };
  }

  private async registerResource(
    request: resourceProto.RegisterResourceRequest,
  ): Promise<resourceProto.RegisterResourceResponse> {
    const { deployment, runner, root } = this.parts;
    runner.throwIfHalted();
    const goal = await this.orFail(() => Promise.resolve(goalFromRequest(request, root)));
    if (goal.custom && !isProviderType(goal.type) && goal.provider === "") {
      goal.provider = await deployment.defaultProvider(goal.type, request.getVersion());
    }
    const { state, result } = await deployment.register(goal);
    // It ended well, but after another's failure: the SDK has shut its channel, and the program must not go on with it.
    runner.throwIfHalted();
    const response = new resourceProto.RegisterResourceResponse();
    response.setUrn(state.urn);
    response.setId(state.id ?? "");
    // A component's outputs are its program's business.
    response.setObject(toWire(goal.custom ? state.outputs : {}));
    response.setResult(RESULTS[result]);
    return response;
  }

  private async registerOutputs(
    request: resourceProto.RegisterResourceOutputsRequest,
  ): Promise<Empty> {
    const { deployment } = this.parts;
    const outputs = fromWire(request.getOutputs());
    await this.orFail(() => deployment.outputs.register(request.getUrn(), outputs));
    return new Empty();
  }

  private async readResource(
    request: resourceProto.ReadResourceRequest,
  ): Promise<resourceProto.ReadResourceResponse> {
    const { deployment, runner, root } = this.parts;
    const goal = {
      ...emptyGoal(request.getType(), request.getName(), true),
      inputs: fromWire(request.getProperties()),
      parent: request.getParent(),
      dependencies: request.getDependenciesList(),
      additionalSecretOutputs: request.getAdditionalsecretoutputsList(),
      provider: request.getProvider(),
      ...positions(request, root),
    };
    if (goal.provider === "")
      goal.provider = await deployment.defaultProvider(goal.type, request.getVersion());
    const { state } = await deployment.read(goal, request.getId());
    runner.throwIfHalted();
    const response = new resourceProto.ReadResourceResponse();
    response.setUrn(state.urn);
    response.setProperties(toWire(state.outputs));
    return response;
  }

  private async invoke(
    request: resourceProto.ResourceInvokeRequest,
  ): Promise<providerProto.InvokeResponse> {
    const { deployment, host, runner } = this.parts;
    const args = fromWire(request.getArgs());
    const response = new providerProto.InvokeResponse();
    if (request.getTok() === "pulumi:pulumi:getResource") {
      response.setReturn(toWire(this.lookUp(args["urn"] as string)));
      return response;
    }
    const given = request.getProvider();
    const reference =
      given === ""
        ? await deployment.defaultProvider(request.getTok(), request.getVersion())
        : given;
    const call = await host.invoke(reference, request.getTok());
    const { result, failures } = await call(
      request.getTok(),
      unwrapMap(args),
      runner.options.terminate,
    );
    response.setReturn(toWire(markLike(result, args)));
    response.setFailuresList(
      failures.map(({ property, reason }) => {
        const failure = new providerProto.CheckFailure();
        failure.setProperty(property);
        failure.setReason(reason);
        return failure;
      }),
    );
    return response;
  }

  private lookUp(urn: string): PropertyMap {
    const state = this.parts.progress.news.get(urn);
    if (!state) throw new Error(`resource '${urn}' is not registered`);
    return { urn, id: state.id ?? "", state: state.outputs };
  }

  private log(request: engineProto.LogRequest): Promise<Empty> {
    const isError = request.getSeverity() === engineProto.LogSeverity.ERROR;
    // What a program says that was cut short follows from that, and the reason has been told.
    if (isError && this.parts.runner.halted) return Promise.resolve(new Empty());
    this.parts.sink({
      kind: "message",
      severity: SEVERITIES[request.getSeverity()] ?? "info",
      text: request.getMessage(),
      ephemeral: request.getEphemeral(),
      ...(request.getUrn() || this.root ? { urn: request.getUrn() || this.root } : {}),
    });
    return Promise.resolve(new Empty());
  }

  /** Fails the operation, since the SDK may not tell the program of it. */
  private refuse(feature: string): Promise<never> {
    return this.orFail(() => Promise.reject(unsupported(feature)));
  }

  /** What goes wrong here is the operation's failure, and not just an exception in the program. */
  private async orFail<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof Halted || error instanceof StepFailed) throw error;
      this.parts.runner.fail(error instanceof Error ? error.message : String(error));
      throw new Halted();
    }
  }
}

const RESULTS: Record<Registered["result"], resourceProto.Result> = {
  success: resourceProto.Result.SUCCESS,
  failed: resourceProto.Result.FAIL,
  skipped: resourceProto.Result.SKIP,
};

const SEVERITIES: Record<number, Severity> = {
  [engineProto.LogSeverity.DEBUG]: "debug",
  [engineProto.LogSeverity.INFO]: "info",
  [engineProto.LogSeverity.WARNING]: "warning",
  [engineProto.LogSeverity.ERROR]: "error",
};
