import { commandPlugin } from "../../../../engine/providers/command";
import { UNKNOWN } from "../../../../engine/providers/provider";
import type { CreateContext, Props, ProviderInstance } from "../../../../engine/providers/provider";
import { isSilent } from "../../../../engine/steps/unread";
import { GOOD_KEY, OTHER_KEY, shell, TestServer } from "../../../ssh/server";
import type { TestServerOptions } from "../../../ssh/server";
import { context } from "../context";
import type { TestContext } from "../context";

const TYPE = "command:remote:Command";
const URN = `urn:pulumi:dev::test::${TYPE}::probe`;

let provider: ProviderInstance;
const servers: TestServer[] = [];
beforeEach(async () => {
  provider = await commandPlugin.configure({ version: "1.2.1" });
});
afterEach(async () => {
  await provider.close();
  for (const server of servers.splice(0)) await server.close();
});

async function start(options?: TestServerOptions): Promise<TestServer> {
  const server = await TestServer.start(options);
  servers.push(server);
  return server;
}

function connection(server: TestServer, change: Props = {}): Props {
  return {
    host: "127.0.0.1",
    port: server.port,
    user: "root",
    privateKey: GOOD_KEY.private,
    hostKey: server.hostKeys[0]!,
    dialErrorLimit: 10,
    perDialTimeout: 15,
    ...change,
  };
}

function ctx(change: Partial<CreateContext> = {}): TestContext {
  return context("probe", TYPE, change);
}

async function failure(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => new Error("it worked"),
    (error: unknown) => error as Error,
  );
}

describe("check", () => {
  const check = (news: Props) => provider.check(TYPE, URN, undefined, news);

  test("fills in the connection's defaults, the bastion's too, and nothing else", async () => {
    const { inputs, failures } = await check({
      connection: { host: "a", proxy: { host: "b", port: 2222 } },
      create: "true",
    });
    expect(failures).toEqual([]);
    const defaults = { user: "root", dialErrorLimit: 10, perDialTimeout: 15 };
    expect(inputs).toEqual({
      connection: {
        host: "a",
        port: 22,
        ...defaults,
        proxy: { host: "b", port: 2222, ...defaults },
      },
      create: "true",
    });
  });

  test("says which inputs are secret, those inside the connection by themselves", async () => {
    const { secretInputs } = (await check({
      connection: { host: "a", privateKey: "k", proxy: { host: "b", password: "p" } },
    })) as { secretInputs?: string[] };
    expect(secretInputs).toEqual([
      "connection",
      "connection.privateKey",
      "connection.proxy.password",
    ]);
  });

  test("lets unknown values pass", async () => {
    const news: Props = { connection: UNKNOWN, create: UNKNOWN };
    expect(await check(news)).toMatchObject({ inputs: news, failures: [] });
  });

  test("refuses what the real one refuses, each at its place and without its value", async () => {
    const { failures } = await check({
      connection: { hots: "canary", port: "22", privateKey: 7 },
      logging: "canary",
      triggers: "canary",
      crate: "canary",
    });
    expect(failures).toEqual([
      {
        property: "crate",
        reason:
          "no such property; there are: addPreviousOutputInEnv, connection, create, delete, logging, stdin, triggers, update",
      },
      { property: "triggers", reason: "expected a list, found a string" },
      {
        property: "logging",
        reason: "expected one of stdout, stderr, stdoutAndStderr, none; found another string",
      },
      {
        property: "connection.hots",
        reason:
          "no such property; there are: agentSocketPath, dialErrorLimit, host, hostKey, password, perDialTimeout, port, privateKey, privateKeyPassword, proxy, user",
      },
      { property: "connection.host", reason: "is required and was not given" },
      { property: "connection.port", reason: "expected an integer, found a string" },
      { property: "connection.privateKey", reason: "expected a string, found a number" },
    ]);
  });
});

