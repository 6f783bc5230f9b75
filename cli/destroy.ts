import { operate } from "../engine/command/operate";

export function main(args: string[]): Promise<void> {
  return operate("destroy", args);
}
