/** Pulumi's two services that the SDK in the program's process calls: ResourceMonitor and Engine. */
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
import { said, type Sink } from "../steps/events";
import { emptyGoal } from "../steps/goal";
import { Halted, StepFailed } from "../steps/halt";
import type { ProviderHost } from "../steps/provider-host";
import type { Runner } from "../steps/runner";
import { markLike, unwrapMap, type PropertyMap } from "../values/property";
import { fromWire, toWire } from "../values/wire";
import { goalFromRequest, positions, unsupported } from "./goal-from-request";
import { checkFailures, listen, message, newServer, unary } from "./service";

/**
 * The features that the SDK can use. This engine lacks those of the second line: if they are requested, it refuses them
 * by name, where the SDK would ask for a newer Pulumi CLI. For the other features (`outputValues`), the SDK sends an
 * older form.
 */
const FEATURES = new Set([
  ...["secrets", "resourceReferences", "deletedWith", "aliasSpecs"],
  ...["transforms", "invokeTransforms", "resourceHooks", "errorHooks", "replaceWith"],
  "parameterization",
]);

interface MonitorParts {
  deployment: Deployment;
  progress: Progress;
  host: ProviderHost;
  runner: Runner;
  sink: Sink;
  /** The folder of Pulumi.yaml: positions in the source are relative to it. */
  root: string;
}

/** Serves both services on a port of their own. */
export class Monitor {
  private readonly server = newServer();
  private root = "";

  constructor(private readonly parts: MonitorParts) {
    const answer = <Request, Response>(
      handle: (request: Request) => Response | Promise<Response>,
    ) => unary(handle, errorOf);
    const refuse = (feature: string) => answer(() => this.refuse(feature));
    this.server.addService(resourceGrpc.ResourceMonitorService, {
      supportsFeature: answer((request: resourceProto.SupportsFeatureRequest) =>
        message(resourceProto.SupportsFeatureResponse, {
          hassupport: FEATURES.has(request.getId()),
        }),
      ),
      registerResource: answer(this.registerResource),
      registerResourceOutputs: answer(this.registerOutputs),
      readResource: answer(this.readResource),
      invoke: answer(this.invoke),
      call: answer((request: resourceProto.ResourceCallRequest) =>
        this.refuse(`the method ${request.getTok()}`),
      ),
      registerPackage: refuse("parameterized packages"),
      registerStackTransform: refuse("stack transforms"),
      registerStackInvokeTransform: refuse("invoke transforms"),
      registerResourceHook: refuse("resource hooks"),
      registerErrorHook: refuse("error hooks"),
      // There are no hooks, so nothing has to wait for the deletes at the end.
      signalAndWaitForShutdown: answer(() => new Empty()),
    });
    this.server.addService(engineGrpc.EngineService, {
      log: answer(this.log),
      getRootResource: answer(() =>
        message(engineProto.GetRootResourceResponse, { urn: this.root }),
      ),
      setRootResource: answer((request: engineProto.SetRootResourceRequest) => {
        this.root = request.getUrn();
        return new engineProto.SetRootResourceResponse();
      }),
      requirePulumiVersion: answer(() => new engineProto.RequirePulumiVersionResponse()),
      startDebugging: refuse("debugging"),
    });
  }

  /** Resolves to its address, on loopback. */
  async listen(): Promise<string> {
    return `127.0.0.1:${await listen(this.server)}`;
  }

  close(): void {
    this.server.forceShutdown();
  }

  private readonly registerResource = async (
    request: resourceProto.RegisterResourceRequest,
  ): Promise<resourceProto.RegisterResourceResponse> => {
    const { deployment, runner, root } = this.parts;
    runner.throwIfHalted();
    const goal = await this.orFail(() => Promise.resolve(goalFromRequest(request, root)));
    if (goal.custom && !isProviderType(goal.type) && goal.provider === "") {
      goal.provider = await deployment.defaultProvider(goal.type, request.getVersion());
    }
    const { state, result } = await deployment.register(goal);
    // This step succeeded, but another one failed before: the SDK has closed its channel, and the program must not
    // continue with it.
    runner.throwIfHalted();
    return message(resourceProto.RegisterResourceResponse, {
      urn: state.urn,
      id: state.id ?? "",
      // Only the program sets a component's outputs.
      object: toWire(goal.custom ? state.outputs : {}),
      result: RESULTS[result],
    });
  };

  private readonly registerOutputs = async (
    request: resourceProto.RegisterResourceOutputsRequest,
  ): Promise<Empty> => {
    const { deployment } = this.parts;
    const outputs = fromWire(request.getOutputs());
    await this.orFail(() => deployment.outputs.register(request.getUrn(), outputs));
    return new Empty();
  };

  private readonly readResource = async (
    request: resourceProto.ReadResourceRequest,
  ): Promise<resourceProto.ReadResourceResponse> => {
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
    return message(resourceProto.ReadResourceResponse, {
      urn: state.urn,
      properties: toWire(state.outputs),
    });
  };

  private readonly invoke = async (
    request: resourceProto.ResourceInvokeRequest,
  ): Promise<providerProto.InvokeResponse> => {
    const { deployment, host, runner } = this.parts;
    const args = fromWire(request.getArgs());
    const [token, given] = [request.getTok(), request.getProvider()];
    if (token === "pulumi:pulumi:getResource") {
      const found = toWire(this.lookUp(args["urn"] as string));
      return message(providerProto.InvokeResponse, { return: found });
    }
    const reference = given || (await deployment.defaultProvider(token, request.getVersion()));
    const call = await host.invoke(reference, token);
    const { result, failures } = await call(token, unwrapMap(args), runner.options.terminate);
    return message(providerProto.InvokeResponse, {
      return: toWire(markLike(result, args)),
      failuresList: checkFailures(failures),
    });
  };

  private lookUp(urn: string): PropertyMap {
    const state = this.parts.progress.news.get(urn);
    if (!state) throw new Error(`resource '${urn}' is not registered`);
    return { urn, id: state.id ?? "", state: state.outputs };
  }

  private readonly log = (request: engineProto.LogRequest): Empty => {
    const isError = request.getSeverity() === engineProto.LogSeverity.ERROR;
    // An error of a program that was cut short follows from the failure, which is already reported.
    if (isError && this.parts.runner.halted) return new Empty();
    const [severity, urn] = [SEVERITIES[request.getSeverity()], request.getUrn() || this.root];
    this.parts.sink({
      ...said(severity ?? "info", request.getMessage(), urn),
      ephemeral: request.getEphemeral(),
    });
    return new Empty();
  };

  /** Fails the operation, since the SDK may not report the refusal to the program. */
  private refuse(feature: string): Promise<never> {
    return this.orFail(() => Promise.reject(unsupported(feature)));
  }

  /** An error here fails the operation. It is not only an exception in the program. */
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

/** A stopping operation answers UNAVAILABLE: the SDK then ends the program silently. */
function errorOf(error: unknown): Partial<grpc.StatusObject> {
  if (error instanceof Halted || error instanceof StepFailed)
    return { code: grpc.status.UNAVAILABLE, details: "resource monitor shut down" };
  return {
    code: grpc.status.UNKNOWN,
    details: error instanceof Error ? error.message : String(error),
  };
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
