import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { Workspace } from "../../engine/stack";
import type { RunningHost, RunningLab } from "../../lab";

const ROOT = join(__dirname, "..", "..");

/**
 * Which engine runs the tests' stacks: TEST_ENGINE=pulumi means the Pulumi CLI, which must be on PATH with its plugins.
 * @default embedded
 */
export const ENGINE = process.env["TEST_ENGINE"] ?? "embedded";

/** Commands that run the program, and so take `--engine`. */
const OPERATIONS = ["up", "preview", "destroy", "refresh"];

/** Inside the project, whose packages the program needs. */
function stacksFolder(): string {
  const folder = join(ROOT, ".lab", "stacks");
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** A command's output and exit code. */
export interface Said {
  code: number;
  stdout: string;
  stderr: string;
}

/** What is said of a host: both engines begin with its name, the embedded one may name the step and what it does behind it. */
export const about = (host: string, text: string): RegExp =>
  new RegExp(
    `\\b${host}: (?:[^:\\n]+: )?(?:warning: )?${text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}`,
  );

/** A running command. It leads its own process group, as a shell's job does. */
export class RunningCommand {
  private stdout = "";
  private stderr = "";
  /** Resolves when the command has ended, with any exit code; -1 if a signal ended it. */
  readonly ended: Promise<Said>;

  constructor(private readonly child: ChildProcess) {
    child.stdout?.on("data", (text: Buffer) => (this.stdout += text.toString()));
    child.stderr?.on("data", (text: Buffer) => (this.stderr += text.toString()));
    this.ended = new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code) =>
        resolve({ code: code ?? -1, stdout: this.stdout, stderr: this.stderr }),
      );
    });
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** What it has printed to stdout until now. */
  get printed(): string {
    return this.stdout;
  }

  /** Resolves once the command has printed this text to stdout or stderr. Rejects if it ends without it. */
  async says(text: string): Promise<void> {
    while (!`${this.stdout}\n${this.stderr}`.includes(text)) {
      if (this.child.exitCode !== null || this.child.signalCode !== null) {
        throw new Error(`expected ${JSON.stringify(text)}; found:\n${this.stdout}\n${this.stderr}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Sends a signal to all its processes, as the terminal sends Ctrl-C. */
  signal(signal: NodeJS.Signals): void {
    process.kill(-this.pid, signal);
  }
}

/** A stack of the project's own program on a lab's hosts, with state and configuration in a folder of its own. */
export class TestStack {
  constructor(
    readonly lab: RunningLab,
    public current: Record<string, unknown>,
    readonly name = "test",
    readonly folder = mkdtempSync(join(stacksFolder(), "stack-")),
  ) {
    const project = readFileSync(join(ROOT, "Pulumi.yaml"), "utf8");
    writeFileSync(
      join(this.folder, "Pulumi.yaml"),
      project.replace(/^main: .*$/m, `main: ${join(ROOT, "index.ts")}`),
    );
    this.configure(current);
  }

  /** The lesson's settings for a lab: the registry on the first host, and all hosts are nodes. */
  static lesson(lab: RunningLab, changes: Record<string, unknown> = {}, name = "test"): TestStack {
    const hosts = [...lab.hosts.values()];
    const [first] = hosts;
    const settings = {
      registry: { host: first?.name, address: first?.address },
      nodes: hosts.map(({ name, address }, index) => ({
        name,
        address,
        role: index === 0 ? "master" : "worker",
      })),
      ssh: {
        privateKeyPath: lab.privateKeyPath,
        knownHostsPath: lab.knownHostsPath,
        config: "none",
        wait: "0",
      },
      ...changes,
    };
    return new TestStack(lab, settings, name);
  }

  /** A stack of another program, which is in the stack's folder and uses the packages of this project. */
  static program(lab: RunningLab, text: string, settings: Record<string, unknown> = {}): TestStack {
    const stack = new TestStack(lab, settings);
    const project = join(stack.folder, "Pulumi.yaml");
    const program = join(stack.folder, "index.ts");
    writeFileSync(program, text);
    // The settings that are this project's own would be added with their defaults.
    const own = readFileSync(project, "utf8").replace(/^config:[^]*/m, "");
    writeFileSync(project, own.replace(/^main: .*$/m, `main: ${program}`));
    return stack;
  }

  /** The project's name in the folder. */
  private get project(): string {
    const text = readFileSync(join(this.folder, "Pulumi.yaml"), "utf8");
    return (parse(text) as { name: string }).name;
  }

  get configFile(): string {
    return join(this.folder, `Pulumi.${this.name}.yaml`);
  }

  /** Replaces the whole configuration. A key with a colon belongs to another package, e.g. `kubernetes:kubeconfig`. */
  configure(settings: Record<string, unknown>): void {
    this.current = settings;
    const salt =
      /^encryptionsalt: .*$/m.exec(readFileSync(join(ROOT, "Pulumi.dev.yaml"), "utf8"))?.[0] ?? "";
    const config = Object.fromEntries(
      Object.entries(settings).map(([key, value]) => [
        key.includes(":") ? key : `${this.project}:${key}`,
        value,
      ]),
    );
    writeFileSync(this.configFile, `${salt}\n${stringify({ config })}`);
  }

  /** Changes some settings permanently. */
  change(changes: Record<string, unknown>): void {
    this.configure({ ...this.current, ...changes });
  }

  /** Adds a setting that is stored encrypted, at a path such as `ssh.password`. A later `configure` or `change` drops it. */
  async secret(path: string, value: string): Promise<void> {
    await this.ensureStack();
    const words = ["config", "set", "--path", "--secret", `cluster-registry:${path}`];
    const result = spawnSync(
      process.execPath,
      [join(ROOT, "cli", "run.mjs"), ...words, "--stack", this.name, "--cwd", this.folder],
      { cwd: ROOT, env: this.env, input: value, encoding: "utf8" },
    );
    if (result.status !== 0) throw new Error(`exit code ${result.status}\n${result.stderr}`);
  }

  up = (...flags: string[]): Promise<Said> => this.run("up", "--yes", "--skip-preview", ...flags);
  preview = (...flags: string[]): Promise<Said> => this.run("preview", ...flags);
  destroy = (...flags: string[]): Promise<Said> =>
    this.run("destroy", "--yes", "--skip-preview", ...flags);

  /** Expects the command to end with 0. */
  async succeed(work: Promise<Said>): Promise<Said> {
    const said = await work;
    if (said.code !== 0) throw new Error(`exit code ${said.code}\n${said.stdout}\n${said.stderr}`);
    return said;
  }

  async run(command: string, ...flags: string[]): Promise<Said> {
    return (await this.start(command, ...flags)).ended;
  }

  async start(command: string, ...flags: string[]): Promise<RunningCommand> {
    await this.ensureStack();
    const engine = OPERATIONS.includes(command) ? ["--engine", ENGINE] : [];
    const args = [
      ...command.split(" "),
      "--stack",
      this.name,
      "--cwd",
      this.folder,
      ...engine,
      ...flags,
    ];
    return new RunningCommand(
      spawn(process.execPath, [join(ROOT, "cli", "run.mjs"), ...args], {
        cwd: ROOT,
        env: this.env,
        stdio: ["ignore", "pipe", "pipe"],
        detached: true,
      }),
    );
  }

  private async ensureStack(): Promise<void> {
    const workspace = Workspace.open({ folder: this.folder, stack: this.name, env: this.env });
    if (existsSync(workspace.backend.stackFile(workspace.project.name, this.name))) return;
    await workspace.create(this.name);
  }

  /** The environment of its commands. */
  get env(): NodeJS.ProcessEnv {
    return {
      ...process.env,
      PULUMI_BACKEND_URL: `file://${this.folder}`,
      PULUMI_CONFIG_PASSPHRASE: "",
    };
  }

  get stateFile(): string {
    return join(this.folder, ".pulumi", "stacks", this.project, `${this.name}.json`);
  }

  /** The text of the stack's state file. */
  state(): string {
    return readFileSync(this.stateFile, "utf8");
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Every file, link and folder of the daemons' configuration: kind, mode, owner, and the contents' hash. */
export function configManifest(host: RunningHost): Promise<string> {
  return host.succeed(
    "cd / && find etc/docker etc/containerd etc/systemd/system 2>/dev/null | LC_ALL=C sort | while read -r path; do " +
      'stat -c "%A %U:%G %n" "$path"; [ -f "$path" ] && sha256sum < "$path"; done; true',
  );
}

/** Process ids and start times of both daemons: equal before and after means neither was restarted. */
export function daemonsOf(host: RunningHost): Promise<string> {
  return host.succeed(
    "systemctl show -p Id,MainPID,ExecMainStartTimestampMonotonic containerd.service docker.service 2>/dev/null",
  );
}

/** The host's records of its patches, file by file. */
export function recordsOf(host: RunningHost): Promise<string> {
  return host.succeed(
    "find /var/lib/cluster-registry -type f -exec sha256sum {} + 2>/dev/null | LC_ALL=C sort; true",
  );
}

/** Builds, tags and pushes an image that only the private registry has. @returns its reference */
export async function pushImage(
  host: RunningHost,
  registry: string,
  name = "mynginx:1.0",
): Promise<string> {
  const reference = `${registry}/${name}`;
  await host.succeed(
    `mkdir -p /root/build && cd /root/build && printf 'FROM busybox\\nRUN echo ${name} > /index.html\\n' > Dockerfile && ` +
      `docker build -q -t ${name} . && docker tag ${name} ${reference} && docker push -q ${reference}`,
  );
  return reference;
}
