import * as fs from "node:fs";
import * as path from "node:path";
import { TestProject } from "../project";
import { npmRun, said, type Said } from "./npm-run";

jest.setTimeout(120_000);
let project: TestProject;
beforeEach(async () => (project = await TestProject.make("")));
afterEach(() => project.dispose());

const config = (...args: string[]): Promise<Said> =>
  said(project, ["config", "--stack", "dev", ...args]);
const withPassphrase = (passphrase: string | undefined, ...args: string[]): Promise<Said> =>
  said(project, ["config", "--stack", "dev", ...args], { PULUMI_CONFIG_PASSPHRASE: passphrase });
const file = (): string => fs.readFileSync(path.join(project.folder, "Pulumi.dev.yaml"), "utf8");
const ok = { code: 0, stderr: "" };

test("config lists, and only what is secret needs the passphrase", async () => {
  project.write("Pulumi.yaml", "name: p\nruntime: nodejs\nconfig: {port: 5000}\n");
  expect(await config("set", "--path", "ssh.user", "admin")).toMatchObject(ok);
  expect(
    await npmRun(project, ["config", "-s", "dev", "set", "--path", "ssh.password", "--secret"], {
      stdin: "hush\n",
    }),
  ).toMatchObject(ok);
  expect(await config("set", "other:key", "x")).toMatchObject(ok);
  expect(file()).not.toContain("hush");

  const table = (await withPassphrase(undefined)).stdout;
  expect(table).toBe(
    'KEY        VALUE\nother:key  x\nport       5000\nssh        {"password":"[secret]","user":"admin"}\n',
  );
  expect((await withPassphrase(undefined, "ls")).stdout).toBe(table);
  expect(JSON.parse((await withPassphrase(undefined, "--json")).stdout)).toEqual({
    "other:key": { value: "x", secret: false },
    "p:port": { value: "5000", secret: false },
    "p:ssh": { secret: true },
  });
  const shown = { password: "hush", user: "admin" };
  expect(JSON.parse((await config("--show-secrets", "-j")).stdout)).toMatchObject({
    "p:ssh": { value: JSON.stringify(shown), objectValue: shown, secret: true },
  });

  expect((await withPassphrase(undefined, "get", "--path", "ssh.user")).stdout).toBe("admin\n");
  expect((await withPassphrase(undefined, "get", "port")).stdout).toBe("5000\n");
  expect((await withPassphrase(undefined, "get", "ssh")).stderr).toBe(
    "error: passphrase must be set with PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE environment variables\n",
  );
  expect((await config("get", "--path", "ssh.password")).stdout).toBe("hush\n");
  expect(JSON.parse((await config("get", "ssh", "--json")).stdout)).toEqual({
    value: JSON.stringify(shown),
    objectValue: shown,
    secret: true,
  });
});

test("a wrong passphrase writes nothing", async () => {
  const before = file();
  expect(await withPassphrase("wrong", "set", "--secret", "token", "x")).toEqual({
    code: 1,
    stdout: "",
    stderr: "error: incorrect passphrase\n",
  });
  expect(file()).toBe(before);
  const state = path.join(project.folder, ".pulumi/stacks/p/dev.json");
  const stateBefore = fs.readFileSync(state, "utf8");
  const env = { PULUMI_CONFIG_PASSPHRASE: "wrong" };
  const up = await npmRun(project, ["up", "-s", "dev", "--yes"], { env });
  expect(up).toMatchObject({ code: 1, stdout: "" });
  expect(up.stderr).toMatch(/\nerror: incorrect passphrase\n$/);
  expect(fs.readFileSync(state, "utf8")).toBe(stateBefore);
  expect(fs.existsSync(`${state}.bak`)).toBe(false);
});

test("a stack that is not there is refused, and no file is made for it", async () => {
  for (const words of [["set", "k", "v"], ["rm", "k"], ["get", "k"], []]) {
    const refused = await said(project, ["config", ...words, "--stack", "nosuch"]);
    expect(refused).toMatchObject({ code: 6, stdout: "" });
    expect(refused.stderr).toMatch(/^error: no stack named 'nosuch' found in file:/);
  }
  expect(fs.existsSync(path.join(project.folder, "Pulumi.nosuch.yaml"))).toBe(false);
});

test("keys and paths that cannot be are refused in the CLI's words", async () => {
  const set = async (...args: string[]): Promise<string> => (await config("set", ...args)).stderr;
  expect(await set("x:y:z", "v")).toBe(
    "error: invalid configuration key: could not parse x:y:z as a configuration key (configuration keys should be of the form `<namespace>:<name>`)\n",
  );
  expect(await set("--path", "", "v")).toBe(
    "error: invalid configuration key: empty config key path\n",
  );
  expect(await set("--path", "[0]", "v")).toContain("must be a name, not an index");
  expect((await config("set")).stderr).toMatch(/^error: accepts at least 1 arg\(s\), received 0\n/);
  expect(await set("--path", "nodes[0].a", "v")).toBe("");
  expect(await set("--path", "nodes.a", "v")).toBe(
    "error: could not set config: nodes.a: key for an array must be an int\n",
  );
  expect(await set("--path", "nodes[0][1]", "v")).toBe(
    "error: could not set config: nodes[0][1]: key for a map must be a string\n",
  );
  expect(await set("--path", "nodes[0].a.b", "v")).toBe(
    "error: could not set config: nodes[0].a: expected a map\n",
  );
});
