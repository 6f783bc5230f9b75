import * as fs from "node:fs";
import * as path from "node:path";
import { UNKNOWN } from "../../engine/providers/provider";
import { Secret } from "../../engine/values/property";
import { TestProject } from "./project";

jest.setTimeout(60_000);
let project: TestProject;
afterEach(() => project.dispose());

test("a program with components: values flow, outputs are stored, a second run and destroy follow", async () => {
  project = await TestProject.make(`
    class Group extends pulumi.ComponentResource {
      readonly second: pulumi.Output<string>;
      constructor(name: string) {
        super("p:index:Group", name);
        const first = new Thing(name + "-1", { value: "one" }, { parent: this });
        this.second = new Thing(name + "-2", { value: first.echo }, { parent: this }).echo;
        this.registerOutputs({ second: this.second });
      }
    }
    export const result = new Group("g").second;
    console.log("from the program");
  `);
  const first = await project.run();
  expect(first.steps).toEqual(["create p-dev", "create g", "create g-1", "create g-2"]);
  expect(first.outputs).toEqual({ result: "one" });
  expect(first.messages).toEqual(["info: from the program"]);
  expect(first.changes).toEqual({ create: 4 });

  const { snapshot } = (await project.stack()).state();
  expect(snapshot.resources.map(({ urn }) => urn)).toEqual([
    "urn:pulumi:dev::p::pulumi:pulumi:Stack::p-dev",
    "urn:pulumi:dev::p::p:index:Group::g",
    "urn:pulumi:dev::p::pulumi:providers:fake::default_1_0_0",
    "urn:pulumi:dev::p::p:index:Group$fake:index:Thing::g-1",
    "urn:pulumi:dev::p::p:index:Group$fake:index:Thing::g-2",
  ]);
  expect(snapshot.resources[4]).toMatchObject({
    dependencies: ["urn:pulumi:dev::p::p:index:Group$fake:index:Thing::g-1"],
    propertyDependencies: {
      name: [],
      value: ["urn:pulumi:dev::p::p:index:Group$fake:index:Thing::g-1"],
    },
    sourcePosition: "project:///index.ts#10,23",
  });

  expect((await project.run()).changes).toEqual({ same: 4 });
  expect((await project.run({ kind: "destroy" })).changes).toEqual({ delete: 4 });
  expect(project.world.things.size).toBe(0);
});

test("a preview does not know what is still to be made, and runs no apply on it", async () => {
  project = await TestProject.make(`
    const a = new Thing("a", { value: "x" });
    export const echo = a.echo.apply((e) => { console.log("applied", e); return e; });
  `);
  const { outputs, messages, changes } = await project.run({ preview: true });
  expect(outputs).toEqual({ echo: UNKNOWN });
  expect(messages).toEqual([]);
  expect(changes).toEqual({ create: 2 });
  expect((await project.run()).messages).toEqual(["info: applied x"]);
});

test("secrets of program and configuration are encrypted in the state and hidden in messages", async () => {
  project = await TestProject.make(`
    const config = new pulumi.Config();
    const a = new Thing("a", { value: config.requireSecret("password") }, { additionalSecretOutputs: ["echo"] });
    console.log("the password is", process.env.PULUMI_CONFIG!.match(/canary-[a-z]+/)![0]);
    export const echo = a.value;
    export const own = pulumi.secret("canary-own");
  `);
  const stack = await project.stack();
  stack.file.set("p:password", "canary-config", stack.crypter);
  await stack.file.save();

  const { outputs, messages } = await project.run();

  expect(messages).toEqual(["info: the password is [secret]"]);
  expect(outputs).toEqual({
    echo: expect.any(Secret) as unknown,
    own: expect.any(Secret) as unknown,
  });
  for (const file of [stack.stateFile, `${stack.stateFile}.bak`]) {
    expect(fs.readFileSync(file, "utf8")).not.toContain("canary");
  }
});

test("an exception in the program fails the run, deletes nothing and keeps the outputs of before", async () => {
  project = await TestProject.make(`new Thing("a"); export const url = "here";`);
  await project.run();
  project.program(`new Thing("b"); throw new Error("no such host");`);

  const { outcome, messages, outputs, changes } = await project.run();

  expect(outcome).toBe("failed");
  expect(messages[0]).toMatch(
    /^error: Running program '.*' failed with an unhandled exception:\nError: no such host\n/,
  );
  expect(messages[0]).toContain("index.ts:4:");
  expect(messages.at(-1)).toBe("error: update failed");
  expect(changes.delete).toBeUndefined();
  expect(outputs).toEqual({ url: "here" });
  expect([...project.world.things.values()].map((t) => t["name"])).toContain("a");
});

