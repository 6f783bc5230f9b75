import { readFileSync } from "node:fs";
import { commandPlugin } from "../../../../engine/providers/command";
import type { Props, ProviderInstance } from "../../../../engine/providers/provider";
import { defineLab, startLab } from "../../../../lab";
import type { RunningHost, RunningLab } from "../../../../lab";
import { describeLab } from "../../../lab-only";
import { generateKey } from "../../../ssh/server";
import { context } from "../context";
import { fixtureResource } from "../fixture";

jest.setTimeout(180_000);

const COMMAND = "command:remote:Command";

describeLab("the command provider at a real sshd", () => {
  let lab: RunningLab;
  let host: RunningHost;
  let provider: ProviderInstance;

  beforeAll(async () => {
    lab = await startLab(defineLab({ name: "sshtest", octet: 30, hosts: ["host"] }));
    host = lab.host("host");
    await host.waitUntilSucceeds("systemctl is-active ssh", { timeoutSeconds: 60 });
  });
  afterAll(() => lab?.down());
  beforeEach(async () => {
    provider = await commandPlugin.configure({}, process.cwd());
  });
  afterEach(() => provider.close());

  const connection = (change: Props = {}): Props => ({
    host: host.address,
    privateKey: readFileSync(lab.privateKeyPath, "utf8"),
    hostKey: host.hostKey,
    ...change,
  });
  const step = () => context("probe", COMMAND);

  async function make(news: Props, ctx = step()) {
    const { inputs, failures } = await provider.check(COMMAND, ctx.urn, undefined, news);
    expect(failures).toEqual([]);
    return { inputs, ...(await provider.create(COMMAND, inputs, ctx)) };
  }

  test("makes the fixture's Commands with the fixture's inputs and outputs", async () => {
    const made = await make({
      connection: connection(),
      create: "wc -c",
      update: "wc -c",
      stdin: "line one\nline two\n",
      addPreviousOutputInEnv: false,
    });
    const { inputs, outputs } = fixtureResource(
      "urn:pulumi:dev::fixture::fixture:index:Mirror$command:remote:Command::node01-apply",
    );
    expect({ ...made.inputs, connection: "" }).toEqual({ ...inputs, connection: "" });
    expect({ ...made.outputs, connection: "" }).toEqual({ ...outputs, connection: "" });
    // What the fixture holds encrypted, read with its passphrase.
    expect(made.inputs["connection"]).toEqual({
      dialErrorLimit: 10,
      host: host.address,
      hostKey: host.hostKey,
      perDialTimeout: 15,
      port: 22,
      privateKey: readFileSync(lab.privateKeyPath, "utf8"),
      user: "root",
    });
  });

  test("a wrong key is one attempt in sshd's log, and fast", async () => {
    const started = Date.now();
    const inputs = {
      connection: connection({ privateKey: generateKey().private, user: "ops" }),
      create: "true",
    };
    const results = await Promise.allSettled([make(inputs), make(inputs), make(inputs)]);
    expect(results.map((result) => result.status)).toEqual(["rejected", "rejected", "rejected"]);
    expect(Date.now() - started).toBeLessThan(3000);
    // The daemon's last line comes a moment after it has refused us.
    const lines = "journalctl -u ssh --no-pager -o cat | grep 'authenticating user ops'";
    await host.waitUntilSucceeds(lines, { timeoutSeconds: 10 });
    const log = await host.succeed("journalctl -u ssh --no-pager -o cat");
    expect(log.match(/authenticating user ops/g)).toHaveLength(1);
  });

  test("40 commands at a time share one connection, within the server's ten sessions", async () => {
    await Promise.all(
      Array.from({ length: 40 }, () => make({ connection: connection(), create: "sleep 0.1" })),
    );
    const open = await host.succeed("ss -Htn state established '( sport = :22 )' | wc -l");
    expect(open.trim()).toBe("1");
  });

  test("a script of 1 MiB on standard input, and a line of 1 MiB back", async () => {
    const stdin = `echo ${"x".repeat(1024 * 1024)}\n`;
    const { outputs } = await make({ connection: connection(), create: "bash -s", stdin });
    expect(outputs["stdout"]).toHaveLength(1024 * 1024);
  });

  // Not for root: OpenSSH passes signals on only where it runs a session without root's rights.
  test("called off, the command on the host ends too", async () => {
    const ctx = step();
    const running = make({ connection: connection({ user: "ops" }), create: "sleep 4711" }, ctx);
    await host.waitUntilSucceeds("pgrep -f '^sleep 4711'", { timeoutSeconds: 10 });
    ctx.abort.abort(new Error("called off"));
    await expect(running).rejects.toThrow("called off");
    await host.waitUntilSucceeds("! pgrep -f '^sleep 4711'", { timeoutSeconds: 5 });
  });

  test("a host that reboots is found again by the next command", async () => {
    await make({ connection: connection(), create: "true" });
    const rebooting = host.reboot();
    await new Promise((resolve) => setTimeout(resolve, 500));
    await rebooting;
    const { outputs } = await make({ connection: connection(), create: "uptime -s" });
    expect(outputs["stdout"]).toMatch(/^\d{4}-/);
  });
});
