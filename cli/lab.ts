import { spawnSync } from "node:child_process";
import {
  findCluster,
  findLab,
  LABS,
  type RunningCluster,
  type RunningLab,
  startCluster,
  startLab,
  stopLab,
} from "../lab";
import { statusTable } from "../lab/status";

const USAGE =
  "usage: npm run lab -- [--lab NAME] up [--kubernetes] | down | status | ssh [USER@]HOST ['COMMAND'] | kubectl ARGS...";

const HELP = `${USAGE}

Runs real hosts on this machine to try cluster-registry on. Requires Debian and root.

  up       start the lab's hosts; hosts that are running are not changed
  down     stop the hosts and remove the lab
  status   list the hosts and their state
  ssh      log in to a host, or run one quoted command and return its output and exit code
  kubectl  run kubectl on the lab's cluster; it takes all words that follow

  --lab NAME   the lab: ${Object.keys(LABS).join(" or ")} (default: dev)
  --kubernetes with up: make the hosts a Kubernetes cluster as well. The first time, this builds Kubernetes, which
               requires Go and takes about ten minutes
  -h, --help   print this text

Examples:
  npm run lab -- up
  npm run lab -- up --kubernetes && npm run lab -- kubectl get nodes -o wide
  npm run lab -- ssh node01 'systemctl status containerd'
  npm run lab -- up --lab dedicated
  npm run lab -- down`;

/** `npm run lab`: the lab hosts on this machine. */
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
  // Arguments after `kubectl` belong to kubectl.
  const end = args.includes("kubectl") ? args.indexOf("kubectl") + 1 : args.length;
  const words = args.slice(0, end);
  let lab = "dev";
  // A command for ssh is one argument, so a separate argument --lab is always this program's flag.
  for (let at = words.indexOf("--lab"); at >= 0; at = words.indexOf("--lab")) {
    const [, name] = words.splice(at, 2);
    if (!name) throw new Error(`--lab needs a name\n${USAGE}`);
    lab = name;
  }
  if (words.some((word) => word === "--help" || word === "-h")) {
    return { lab, command: "--help", rest: [] };
  }
  const [command = "", ...rest] = words;
  return { lab, command, rest: [...rest, ...args.slice(end)] };
}

async function dispatch({ lab, command, rest }: Request): Promise<number> {
  const log = (line: string) => console.error(line);
  const options = command === "up" ? ["--kubernetes"] : [];
  const unknown = ["ssh", "kubectl"].includes(command)
    ? []
    : rest.filter((word) => !options.includes(word));
  if (unknown.length > 0) throw new Error(`unknown: ${unknown.join(" ")}\n${USAGE}`);
  switch (command) {
    case "--help":
      console.log(HELP);
      return 0;
    case "up": {
      const definition = LABS[lab];
      if (!definition)
        throw new Error(`unknown lab ${lab}; known labs: ${Object.keys(LABS).join(", ")}`);
      const running = await startLab(definition, { log });
      const cluster = rest.length > 0 ? await startCluster(running, { log }) : undefined;
      console.log(await statusTable(running));
      if (cluster) console.log(`kubeconfig: ${cluster.kubeconfigPath}`);
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
    case "kubectl":
      return kubectl(clusterOf(existing(lab)), rest);
    case "ssh":
      return ssh(existing(lab), rest);
    default:
      throw new Error(`${command ? `unknown command ${command}` : "missing command"}\n${USAGE}`);
  }
}

function existing(name: string): RunningLab {
  const lab = findLab(name);
  if (!lab)
    throw new Error(`lab ${name} is down; bring it up with: npm run lab -- up --lab ${name}`);
  return lab;
}

function clusterOf(lab: RunningLab): RunningCluster {
  const cluster = findCluster(lab);
  if (!cluster) {
    throw new Error(
      `lab ${lab.name} has no cluster; make one with: npm run lab -- up --kubernetes --lab ${lab.name}`,
    );
  }
  return cluster;
}

function kubectl(cluster: RunningCluster, args: string[]): number {
  const env = { ...process.env, KUBECONFIG: cluster.kubeconfigPath };
  const { status, error } = spawnSync(cluster.kubectlPath, args, { stdio: "inherit", env });
  if (error) throw error;
  return status ?? 255;
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
