import { createServer, type Server } from "node:net";
import type { AddressInfo } from "node:net";
import { gone, goneNote } from "../../observation/gone";
import type { PastGuard } from "../../observation/past";

const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFs5wPFQzYlPzDJ4Xi1Ujh9Rhoq9HJlRNvrJbP6kLxuB";
const guard = (connection: Record<string, unknown>, more: Partial<PastGuard> = {}): PastGuard => ({
  host: "node01",
  daemon: "containerd",
  id: "p.s.containerd-node01",
  cluster: "cluster",
  sudo: false,
  connection: { user: "root", password: "x", hostKey: KEY, dialErrorLimit: 1, ...connection },
  inputs: {},
  ...more,
});

let server: Server;
const listen = async (answer: string): Promise<number> => {
  server = createServer((socket) => socket.on("error", () => undefined).end(answer));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
};
const close = () => new Promise((resolve) => server.close(resolve));

test("a host that refuses the connection at each attempt is gone, with the reason", async () => {
  const port = await listen("");
  await close();
  const found = await gone([guard({ host: "127.0.0.1", port })]);
  expect(found).toEqual([
    {
      guard: guard({ host: "127.0.0.1", port }),
      reason: expect.stringMatching(
        `^root@127.0.0.1:${port}: connection refused; no SSH server listens there \\(yet\\); gave up after 2 attempts in \\d+ s$`,
      ) as string,
    },
  ]);
});

test("a host where anything answers is not gone, and neither is a name that cannot be looked up", async () => {
  const port = await listen("SSH-2.0-other\r\n");
  expect(await gone([guard({ host: "127.0.0.1", port })])).toEqual([]);
  await close();
  expect(await gone([guard({ host: "node01.invalid", port: 22 })])).toEqual([]);
});

test("a host behind a bastion that does not answer is not gone: nobody knows", async () => {
  const port = await listen("");
  await close();
  const { connection: proxy } = guard({ host: "127.0.0.1", port });
  expect(await gone([guard({ host: "10.0.0.1", port: 22, proxy })])).toEqual([]);
});

test("docker's guard is not looked at: the registry's host is not only a node", async () => {
  const port = await listen("");
  await close();
  expect(await gone([guard({ host: "127.0.0.1", port }, { daemon: "docker" })])).toEqual([]);
});

test("the note says what stays, and how to remove it", () => {
  expect(goneNote({ guard: guard({}), reason: "ssh node01: no answer" })).toBe(
    "node01 left the cluster, and its host does not answer: ssh node01: no answer\n" +
      "  up drops the node and changes nothing on it. The up after that removes the rest of it from the state.\n" +
      "  If the host still runs, containerd there keeps the lines of this program. To remove them, run there: sudo sh /var/lib/cluster-registry/helper undo p.s.containerd-node01",
  );
});
