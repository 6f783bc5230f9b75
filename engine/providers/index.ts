/** All providers of the embedded engine. */
import { commandPlugin } from "./command";
import { dockerPlugin } from "./docker";
import { kubernetesPlugin } from "./kubernetes";
import type { ProviderPlugin } from "./provider";

export const plugins: readonly ProviderPlugin[] = [commandPlugin, dockerPlugin, kubernetesPlugin];
