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
  expect(shown.stdout).toContain("\nResources: ~ 1 to update\n");

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
  expect(said.stdout).toMatch(/\nResources: \+ 2 created, 2 errored\. /);
  expect(made("b1")).toBe(true);
});

async function idOf(name: string): Promise<string | undefined> {
  const [urn] = resources([name]);
  return (await project.stack()).state().snapshot.resources.find((r) => r.urn === urn)?.id;
}