describe("diff", () => {
  const diff = (olds: Props, news: Props) => provider.diff(TYPE, URN, "id", olds, {}, news);

  test("of equal inputs is none", async () => {
    expect(await diff({ create: "a", triggers: [1] }, { create: "a", triggers: [1] })).toEqual({
      changes: "none",
      replaces: [],
      detailed: {},
    });
  });

  test("is an update for every change, changed triggers included: that they replace is the SDK's word", async () => {
    expect(
      await diff(
        { create: "a", connection: { host: "a" }, triggers: [1], version: "1.2.0" },
        { create: "a", connection: { host: "b" }, triggers: [2], stdin: "x" },
      ),
    ).toEqual({
      changes: "some",
      replaces: [],
      detailed: { "connection.host": "update", "triggers[0]": "update", stdin: "add" },
    });
  });

  test("replaces where triggers come or go as a whole", async () => {
    expect(await diff({}, { triggers: [1] })).toEqual({
      changes: "some",
      replaces: ["triggers"],
      detailed: { triggers: "add-replace" },
    });
  });
});

describe("create", () => {
  test("runs the command; the id is the name and eight hex digits; outputs are the inputs and both outputs", async () => {
    const server = await start();
    const inputs = { connection: connection(server), create: "out guarded\n\n", delete: "exit 0" };
    const { id, outputs, secretOutputs } = await provider.create(TYPE, inputs, ctx());
    expect(id).toMatch(/^probe[0-9a-f]{8}$/);
    expect(outputs).toEqual({ ...inputs, stdout: "guarded\n", stderr: "" });
    expect(secretOutputs).toBeUndefined();
  });

  test("in a preview dials nobody, and does not know the outputs", async () => {
    const server = await start();
    const inputs = { connection: connection(server), create: "out x" };
    const { outputs } = await provider.create(TYPE, inputs, ctx({ preview: true }));
    expect(outputs).toEqual({ ...inputs, stdout: UNKNOWN, stderr: UNKNOWN });
    expect(server.connections).toBe(0);
  });

  test("without a command dials nobody", async () => {
    const server = await start();
    const { outputs } = await provider.create(TYPE, { connection: connection(server) }, ctx());
    expect(outputs).toMatchObject({ stdout: "", stderr: "" });
    expect(server.connections).toBe(0);
  });

  test("passes standard input, and takes output of any size, a single line of 1 MiB too", async () => {
    const server = await start();
    const stdin = "x".repeat(1024 * 1024);
    const step = ctx();
    const { outputs } = await provider.create(
      TYPE,
      { connection: connection(server), create: "cat", stdin },
      step,
    );
    expect(outputs["stdout"]).toBe(stdin);
    expect(step.logs).toEqual([
      { severity: "info", text: `${"x".repeat(2000)} [line cut]`, ephemeral: true },
    ]);
  });

  test("that fails tells the exit code and the last lines, and never the script or its input", async () => {
    const server = await start({
      onExec: (_command, channel) => {
        channel.write("step one\n");
        channel.stderr.write("dockerd: no space left\n");
        channel.exit(3);
        channel.end();
      },
    });
    const error = await failure(
      provider.create(
        TYPE,
        { connection: connection(server), create: "echo script-canary", stdin: "stdin-canary" },
        ctx(),
      ),
    );
    expect(error.message).toBe(
      `root@127.0.0.1:${server.port}: the command exited with code 3:\nstep one\ndockerd: no space left`,
    );
    expect(error.stack).not.toContain("canary");
  });

  test("that fails after much output shows its end", async () => {
    const server = await start({
      onExec: (_command, channel) => {
        for (let line = 1; line <= 5000; line++) channel.write(`line ${line}\n`);
        channel.exit(1);
        channel.end();
      },
    });
    const error = await failure(
      provider.create(TYPE, { connection: connection(server), create: "x" }, ctx()),
    );
    const lines = error.message.split("\n");
    expect(lines).toHaveLength(26);
    expect(lines.slice(0, 2)).toEqual([
      `root@127.0.0.1:${server.port}: the command exited with code 1:`,
      "line 4976",
    ]);
    expect(lines.at(-1)).toBe("line 5000");
  });

  test("ended by a signal, or without a status, says so", async () => {
    const server = await start();
    const create = (command: string) =>
      failure(provider.create(TYPE, { connection: connection(server), create: command }, ctx()));
    expect((await create("kill KILL")).message).toContain(
      "the command was ended by SIGKILL, without output",
    );
    expect((await create("vanish")).message).toContain("the command ended without an exit code");
  });

  test("that is called off rejects at once", async () => {
    const server = await start();
    const step = ctx();
    const running = failure(
      provider.create(TYPE, { connection: connection(server), create: "sleep" }, step),
    );
    setTimeout(() => step.abort.abort(new Error("called off")), 100);
    expect((await running).message).toBe("called off");
  });
});

