import { cancelCommand } from "../engine/command/cancel-command";

export function main(args: string[]): Promise<void> {
  return cancelCommand(args);
}
