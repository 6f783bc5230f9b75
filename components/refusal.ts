import * as pulumi from "@pulumi/pulumi";

/**
 * An error whose message is complete: both engines show the message alone.
 *
 * It has no stack. The SDK inspects the stack even of an error that it shows without one, in colour. If a frame is in
 * node_modules, that takes twenty seconds on Node 20, and all the memory that a string can have.
 */
export function refusal(message: string): pulumi.RunError {
  const error = new pulumi.RunError(message);
  error.stack = "";
  return error;
}

/** The work's result. If the work fails, throws an error that is shown without a stack. */
export async function withoutStack<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw error instanceof pulumi.RunError ? error : refusal((error as Error).message);
  }
}
