import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
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

test("takes standard input, folder, environment, interpreter", async () => {
  const dir = mkdtempSync(`${tmpdir()}/local-`);
  const { outputs } = await create({
    create: "console.log(process.cwd(), process.env.FOO, fs.readFileSync(0, 'utf8'))",
    interpreter: [process.execPath, "-e"],
    dir,
    environment: { FOO: "bar" },
    stdin: "in",
  });
  rmSync(dir, { recursive: true });
  expect(outputs["stdout"]).toBe(`${dir} bar in`);
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

test("a shell that is not there is named, the script not", async () => {
  const failing = create({ create: "script-canary", interpreter: ["/no/such/shell"] });
  await expect(failing).rejects.toThrow(
    /^on this machine: \/no\/such\/shell could not be started in \S+ \(ENOENT\)$/,
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

test("assets are refused by name", async () => {
  const { failures } = await provider.check(TYPE, "", undefined, { assetPaths: ["*"] });
  expect(failures).toEqual([
    { property: "assetPaths", reason: "assets are not supported by the embedded engine" },
  ]);
});
