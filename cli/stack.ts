import { stackCommand } from "../engine/command/stack-command";

export function main(args: string[]): Promise<void> {
  return stackCommand(args);
}