test("a failing resource ends the run with its own error, told once", async () => {
  project = await TestProject.make(
    `const a = new Thing("a"); new Thing("b", {}, { dependsOn: a });`,
  );
  project.world.failing.set("create a", new Error("disk full"));
  const { outcome, messages } = await project.run();
  expect(outcome).toBe("failed");
  expect(messages).toEqual(["error: disk full", "error: update failed"]);
});

test("what ends well after a failed step does not carry the program on, and the run ends with the one error", async () => {
  const before = `new Thing("h", { value: "x" }); const a = new Thing("a", { value: "x" });`;
  project = await TestProject.make(before);
  await project.run();
  project.world.during = async (operation) => {
    const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
    if (operation.includes("create")) {
      await wait(100);
      throw new Error("disk full");
    }
    await wait(operation === "update h" ? 1000 : 300);
  };
  project.program(
    `${before.replaceAll('"x"', '"y"')} new Thing("f"); new Thing("b", { value: a.echo });`,
  );
  const { outcome, messages } = await project.run();
  expect(outcome).toBe("failed");
  expect(messages).toEqual(["error: disk full", "error: update failed"]);
});

test("with continueOnError the program goes on without what failed", async () => {
  project = await TestProject.make(`
    const a = new Thing("a", { value: "x" });
    new Thing("b", { value: a.echo });
    new Thing("c");
    export const fromA = a.echo;
    export const plain = "known";
  `);
  project.world.failing.set("create a", new Error("disk full"));
  const { outcome, outputs } = await project.run({ continueOnError: true });
  expect(outcome).toBe("failed");
  expect([...project.world.things.values()].map((t) => t["name"])).toEqual(["c"]);
  expect(outputs).toEqual({ plain: "known" });
});

test("explicit providers, in a preview with a configuration that is not known yet", async () => {
  project = await TestProject.make(`
    const a = new Thing("a", { value: "here" });
    const provider = new Provider("mine", { region: a.echo });
    new Thing("b", {}, { provider });
  `);
  expect((await project.run({ preview: true })).steps).toEqual([
    "create p-dev",
    "create a",
    "create mine",
    "create b",
  ]);
  await project.run();
  const { snapshot } = (await project.stack()).state();
  const provider = snapshot.resources.find((r) => r.urn.endsWith("::mine"));
  expect(provider).toMatchObject({
    inputs: { __internal: {}, region: "here", version: "1.0.0" },
    outputs: { region: "here", version: "1.0.0" },
    dependencies: ["urn:pulumi:dev::p::fake:index:Thing::a"],
  });
  expect(snapshot.resources.find((r) => r.urn.endsWith("::b"))?.provider).toBe(
    `${provider?.urn}::${provider?.id}`,
  );
  expect((await project.run()).changes).toEqual({ same: 4 });
});

test("functions of a provider, and resources that are only read", async () => {
  project = await TestProject.make(`
    const asked = pulumi.runtime.invoke("fake:index:double", { of: "ab" }, { version: "1.0.0" });
    export const twice = asked.then((r: any) => r.twice);
    export const read = new Thing("outside", {}, { id: "given" }).value;
  `);
  project.world.things.set("given", { name: "outside", value: "found" });

  const { outputs, steps } = await project.run();

  expect(outputs).toMatchObject({ twice: "abab", read: "found" });
  expect(steps).toContain("read outside");
  expect((await project.run({ kind: "destroy" })).outcome).toBe("succeeded");
  expect(project.world.things.has("given")).toBe(true);
});

test("what is read by the id of a resource that is still to be made is not known in a preview, nor what depends on it", async () => {
  project = await TestProject.make(`
    const a = new Thing("a", { value: "x" });
    const same = new Thing("same", {}, { id: a.id });
    const region = new Provider("region", { region: a.echo });
    const other = new Thing("other", {}, { id: "given", provider: region });
    new Thing("b", { value: pulumi.all([same.echo, other.echo]) });
  `);
  project.world.things.set("given", { name: "outside", value: "y" });
  const preview = await project.run({ preview: true });
  expect(preview.messages).toEqual([]);
  expect(preview.steps.slice(1).sort()).toEqual([
    ...["create a", "create b", "create region", "read other", "read same"],
  ]);
  expect(project.world.reads).toEqual([]);
  expect((await project.run()).messages).toEqual([]);
  expect([...project.world.things.values()].find((t) => t["name"] === "b")).toMatchObject({
    value: ["x", "y"],
  });
});

