import { spawn, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { TestProject } from "../project";
import { cli, environmentOf, npmRun as run, type Said } from "./npm-run";

jest.setTimeout(180_000);
let project: TestProject;
beforeEach(async () => {
  project = await TestProject.make(`
    import * as command from "@pulumi/command";
    new command.local.Command("hi", { create: "echo hello" });
    export const url = "here";
  `);
});
afterEach(() => project.dispose());

const npmRun = (...args: string[]): Promise<Said> => run(project, args);

test("exit codes: 2 without --yes, 1 for unknown flags, 6 without a stack, 7 for changes, 0 for none", async () => {
  expect(await npmRun("up", "--stack", "dev")).toMatchObject({
    code: 2,
    stderr:
      "error: --yes or --skip-preview or --preview-only must be passed in to proceed when running in non-interactive mode\n",
  });
  const unknown = await npmRun("up", "--bogus");
  expect(unknown).toMatchObject({ code: 1, stdout: "" });
  expect(unknown.stderr).toMatch(/^error: unknown flag: --bogus\n/);
  expect((await npmRun("preview")).stderr).toContain(
    "error: no stack selected; please use `npm run stack -- select`",
  );
  expect((await npmRun("preview", "--stack", "nope")).code).toBe(6);
  const changes = await npmRun("preview", "--stack", "dev", "--expect-no-changes");
  expect(changes.code).toBe(7);
  expect(changes.stderr).toMatch(/error: no changes were expected but changes were proposed\n$/);
  // What stands for --yes everywhere, as in the CLI.
  const env = { PULUMI_SKIP_CONFIRMATIONS: "true" };
  expect((await run(project, ["up", "--stack", "dev"], { env })).code).toBe(0);
  expect((await npmRun("preview", "--stack", "dev", "--expect-no-changes")).code).toBe(0);
});

test("a command that cannot begin says why, and ends: the program's process that was started ahead ends with it", async () => {
  expect(await npmRun("up", "--stack", "dev", "--yes", "--parallel", "x")).toMatchObject({
    code: 1,
    stdout: "",
    stderr: expect.stringMatching(
      /\nerror: invalid argument "x" for "-p, --parallel" flag: expected a number\nRun with --help to list commands and flags.\n$/,
    ) as unknown,
  });
  project.write("Pulumi.yaml", "name: p\nruntime: nodejs\nconfig: {host: {type: string}}\n");
  expect(await npmRun("preview", "--stack", "dev")).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(
      /\nerror: Stack 'dev' is missing configuration value 'host'\n$/,
    ) as unknown,
  });
  project.write("Pulumi.yaml", "name: p\nruntime: nodejs\n");
  const file = path.join(project.folder, ".pulumi/stacks/p/dev.json");
  const state = JSON.parse(fs.readFileSync(file, "utf8")) as {
    checkpoint: { latest: { resources?: object[] } };
  };
  const urn = "urn:pulumi:dev::p::pulumi:pulumi:Stack::p-dev";
  const root = { urn, custom: false, type: "pulumi:pulumi:Stack" };
  state.checkpoint.latest.resources = [root, root];
  fs.writeFileSync(file, JSON.stringify(state));
  expect(await npmRun("preview", "--stack", "dev")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`\nerror: ${file} is not well-formed: `) as unknown,
  });
});

test("the plain display: a line for each change, outputs, and a summary; the engine is named on stderr", async () => {
  const { stdout, stderr } = await npmRun("up", "--stack", "dev", "--yes", "--skip-preview");
  expect(stderr).toBe(`Engine: embedded, state in ${project.folder}/.pulumi/stacks/p/dev.json\n`);
  expect(stdout.replace(/\d+\.\d\ds/g, "Ns").replace(/Duration: \d+s/, "Duration: Ns")).toBe(
    `Updating (dev):
 +  command:local:Command hi created (Ns)
Outputs:
    url: "here"
Resources: + 2 created. Duration: Ns

`,
  );
});

