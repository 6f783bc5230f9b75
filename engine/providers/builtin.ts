/** The `pulumi` package's own functions: they read a stack's resources. This program does not use stack references. */
import type { PropertyMap } from "../values/property";
import type { ProviderInstance, ProviderPlugin, Value } from "./provider";

/**
 * The outputs of every resource of a stack, by URN, with their types, secrets marked. Throws if there is no such stack.
 */
export type StackResources = (name: string) => Promise<PropertyMap>;

export function builtinPlugin(stackResources: StackResources): ProviderPlugin {
  const refuse = (): Promise<never> => Promise.reject(new Error("it has no resources"));
  const instance: ProviderInstance = {
    check: refuse,
    diff: refuse,
    create: refuse,
    update: refuse,
    delete: refuse,
    read: refuse,
    async invoke(token, args) {
      const name = args["stackName"];
      if (token !== "pulumi:pulumi:readStackResourceOutputs" || typeof name !== "string")
        throw new Error(
          `the function ${token} is not supported by the embedded engine; use --engine pulumi for this program`,
        );
      return { result: { name, outputs: (await stackResources(name)) as Value }, failures: [] };
    },
    close: () => Promise.resolve(),
  };
  return {
    name: "pulumi",
    version: "3.0.0",
    types: [],
    checkConfig: (inputs) => Promise.resolve({ inputs, failures: [] }),
    diffConfig: () => Promise.resolve({ changes: "none", replaces: [] }),
    configure: () => Promise.resolve(instance),
  };
}
