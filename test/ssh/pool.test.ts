import { ConnectionPool, type PoolRequest } from "../../ssh/pool";
import type { Login } from "../../ssh/login";
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

const get = (login: Partial<Login> = {}, options: PoolRequest["options"] = {}) =>
  pool.get({ login: server.login(login), options }, never, () => undefined);
const foreignKey = () => generateKey().public.split(" ").slice(0, 2).join(" ");

test("requests that log in alike share a connection, whatever name and patience they have", async () => {
  const found = await Promise.all([
    get({ name: "node02" }, { waitSeconds: 30 }),
    get({}, { dialErrorLimit: 2 }),
    get({ hostKeyPolicy: "accept-any", hostKeys: [] }),
  ]);
  expect(new Set(found).size).toBe(1);
  expect(await get({ hostKeys: [foreignKey(), server.hostKeys[0]!] })).toBe(found[0]);
  expect(server.connections).toBe(1);
});

test("a request that does not accept the key that the host has shown gets no connection of another", async () => {
  await get({ hostKeyPolicy: "accept-any", hostKeys: [] });
  await expect(get({ hostKeys: [foreignKey()] })).rejects.toThrow(
    "the host key is not the known one, so nothing was sent",
  );
  await expect(get({ revokedHostKeys: [server.hostKeys[0]!] })).rejects.toThrow(
    "the host shows a revoked key, so nothing was sent",
  );
});

test("another user or another key is another connection", async () => {
  const first = await get();
  expect(await get({ user: "somebody-else" })).not.toBe(first);
  await expect(get({ privateKey: OTHER_KEY.private })).rejects.toThrow("login refused");
});

test("a login that was refused is not tried again by a request that logs in alike", async () => {
  const refused = { privateKey: OTHER_KEY.private };
  await expect(get(refused)).rejects.toThrow("login refused");
  const attempts = server.attempts.length;
  await expect(get({ ...refused, name: "node02" }, { waitSeconds: 5 })).rejects.toThrow(
    "login refused",
  );
  expect(server.attempts).toHaveLength(attempts);
});

test("a wrong key of the host for one request does not keep another from it", async () => {
  await expect(get({ hostKeys: [foreignKey()] })).rejects.toThrow("not the known one");
  expect((await get()).isOpen).toBe(true);
});

test("a connection that was lost is opened again", async () => {
  const first = await get({ name: "node02" });
  first.close();
  const second = await get();
  expect(second).not.toBe(first);
  expect(second.isOpen).toBe(true);
});
