import { commandPlugin } from "../../../../engine/providers/command";
import type { Props, ProviderInstance } from "../../../../engine/providers/provider";
import { context } from "../context";

const TYPE = "command:local:Command";
const ctx = () => context("probe", TYPE);

let provider: ProviderInstance;
beforeEach(async () => {
  provider = await commandPlugin.configure({}, process.cwd());
});
afterEach(() => provider.close());

const create = (inputs: Props) => provider.create(TYPE, inputs, ctx());

test("runs in /bin/sh, with the id and outputs of the real one", async () => {
  const { id, outputs } = await create({ create: "echo out; echo err >&2" });
  expect(id).toMatch(/^probe[0-9a-f]{8}$/);
  expect(outputs).toEqual({ create: "echo out; echo err >&2", stdout: "out", stderr: "err" });
});

test("takes standard input, and runs in the program's folder", async () => {
  const { outputs } = await create({ create: "pwd; cat", stdin: "in" });
  expect(outputs["stdout"]).toBe(`${process.cwd()}\nin`);
});

test("gives the previous output to the next run, unless told not to", async () => {
  const old = { stdout: "before", stderr: "" };
  const update = async (news: Props) =>
    (
      await provider.update(
        TYPE,
        "id",
        {},
        old,
        { create: "echo $PULUMI_COMMAND_STDOUT", ...news },
        ctx(),
      )
    ).outputs["stdout"];
  expect(await update({})).toBe("before");
  expect(await update({ addPreviousOutputInEnv: false })).toBe("");
});

test("a failure tells the code and the output, and not the script", async () => {
  const failing = create({ create: "echo went wrong; exit 3 # script-canary" });
  await expect(failing).rejects.toThrow(
    /^on this machine: the command exited with code 3:\nwent wrong$/,
  );
});

test("a folder that is not there is named, the script not", async () => {
  const elsewhere = await commandPlugin.configure({}, "/no/such/folder");
  await expect(elsewhere.create(TYPE, { create: "script-canary" }, ctx())).rejects.toThrow(
    /^on this machine: \/bin\/sh could not be started in \/no\/such\/folder \(ENOENT\)$/,
  );
});

test("called off, it ends with all that it started", async () => {
  const step = ctx();
  const started = Date.now();
  const running = provider.create(TYPE, { create: "sleep 30 & wait" }, step);
  setTimeout(() => step.abort.abort(new Error("called off")), 100);
  await expect(running).rejects.toThrow("called off");
  expect(Date.now() - started).toBeLessThan(5000);
});

test("what the embedded engine does not have is refused by name, with what it takes", async () => {
  const news = { environment: { A: "1" }, dir: "/", interpreter: ["sh"], assetPaths: ["*"] };
  const { failures } = await provider.check(TYPE, "", undefined, news);
  const reason =
    "not supported by the embedded engine, which takes create, update, delete, triggers, stdin, addPreviousOutputInEnv, logging here; use --engine pulumi for this program";
  expect(failures).toEqual(Object.keys(news).map((property) => ({ property, reason })));
});
