import { cancelCommand } from "../engine/command/cancel-command";
import { configCommand } from "../engine/command/config-command";
import { operate } from "../engine/command/operate";
import { stackCommand } from "../engine/command/stack-command";
import { stateCommand } from "../engine/command/state-command";
import { explainDelete } from "./explain-delete";
import { leftOut } from "./left-out";
import { STEP_WORDS } from "./step-words";

/** The npm scripts that are commands of the Pulumi CLI, by their names there. */
const COMMANDS: Record<string, (args: string[]) => Promise<void>> = {
  up: (args) => operate("up", args, { words: STEP_WORDS, leftOut }),
  preview: (args) => operate("preview", args, { words: STEP_WORDS, leftOut }),
  refresh: (args) => operate("refresh", args, { words: STEP_WORDS }),
  destroy: (args) => operate("destroy", args, { explain: explainDelete, words: STEP_WORDS }),
  cancel: cancelCommand,
  config: configCommand,
  stack: stackCommand,
  state: stateCommand,
};

export async function main([command = "", ...args]: string[]): Promise<void> {
  const run = Object.hasOwn(COMMANDS, command) ? COMMANDS[command] : undefined;
  if (run) return run(args);
  console.error(`unknown command ${JSON.stringify(command)}; run \`npm run\` to list the commands`);
  process.exitCode = 1;
}
