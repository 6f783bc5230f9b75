import * as fs from "node:fs";
import * as path from "node:path";
import { TestProject } from "../project";
import { said, type Said } from "./npm-run";

jest.setTimeout(120_000);
let project: TestProject;
beforeEach(async () => {
  project = await TestProject.make(`
    export const url = "here";
    export const list = [1, { two: "it's" }];
    export const token = pulumi.secret("t0ken");
  `);
});
afterEach(() => project.dispose());

const stack = (...args: string[]): Promise<Said> => said(project, ["stack", ...args]);
const told = (code: number, stdout: string, stderr = ""): Said => ({ code, stdout, stderr });
const selected = async (): Promise<string | undefined> =>
  /^(\S+)\*/m.exec((await stack("ls")).stdout)?.[1];

test("init takes its name as an argument or as --stack, short or whole, and selects it if it may", async () => {
  expect(await stack("init", "one")).toEqual(told(0, "", "Created stack 'one'\n"));
  expect(await selected()).toBe("one");
  const flags = ["--no-select", "--secrets-provider", "passphrase"];
  expect((await stack("init", "--stack", "organization/p/two", ...flags)).code).toBe(0);
  expect(await selected()).toBe("one");
  expect((await stack("init", "one")).stderr).toBe(
    "error: stack 'organization/p/one' already exists\n",
  );
  expect((await stack("init", "x", "--stack", "y")).stderr).toMatch(
    /^error: only one of --stack or argument stack name may be specified, not both\n/,
  );
  expect((await stack("init")).stderr).toMatch(/^error: missing stack name\n/);
  expect((await stack("init", "organization/q/x")).stderr).toBe(
    'error: provided project name "q" doesn\'t match Pulumi.yaml, whose name is "p"\n',
  );
  expect((await stack("init", "acme/p/x")).stderr).toBe(
    "error: organization name must be 'organization'\n",
  );
  expect((await stack("init", "x", "--secrets-provider=awskms://x")).stderr).toContain(
    'has the secrets provider "passphrase" only, not "awskms://x"',
  );
});

test("ls shows which one is selected, when each changed, and what it holds; as JSON with the CLI's keys", async () => {
  expect((await stack("select", "dev")).code).toBe(0);
  const { stdout } = await stack("ls");
  expect(stdout).toMatch(/^NAME +LAST UPDATE +RESOURCE COUNT\ndev\* +(now|\d+ seconds? ago) +0\n$/);
  const json = JSON.parse((await stack("ls", "--json")).stdout) as { lastUpdate: string }[];
  expect(json.map((row) => Object.keys(row))).toEqual([
    ["name", "current", "lastUpdate", "resourceCount"],
  ]);
  expect(json[0]).toMatchObject({ name: "dev", current: true, resourceCount: 0 });
  expect(json[0]?.lastUpdate).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
});

test("select wants a stack that is there, or makes it if told to", async () => {
  expect(await stack("select")).toEqual(
    told(6, "", "error: no stack selected; specify a stack name with --stack\n"),
  );
  expect((await stack("select", "nosuch")).code).toBe(6);
  expect(await stack("select", "-c", "new")).toEqual(told(0, "", "Created stack 'new'\n"));
  expect(await selected()).toBe("new");
});

