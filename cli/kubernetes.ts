import { ensureKubernetes, whyNoKubernetes } from "../lab/go/kubernetes";
import { printBuilt } from "./built-program";

/** `npm run -s kubernetes`: builds the lab's Kubernetes from its Go modules if necessary, and prints its folder. */
export const main = (args: string[]): Promise<void> =>
  printBuilt({ script: "kubernetes", whyNot: whyNoKubernetes, ensure: ensureKubernetes }, args);
