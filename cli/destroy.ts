import { operate } from "../engine/command/operate";
import { explainDelete } from "./explain-delete";
import { STEP_WORDS } from "./step-words";

export function main(args: string[]): Promise<void> {
  return operate("destroy", args, { explain: explainDelete, words: STEP_WORDS });
}