test.each([
  [
    "another provider",
    `new (class extends pulumi.CustomResource { constructor() { super("aws:s3:Bucket", "b", {}); } })();`,
    "the embedded engine has no provider 'aws' (it has fake, pulumi); use --engine pulumi for this program",
  ],
  [
    "another type",
    `new (class extends pulumi.CustomResource { constructor() { super("fake:index:Other", "b", {}, { version: "1.0.0" }); } })();`,
    "the embedded engine's fake provider has no resource type fake:index:Other (it has fake:index:Thing); use --engine pulumi for this program",
  ],
  [
    "another version",
    `new Thing("a", {}, { version: "2.1.0" });`,
    "the embedded engine's fake provider is compatible with version 1.0.0, not with 2.1.0; use --engine pulumi for this program",
  ],
  [
    "an option",
    `new Thing("a", {}, { hideDiffs: ["value"] });`,
    "the option hideDiffs: not supported by the embedded engine; use --engine pulumi for this program",
  ],
  [
    "an asset",
    `new Thing("a", { value: new pulumi.asset.StringAsset("text") } as any);`,
    "assets and archives: not supported by the embedded engine; use --engine pulumi for this program",
  ],
  [
    "a reference to another stack",
    `new pulumi.StackReference("organization/p/dev");`,
    "the embedded engine's pulumi provider has no resource type pulumi:pulumi:StackReference (it has none); use --engine pulumi for this program",
  ],
])("%s that the engine does not have is refused by name", async (_what, program, message) => {
  project = await TestProject.make(program);
  const { outcome, messages } = await project.run({ preview: true });
  expect(outcome).toBe("failed");
  expect(messages).toContain(`error: ${message}`);
});

test("a cancel lets what runs come to its end; a terminate leaves it pending in the state", async () => {
  project = await TestProject.make(
    `const a = new Thing("a"); new Thing("b", {}, { dependsOn: a });`,
  );
  const cancel = new AbortController();
  project.world.during = () => cancel.abort();
  const cancelled = await project.run({ cancel: cancel.signal });
  expect(cancelled.outcome).toBe("cancelled");
  expect(cancelled.messages).toEqual(["error: update canceled"]);
  expect(project.world.log).toEqual(["create a"]);
  expect((await project.stack()).state().snapshot.pending).toEqual([]);

  const [first, second] = [new AbortController(), new AbortController()];
  project.world.during = async () => {
    first.abort();
    second.abort();
    await new Promise((resolve) => setTimeout(resolve, 50));
    throw new Error("aborted");
  };
  await project.run({ cancel: first.signal, terminate: second.signal });
  expect((await project.stack()).state().snapshot.pending).toMatchObject([
    { type: "creating", resource: { urn: "urn:pulumi:dev::p::fake:index:Thing::b" } },
  ]);

  project.world.during = () => undefined;
  const { messages } = await project.run({ preview: false });
  expect(messages[0]).toContain(
    "warning: Attempting to deploy or update resources with 1 pending operations from previous deployment.\n" +
      "  * urn:pulumi:dev::p::fake:index:Thing::b, interrupted while creating\n",
  );
  expect((await project.stack()).state().snapshot.pending).toEqual([]);
});

test("`options.refresh: always` reads every resource first, in previews too", async () => {
  project = await TestProject.make(`new Thing("a", { value: "x" });`);
  project.write("Pulumi.yaml", "name: p\nruntime: nodejs\noptions: {refresh: always}\n");
  await project.run();
  project.world.things.clear();

  expect((await project.run({ preview: true })).changes).toEqual({ same: 1, create: 1 });
  expect((await project.run()).changes).toEqual({ same: 1, create: 1 });
  expect((await project.run()).changes).toEqual({ same: 2 });
});

test("a preview that cannot read one resource fails, and shows the others' changes all the same; an up stops there", async () => {
  const before = `new Thing("a", { value: "x" }); new Thing("b", { value: "x" });`;
  project = await TestProject.make(before);
  project.write("Pulumi.yaml", "name: p\nruntime: nodejs\noptions: {refresh: always}\n");
  await project.run();
  project.world.during = (operation) => {
    if (/^read .*::a$/.test(operation)) throw new Error("the host of a does not answer");
  };
  project.program(before.replace('"b", { value: "x" }', '"b", { value: "y" }'));

  const preview = await project.run({ preview: true });
  expect(preview.outcome).toBe("failed");
  expect(preview.messages).toContain("error: the host of a does not answer");
  expect(preview.steps).toContain("update b");
  project.world.takeLog();
  const up = await project.run();
  expect(up.outcome).toBe("failed");
  expect(up.steps).not.toContain("update b");
  expect(project.world.takeLog()).toEqual([]);
});

test("what the program says on stderr is no warning, blank lines are nothing, and pulumi.log.error alone fails no run", async () => {
  project = await TestProject.make(`
    new Thing("a");
    console.error("note\\n\\n  \\nmore");
    console.log("");
    pulumi.log.error("just said");
  `);
  const { outcome, messages } = await project.run();
  expect(messages.sort()).toEqual(["error: just said", "info#err: more", "info#err: note"]);
  expect(outcome).toBe("succeeded");
  expect(project.world.log).toEqual(["create a"]);
});

