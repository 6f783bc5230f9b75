import * as pulumi from "@pulumi/pulumi";

/**
 * The outputs of every resource in this stack's own state, by URN, as the last run left them: what a plan can learn of the
 * past. Both engines answer it; a stack that is new has none.
 */
export async function stackResources(): Promise<
  Record<string, { type: string; outputs: Record<string, unknown> }>
> {
  const { outputs } = (await pulumi.runtime.invoke("pulumi:pulumi:readStackResourceOutputs", {
    stackName: pulumi.getStack(),
  })) as { outputs: Record<string, { type: string; outputs: Record<string, unknown> }> };
  return outputs;
}
