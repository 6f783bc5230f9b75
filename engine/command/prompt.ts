/** Asks questions on the terminal. */
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import type { Flags } from "./flags";

export function isInteractive(flags: Flags): boolean {
  return !flags["non-interactive"] && process.stdin.isTTY && process.stdout.isTTY && !flags["json"];
}

/**
 * Resolves to the answer, or to undefined if the user leaves the prompt with Ctrl-C or Ctrl-D. `again` handles an
 * answer after which the question is repeated. Lines that were typed ahead become the next answers.
 */
export async function ask(
  question: string,
  cancel?: AbortSignal,
  again: (answer: string) => boolean = () => false,
): Promise<string> {
  const prompt = createInterface({
    input: process.stdin,
    output: process.stdout,
    prompt: question,
  });
  cancel?.addEventListener("abort", () => prompt.close());
  prompt.prompt();
  try {
    for await (const line of prompt) {
      if (!again(line.trim())) return line.trim();
      prompt.prompt();
    }
    return "";
  } finally {
    prompt.close();
  }
}

/**
 * Asks without showing the typed text. Uses stderr, since a program may read stdout. Throws if the user leaves the
 * prompt.
 */
export async function askHidden(
  question: string,
  input: NodeJS.ReadableStream = process.stdin,
  output: NodeJS.WritableStream = process.stderr,
): Promise<string> {
  output.write(question);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const prompt = createInterface({ input, output: silent, terminal: true });
  const left = new Promise<never>((_resolve, reject) => {
    prompt.once("SIGINT", () => prompt.close());
    prompt.once("close", () => reject(new Error("no passphrase was given")));
  });
  left.catch(() => undefined);
  try {
    return await Promise.race([prompt.question(""), left]);
  } finally {
    prompt.close();
    output.write("\n");
  }
}
