import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { applyConfigTypes, loadProject } from "../../../engine/config/project";
import { StackFile } from "../../../engine/config/stack-file";
import { selectedStack, selectStack } from "../../../engine/config/workspace";
import { Crypter } from "../../../engine/secrets/passphrase";

let folder: string;
beforeEach(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), "config-"))));
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

const write = (name: string, text: string): void => fs.writeFileSync(path.join(folder, name), text);

test("values reach the program as the CLI passes them: text, objects as JSON, secrets opened", async () => {
  const crypter = await Crypter.create("pw");
  const secure = (text: string): string => `{secure: "${crypter.encrypt(text)}"}`;
  write(
    "Pulumi.dev.yaml",
    `encryptionsalt: ${crypter.salt}\nconfig:\n  p:plain: text\n  p:number: 5000\n  p:flag: true\n  p:secret: ${secure("s")}\n  p:object: {list: [1, two], deep: {key: ${secure("nested")}}}\n`,
  );
  const values = StackFile.load(folder, "dev").values(crypter);
  expect(Object.fromEntries(values)).toEqual({
    "p:plain": { text: "text", secret: false, object: false, secrets: [] },
    "p:number": { text: "5000", secret: false, object: false, secrets: [] },
    "p:flag": { text: "true", secret: false, object: false, secrets: [] },
    "p:secret": { text: "s", secret: true, object: false, secrets: ["s"] },
    "p:object": {
      text: '{"deep":{"key":"nested"},"list":[1,"two"]}',
      secret: true,
      object: true,
      secrets: ["nested"],
    },
  });
});

test("a change of one value keeps comments and order of the rest", async () => {
  write("Pulumi.dev.yaml", "# the hosts\nconfig:\n  p:b: 1 # one\n  p:a: two\n");
  const file = StackFile.load(folder, "dev");
  file.set("p:b", 2);
  file.set("p:nodes", "10.0.0.1", undefined, [0, "address"]);
  await file.save();
  expect(fs.readFileSync(file.file, "utf8")).toBe(
    "# the hosts\nconfig:\n  p:b: 2 # one\n  p:a: two\n  p:nodes:\n    - address: 10.0.0.1\n",
  );
});

test("declared types are checked and defaults filled in, worded as the CLI does", () => {
  write(
    "Pulumi.yaml",
    "name: p\nruntime: nodejs\nconfig:\n  port: {type: integer, default: 5000}\n  hosts: {type: array, items: {type: string}}\n  password: {type: string, secret: true}\n  short: yes please\n",
  );
  const project = loadProject(folder);
  const check = (config: Record<string, unknown>): Map<string, { text: string }> => {
    write("Pulumi.dev.yaml", JSON.stringify({ config }));
    const values = StackFile.load(folder, "dev").values(undefined);
    applyConfigTypes(project, "dev", values);
    return values;
  };
  expect(() => check({})).toThrow(
    "Stack 'dev' is missing configuration values 'hosts' and 'password'",
  );
  expect(() => check({ "p:password": "x", "p:hosts": ["a"] })).toThrow(
    "Stack 'dev' with configuration key 'password' must be encrypted as it's secret",
  );
  expect(() => check({ "p:port": "http" })).toThrow(
    "Stack 'dev' with configuration key 'port' must be of type 'integer'",
  );
  expect(() => check({ "p:hosts": [1] })).toThrow(
    "Stack 'dev' with configuration key 'hosts' must be of type 'array<string>'",
  );
  project.config.delete("p:password");
  const values = check({ "p:hosts": ["a"] });
  expect([values.get("p:port")?.text, values.get("p:short")?.text]).toEqual(["5000", "yes please"]);
});

test("what Pulumi.yaml asks for and the engine does not have is refused by name", () => {
  write("Pulumi.yaml", "name: p\nruntime: python\n");
  expect(() => loadProject(folder)).toThrow(
    `${path.join(folder, "Pulumi.yaml")} has the runtime "python"; the embedded engine runs nodejs programs only`,
  );
  write("Pulumi.dev.yaml", "secretsprovider: awskms://x\n");
  expect(() => StackFile.load(folder, "dev")).toThrow('names the secrets provider "awskms://x"');
});

test("the selected stack is the one that the CLI selected, and the other way round", async () => {
  write("Pulumi.yaml", "name: p\nruntime: nodejs\n");
  const project = loadProject(folder);
  const env = { PULUMI_HOME: path.join(folder, "home") };
  expect(selectedStack(project, "file:///s", env)).toBeUndefined();
  await selectStack(project, "file:///s", "prod", env);
  const [name = ""] = fs.readdirSync(path.join(folder, "home/workspaces"));
  expect(name).toMatch(/^p-[0-9a-f]{40}-workspace\.json$/);
  expect(fs.readFileSync(path.join(folder, "home/workspaces", name), "utf8")).toBe(
    '{\n    "stacks": {\n        "file:///s": "organization/p/prod"\n    }\n}',
  );
  expect(selectedStack(project, "file:///s", env)).toBe("prod");
  expect(selectedStack(project, "file:///s", { ...env, PULUMI_STACK: "organization/p/dev" })).toBe(
    "dev",
  );
});
