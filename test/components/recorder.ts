import * as pulumi from "@pulumi/pulumi";

/** A resource that a component declared. */
export interface Declared {
  type: string;
  name: string;
  inputs: Record<string, unknown>;
}

/** Pulumi's mocks, which record every declared resource. `stdout` has the output of each Command, by name. */
export function record(stdout: Record<string, string> = {}): Declared[] {
  const declared: Declared[] = [];
  void pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs }) => {
        declared.push({ type, name, inputs: inputs as Record<string, unknown> });
        const outputs = outputsOf(type, inputs as Inputs, stdout[name]);
        return { id: `${name}-id`, state: { ...(inputs as object), ...outputs } };
      },
      call: ({ token }) => {
        throw new Error(`unexpected call of ${token}`);
      },
    },
    "cluster-registry",
    "test",
    false,
  );
  return declared;
}

type Inputs = Record<string, unknown>;

/** What a provider would add to the inputs. */
function outputsOf(type: string, inputs: Inputs, stdout = ""): Inputs {
  if (type === "command:remote:Command") return { stdout, stderr: "" };
  if (type !== "docker:index/image:Image") return {};
  return { repoDigest: `${String(inputs["imageName"]).replace(/:[^:/]*$/, "")}@sha256:d1` };
}

/** The value of an output, once it is known. */
export function valueOf<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve) => output.apply(resolve));
}

/** Waits until every resource that the program requested so far is declared. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}