describe("logging", () => {
  const onExec: TestServerOptions["onExec"] = (_command, channel) => {
    channel.write("one\r\ntwo");
    channel.stderr.write("bad\n");
    channel.exit(0);
    channel.end();
  };

  test.each([
    [undefined, ["bad", "one", "two"]],
    ["stdoutAndStderr", ["bad", "one", "two"]],
    ["stdout", ["one", "two"]],
    ["stderr", ["bad"]],
    ["none", []],
  ])("%s shows %j, live", async (logging, shown) => {
    const server = await start({ onExec });
    const step = ctx();
    const inputs: Props = { connection: connection(server), create: "x" };
    if (logging !== undefined) inputs["logging"] = logging;
    const { outputs } = await provider.create(TYPE, inputs, step);
    expect(step.logs.map((log) => log.text).sort()).toEqual(shown);
    expect(step.logs.every((log) => log.severity === "info" && log.ephemeral)).toBe(true);
    expect(outputs).toMatchObject({ stdout: "one\r\ntwo", stderr: "bad" });
  });
});

describe("update and delete", () => {
  test("update runs `update`, else `create`, else nothing and keeps the outputs", async () => {
    const server = await start();
    const old = { connection: connection(server), create: "out 0", stdout: "0", stderr: "e" };
    const update = async (news: Props) => {
      const inputs = { connection: connection(server), ...news };
      const { outputs } = await provider.update(TYPE, "id", {}, old, inputs, ctx());
      return [outputs["stdout"], outputs["stderr"]];
    };
    expect(await update({ create: "out 1", update: "out 2" })).toEqual(["2", ""]);
    expect(await update({ create: "out 1" })).toEqual(["1", ""]);
    expect(await update({})).toEqual(["0", "e"]);
    expect(server.commands).toEqual(["out 2", "out 1"]);
  });

  test("a previewed update does not know the outputs if an input that was there changed, as with the real one", async () => {
    const old: Props = { connection: { host: "a" }, create: "x", stdout: "0", stderr: "" };
    const preview = async (news: Props) =>
      (await provider.update(TYPE, "id", {}, old, news, ctx({ preview: true }))).outputs;
    expect(await preview({ connection: { host: "a" }, create: "y" })).toMatchObject({
      create: "y",
      stdout: UNKNOWN,
      stderr: UNKNOWN,
    });
    expect(await preview({ connection: { host: "a" }, create: "x", stdin: "new" })).toMatchObject({
      stdout: "0",
      stderr: "",
    });
  });

  test("delete runs the state's `delete`, or dials nobody", async () => {
    const server = await start();
    const outputs = { connection: connection(server), stdout: "", stderr: "" };
    await provider.delete(TYPE, "id", {}, outputs, ctx());
    expect(server.connections).toBe(0);
    await provider.delete(
      TYPE,
      "id",
      { delete: "exit 1" },
      { ...outputs, delete: "out bye" },
      ctx(),
    );
    expect(server.commands).toEqual(["out bye"]);
  });

  test("delete on a host that does not answer fails by an error that the engine knows", async () => {
    const gone = await start();
    const outputs = {
      connection: connection(gone, { dialErrorLimit: 0 }),
      delete: "helper undo x",
    };
    await gone.close();
    const error = await failure(provider.delete(TYPE, "probe-1", outputs, outputs, ctx()));
    expect(error.message).toContain("connection refused");
    expect(isSilent(error)).toBe(true);
  });

  test("read answers what is stored: a command has nothing to look at", async () => {
    expect(await provider.read(TYPE, "id", { create: "x" }, { stdout: "1" }, ctx())).toEqual({
      id: "id",
      inputs: { create: "x" },
      outputs: { stdout: "1" },
    });
  });
});

