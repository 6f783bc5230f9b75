import { randomBytes } from "node:crypto";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo, Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { Connection } from "../../ssh/connection";
import type { OpenOptions } from "../../ssh/connection";
import { SshError } from "../../ssh/error";
import { fingerprint, parseHostKey } from "../../ssh/host-key";
import type { Login } from "../../ssh/login";
import { generateKey, GOOD_KEY, OTHER_KEY, PASSWORD, TestServer } from "./server";
import type { TestServerOptions } from "./server";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function start(options?: TestServerOptions): Promise<TestServer> {
  const server = await TestServer.start(options);
  cleanups.push(() => server.close());
  return server;
}

async function open(login: Login, options?: OpenOptions): Promise<Connection> {
  const connection = await Connection.open(login, options);
  cleanups.push(() => connection.close());
  return connection;
}

async function failure(promise: Promise<unknown>): Promise<SshError> {
  const error: unknown = await promise.then(
    () => new Error("it worked"),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(SshError);
  return error as SshError;
}

function sha256(line: string): string {
  return fingerprint(parseHostKey(line).blob);
}

describe("the host key", () => {
  test("that is known is accepted, and available", async () => {
    const server = await start();
    const connection = await open(server.login());
    expect(connection.hostKey).toBe(server.hostKeys[0]);
  });

  test("that is not the known one ends the first attempt, with both fingerprints, and nothing was sent", async () => {
    const server = await start();
    const known = generateKey().public.split(" ").slice(0, 2).join(" ");
    const error = await failure(
      Connection.open(server.login({ hostKeys: [known], name: "node02" }), { waitSeconds: 5 }),
    );
    expect(error.kind).toBe("host-key");
    expect(error.message).toBe(
      `node02 (root@127.0.0.1:${server.port}): the host key is not the known one, so nothing was sent.\n` +
        `  expected: ssh-ed25519 ${sha256(known)}\n` +
        `  found:    ssh-ed25519 ${sha256(server.hostKeys[0]!)}\n` +
        "Either somebody intercepts the connection, or the host was reinstalled. Find out which. If it was reinstalled, remove the old key " +
        `with \`ssh-keygen -R '[127.0.0.1]:${server.port}'\` (-f FILE for another known_hosts file) and add the new one.`,
    );
    expect(server.connections).toBe(1);
    expect(server.attempts).toEqual([]);
  });

  test("of the known type is requested if the server has several", async () => {
    const server = await start({ hostKeys: [generateKey().private, generateKey("rsa").private] });
    for (const key of server.hostKeys) {
      const connection = await open(server.login({ hostKeys: [key] }));
      expect(connection.hostKey).toBe(key);
    }
  });

  test("of another type is refused, with the expected type", async () => {
    const server = await start({ hostKeys: [generateKey("ecdsa").private] });
    const known = OTHER_KEY.public;
    const error = await failure(Connection.open(server.login({ hostKeys: [known] })));
    expect(error.kind).toBe("host-key");
    expect(error.message).toContain("the host has no key of the known type, so nothing was sent");
    expect(error.message).toContain(`expected: ssh-ed25519 ${sha256(known)}`);
    expect(server.attempts).toEqual([]);
  });

  test.each([[undefined], [[]]])(
    "is needed: %j is refused before anything is dialled",
    async (hostKeys) => {
      const server = await start();
      const error = await failure(Connection.open(server.login({ hostKeys })));
      expect(error.kind).toBe("host-key");
      expect(error.message).toContain("no host key is known to check this host by");
      expect(error.message).toContain(`ssh-keyscan -p ${server.port} 127.0.0.1`);
      expect(server.connections).toBe(0);
    },
  );

  test("is not checked with accept-any, but available", async () => {
    const server = await start();
    const connection = await open(
      server.login({ hostKeys: undefined, hostKeyPolicy: "accept-any" }),
    );
    expect(connection.hostKey).toBe(server.hostKeys[0]);
  });

  test("that is revoked ends the attempt before anything is sent, with accept-any too", async () => {
    const server = await start();
    const [key = ""] = server.hostKeys;
    for (const change of [
      { hostKeys: undefined, hostKeyPolicy: "accept-any" as const },
      { hostKeys: [key] },
    ]) {
      const error = await failure(
        Connection.open(server.login({ ...change, revokedHostKeys: [key], name: "node02" })),
      );
      expect(error.kind).toBe("host-key");
      expect(error.message).toBe(
        `node02 (root@127.0.0.1:${server.port}): the host shows a revoked key, so nothing was sent.\n` +
          `  found:    ssh-ed25519 ${sha256(key)}, @revoked in known_hosts (or in RevokedHostKeys)\n` +
          "Whoever has a copy of this key can pretend to be the host: give the host a new one (remove " +
          "/etc/ssh/ssh_host_*, then `ssh-keygen -A` there) and put the new key into known_hosts.",
      );
    }
    expect(server.attempts).toEqual([]);
  });

  test("that is not a valid key is refused with the reason", async () => {
    const server = await start();
    const error = await failure(Connection.open(server.login({ hostKeys: ["ssh-ed25519 AAAA"] })));
    expect(error.message).toContain("not a host key");
    expect(server.connections).toBe(0);
  });
});

describe("logging in", () => {
  test("with a wrong RSA key is one attempt, not one for each signature algorithm", async () => {
    const server = await start({ methods: ["publickey"] });
    const rsa = generateKey("rsa");
    const error = await failure(Connection.open(server.login({ privateKey: rsa.private })));
    expect(error.kind).toBe("authentication");
    expect(server.attempts).toEqual(["publickey"]);
  });

  test("with a wrong key is tried once and never again, with any wait", async () => {
    const server = await start();
    const error = await failure(
      Connection.open(server.login({ privateKey: OTHER_KEY.private }), {
        waitSeconds: 30,
        dialErrorLimit: 10,
      }),
    );
    expect(error.kind).toBe("authentication");
    expect(error.message).toBe(
      `root@127.0.0.1:${server.port}: login refused. Offered, once: private key ${sha256(OTHER_KEY.public)}` +
        "; the server takes publickey, password. Check the user name, and that its authorized_keys has this key, " +
        "or the password is right. Not tried again, so that no account is locked.",
    );
    expect(server.attempts).toEqual(["publickey"]);
    expect(server.connections).toBe(1);
  });

  test("with a password uses the method that the server supports", async () => {
    for (const method of ["password", "keyboard-interactive"] as const) {
      const server = await start({ methods: [method] });
      await open(server.login({ privateKey: undefined, password: PASSWORD }));
      expect(server.attempts).toEqual([method]);
    }
  });

  test("with a wrong password is tried once even if the server has both methods, and the password is never shown", async () => {
    const server = await start({ methods: ["password", "keyboard-interactive"] });
    const error = await failure(
      Connection.open(server.login({ privateKey: undefined, password: "wrong-canary" })),
    );
    expect(error.kind).toBe("authentication");
    expect(error.message).toContain(
      "Offered, once: password; the server takes password, keyboard-interactive",
    );
    expect(JSON.stringify(error) + error.message + error.stack).not.toContain("wrong-canary");
    expect(server.attempts).toEqual(["password"]);
  });

  test("falls back from the key to the password, each once", async () => {
    const server = await start();
    await open(server.login({ privateKey: OTHER_KEY.private, password: PASSWORD }));
    expect(server.attempts).toEqual(["publickey", "password"]);
  });

  test("without any way to log in is refused before any connection", async () => {
    const server = await start();
    const error = await failure(Connection.open(server.login({ privateKey: undefined })));
    expect(error.message).toContain(
      "no way to log in was given; set a private key, an agent or a password",
    );
    expect(server.connections).toBe(0);
  });

  test("with an agent that does not answer says so", async () => {
    const server = await start();
    const error = await failure(
      Connection.open(server.login({ privateKey: undefined, agentSocket: "/nonexistent/agent" })),
    );
    expect(error.kind).toBe("authentication");
    expect(error.message).toContain(
      "Offered, once: nothing (agent at /nonexistent/agent: it cannot be reached (ENOENT)).",
    );
  });

  test.each(["keyboard-interactive", "password"] as const)(
    "with a key where the server wants a second factor by %s is reported as such",
    async (second) => {
      const server = await start({ methods: ["publickey"], second });
      const error = await failure(Connection.open(server.login({ name: "node02" })));
      expect(error.kind).toBe("authentication");
      expect(error.retryable).toBe(false);
      expect(error.message).toBe(
        `node02 (root@127.0.0.1:${server.port}): login refused halfway: the server took private key ${sha256(GOOD_KEY.public)}, ` +
          `and wants ${second} as well, a second factor. A program cannot give one: let this user in by one factor ` +
          '(AuthenticationMethods publickey under "Match User root" in sshd_config), or take a user who needs one only. ' +
          "Not tried again, so that no account is locked.",
      );
      expect(server.connections).toBe(1);
      await open(server.login({ password: PASSWORD })); // both factors are available
    },
  );

  test.each([
    "Verification code:",
    "Passcode or option (1-3):",
    "Enter PIN for token:",
    "YubiKey for `ops':",
    "Challenge 4711 Response:",
    "Enter your 2FA response:",
    "Approve the push and press Enter:",
  ])("never gives the password to a question for a code, and reports %j", async (question) => {
    const server = await start({
      methods: ["publickey"],
      second: "keyboard-interactive",
      question: `${question} `,
    });
    const error = await failure(Connection.open(server.login({ password: PASSWORD })));
    expect(error.message).toContain("wants keyboard-interactive as well, a second factor");
    expect(error.message).toContain(`(the server asked ${JSON.stringify(question)})`);
  });

  test.each(["Password:", "Passwort: ", "(current) UNIX password: ", "Mot de passe :"])(
    "gives the password where it is asked for by %j",
    async (question) => {
      const server = await start({ methods: ["keyboard-interactive"], question });
      await open(server.login({ privateKey: undefined, password: PASSWORD }));
    },
  );

  test("names what was not offered, if the login is refused", async () => {
    const server = await start();
    const error = await failure(
      Connection.open(
        server.login({ privateKey: OTHER_KEY.private, notOffered: ["certificate /c: no"] }),
      ),
    );
    expect(error.message).toContain("(not offered: certificate /c: no); the server takes");
  });

  describe("by an agent", () => {
    const keys = [generateKey(), GOOD_KEY, generateKey("rsa"), generateKey("ecdsa")];
    const line = (key: { public: string }) => key.public.split(" ").slice(0, 2).join(" ");
    let socket: string;

    beforeEach(async () => {
      const folder = mkdtempSync(join(tmpdir(), "agent-"));
      socket = join(folder, "s");
      const agent = spawn("ssh-agent", ["-D", "-a", socket], { stdio: "ignore" });
      cleanups.push(() => {
        agent.kill();
        rmSync(folder, { recursive: true, force: true });
      });
      while (!existsSync(socket)) await new Promise((resolve) => setTimeout(resolve, 10));
      keys.forEach((key, index) => {
        const file = join(folder, `key${index}`);
        writeFileSync(file, key.private, { mode: 0o600 });
        const { status, stderr } = spawnSync("ssh-add", ["-q", file], {
          encoding: "utf8",
          env: { ...process.env, SSH_AUTH_SOCK: socket },
        });
        expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      });
    });
    const login = (server: TestServer, agentKeys?: Login["agentKeys"]) =>
      server.login({ privateKey: undefined, agentSocket: socket, agentKeys });

    test("its keys are offered in its order, each once, and named if they are refused", async () => {
      const server = await start({ methods: ["publickey"] });
      await open(login(server));
      expect(server.attempts).toEqual(["publickey", "publickey"]);
      const strict = await start({ methods: ["publickey"], authorized: [] });
      const error = await failure(Connection.open(login(strict)));
      for (const key of keys) expect(error.message).toContain(`key ${sha256(key.public)}`);
      expect(strict.attempts).toEqual(keys.map(() => "publickey"));
    });

    test("a chosen key is offered first, or alone", async () => {
      for (const key of keys) {
        const server = await start({ methods: ["publickey"], authorized: [line(key)] });
        await open(login(server, { keys: [line(key)], only: false }));
        expect(server.attempts).toEqual(["publickey"]);
      }
      const server = await start({ methods: ["publickey"] });
      const error = await failure(
        Connection.open(login(server, { keys: [line(keys[2]!)], only: true })),
      );
      expect(server.attempts).toEqual(["publickey"]);
      expect(error.message).toContain(`Offered, once: key ${sha256(keys[2]!.public)}`);
      const none = await failure(
        Connection.open(login(server, { keys: [line(OTHER_KEY)], only: true })),
      );
      expect(none.message).toContain(
        `Offered, once: nothing (agent at ${socket}: it holds none of the chosen keys)`,
      );
    });

    test("a second factor after one of its keys is reported, and no other key is offered", async () => {
      const server = await start({ methods: ["publickey"], second: "keyboard-interactive" });
      const error = await failure(Connection.open(login(server)));
      expect(error.message).toContain(
        `login refused halfway: the server took key ${sha256(GOOD_KEY.public)}`,
      );
      expect(error.message).toContain("and wants keyboard-interactive as well, a second factor");
    });

    test("a certificate in it is named and not skipped silently", async () => {
      const folder = mkdtempSync(join(tmpdir(), "certificate-"));
      cleanups.push(() => rmSync(folder, { recursive: true }));
      const run = (command: string, ...args: string[]) =>
        spawnSync(command, args, {
          cwd: folder,
          encoding: "utf8",
          env: { ...process.env, SSH_AUTH_SOCK: socket },
        });
      run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "ca");
      run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "me@desk", "-f", "id");
      run("ssh-keygen", "-q", "-s", "ca", "-I", "me", "-n", "root", "id.pub");
      run("ssh-add", "-q", "-D");
      expect(run("ssh-add", "-q", "id").status).toBe(0);
      const server = await start({ methods: ["publickey"] });
      const error = await failure(Connection.open(login(server)));
      expect(server.attempts).toEqual(["publickey"]);
      expect(error.message).toMatch(
        /\(not offered: key SHA256:\S+ \(me@desk\) of the agent at \S+, which is a certificate \(ssh-ed25519-cert-v01@openssh.com\), which this client cannot offer\)/,
      );
    });
  });

  test("with a key does not ask a dead agent", async () => {
    const server = await start();
    await open(server.login({ agentSocket: "/nonexistent/agent" }));
    expect(server.attempts).toEqual(["publickey"]);
  });
});

