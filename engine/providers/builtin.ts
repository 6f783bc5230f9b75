/** Pulumi's own: references to the outputs of other stacks of the same backend, and what a stack's resources are. */
import type { PropertyMap } from "../values/property";
import type { ProviderInstance, ProviderPlugin, Value } from "./provider";

/**
 * Outputs of a stack, named `STACK` or `organization/PROJECT/STACK`, their secrets marked; and the names of those with a
 * secret anywhere in them, sorted. Throws where it is not.
 */
export type StackOutputs = (name: string) => Promise<{ outputs: PropertyMap; secrets: string[] }>;

/** The outputs of every resource of a stack, by URN, with its type; their secrets marked. Throws where it is not. */
export type StackResources = (name: string) => Promise<PropertyMap>;

export function builtinPlugin(
  stackOutputs: StackOutputs,
  stackResources: StackResources,
): ProviderPlugin {
  const refuse = (): Promise<never> =>
    Promise.reject(new Error("a stack reference can only be read"));
  const instance: ProviderInstance = {
    // To seal all outputs of another stack would hide the plain ones too.
    marksSecrets: true,
    check: (_type, _urn, _olds, inputs) => Promise.resolve({ inputs, failures: [] }),
    diff: () => Promise.resolve({ changes: "none", replaces: [] }),
    create: refuse,
    update: refuse,
    delete: refuse,
    async read(_type, id, inputs) {
      const name = typeof inputs?.["name"] === "string" ? inputs["name"] : id;
      const { outputs, secrets } = await stackOutputs(name);
      return {
        id: name,
        inputs: { name },
        outputs: { name, outputs: outputs as Value, secretOutputNames: secrets },
      };
    },
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
    types: ["pulumi:pulumi:StackReference"],
    checkConfig: (inputs) => Promise.resolve({ inputs, failures: [] }),
    diffConfig: () => Promise.resolve({ changes: "none", replaces: [] }),
    configure: () => Promise.resolve(instance),
  };
}
