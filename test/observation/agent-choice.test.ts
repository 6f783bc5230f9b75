import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkAgentChoice } from "../../observation/agent-choice";

let folder: string;
let socket: string;
let stop: () => void;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "agent-"));
  socket = join(folder, "s");
  const agent = spawn("ssh-agent", ["-D", "-a", socket], { stdio: "ignore" });
  stop = () => agent.kill();
  while (!existsSync(socket)) await new Promise((resolve) => setTimeout(resolve, 10));
  const env = { ...process.env, SSH_AUTH_SOCK: socket };
  for (let index = 0; index < 8; index++) {
    const file = join(folder, `key${index}`);
    spawnSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", file]);
    expect(spawnSync("ssh-add", ["-q", file], { env }).status).toBe(0);
  }
});
afterAll(() => {
  stop();
  rmSync(folder, { recursive: true });
});

const login = (chosen: number, only = true) => ({
  ...{ host: "h", port: 22, user: "root", agentSocket: socket },
  agentKeys: { keys: [readFileSync(join(folder, `key${chosen}.pub`), "utf8")], only },
});

test("a chosen key among the agent's first six is accepted, and any key if others may be offered too", async () => {
  for (const chosen of [0, 5]) await checkAgentChoice(login(chosen));
  await checkAgentChoice(login(7, false));
  await checkAgentChoice({ ...login(0), agentSocket: "/nonexistent" });
});

test("a chosen key after the first six is refused, also at a bastion, with what to do", async () => {
  const message =
    `expected the chosen key among the first 6 of the agent at ${socket}, found 6 before it: ` +
    "@pulumi/command offers all of them in this order, and sshd hangs up. Add the chosen one first (ssh-add -D, then ssh-add " +
    "it before the others), or give it an agent of its own (IdentityAgent)";
  await expect(checkAgentChoice(login(6))).rejects.toThrow(message);
  await expect(checkAgentChoice({ ...login(0), proxy: login(6) })).rejects.toThrow(message);
});
