import { createRequire } from "node:module";
import { runPlugin } from "../plugin/serve";
import type * as command from "../engine/providers/command";
import type * as docker from "../engine/providers/docker";
import type * as kubernetes from "../engine/providers/kubernetes";
import type { ProviderPlugin } from "../engine/providers/provider";

const load = createRequire(__filename);

/** Each provider is loaded only on request: the Pulumi CLI starts a process for each and waits for it. */
const PROVIDERS: Record<string, () => ProviderPlugin> = {
  command: () => (load("../engine/providers/command") as typeof command).commandPlugin,
  docker: () => (load("../engine/providers/docker") as typeof docker).dockerPlugin,
  kubernetes: () => (load("../engine/providers/kubernetes") as typeof kubernetes).kubernetesPlugin,
};

/** The entry point of the plugins from `npm run plugins -- install`: `provider NAME [ADDRESS OF THE ENGINE]`. */
export async function main([name = "", engineAddress]: string[]): Promise<void> {
  const provider = PROVIDERS[name];
  if (!provider) {
    console.error(
      `unknown provider ${JSON.stringify(name)}; known providers: ${Object.keys(PROVIDERS).join(", ")}`,
    );
    process.exitCode = 1;
    return;
  }
  await runPlugin(provider(), engineAddress);
}
