import { stateCommand } from "../engine/command/state-command";

export function main(args: string[]): Promise<void> {
  return stateCommand(args);
}