test("output: for people, for programs, for shells", async () => {
  await project.run();
  const output = async (...args: string[]): Promise<string> =>
    (await stack("output", "--stack", "dev", ...args)).stdout;
  expect(await output()).toBe(
    'Current stack outputs (3):\n    OUTPUT  VALUE\n    list    [1,{"two":"it\'s"}]\n    token   [secret]\n    url     here\n',
  );
  expect(await output("--shell")).toBe(
    'list=\\[1,\\{\\"two\\":\\"it\\\'s\\"}]\ntoken=\\[secret]\nurl=here\n',
  );
  expect(await output("url", "--shell")).toBe("url=here\n");
  expect(await output("list", "--json")).toBe('[\n  1,\n  {\n    "two": "it\'s"\n  }\n]\n');
  expect(await output("token", "--show-secrets")).toBe("t0ken\n");
  expect((await stack("output", "-s", "dev", "--json", "--shell")).stderr).toMatch(
    /^error: only one of --json and --shell may be set\n/,
  );
  expect((await stack("output", "nosuch", "-s", "dev")).stderr).toBe(
    "error: current stack does not have output property 'nosuch'\n",
  );
  // What is sealed is exported as it is: that takes no passphrase.
  const unset = { PULUMI_CONFIG_PASSPHRASE: undefined };
  const exported = await said(project, ["stack", "export", "--stack", "dev"], unset);
  expect(exported.code).toBe(0);
  expect(exported.stdout).not.toContain("t0ken");
  expect((await stack("export", "-s", "dev", "--show-secrets")).stdout).toContain("t0ken");
});

test("rm removes the stack that is named or selected, with its configuration, once it is confirmed", async () => {
  const yaml = (name: string): boolean =>
    fs.existsSync(path.join(project.folder, `Pulumi.${name}.yaml`));
  await project.run();
  await stack("init", "two");
  expect(await stack("rm", "nosuch", "--yes")).toMatchObject({ code: 6 });
  expect((await stack("rm", "dev")).stderr).toMatch(
    /^error: non-interactive mode requires --yes flag\n/,
  );
  expect((await stack("rm", "--yes", "--stack", "dev")).stderr).toBe(
    "error: 'dev' still has resources; removal rejected. Possible actions:\n" +
      "- Make sure that 'dev' is the stack that you want to destroy\n" +
      "- Run `npm run destroy -- --stack dev` to delete the resources, then run `npm run stack -- rm dev`\n" +
      "- Run `npm run stack -- rm dev --force` to override this error\n",
  );
  expect(await stack("rm", "-yf", "dev")).toEqual(told(0, "Stack 'dev' has been removed!\n"));
  expect(yaml("dev")).toBe(false);
  expect(await selected()).toBe("two");
  expect(await stack("rm", "--yes", "--preserve-config")).toEqual(
    told(0, "Stack 'two' has been removed!\n"),
  );
  expect(yaml("two")).toBe(true);
  expect((await stack("ls", "--json")).stdout).toBe("[]\n");
});

test("rm keeps the last state and the backups, unless told otherwise, and counts only once it has the lock", async () => {
  const at = (...names: string[]): string => path.join(project.folder, ".pulumi", ...names);
  for (const kind of ["history", "backups"]) {
    fs.mkdirSync(at(kind, "p", "dev"), { recursive: true });
    fs.writeFileSync(at(kind, "p", "dev", "one.json"), "{}");
  }
  await project.run();
  fs.mkdirSync(at("locks/organization/p/dev"), { recursive: true });
  fs.writeFileSync(at("locks/organization/p/dev/other.json"), "{}");
  expect((await stack("rm", "dev", "--yes")).stderr).toMatch(
    /^error: the stack is currently locked by 1 lock/,
  );
  fs.rmSync(at("locks/organization/p/dev/other.json"));
  const state = fs.readFileSync(at("stacks/p/dev.json"), "utf8");
  expect((await stack("rm", "dev", "-yf", "--preserve-config")).code).toBe(0);
  expect(fs.readdirSync(at("stacks/p"))).toEqual(["dev.json.bak"]);
  expect(fs.readFileSync(at("stacks/p/dev.json.bak"), "utf8")).toBe(state);
  expect([at("history/p/dev"), at("backups/p/dev")].map((file) => fs.existsSync(file))).toEqual([
    false,
    true,
  ]);
  await stack("init", "dev");
  expect((await stack("rm", "dev", "--yes", "--remove-backups")).code).toBe(0);
  expect(fs.readdirSync(at("stacks/p"))).toEqual([]);
  expect(fs.existsSync(at("backups/p/dev"))).toBe(false);
});

