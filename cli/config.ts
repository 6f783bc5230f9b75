import { configCommand } from "../engine/command/config-command";

export function main(args: string[]): Promise<void> {
  return configCommand(args);
}
