/**
 * A language host for the Pulumi CLI that runs programs as the embedded engine does: the CLI's own one is no Go module. The
 * executable `pulumi-language-nodejs` that `toolchain.ts` makes starts it; it says its port on stdout.
 */
import * as path from "node:path";
import * as grpc from "@grpc/grpc-js";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { LanguageRuntimeService } from "@pulumi/pulumi/proto/language_grpc_pb";
import * as proto from "@pulumi/pulumi/proto/language_pb";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { Program } from "../../engine/rpc/program";

let engine = process.argv.at(-1) ?? "";

const server = new grpc.Server();
server.addService(LanguageRuntimeService, {
  handshake: answer((request: proto.LanguageHandshakeRequest) => {
    engine = request.getEngineAddress() || engine;
    return new proto.LanguageHandshakeResponse();
  }),
  getPluginInfo: answer(() => new PluginInfo()),
  // The program's SDKs name their plugins with each resource.
  getRequiredPackages: answer(() => new proto.GetRequiredPackagesResponse()),
  getRequiredPlugins: answer(() => new proto.GetRequiredPluginsResponse()),
  run: answer(run),
  cancel: answer(() => new Empty()),
});
server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  process.stdout.write(`${port}\n`);
});

async function run(request: proto.RunRequest): Promise<proto.RunResponse> {
  const info = request.getInfo();
  const folder = info?.getProgramDirectory() || request.getPwd();
  const program = Program.load(folder);
  try {
    const { ok, problem } = await program.run(
      {
        monitor: request.getMonitorAddress(),
        engine,
        project: request.getProject(),
        stack: request.getStack(),
        folder,
        program: path.resolve(folder, info?.getEntryPoint() || request.getProgram()),
        parallel: request.getParallel(),
        dryRun: request.getDryrun(),
        config: Object.fromEntries(request.getConfigMap().toArray()),
        secretKeys: request.getConfigsecretkeysList(),
      },
      (text, isError) => (isError ? process.stderr : process.stdout).write(`${text}\n`),
    );
    const response = new proto.RunResponse();
    if (problem !== undefined) response.setError(problem);
    // The program has said itself what went wrong.
    response.setBail(!ok && problem === undefined);
    return response;
  } finally {
    program.end();
  }
}

function answer<Request, Response>(
  work: (request: Request) => Response | Promise<Response>,
): grpc.handleUnaryCall<Request, Response> {
  return (call, callback) => {
    Promise.resolve()
      .then(() => work(call.request))
      .then(
        (response) => callback(null, response),
        (error: Error) => callback({ code: grpc.status.UNKNOWN, details: error.message }),
      );
  };
}
