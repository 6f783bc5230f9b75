import { operate } from "../engine/command/operate";
import { STEP_WORDS } from "./step-words";

export function main(args: string[]): Promise<void> {
  return operate("preview", args, { words: STEP_WORDS });
}