describe("the previous output", () => {
  test.each([
    [["PULUMI_COMMAND_STDOUT"], {}, "before"],
    [["PULUMI_COMMAND_STDOUT"], { addPreviousOutputInEnv: false }, "(unset)"],
    [[], {}, "(unset)"],
  ])("is set where the server takes it (%j %j)", async (acceptEnv, news, expected) => {
    const server = await start({ acceptEnv });
    const old = { connection: connection(server), stdout: "before", stderr: "" };
    const step = ctx();
    const { outputs } = await provider.update(
      TYPE,
      "id",
      {},
      old,
      { connection: connection(server), create: "env PULUMI_COMMAND_STDOUT", ...news },
      step,
    );
    expect(outputs["stdout"]).toBe(expected);
    expect(step.logs.filter((log) => log.severity !== "info")).toEqual([]);
  });

  test("is left out where no process could start with it", async () => {
    const server = await start({ acceptEnv: ["PULUMI_COMMAND_STDOUT"] });
    const old = { connection: connection(server), stdout: "x".repeat(200_000), stderr: "" };
    const news = { connection: connection(server), create: "env PULUMI_COMMAND_STDOUT" };
    const { outputs } = await provider.update(TYPE, "id", {}, old, news, ctx());
    expect(outputs["stdout"]).toBe("(unset)");
  });
});

describe("connections", () => {
  test("are one for all commands of a login, and closed at the end", async () => {
    const server = await start();
    const inputs = { connection: connection(server), create: "out x" };
    await Promise.all(Array.from({ length: 20 }, () => provider.create(TYPE, inputs, ctx())));
    expect(server.connections).toBe(1);
    expect(server.open).toBe(1);
    await provider.close();
    for (let tries = 0; tries < 50 && server.open > 0; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(server.open).toBe(0);
  });

  test("that broke are opened anew by the next command", async () => {
    const server = await start();
    const inputs = { connection: connection(server), create: "out x" };
    await provider.create(TYPE, inputs, ctx());
    server.cut();
    await new Promise((resolve) => setTimeout(resolve, 100));
    await provider.create(TYPE, inputs, ctx());
    expect(server.connections).toBe(2);
  });

  test("with a refused login are tried once for all commands", async () => {
    const server = await start();
    const inputs = {
      connection: connection(server, { privateKey: OTHER_KEY.private }),
      create: "out x",
    };
    const errors = await Promise.all(
      [1, 2, 3].map(() => failure(provider.create(TYPE, inputs, ctx()))),
    );
    errors.push(await failure(provider.create(TYPE, inputs, ctx())));
    for (const error of errors) expect(error.message).toContain("login refused");
    expect(server.attempts).toEqual(["publickey"]);
  });

  test("to another host than the known one send nothing and are not tried again", async () => {
    const server = await start();
    const inputs = {
      connection: connection(server, { hostKey: OTHER_KEY.public }),
      create: "out x",
    };
    const error = await failure(provider.create(TYPE, inputs, ctx()));
    expect(error.message).toContain("the host key is not the known one, so nothing was sent");
    expect(server.connections).toBe(1);
    expect(server.commands).toEqual([]);
  });

  test("without a host key work as with the real one, and warn", async () => {
    const server = await start();
    const open = connection(server);
    delete open["hostKey"];
    const step = ctx();
    await provider.create(TYPE, { connection: open, create: "out x" }, step);
    expect(step.logs[0]).toEqual({
      severity: "warning",
      text: `root@127.0.0.1:${server.port}: hostKey is not set, so the host is not checked`,
      ephemeral: false,
    });
  });

  test("honour dialErrorLimit, and say for whom they wait", async () => {
    const server = await start();
    await server.close();
    const step = ctx();
    const error = await failure(
      provider.create(
        TYPE,
        { connection: connection(server, { dialErrorLimit: 2 }), create: "out x" },
        step,
      ),
    );
    expect(error.message).toContain("gave up after 3 attempts");
    expect(step.logs.map((log) => log.text)).toEqual([
      "waiting for ssh 127.0.0.1 (0 s): connection refused; no SSH server listens there (yet)",
    ]);
  });

  test("go through a bastion", async () => {
    const bastion = await start();
    const server = await start();
    const inputs = {
      connection: connection(server, { proxy: connection(bastion) }),
      create: "out through",
    };
    expect((await provider.create(TYPE, inputs, ctx())).outputs["stdout"]).toBe("through");
  });

  test("of several hosts run side by side, more than a server's sessions each", async () => {
    const busy = await start({
      maxSessions: 3,
      onExec: (c, ch, e) => setTimeout(() => shell(c, ch, e), 5),
    });
    const inputs = { connection: connection(busy), create: "out x" };
    await Promise.all(Array.from({ length: 30 }, () => provider.create(TYPE, inputs, ctx())));
    expect(busy.connections).toBe(1);
    expect(busy.mostSessions).toBeLessThanOrEqual(3);
  });
});
