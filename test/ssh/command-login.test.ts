import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { resolveLogin } from "../../ssh/command-login";
import { surroundings } from "../../ssh/surroundings";
import { generateKey } from "./server";

const hostKey = generateKey().public.split(" ").slice(0, 2).join(" ");
const key = generateKey().private;
let folder: string;
let home: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "login-"));
  home = join(folder, "home");
  mkdirSync(join(home, ".ssh"), { recursive: true });
  writeFileSync(join(folder, "lab_id"), key);
  writeFileSync(join(folder, "known"), `10.0.0.1 ${hostKey}\n[10.0.0.1]:2222 ${hostKey}\n`);
});
afterEach(() => rmSync(folder, { recursive: true }));

const resolve = (url: string, args: string[], agentSocket?: string) =>
  resolveLogin(url, args, { ...surroundings(folder), home, localUser: "me", agentSocket });
const flags = ["-i", "lab_id", "-o", "UserKnownHostsFile=known"];

test("the address, key and known hosts come from the settings; relative paths start at the program", () => {
  expect(resolve("ssh://root@10.0.0.1:2222", flags)).toEqual({
    login: { host: "10.0.0.1", port: 2222, user: "root", privateKey: key, hostKeys: [hostKey] },
    warnings: [],
  });
});

test("what they leave out comes from ~/.ssh/config and known_hosts, unless -F none is said", () => {
  writeFileSync(join(home, ".ssh", "known_hosts"), `10.0.0.1 ${hostKey}\n`);
  writeFileSync(join(home, ".ssh", "config"), "Host registry\n  HostName 10.0.0.1\n  User ops\n");
  expect(resolve("ssh://registry", ["-i", "lab_id"]).login).toEqual({
    host: "10.0.0.1",
    port: 22,
    user: "ops",
    privateKey: key,
    hostKeys: [hostKey],
  });
  expect(resolve("ssh://registry", ["-F", "none", "-i", "lab_id"]).login).toMatchObject({
    host: "registry",
    user: "me",
    hostKeys: [],
  });
});

test("a named key keeps the agent out; without any key the agent is asked", () => {
  expect(resolve("ssh://10.0.0.1", flags, "/agent").login).not.toHaveProperty("agentSocket");
  expect(resolve("ssh://10.0.0.1", [], "/agent").login).toMatchObject({
    agentSocket: "/agent",
  });
  expect(() => resolve("ssh://10.0.0.1", ["-o", "IdentityAgent=none"], "/agent")).toThrow(
    "sshOpts: no private key to log in with; no -i names one, and there is no agent",
  );
  expect(() => resolve("ssh://10.0.0.1", ["-i", "none_id"])).toThrow(
    `sshOpts: no private key to log in with; looked for ${folder}/none_id, and there is no agent`,
  );
});

test("an unknown host is refused later, unless the settings do not mind: with a warning", () => {
  const other = "ssh://10.0.0.2";
  expect(resolve(other, flags).login.hostKeys).toEqual([]);
  const careless = resolve(other, [...flags, "-o", "StrictHostKeyChecking=no"]);
  expect(careless.login.hostKeyPolicy).toBe("accept-any");
  expect(careless.warnings).toEqual([
    "10.0.0.2: its host key is not known, but StrictHostKeyChecking accepts it",
  ]);
  // A key that is known is checked even so.
  const known = resolve("ssh://10.0.0.1", [...flags, "-o", "StrictHostKeyChecking=no"]);
  expect(known.login).toMatchObject({ hostKeys: [hostKey] });
});

test("a bastion is what ProxyCommand says, with options of its own; one of the ssh config is refused", () => {
  const way = "ssh -F none -i lab_id -o UserKnownHostsFile=known -p 2222 -W %h:%p jump@10.0.0.1";
  const { login } = resolve("ssh://root@10.0.0.1", [...flags, "-o", `ProxyCommand=${way}`]);
  expect(login.proxy).toEqual({
    ...{ host: "10.0.0.1", port: 2222, user: "jump", privateKey: key, hostKeys: [hostKey] },
  });
  writeFileSync(join(home, ".ssh", "config"), "Host *\n  ProxyJump inner\n");
  expect(() => resolve("ssh://root@10.0.0.1", flags)).toThrow(
    "sshOpts: ProxyJump inner of the ssh config is not supported by the embedded engine; use -F none, and -o ProxyCommand=",
  );
});

test("time limits are those of the options", () => {
  const limits = ["-o", "ConnectTimeout=9", "-o", "ServerAliveInterval=5"];
  expect(resolve("ssh://root@10.0.0.1", [...flags, ...limits]).login.limits).toEqual({
    connectSeconds: 9,
    keepAlive: { seconds: 5, misses: 3 },
  });
});

test.each(["ssh://root:canary@10.0.0.1", "ssh://10.0.0.1/path", "http://10.0.0.1", "10.0.0.1"])(
  "%s is refused",
  (url) => {
    expect(() => resolve(url, flags)).toThrow("expected ssh://USER@HOST:PORT");
    expect(() => resolve(url, flags)).not.toThrow("canary");
  },
);
