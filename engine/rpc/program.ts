/** The program's process. */
import { spawn, type ChildProcess } from "node:child_process";
import * as path from "node:path";
import { createInterface } from "node:readline";

/** Exit code with which the SDK says: I have told the user already. */
const ALREADY_LOGGED = 32;

interface ProgramArguments {
  monitor: string;
  /** Where the Engine service is. @default with the monitor */
  engine?: string;
  project: string;
  stack: string;
  /** The folder of Pulumi.yaml. */
  folder: string;
  /** Folder or file to run. */
  program: string;
  parallel: number;
  dryRun: boolean;
  /** Full key to text. */
  config: Record<string, string>;
  secretKeys: string[];
}

/** A process that has begun to load the SDK, and runs the program when told where the monitor is. */
export class Program {
  private constructor(
    private readonly child: ChildProcess,
    private readonly exited: Promise<number>,
  ) {}

  /** In a process group of its own: Ctrl-C on the terminal is the engine's to handle. */
  static load(folder: string): Program {
    const child = spawn(process.execPath, [path.join(__dirname, "program-host.js")], {
      cwd: folder,
      detached: true,
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      env: {
        ...withoutTsNode(process.env),
        PULUMI_NODEJS_TRANSPILE_ONLY: "true",
      },
    });
    const exited = new Promise<number>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, signal) => resolve(code ?? (signal ? 128 : 1)));
    });
    exited.catch(() => undefined);
    return new Program(child, exited);
  }

  /** Resolves when the program has ended, to what went wrong, if the user does not know it yet. */
  async run(
    args: ProgramArguments,
    onLine: (text: string, isError: boolean) => void,
  ): Promise<{ ok: boolean; problem?: string }> {
    const { stdout, stderr } = this.child;
    if (stdout) createInterface({ input: stdout }).on("line", (line) => onLine(line, false));
    if (stderr) createInterface({ input: stderr }).on("line", (line) => onLine(line, true));
    this.child.send({
      args: flags(args),
      env: {
        PULUMI_CONFIG: JSON.stringify(args.config),
        PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(args.secretKeys),
      },
    });
    const code = await this.exited;
    if (code === 0) return { ok: true };
    if (code === ALREADY_LOGGED) return { ok: false };
    return {
      ok: false,
      problem: `an unhandled error occurred: Program exited with non-zero exit code: ${code}`,
    };
  }

  /** Ends the process if it still runs. */
  end(): void {
    this.child.kill("SIGKILL");
  }
}

function flags(args: ProgramArguments): string[] {
  return [
    ...["--monitor", args.monitor, "--engine", args.engine ?? args.monitor],
    ...["--project", args.project, "--stack", args.stack, "--organization", "organization"],
    ...["--pwd", args.folder, "--root-directory", args.folder, "--parallel", String(args.parallel)],
    ...(args.dryRun ? ["--dry-run"] : []),
    args.program === args.folder ? "." : args.program,
  ];
}

/** The engine may itself be run by ts-node; the program's process has its own way. */
function withoutTsNode(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const own = ["TS_NODE_PROJECT", "TS_NODE_TRANSPILE_ONLY", "NODE_OPTIONS"];
  return Object.fromEntries(Object.entries(env).filter(([name]) => !own.includes(name)));
}