describe("a host that does not answer", () => {
  test("is tried once without a wait", async () => {
    const server = await start();
    await server.close();
    const error = await failure(Connection.open(server.login({ name: "node02" })));
    expect(error.kind).toBe("unreachable");
    expect(error.message).toBe(
      `node02 (root@127.0.0.1:${server.port}): connection refused; no SSH server listens there (yet)`,
    );
  });

  test("is awaited, with a message about the host and the time", async () => {
    const probe = await start();
    await probe.close();
    const said: string[] = [];
    const opening = open(probe.login({ name: "node02", hostKeyPolicy: "accept-any" }), {
      waitSeconds: 20,
      onWaiting: (line) => said.push(line),
    });
    await new Promise((resolve) => setTimeout(resolve, 300));
    await start({ port: probe.port });
    await opening;
    expect(said[0]).toBe(
      "waiting for ssh node02 (0 s): connection refused; no SSH server listens there (yet)",
    );
  });

  test("is reported every few seconds, however often it is tried", async () => {
    const server = await start();
    await server.close();
    const said: string[] = [];
    await failure(
      Connection.open(server.login({ name: "node02" }), {
        waitSeconds: 6,
        onWaiting: (line) => said.push(line.replace(/:.*/, "")),
      }),
    );
    expect(said).toEqual([
      "waiting for ssh node02 (0 s)",
      expect.stringMatching(/^waiting for ssh node02 \([5-9] s\)$/),
    ]);
  }, 20_000);

  test("is given up after the limit, with the count", async () => {
    const server = await start();
    await server.close();
    const error = await failure(Connection.open(server.login(), { dialErrorLimit: 2 }));
    expect(error.message).toMatch(/connection refused.*; gave up after 3 attempts in 0 s$/);
  });

  test("is awaited too if it hangs up before its banner", async () => {
    const server = await start({ hangUps: 2 });
    await open(server.login(), { waitSeconds: 10 });
    expect(server.connections).toBe(3);
  });

  test("is no longer awaited if the wait is cancelled", async () => {
    const server = await start();
    await server.close();
    const abort = new AbortController();
    const opening = Connection.open(server.login(), { waitSeconds: 60, signal: abort.signal });
    setTimeout(() => abort.abort(new Error("called off")), 150);
    await expect(opening).rejects.toThrow("called off");
  });

  test("but is another kind of server is reported as such", async () => {
    const web = createServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
    await new Promise<void>((resolve) => web.listen(0, "127.0.0.1", resolve));
    cleanups.push(() => web.close());
    const { port } = web.address() as AddressInfo;
    const error = await failure(
      Connection.open({ ...(await start()).login(), port }, { connectSeconds: 2 }),
    );
    expect(error.kind).toBe("unreachable");
  });

  test("because its name is unknown is not awaited", async () => {
    const server = await start();
    const error = await failure(
      Connection.open(server.login({ host: "no-such-host.invalid" }), { waitSeconds: 0 }),
    );
    expect(error.kind).toBe("unreachable");
    expect(error.message).toContain("no-such-host.invalid");
  });
});