test("a backend of Pulumi's old layout is refused, and not marked as one of the present", async () => {
  const at = (...names: string[]): string => path.join(project.folder, ".pulumi", ...names);
  fs.rmSync(at("meta.yaml"));
  fs.writeFileSync(at("stacks/old.json"), "{}");
  const problem =
    `error: the state in file://${project.folder} has Pulumi's old layout, without projects (old.json); ` +
    "upgrade it with `pulumi state upgrade`, or use --engine pulumi\n";
  for (const args of [["init", "new"], ["ls"], ["output", "-s", "dev"]])
    expect(await stack(...args)).toMatchObject({ code: 1, stderr: problem });
  expect(fs.existsSync(at("meta.yaml"))).toBe(false);
  fs.writeFileSync(at("meta.yaml"), "version: 2\n");
  expect((await stack("ls")).stderr).toBe(
    `error: the state in file://${project.folder} has the version 2 in ${at("meta.yaml")}, expected 1: it is of a newer Pulumi, or use --engine pulumi\n`,
  );
  // Beside a present one an old one is no hindrance, as with the CLI.
  fs.writeFileSync(at("meta.yaml"), "version: 1\n");
  expect((await stack("ls")).code).toBe(0);
});

test("without a word it shows the resources, each below what it is in, and the outputs; URNs and ids if asked for", async () => {
  project.program(`
    const group = new pulumi.ComponentResource("p:index:Group", "g");
    new Thing("a", {}, { parent: group });
    new Thing("b");
    export const url = "here";
  `);
  await project.run();
  const text = async (...args: string[]): Promise<string> =>
    (await stack("--stack", "dev", ...args)).stdout.replace(/updated: .*/, "updated: T");
  expect(await text()).toBe(
    "Current stack is dev:\n    Last updated: T\nCurrent stack resources (5):\n" +
      "    TYPE                    NAME\n" +
      "    pulumi:pulumi:Stack     p-dev\n" +
      "    ├─ p:index:Group        g\n" +
      "    │  └─ fake:index:Thing  a\n" +
      "    └─ fake:index:Thing     b\n\n" +
      "Current stack outputs (1):\n    OUTPUT  VALUE\n    url     here\n",
  );
  expect(await text("--show-urns")).toContain(
    "URN: urn:pulumi:dev::p::p:index:Group$fake:index:Thing::a\n",
  );
  expect(await text("--show-ids")).toMatch(/ID: b-\d\n/);
  expect(await text("--show-name")).toBe("dev\n");
});

test("cancel of a stack that is not there says so, with 6; of one that is not locked, that there was nothing to do", async () => {
  await stack("init", "one");
  expect(await said(project, ["cancel", "two"])).toEqual(
    told(
      6,
      "",
      `error: no stack named 'two' found in file://${project.folder}; create it with \`npm run stack -- init two\`\n`,
    ),
  );
  expect(await said(project, ["cancel", "one"])).toEqual(told(0, "Stack 'one' is not locked.\n"));
});

test("help: each command names its arguments, its flags, and examples of its own", async () => {
  const overview = await said(project, ["stack", "--help"]);
  expect(overview.stdout).toContain("\n  npm run -s stack -- export > stack.json\n");
  const help = (await stack("rm", "--help")).stdout;
  expect(help).toMatch(
    /^npm run stack -- rm \[NAME\] \[FLAGS\]\n\nRemoves an empty stack and its configuration\n/,
  );
  expect(help).toContain(
    "Examples:\n  npm run stack -- rm dev --yes\n  npm run stack -- rm --stack dev --yes --force\n",
  );
  expect(help).toMatch(/\n {2}-f, --force +Remove the stack even if it still has resources\n/);
  expect(help).not.toContain("init");
  const others = [["up"], ["cancel"], ["state", "unprotect"], ["config", "get"]] as const;
  for (const [script, ...words] of others) {
    const { stdout } = await said(project, [script, ...words, "--help"]);
    expect(stdout).toMatch(new RegExp(`\\nExamples:\\n  npm run (-s )?${script} `));
  }
  expect((await stack("bogus")).stderr).toBe(
    'error: unknown command "bogus" for "stack"\nRun with --help to list commands and flags.\n',
  );
});
