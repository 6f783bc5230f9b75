/** The program's process. */
import { spawn, type ChildProcess } from "node:child_process";
import { setMaxListeners } from "node:events";
import * as path from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { Answer } from "../../ssh/lend";
import { lend } from "../../ssh/lend";
import type { ConnectionPool } from "../../ssh/pool";

/** The SDK's exit code for "the error is already reported". */
const ALREADY_LOGGED = 32;

/**
 * Node.js lets short-lived objects take up to 48 MB before it looks which of them still live. With this they take up to 12:
 * docs/performance.md has what that saves. package.json has the same for the engine.
 */
const SMALL = "--max-semi-space-size=4";

interface ProgramArguments {
  monitor: string;
  /** The address of the Engine service. @default the monitor's */
  engine?: string;
  project: string;
  stack: string;
  /** The folder of Pulumi.yaml. */
  root: string;
  /** The working directory. */
  folder: string;
  /** The program: `.`, or a file in the folder. */
  entry: string;
  parallel: number;
  dryRun: boolean;
  /** Each full key with its value as text. */
  config: Record<string, string>;
  secretKeys: string[];
  /** `--target` and `--exclude`, see `Targets`. */
  targets?: string | undefined;
}

/** A process that has begun to load the SDK. It runs the program when it gets the monitor's address. */
export class Program {
  private constructor(
    private readonly child: ChildProcess,
    private readonly exited: Promise<number>,
  ) {}

  /** Starts in a separate process group: the engine handles Ctrl-C on the terminal. */
  static load(folder: string): Program {
    const child = spawn(process.execPath, [SMALL, path.join(__dirname, "program-host.js")], {
      cwd: folder,
      detached: true,
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      serialization: "advanced", // which has bytes
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

  /**
   * Resolves when the program has ended: to the error, if it is not yet reported. Leaves out blank lines.
   * @param connections the program may use these to run commands on hosts. @default it opens its own
   */
  async run(
    args: ProgramArguments,
    onLine: (text: string, isError: boolean) => void,
    connections?: ConnectionPool,
  ): Promise<{ ok: boolean; problem?: string }> {
    const { stdout, stderr } = this.child;
    const pass = (input: Readable | null, isError: boolean): unknown =>
      input &&
      createInterface({ input }).on("line", (line) => line.trim() !== "" && onLine(line, isError));
    pass(stdout, false);
    pass(stderr, true);
    if (connections !== undefined) this.lend(connections);
    this.child.send({
      lends: connections !== undefined,
      args: flags(args),
      env: {
        PULUMI_CONFIG: JSON.stringify(args.config),
        PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(args.secretKeys),
        ...(args.targets !== undefined && { PULUMI_EMBEDDED_TARGETS: args.targets }),
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

  private lend(connections: ConnectionPool): void {
    const { child } = this;
    const gone = new AbortController();
    setMaxListeners(0, gone.signal); // one for each host
    child.once("disconnect", () => gone.abort(new Error("the program has ended")));
    const send = (answer: Answer): void => {
      // It can end at any time, and then nobody waits for the answer.
      if (child.connected) child.send(answer, () => undefined);
    };
    child.on("message", lend(connections, send, gone.signal));
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
    ...["--pwd", args.folder, "--root-directory", args.root, "--parallel", String(args.parallel)],
    ...(args.dryRun ? ["--dry-run"] : []),
    args.entry,
  ];
}

/** Removes ts-node's settings: if ts-node runs the engine, the program's process still has its own loader. */
function withoutTsNode(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const own = ["TS_NODE_PROJECT", "TS_NODE_TRANSPILE_ONLY", "NODE_OPTIONS"];
  return Object.fromEntries(Object.entries(env).filter(([name]) => !own.includes(name)));
}