describe("a command", () => {
  test("returns its exit code and both outputs", async () => {
    const connection = await open((await start()).login());
    expect(await connection.exec("exit 3")).toMatchObject({ code: 3 });
    const failed = await connection.exec("err went wrong");
    expect(failed.code).toBe(1);
    expect(failed.stderr.toString()).toBe("went wrong");
    expect(failed.stdout.toString()).toBe("");
    expect(failed).not.toHaveProperty("signal");
  });

  test("ended by a signal names it", async () => {
    const connection = await open((await start()).login());
    expect(await connection.exec("kill KILL")).toMatchObject({
      code: undefined,
      signal: "SIGKILL",
    });
  });

  test("may end without a status on a connection that stays", async () => {
    const connection = await open((await start()).login());
    expect(await connection.exec("vanish")).toMatchObject({ code: undefined });
    expect(connection.isOpen).toBe(true);
  });

  test("gets 8 MiB of binary input and returns it byte for byte", async () => {
    const connection = await open((await start()).login());
    const stdin = randomBytes(8 * 1024 * 1024);
    const { stdout } = await connection.exec("cat", { stdin });
    expect(stdout.equals(stdin)).toBe(true);
  });

  test("without input reads an end of file", async () => {
    const connection = await open((await start()).login());
    expect((await connection.exec("cat")).stdout.length).toBe(0);
  });

  test("may print 50 MiB in one line", async () => {
    const connection = await open((await start()).login());
    const { stdout } = await connection.exec(`big ${50 * 1024 * 1024}`);
    expect(stdout.length).toBe(50 * 1024 * 1024);
  });

  test("that is cancelled rejects at once, and the connection stays", async () => {
    const connection = await open((await start()).login());
    const abort = new AbortController();
    const running = connection.exec("sleep", { signal: abort.signal });
    setTimeout(() => abort.abort(new Error("called off")), 50);
    await expect(running).rejects.toThrow("called off");
    await expect(connection.exec("exit 0")).resolves.toMatchObject({ code: 0 });
  });

  test("on a connection that breaks is lost, and the next one reports that too", async () => {
    const server = await start();
    const connection = await open(server.login({ name: "node02" }));
    const running = failure(connection.exec("sleep"));
    await new Promise((resolve) => setTimeout(resolve, 50));
    server.cut();
    const error = await running;
    expect(error.kind).toBe("lost");
    expect(error.message).toContain(
      `node02 (root@127.0.0.1:${server.port}): the connection was lost`,
    );
    expect((await failure(connection.exec("exit 0"))).kind).toBe("lost");
    expect(connection.isOpen).toBe(false);
  });

  test("waits for its turn if the server allows few at a time", async () => {
    const server = await start({ maxSessions: 2 });
    const connection = await open(server.login());
    const all = await Promise.all(
      Array.from({ length: 20 }, (_, index) => connection.exec(`out ${index}`)),
    );
    expect(all.map((one) => one.stdout.toString())).toEqual(all.map((_, index) => String(index)));
    expect(server.connections).toBe(1);
  });

  test("gets the variables that the server accepts; acceptsEnvironment tells which", async () => {
    const connection = await open((await start({ acceptEnv: ["LC_FOO"] })).login());
    expect(await connection.acceptsEnvironment("LC_FOO")).toBe(true);
    expect(await connection.acceptsEnvironment("FOO")).toBe(false);
    const { stdout } = await connection.exec("env LC_FOO", { env: { LC_FOO: "bar" } });
    expect(stdout.toString()).toBe("bar");
  });
});

