/**
 * The process of a plugin: serves the provider, prints its port on stdout, and ends with the engine that started it.
 */
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import type { ProviderPlugin } from "../engine/providers/provider";
import { listen, newServer } from "../engine/rpc/service";
import { EngineLog } from "./engine-log";
import { ProviderService } from "./service";

const PARENT_CHECK_MILLISECONDS = 1000;

export interface Serving {
  port: number;
  service: ProviderService;
  stop: () => Promise<void>;
}

/** Serves on a free loopback port. */
export async function serveProvider(
  plugin: ProviderPlugin,
  folder: string,
  engineAddress = "",
): Promise<Serving> {
  const log = new EngineLog();
  log.connect(engineAddress);
  const service = new ProviderService(plugin, folder, log);
  const server = newServer();
  server.addService(ResourceProviderService, service.methods);
  const port = await listen(server);
  const stop = async (): Promise<void> => {
    await service.close();
    server.forceShutdown();
  };
  return { port, service, stop };
}

/**
 * Runs a plugin as the CLI starts it. Resolves when it serves; a signal, or the end of its parent, ends the process.
 */
export async function runPlugin(plugin: ProviderPlugin, engineAddress?: string): Promise<void> {
  const parent = process.ppid;
  const { port, stop } = await serveProvider(plugin, process.cwd(), engineAddress);
  const end = (): void => {
    void stop().finally(() => process.exit(0));
  };
  process.once("SIGINT", end);
  process.once("SIGTERM", end);
  // An engine that was killed cannot end its plugins.
  setInterval(() => {
    if (process.ppid !== parent) end();
  }, PARENT_CHECK_MILLISECONDS).unref();
  process.stdout.write(`${port}\n`);
}
