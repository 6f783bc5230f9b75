import { EventEmitter } from "node:events";
import { Borrower, openForCommands, openFrom } from "../../ssh/borrow";
import { SshError } from "../../ssh/error";
import { lend } from "../../ssh/lend";
import { ConnectionPool } from "../../ssh/pool";
import { generateKey, OTHER_KEY, TestServer } from "./server";

const never = new AbortController().signal;
let server: TestServer;
let pool: ConnectionPool;

beforeEach(async () => {
  server = await TestServer.start();
  pool = new ConnectionPool();
});
afterEach(async () => {
  await pool.close();
  await server.close();
});

/** Both ends of a channel in one process. What goes over it is copied, as between two. */
function borrower(signal = never) {
  const answers = new EventEmitter();
  const holds: boolean[] = [];
  const take = lend(pool, (answer) => answers.emit("message", structuredClone(answer)), signal);
  const made = new Borrower({
    send: (message) => take(structuredClone(message)),
    listen: (listener) => void answers.on("message", listener),
    hold: (isAwaited) => void holds.push(isAwaited),
  });
  return { made, holds };
}

test("commands of both processes go over one connection, with their input, output and exit code", async () => {
  const { made, holds } = borrower();
  const borrowed = await made.open(server.login(), {});
  expect(borrowed.hostKey).toBe(server.hostKeys[0]);
  const bytes = Buffer.from([0, 10, 200, 255]);
  expect((await borrowed.exec("cat", { stdin: bytes })).stdout).toEqual(bytes);
  const failed = await borrowed.exec("exit 7");
  expect(failed.code).toBe(7);
  borrowed.close();
  const own = await pool.get({ login: server.login(), options: {} }, never, () => undefined);
  expect(own.isOpen).toBe(true);
  expect(server.connections).toBe(1);
  expect(holds.at(-1)).toBe(false);
});

test("an error arrives with its kind and text", async () => {
  const { made } = borrower();
  const wrong = generateKey().public.split(" ").slice(0, 2).join(" ");
  const error: unknown = await made
    .open(server.login({ hostKeys: [wrong], name: "node02" }), {})
    .catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(SshError);
  expect(error).toMatchObject({ kind: "host-key", retryable: false });
  expect((error as Error).message).toContain("node02");
  await expect(made.open(server.login({ privateKey: OTHER_KEY.private }), {})).rejects.toThrow(
    "login refused",
  );
});

test("while a host does not answer, the borrower is told", async () => {
  const { made } = borrower();
  await server.close();
  const said: string[] = [];
  await expect(
    made.open(server.login({ name: "node02" }), {
      waitSeconds: 1,
      onWaiting: (text) => said.push(text),
    }),
  ).rejects.toThrow("gave up after");
  expect(said[0]).toMatch(/^waiting for ssh node02 \(0 s\): connection refused/);
});

test("a borrower that is gone ends its command, and the connection stays", async () => {
  const gone = new AbortController();
  const { made } = borrower(gone.signal);
  const borrowed = await made.open(server.login(), {});
  void borrowed.exec("sleep");
  const own = await pool.get({ login: server.login(), options: {} }, never, () => undefined);
  while (!server.commands.includes("sleep")) await new Promise((done) => setImmediate(done));
  gone.abort(new Error("the program has ended"));
  expect((await own.exec("exit 3")).code).toBe(3);
  expect(server.connections).toBe(1);
});

test("without a lender a connection is the process's own, which its owner closes", async () => {
  const own = await openForCommands(server.login());
  expect((await own.exec("exit 4")).code).toBe(4);
  own.close();
  await expect(own.exec("exit 4")).rejects.toThrow("the connection was closed here");
});

test("connections of a pool stay open for the next one", async () => {
  const open = openFrom(pool);
  const first = await open(server.login());
  first.close();
  expect((await (await open(server.login())).exec("exit 5")).code).toBe(5);
  expect(server.connections).toBe(1);
});