describe("forwarding", () => {
  async function echo(listenOn: string | number): Promise<Server> {
    const server = createServer((socket) => socket.pipe(socket));
    await new Promise<void>((resolve) =>
      typeof listenOn === "string"
        ? server.listen(listenOn, resolve)
        : server.listen(listenOn, "127.0.0.1", resolve),
    );
    cleanups.push(() => server.close());
    return server;
  }

  test("reaches a port from the host", async () => {
    const target = await echo(0);
    const connection = await open((await start()).login());
    const stream = await connection.forward("127.0.0.1", (target.address() as AddressInfo).port);
    stream.end("hello");
    expect(await text(stream)).toBe("hello");
  });

  test("reaches a Unix socket on the host", async () => {
    const folder = mkdtempSync(join(tmpdir(), "forward-"));
    cleanups.push(() => rmSync(folder, { recursive: true }));
    await echo(join(folder, "s"));
    const connection = await open(
      (await start({ unixSockets: { "/run/test.sock": join(folder, "s") } })).login(),
    );
    const stream = await connection.forwardUnix("/run/test.sock");
    stream.end("hello");
    expect(await text(stream)).toBe("hello");
  });

  test("that is refused says what to check", async () => {
    const server = await start();
    const connection = await open(server.login());
    const error = await failure(connection.forwardUnix("/var/run/docker.sock"));
    expect(error.kind).toBe("forward-refused");
    expect(error.message).toContain(
      `root@127.0.0.1:${server.port}: no connection to /var/run/docker.sock from there`,
    );
    expect(error.message).toContain("does it exist, may root use it");
  });
});

