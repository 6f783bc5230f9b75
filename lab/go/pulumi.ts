import { join } from "node:path";
import { ensureGoProgram, requiredVersion, whyNoGoProgram, type GoProgram } from "./program";

const FOLDER = join(__dirname, "pulumi");
const MODULE = "github.com/pulumi/pulumi";

/** The Pulumi CLI. It has no language hosts and no plugins, because those are not Go modules. */
const PULUMI: GoProgram = {
  folder: FOLDER,
  packages: [`${MODULE}/pkg/v3/cmd/pulumi`],
  // Without a version, the SDK's automation API refuses the CLI.
  variables: {
    [`${MODULE}/sdk/v3/go/common/version.Version`]: requiredVersion(FOLDER, `${MODULE}/pkg/v3`),
  },
};

export const whyNoPulumi = (cache: string): string | undefined => whyNoGoProgram(cache, PULUMI);

/** The Pulumi CLI's executable in the cache, built at the first call: five to eight minutes on two cores. */
export async function ensurePulumi(cache: string, log: (line: string) => void): Promise<string> {
  return join(await ensureGoProgram(cache, PULUMI, log), "pulumi");
}
