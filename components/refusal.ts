import * as pulumi from "@pulumi/pulumi";

/**
 * An error that a person is to read as it is: both engines show the message alone.
 *
 * It carries no stack. The SDK inspects the stack even of an error that it shows without one, in colour, and on
 * Node 20 that takes twenty seconds and all the memory of a string whenever a frame lies in node_modules.
 */
export function refusal(message: string): pulumi.RunError {
  const error = new pulumi.RunError(message);
  error.stack = "";
  return error;
}

/** The work's result. Its error is one that a person is to read as it is. */
export async function withoutStack<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw error instanceof pulumi.RunError ? error : refusal((error as Error).message);
  }
}