describe("a bastion", () => {
  test("carries the connection, and is closed with it", async () => {
    const bastion = await start();
    const target = await start();
    const connection = await open(target.login({ proxy: bastion.login() }));
    expect((await connection.exec("out through")).stdout.toString()).toBe("through");
    connection.close();
    await until(() => bastion.open === 0 && target.open === 0);
  });

  test("is checked as strictly as the host, and the host behind it gets no connection", async () => {
    const bastion = await start();
    const target = await start();
    const error = await failure(
      Connection.open(
        target.login({ proxy: bastion.login({ hostKeys: [OTHER_KEY.public], name: "bastion" }) }),
      ),
    );
    expect(error.kind).toBe("host-key");
    expect(error.message).toContain(`bastion (root@127.0.0.1:${bastion.port})`);
    expect(target.connections).toBe(0);
  });

  test("does not vouch for the host behind it", async () => {
    const bastion = await start();
    const target = await start();
    const error = await failure(
      Connection.open(target.login({ hostKeys: [OTHER_KEY.public], proxy: bastion.login() })),
    );
    expect(error.kind).toBe("host-key");
    expect(error.message).toContain(
      `root@127.0.0.1:${target.port} through 127.0.0.1:${bastion.port}: the host key is not`,
    );
    expect(target.attempts).toEqual([]);
    await until(() => bastion.open === 0);
  });

  test("that cannot reach the host waits for it, on one connection", async () => {
    const bastion = await start();
    const target = await start();
    await target.close();
    const opening = open(target.login({ hostKeyPolicy: "accept-any", proxy: bastion.login() }), {
      waitSeconds: 20,
    });
    await new Promise((resolve) => setTimeout(resolve, 300));
    await start({ port: target.port });
    await opening;
    expect(bastion.connections).toBe(1);
  });

  test("behind which a host drops packets gets no longer than a connection may take", async () => {
    const target = await start();
    const bastion = await start({ silent: [target.port] });
    const error = await failure(
      Connection.open(target.login({ proxy: bastion.login() }), { connectSeconds: 1 }),
    );
    expect(error).toMatchObject({ kind: "unreachable", retryable: true });
    expect(error.message).toContain(
      `root@127.0.0.1:${target.port} through 127.0.0.1:${bastion.port}: no answer within 1 s through the bastion root@127.0.0.1:${bastion.port}`,
    );
    await until(() => bastion.open === 0);
  });

  test("that cannot reach the host reports that in the end", async () => {
    const bastion = await start();
    const target = await start();
    await target.close();
    const error = await failure(Connection.open(target.login({ proxy: bastion.login() })));
    expect(error.kind).toBe("unreachable");
    expect(error.message).toContain(
      `the bastion root@127.0.0.1:${bastion.port} cannot connect to it`,
    );
  });
});

test("close ends the connection", async () => {
  const server = await start();
  const connection = await open(server.login());
  expect(server.open).toBe(1);
  connection.close();
  await until(() => server.open === 0);
  expect((await failure(connection.exec("exit 0"))).message).toContain(
    "the connection was closed here",
  );
});

test("no error contains a key or a password", async () => {
  const server = await start();
  const secret = OTHER_KEY.private.split("\n")[2]!;
  const error = await failure(
    Connection.open(server.login({ privateKey: OTHER_KEY.private, password: "wrong-canary" })),
  );
  for (let one: unknown = error; one instanceof Error; one = one.cause) {
    const all = `${one.message}${one.stack}${JSON.stringify(one)}`;
    expect(all).not.toContain(secret);
    expect(all).not.toContain("wrong-canary");
  }
  expect(GOOD_KEY.private).not.toContain(secret);
});

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 100 && !condition(); tries++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(condition()).toBe(true);
}
