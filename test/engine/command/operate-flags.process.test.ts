import * as fs from "node:fs";
import * as path from "node:path";
import { TestProject } from "../project";
import { npmRun, type Said } from "./npm-run";

jest.setTimeout(180_000);
let project: TestProject;
beforeEach(async () => (project = await TestProject.make("")));
afterEach(() => project.dispose());

const run = (...args: string[]): Promise<Said> => npmRun(project, [...args, "--stack", "dev"]);

/** Two commands, each of which leaves a file. */
function commands(a: string, b: string): void {
  project.program(`
    import * as command from "@pulumi/command";
    new command.local.Command("a", { create: ${JSON.stringify(a)} });
    new command.local.Command("b", { create: ${JSON.stringify(b)} });
  `);
}
const made = (name: string): boolean => fs.existsSync(path.join(project.folder, name));
const resources = (names: string[]): string[] =>
  names.map((name) => `urn:pulumi:dev::p::command:local:Command::${name}`);

test("--diff shows old and new values, --target leaves the rest alone, --refresh reads first", async () => {
  commands("touch a1", "touch b1");
  expect((await run("up", "-yf")).code).toBe(0);
  commands("touch a2", "touch b2");

  const shown = await run("preview", "--diff", "--target", "**::a");
  expect(shown.stdout).toContain(
    ` ~  command:local:Command a update [diff: ~create]\n` +
      `        [id=${await idOf("a")}]\n        [urn=${resources(["a"])[0]}]\n` +
      `      ~ create: "touch a1" => "touch a2"\n`,
  );
  expect(shown.stdout).not.toContain("touch b2");
  expect(shown.stdout).toContain("\nResources: ~ 1 to update, 2 unchanged\n");

  const stream = await run("up", "-yfj", "-t", "**::a", "--refresh");
  expect(stream.code).toBe(0);
  const steps = stream.stdout.split("\n").flatMap((line) => {
    const [, op, urn] =
      /"resOutputsEvent":\{"metadata":\{"op":"([^"]+)","urn":"([^"]+)"/.exec(line) ?? [];
    return op && urn?.includes("Command") ? [`${op} ${urn.split("::").at(-1)}`] : [];
  });
  // What was read, and what was done.
  expect(steps.slice(0, 1)).toEqual(["same a"]);
  expect(steps).toContain("update a");
  expect([made("a2"), made("b2")]).toEqual([true, false]);

  const [nosuch = ""] = resources(["nosuch"]);
  const missing = await run("destroy", "-yf", "-t", nosuch);
  expect(missing.code).toBe(1);
  expect(missing.stdout).toContain(
    `Resource ${nosuch} was not found in the stack; it cannot be a target`,
  );
});

test("--continue-on-error does what does not depend on the failure, and fails all the same", async () => {
  commands("false", "sleep 0.5; touch b1");
  const options = ["--continue-on-error", "--parallel", "1"];
  const said = await run("up", "-yf", ...options);
  expect(said.code).toBe(1);
  expect(said.stdout).toContain("command:local:Command a **creating failed**");
  expect(said.stdout).toMatch(
    /\nResources: \+ 2 created, 1 errored \(command:local:Command a\)\. /,
  );
  expect(made("b1")).toBe(true);
});

test("--color, --message and --suppress-outputs are taken as the CLI takes them; --exclude leaves out what it names", async () => {
  commands("touch a1", "touch b1");
  fs.appendFileSync(path.join(project.folder, "index.ts"), 'export const shown = "an output";\n');
  const first = await run("preview", "--color", "always", "-m", "why", "--exclude", "**::b");
  expect(first.code).toBe(0);
  expect(first.stdout).toContain("\x1b[32m +  command:local:Command a create\x1b[0m\n");
  expect(first.stdout).not.toContain("Command b");
  expect(first.stdout).toContain('Outputs:\n    shown: "an output"\n');

  const plain = await run("up", "-yf", "--color=never", "--message=why", "--suppress-outputs");
  expect(plain.code).toBe(0);
  expect(plain.stdout).not.toContain("\x1b[");
  expect(plain.stdout).not.toContain("an output");
  expect([made("a1"), made("b1")]).toEqual([true, true]);

  const excluded = await run("destroy", "-yf", "--exclude", "**::a", "--color=raw");
  expect(excluded.code).toBe(0);
  expect(excluded.stdout).toContain(" -  command:local:Command b deleted");
  expect(await idOf("a")).toBeDefined();
  expect(await idOf("b")).toBeUndefined();

  const bad = await run("preview", "--color", "blue");
  expect({ code: bad.code, stderr: bad.stderr.split("\n").slice(-3) }).toEqual({
    code: 1,
    stderr: [
      "error: unsupported color option: 'blue'. Supported values are: always, never, raw, auto",
      "Run with --help to list commands and flags.",
      "",
    ],
  });
});

test("refresh --expect-no-changes also previews the program, which sees what no refresh reads", async () => {
  commands("touch a1", "touch b1");
  expect((await run("up", "-yf")).code).toBe(0);
  expect((await run("refresh", "-yf", "--expect-no-changes")).code).toBe(0);
  commands("touch a1", "touch b2");
  expect((await run("refresh", "-yf")).code).toBe(0);

  const seen = await run("refresh", "-yf", "--expect-no-changes");

  expect(seen.code).toBe(7);
  expect(seen.stdout).toContain("Previewing update (dev):\n");
  expect(seen.stdout).toContain(" ~  command:local:Command b update [diff: ~create]\n");
  expect(seen.stderr).toContain("error: no changes were expected but changes were proposed\n");
  expect(made("b2")).toBe(false);
});

test("there is no history, and nothing in the help talks of one", async () => {
  const history = await run("stack", "history");
  expect(history.code).toBe(1);
  expect(history.stderr).toContain('error: unknown command "history" for "stack"\n');
  for (const command of ["up", "preview", "destroy", "refresh", "stack", "config", "state"]) {
    const { stdout } = await npmRun(project, [command, "--help"]);
    expect(stdout).toContain(`npm run ${command} -- `);
    expect(stdout).not.toMatch(/history/i);
  }
});

async function idOf(name: string): Promise<string | undefined> {
  const [urn] = resources([name]);
  return (await project.stack()).state().snapshot.resources.find((r) => r.urn === urn)?.id;
}

const SETTLED = `Previewing update (dev):
Resources: 2 unchanged

Updating (dev):
Outputs:
    said: ""
Resources: 2 unchanged. Duration: 0s

`;

test("an up that finds nothing to do in its preview ends there, unless a field of the state or a warning says otherwise", async () => {
  const program = (extra: string, lines = "") =>
    project.program(`${lines}
      import * as command from "@pulumi/command";
      import { appendFileSync } from "node:fs";
      const thing = new command.local.Command("a", { create: "true" });
      appendFileSync("runs", pulumi.runtime.isDryRun() ? "preview " : "update ");
      ${extra}
      export const said = thing.stdout;
    `);
  let output = "";
  const runs = async (...flags: string[]): Promise<string> => {
    fs.writeFileSync(path.join(project.folder, "runs"), "");
    const said = await run("up", "--yes", ...flags);
    expect(said.code).toBe(0);
    output = said.stdout.replace(/\d+s$/m, "0s");
    return fs.readFileSync(path.join(project.folder, "runs"), "utf8").trim();
  };
  program("");
  expect(await runs()).toBe("preview update");
  expect(await runs()).toBe("preview");
  expect(output).toBe(SETTLED);
  expect(await runs("--skip-preview")).toBe("update");
  expect(output).toBe(SETTLED.slice(SETTLED.indexOf("Updating")));
  expect(await runs("--json")).toBe("preview update");
  // A position in the source is a field of the state.
  program("", "\n\n");
  expect(await runs()).toBe("preview update");
  expect(await runs()).toBe("preview");
  program("pulumi.log.info('by the way');", "\n\n");
  expect(await runs()).toBe("preview");
  program("pulumi.log.warn('look at this');", "\n\n");
  expect(await runs()).toBe("preview update");
  program("export const another = 1;", "\n\n");
  expect(await runs()).toBe("preview update");
});
