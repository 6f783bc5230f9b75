import * as pulumi from "@pulumi/pulumi";

type Resources = Record<string, { type: string; outputs: Record<string, unknown> }>;

/**
 * The outputs of every resource in this stack's own state, by URN, as the last run left them: what a plan can learn of the
 * past. Both engines answer it; a stack that is new has none.
 */
export async function stackResources(): Promise<Resources> {
  const { outputs } = (await pulumi.runtime.invoke("pulumi:pulumi:readStackResourceOutputs", {
    stackName: pulumi.getStack(),
  })) as { outputs: Resources };
  return opened(outputs) as Resources;
}

/** The SDK opens a secret once; one within another, such as the key in a connection, it leaves closed. */
function opened(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(opened);
  if (typeof value !== "object" || value === null) return value;
  if (pulumi.runtime.isRpcSecret(value)) return opened(pulumi.runtime.unwrapRpcSecret(value));
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, opened(inner)]));
}