test("lines are written before the program is loaded: it waits for a file that is made when they are there", async () => {
  project.program(`
    import * as fs from "node:fs";
    while (!fs.existsSync("go")) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
  `);
  const child = spawn(process.execPath, [cli, "preview", "--stack", "dev"], {
    cwd: project.folder,
    env: environmentOf(project),
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  let written = "";
  child.stdout.on("data", (piece: Buffer) => {
    written += piece.toString();
    if (written === "Previewing update (dev):\n") project.write("go", "");
  });
  expect(await ended).toBe(0);
  expect(written).toBe("Previewing update (dev):\nResources: + 1 to create\n\n");
});

const testOnTerminal = spawnSync("script", ["--version"]).status === 0 ? test : test.skip;

testOnTerminal(
  "on a terminal the prompt shows the details and asks again; lines typed ahead are its answers",
  async () => {
    const said = await onTerminal("details\nyes\n");
    const question = "Do you want to perform this update of dev? [yes/no/details] ";
    expect(said.split(question)).toHaveLength(3);
    expect(said).toMatch(/^Loading \.\.\.\r\x1b\[2KEngine: embedded/m);
    const [, details, doing] = said.split(question);
    expect(details).toContain("[urn=urn:pulumi:dev::p::command:local:Command::hi]");
    expect(details).toContain('create: "echo hello"');
    expect(doing).toContain("Updating (dev):");
    expect(doing).toMatch(/command:local:Command hi created \(/);
  },
);

testOnTerminal(
  "on a terminal without a prompt, and on one that cannot move its cursor, only finished lines are written",
  async () => {
    for (const [flags, term] of [
      ["--yes --non-interactive", "xterm"],
      ["--yes", "dumb"],
    ] as const) {
      const said = await onTerminal("", flags, term);
      expect(said).toContain("Updating (dev):");
      expect(said).not.toContain("working (");
      expect(said).not.toContain("\x1b[1A");
    }
  },
);

/** What `up` writes on a terminal of its own, when this is typed at its prompt. */
function onTerminal(typed: string, flags = "", term = "xterm"): Promise<string> {
  const command = `${process.execPath} ${cli} up --stack dev --color never --engine embedded ${flags}`;
  const child = spawn("script", ["-qec", command, "/dev/null"], {
    cwd: project.folder,
    env: { ...environmentOf(project), PATH: process.env["PATH"], TERM: term },
    stdio: ["pipe", "pipe", "inherit"],
  });
  let said = "";
  child.stdout.on("data", (piece: Buffer) => {
    if (
      !said.includes("[yes/no/details]") &&
      (said + piece.toString()).includes("[yes/no/details]")
    )
      child.stdin.write(typed);
    said += piece.toString();
  });
  return new Promise((resolve) => child.once("close", () => resolve(said)));
}

test("the Pulumi CLI gets --cwd as it was given, and starts where we did", async () => {
  for (const folder of ["inner", "bin"]) fs.mkdirSync(path.join(project.folder, folder));
  project.write("inner/Pulumi.yaml", "name: p\nruntime: nodejs\n");
  project.write("bin/pulumi", '#!/bin/sh\necho "$PWD: $*"\n');
  fs.chmodSync(path.join(project.folder, "bin/pulumi"), 0o755);
  const args = ["--cwd", "inner", "--stack", "dev", "--engine", "pulumi"];
  expect((await npmRun("preview", ...args)).stdout).toBe(
    `${project.folder}: preview --cwd inner --stack dev\n`,
  );
  const said = async (...words: string[]): Promise<string> => (await npmRun(...words)).stdout;
  const start = `${project.folder}: `;
  // The CLI lists with the bare word.
  expect(await said("config", "ls", ...args)).toBe(`${start}config --cwd inner --stack dev\n`);
  expect(await said("config", ...args)).toBe(`${start}config --cwd inner --stack dev\n`);
  expect(await said("cancel", ...args, "--yes")).toBe(
    `${start}cancel --cwd inner --stack dev --yes\n`,
  );
  const env = { PULUMI_BACKEND_URL: "s3://bucket" };
  const elsewhere = await run(project, ["stack", "ls", "--engine", "pulumi"], { env });
  expect(elsewhere).toMatchObject({ code: 0, stdout: `${start}stack ls\n`, stderr: "" });
  const refused = await run(project, ["stack", "ls", "--engine=embedded"], { env });
  expect(refused.stderr).toContain(
    'error: the embedded engine keeps state in files only; PULUMI_BACKEND_URL is "s3://bucket"',
  );
});

test("a --refresh that is neither true nor false is refused", async () => {
  expect((await npmRun("preview", "--stack", "dev", "--refresh=maybe")).stderr).toMatch(
    /^error: invalid argument "maybe" for "-r, --refresh" flag: expected true or false\n/,
  );
});

test("a reader that closes the pipe early ends the display, not the operation, and no lock stays", async () => {
  const child = spawn(process.execPath, [cli, "up", "--stack", "dev", "--yes", "--skip-preview"], {
    cwd: project.folder,
    env: { PATH: path.dirname(process.execPath), HOME: "/", PULUMI_CONFIG_PASSPHRASE: "pw" },
  });
  let stderr = "";
  child.stderr.on("data", (data: Buffer) => (stderr += data.toString()));
  child.stdout.once("data", () => child.stdout.destroy());
  const code = await new Promise((resolve) => child.once("close", resolve));
  expect(stderr).toBe(`Engine: embedded, state in ${project.folder}/.pulumi/stacks/p/dev.json\n`);
  expect(code).toBe(0);
  expect(fs.readdirSync(path.join(project.folder, ".pulumi/locks/organization/p/dev"))).toEqual([]);
  expect((await npmRun("stack", "output", "url", "--stack", "dev")).stdout).toBe("here\n");
});

test("a full disk under stdout ends the display, not the operation; what somebody wanted to have is missing, with 1", async () => {
  const full = async (...args: string[]): Promise<Said> => {
    const stdout = fs.openSync("/dev/full", "w");
    const env = { PATH: path.dirname(process.execPath), HOME: "/", PULUMI_CONFIG_PASSPHRASE: "pw" };
    const child = spawn(process.execPath, [cli, ...args, "--stack", "dev"], {
      ...{ cwd: project.folder, env, stdio: ["ignore", stdout, "pipe"] },
    });
    let stderr = "";
    child.stderr?.on("data", (data: Buffer) => (stderr += data.toString()));
    const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
    fs.closeSync(stdout);
    return { code, stdout: "", stderr };
  };
  const lost =
    "warning: cannot write to stdout (ENOSPC: no space left on device, write); the operation continues\n";
  const engine = `Engine: embedded, state in ${project.folder}/.pulumi/stacks/p/dev.json\n`;
  expect(await full("up", "--yes", "--skip-preview")).toEqual({
    code: 0,
    stdout: "",
    stderr: engine + lost,
  });
  expect(fs.readdirSync(path.join(project.folder, ".pulumi/locks/organization/p/dev"))).toEqual([]);
  expect(await full("stack", "output", "url")).toEqual({ code: 1, stdout: "", stderr: lost });
  expect(await full("preview", "--json")).toMatchObject({ code: 1, stderr: engine + lost });
});

test("a SIGTERM reaches the Pulumi CLI, whose exit code is ours", async () => {
  fs.mkdirSync(path.join(project.folder, "bin"));
  project.write(
    "bin/pulumi",
    '#!/bin/sh\ntrap "echo stopped; exit 5" TERM\necho ready\nwhile :; do sleep 0.1; done\n',
  );
  fs.chmodSync(path.join(project.folder, "bin/pulumi"), 0o755);
  const child = spawn(process.execPath, [cli, "up", "--stack", "dev", "--yes", "--engine=pulumi"], {
    cwd: project.folder,
    env: { PATH: `${project.folder}/bin:/usr/bin:/bin`, HOME: "/" },
  });
  let stdout = "";
  child.stdout.on("data", (data: Buffer) => {
    if (stdout === "") child.kill("SIGTERM");
    stdout += data.toString();
  });
  expect(await new Promise((resolve) => child.once("close", resolve))).toBe(5);
  expect(stdout).toBe("ready\nstopped\n");
});

test("stack, config and state do what the CLI's do", async () => {
  await npmRun("stack", "select", "dev");
  expect((await npmRun("up", "--yes", "--skip-preview")).code).toBe(0);
  expect((await npmRun("stack", "output", "url")).stdout).toBe("here\n");
  expect((await npmRun("config", "set", "--path", "hosts[0].name", "a")).code).toBe(0);
  expect((await npmRun("config", "get", "--path", "hosts[0].name")).stdout).toBe("a\n");
  const exported = (await npmRun("stack", "export")).stdout;
  expect(Object.keys(JSON.parse(exported) as object)).toEqual(["version", "deployment"]);
  project.write("exported.json", exported);
  expect((await npmRun("stack", "import", "--file", "exported.json")).stdout).toBe(
    "Import complete.\n",
  );
  expect((await npmRun("preview", "--expect-no-changes")).code).toBe(0);
  const provider = "urn:pulumi:dev::p::pulumi:providers:command::default_1_2_1";
  const refused = await npmRun("state", "delete", provider, "--yes");
  expect(refused.stderr).toContain(
    `${provider} can't be safely deleted because the following resources depend on it:`,
  );
  expect((await npmRun("stack", "rm", "dev", "--yes")).stderr).toContain(
    "'dev' still has resources; removal rejected.",
  );
});

test("after kill -9 in the middle of a step the lock and the pending operation say what happened, and cancel frees it", async () => {
  project.program(`
    import * as command from "@pulumi/command";
    new command.local.Command("slow", { create: "sleep 20" });
  `);
  const env = {
    PATH: path.dirname(process.execPath) + ":/bin:/usr/bin",
    HOME: project.folder,
    PULUMI_CONFIG_PASSPHRASE: "pw",
  };
  const child = spawn(process.execPath, [cli, "up", "--stack", "dev", "--yes", "--skip-preview"], {
    cwd: project.folder,
    env,
  });
  const state = path.join(project.folder, ".pulumi/stacks/p/dev.json");
  const pending = (): unknown => {
    const { checkpoint } = JSON.parse(fs.readFileSync(state, "utf8")) as {
      checkpoint: { latest?: { pending_operations?: unknown } };
    };
    return checkpoint.latest?.pending_operations ?? [];
  };
  while (!JSON.stringify(pending()).includes("::slow")) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  child.kill("SIGKILL");
  await new Promise((resolve) => child.once("close", resolve));

  const locked = await npmRun("up", "--stack", "dev", "--yes", "--skip-preview");
  expect(locked.code).toBe(1);
  expect(locked.stderr).toContain(`(pid ${child.pid})`);
  expect(locked.stderr).toContain("that process no longer exists");
  expect((await npmRun("cancel", "--stack", "dev")).stdout).toBe(
    "Deleted the lock of 'dev' (1 in all).\n",
  );
  project.program("");
  const after = await npmRun("up", "--stack", "dev", "--yes", "--skip-preview");
  expect(after.code).toBe(0);
  expect(after.stdout).toContain("::slow, interrupted while creating");
});

describe("through npm, as a person types it", () => {
  const npm = (...args: string[]) =>
    spawn("npm", ["run", ...args.slice(0, 1), "--", "--cwd", project.folder, ...args.slice(1)], {
      cwd: path.join(__dirname, "../../.."),
      env: {
        PATH: `${path.dirname(process.execPath)}:/bin:/usr/bin`,
        HOME: project.folder,
        PULUMI_CONFIG_PASSPHRASE: "pw",
      },
      // A process group of its own, as a shell gives each of its jobs.
      detached: true,
    });
  const ended = (child: ReturnType<typeof npm>) =>
    new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
      let [stdout, stderr] = ["", ""];
      child.stdout.on("data", (data: Buffer) => (stdout += data.toString()));
      child.stderr.on("data", (data: Buffer) => (stderr += data.toString()));
      child.once("close", (code) => resolve({ code, stdout, stderr }));
    });

  test("with --json stdout is JSON alone, and the exit code is ours", async () => {
    const said = await ended(npm("preview", "--stack", "dev", "--json", "--expect-no-changes"));
    expect(JSON.parse(said.stdout)).toMatchObject({ changeSummary: { create: 2 } });
    expect(said.code).toBe(7);
  });

  test("Ctrl-C at the terminal lets the running step finish, starts no other, and ends with 8", async () => {
    project.program(`
      import * as command from "@pulumi/command";
      const slow = new command.local.Command("slow", { create: "touch begun; sleep 3; echo finished" });
      new command.local.Command("next", { create: "touch next" }, { dependsOn: slow });
    `);
    const child = npm("up", "--stack", "dev", "--yes", "--skip-preview");
    const end = ended(child);
    while (!fs.existsSync(path.join(project.folder, "begun"))) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    if (child.pid === undefined) throw new Error("npm did not start");
    process.kill(-child.pid, "SIGINT");
    const said = await end;
    expect(said.stderr).toContain("^C received; waiting for the running steps to finish.");
    expect(said.code).toBe(8);
    expect(fs.existsSync(path.join(project.folder, "next"))).toBe(false);
    const { resources } = (await project.stack()).state().snapshot;
    expect(resources.map(({ urn }) => urn.split("::").at(-1))).toEqual(
      expect.arrayContaining(["slow"]),
    );
    expect(resources.map(({ urn }) => urn.split("::").at(-1))).not.toContain("next");
  });
});
