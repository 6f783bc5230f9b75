import * as pulumi from "@pulumi/pulumi";

type Resources = Record<string, { type: string; outputs: Record<string, unknown> }>;

/**
 * The outputs of every resource in this stack's own state, by URN, as the last run left them. A plan reads the past
 * from them. Both engines support this; a new stack has none.
 */
export async function stackResources(): Promise<Resources> {
  const { outputs } = (await pulumi.runtime.invoke("pulumi:pulumi:readStackResourceOutputs", {
    stackName: pulumi.getStack(),
  })) as { outputs: Resources };
  return opened(outputs) as Resources;
}

/** Unwraps nested secrets. The SDK unwraps only the outer one, and leaves for example the key inside a connection. */
function opened(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(opened);
  if (typeof value !== "object" || value === null) return value;
  if (pulumi.runtime.isRpcSecret(value)) return opened(pulumi.runtime.unwrapRpcSecret(value));
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, opened(inner)]));
}