test("with `main` the program runs in its own folder, and positions are the project's", async () => {
  project = await TestProject.make("");
  fs.mkdirSync(path.join(project.folder, "src/inner"), { recursive: true });
  const program = `
    import * as pulumi from "@pulumi/pulumi";
    import { Thing } from "../fake";
    new Thing("a", {});
    export const folder = process.cwd();
    export const root = pulumi.runtime.getOrganization() && require("@pulumi/pulumi").getRootDirectory();
  `;
  // A `main` there would be what the SDK runs in place of the folder.
  project.write("package.json", '{"name": "p"}');
  project.write("src/index.ts", program);
  project.write("src/other.ts", program);
  for (const main of ["src", "src/other.ts", "./src/"]) {
    project.write("Pulumi.yaml", `name: p\nruntime: nodejs\nmain: ${main}\n`);
    const { messages, outputs } = await project.run();
    expect(messages).toEqual([]);
    const src = fs.realpathSync(path.join(project.folder, "src"));
    expect(outputs).toEqual({ folder: src, root: project.folder });
    const { snapshot } = (await project.stack()).state();
    const a = snapshot.resources.find((r) => r.urn.endsWith("::a"));
    const file = main.endsWith(".ts") ? main : "src/index.ts";
    expect(a?.sourcePosition).toMatch(`project:///${file}#4`);
  }
});

test("class fields without `declare` leave a resource's outputs alone, unless the project's tsconfig.json wants them defined", async () => {
  project = await TestProject.make(`
    class Plain extends pulumi.CustomResource {
      readonly echo!: pulumi.Output<string>;
      constructor(name: string) {
        super("fake:index:Thing", name, { name, value: "x", echo: undefined }, { version: "1.0.0" });
      }
    }
    export const echo = new Plain("a").echo;
  `);
  expect((await project.run()).outputs).toEqual({ echo: "x" });
  project.write("base.json", '{"compilerOptions": {"target": "es2022"}} // as tsc reads it');
  project.write("tsconfig.json", '{"extends": "./base", /* none */ "compilerOptions": {},}');
  expect((await project.run()).outputs).toEqual({});
  project.write(
    "tsconfig.json",
    '{"extends": "./base.json", "compilerOptions": {"useDefineForClassFields": false}}',
  );
  expect((await project.run()).outputs).toEqual({ echo: "x" });
});

test.each([
  ["transforms", "pulumi.runtime.registerResourceTransform(() => undefined);", "stack transforms"],
  [
    "invoke transforms",
    "pulumi.runtime.registerInvokeTransform(() => undefined);",
    "invoke transforms",
  ],
  [
    "a transform",
    'new Thing("a", {}, { transforms: [() => undefined] });',
    "the option transforms",
  ],
  ["a hook", 'new pulumi.ResourceHook("h", async () => {});', "resource hooks"],
  [
    "replaceWith",
    'new Thing("a", {}, { replaceWith: [new Thing("b")] });',
    "the option replaceWith",
  ],
])(
  "%s is refused by the name of this engine, which asks for no newer CLI",
  async (_what, text, named) => {
    project = await TestProject.make(`${text} setTimeout(() => undefined, 1000);`);
    const { outcome, messages } = await project.run({ preview: true });
    expect(outcome).toBe("failed");
    expect(messages).toEqual([
      `error: ${named}: not supported by the embedded engine; use --engine pulumi for this program`,
      "error: preview failed",
    ]);
  },
);

test("an alias that is no URN is refused, and what was expected is said", async () => {
  project = await TestProject.make(`new Thing("a", {}, { aliases: ["old-name"] });`);
  const { outcome, messages } = await project.run();
  expect(outcome).toBe("failed");
  expect(messages[0]).toBe(
    'error: invalid alias URN: "old-name" is not a URN; expected urn:pulumi:STACK::PROJECT::TYPE::NAME, ' +
      "or { name: ... } for a former name",
  );
  expect(project.world.log).toEqual([]);
});

test("what the program's process loads late works when it is used: functions are serialized, and the Automation API is there", async () => {
  project = await TestProject.make(`
    const captured = { answer: 42 };
    function twice() { return captured.answer * 2; }
    export const text = pulumi.runtime.serializeFunction(twice).then((all) => all.text);
    export const packages = pulumi.runtime.computeCodePaths().then((paths) => paths instanceof Map);
    export const automation = [typeof pulumi.automation.LocalWorkspace.create, "LocalWorkspace" in pulumi.automation];
    export const names = Object.keys(pulumi.automation).includes("Stack");
  `);
  const { outputs, messages } = await project.run();
  expect(messages).toEqual([]);
  const { text, ...rest } = outputs;
  expect(text).toContain("return captured.answer * 2;");
  expect(rest).toEqual({ packages: true, automation: ["function", true], names: true });
});
