/** Questions on the terminal. */
import { createInterface } from "node:readline/promises";
import type { Flags } from "./flags";

export function isInteractive(flags: Flags): boolean {
  return !flags["non-interactive"] && process.stdin.isTTY && process.stdout.isTTY && !flags["json"];
}

/** Resolves to the answer; to none where the prompt is left with Ctrl-C or Ctrl-D. */
export async function ask(question: string, cancel?: AbortSignal): Promise<string> {
  const prompt = createInterface({ input: process.stdin, output: process.stdout });
  const left = new Promise<string>((resolve) => {
    prompt.once("close", () => resolve(""));
    cancel?.addEventListener("abort", () => prompt.close());
  });
  const answer = await Promise.race([prompt.question(question), left]);
  prompt.close();
  return answer.trim();
}
