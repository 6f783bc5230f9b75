import { cacheFolder } from "../lab/paths";
import { ensurePulumi, whyNoPulumi } from "../lab/go/pulumi";

/** `npm run -s pulumi-cli`: builds the Pulumi CLI from its Go module if necessary, and prints its path. */
export async function main(args: string[]): Promise<void> {
  if (args.length > 0) {
    console.error(`unknown: ${args.join(" ")}\nusage: npm run -s pulumi-cli`);
    process.exitCode = 1;
    return;
  }
  const cache = cacheFolder();
  const missing = whyNoPulumi(cache);
  if (missing !== undefined) {
    console.error(`pulumi-cli: ${missing}`);
    process.exitCode = 1;
    return;
  }
  console.log(await ensurePulumi(cache, (line) => console.error(line)));
}
