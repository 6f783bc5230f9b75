import { spawnSync } from "node:child_process";
import { findLab, LABS, startLab, stopLab, type RunningLab } from "../lab";
import { statusTable } from "../lab/status";

const USAGE = `usage: npm run lab -- up | down | status | ssh [USER@]HOST ['COMMAND']   [--lab NAME]

  up       boot the lab's hosts, or mend what is missing of them
  down     end the hosts and remove everything of the lab
  status   show the hosts and how they are
  ssh      log in, or run one command; its output and its exit code pass through unchanged

  --lab NAME   which lab: ${Object.keys(LABS).join(", ")} (default: dev)`;

/** `npm run lab`: the test hosts of this machine. */
export async function main(args: string[]): Promise<void> {
  try {
    process.exitCode = await dispatch(parse(args));
  } catch (error) {
    console.error(`lab: ${(error as Error).message}`);
    process.exitCode = 1;
  }
}

interface Request {
  lab: string;
  command: string;
  rest: string[];
}

function parse(args: string[]): Request {
  const words = [...args];
  let lab = "dev";
  // A command for ssh is one word, however long, so that a word of its own that says --lab is always ours.
  for (let at = words.indexOf("--lab"); at >= 0; at = words.indexOf("--lab")) {
    const [, name] = words.splice(at, 2);
    if (!name) throw new Error(`--lab needs a name\n${USAGE}`);
    lab = name;
  }
  const [command = "", ...rest] = words;
  return { lab, command, rest };
}

async function dispatch({ lab, command, rest }: Request): Promise<number> {
  const log = (line: string) => console.error(line);
  if (command !== "ssh" && rest.length > 0) throw new Error(`unknown: ${rest.join(" ")}\n${USAGE}`);
  switch (command) {
    case "--help":
    case "-h":
      console.log(USAGE);
      return 0;
    case "up": {
      const definition = LABS[lab];
      if (!definition)
        throw new Error(`no lab is called ${lab}; there are ${Object.keys(LABS).join(", ")}`);
      console.log(await statusTable(await startLab(definition, { log })));
      return 0;
    }
    case "down":
      await stopLab(lab, { log });
      return 0;
    case "status": {
      const running = findLab(lab);
      console.log(running ? await statusTable(running) : `lab ${lab} is down`);
      return 0;
    }
    case "ssh":
      return ssh(existing(lab), rest);
    default:
      throw new Error(`${command ? `unknown command ${command}` : "which command?"}\n${USAGE}`);
  }
}

function existing(name: string): RunningLab {
  const lab = findLab(name);
  if (!lab)
    throw new Error(`lab ${name} is down; bring it up with: npm run lab -- up --lab ${name}`);
  return lab;
}

function ssh(lab: RunningLab, [target = "", ...command]: string[]): number {
  if (!target || command.length > 1) {
    throw new Error(`expected a host and at most one command, in quotes\n${USAGE}`);
  }
  const [name = "", user = "root"] = target.split("@").reverse();
  const host = lab.host(name);
  const options = [
    "BatchMode=yes",
    "IdentitiesOnly=yes",
    "StrictHostKeyChecking=yes",
    "LogLevel=ERROR",
    `UserKnownHostsFile="${lab.knownHostsPath}"`,
    "GlobalKnownHostsFile=/dev/null",
  ];
  const { status, error } = spawnSync(
    "ssh",
    [
      "-F",
      "none",
      "-i",
      lab.privateKeyPath,
      ...options.flatMap((option) => ["-o", option]),
      `${user}@${host.address}`,
      ...command,
    ],
    { stdio: "inherit" },
  );
  if (error) throw error;
  return status ?? 255;
}
