import { operate } from "../engine/command/operate";
import { explainDelete } from "./explain-delete";

export function main(args: string[]): Promise<void> {
  return operate("destroy", args, explainDelete);
}
