import { operate } from "../engine/command/operate";
import { STEP_WORDS } from "./step-words";

export function main(args: string[]): Promise<void> {
  return operate("refresh", args, { words: STEP_WORDS });
}
