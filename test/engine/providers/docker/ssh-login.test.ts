import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { resolveLogin } from "../../../../engine/providers/docker/ssh-login";
import { generateKey } from "../../../ssh/server";

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
  resolveLogin(url, args, {
    home,
    localUser: "me",
    folder,
    ...(agentSocket === undefined ? {} : { agentSocket }),
  });
const flags = ["-i", "lab_id", "-o", "UserKnownHostsFile=known"];

test("the address, key and known hosts come from the settings; relative paths start at the program", async () => {
  expect(await resolve("ssh://root@10.0.0.1:2222", flags)).toEqual({
    login: { host: "10.0.0.1", port: 2222, user: "root", privateKey: key, hostKeys: [hostKey] },
    warnings: [],
  });
});

test("what they leave out comes from ~/.ssh, as with the ssh command", async () => {
  writeFileSync(join(home, ".ssh", "id_ed25519"), key);
  writeFileSync(join(home, ".ssh", "known_hosts"), `10.0.0.1 ${hostKey}\n`);
  writeFileSync(join(home, ".ssh", "config"), "Host registry\n  HostName 10.0.0.1\n  User ops\n");
  expect((await resolve("ssh://registry", [])).login).toEqual({
    host: "10.0.0.1",
    port: 22,
    user: "ops",
    privateKey: key,
    hostKeys: [hostKey],
  });
  expect((await resolve("ssh://registry", ["-F", "none"])).login).toMatchObject({
    host: "registry",
    user: "me",
    hostKeys: [],
  });
});

test("a named key keeps the agent out; without any key the agent is asked", async () => {
  expect((await resolve("ssh://10.0.0.1", flags, "/agent")).login).not.toHaveProperty(
    "agentSocket",
  );
  expect((await resolve("ssh://10.0.0.1", [], "/agent")).login).toMatchObject({
    agentSocket: "/agent",
  });
  await expect(resolve("ssh://10.0.0.1", ["-o", "IdentityAgent=none"], "/agent")).rejects.toThrow(
    "sshOpts: no private key to log in with; looked for",
  );
});

test("an unknown host is refused later, unless the settings do not mind: with a warning", async () => {
  const other = "ssh://10.0.0.2";
  expect((await resolve(other, flags)).login.hostKeys).toEqual([]);
  const careless = await resolve(other, [...flags, "-o", "StrictHostKeyChecking=no"]);
  expect(careless.login.hostKeyPolicy).toBe("accept-any");
  expect(careless.warnings).toEqual([
    "10.0.0.2: its host key is not known, but StrictHostKeyChecking accepts it",
  ]);
  // A key that is known is checked even so.
  const known = await resolve("ssh://10.0.0.1", [...flags, "-o", "StrictHostKeyChecking=no"]);
  expect(known.login).toMatchObject({ hostKeys: [hostKey] });
});

test("accept-new remembers what it saw", async () => {
  const { remember } = await resolve("ssh://10.0.0.2:2222", [
    ...flags,
    "-o",
    "StrictHostKeyChecking=accept-new",
  ]);
  await remember?.(hostKey);
  expect(readFileSync(join(folder, "known"), "utf8")).toContain(`[10.0.0.2]:2222 ${hostKey}\n`);
  expect((await resolve("ssh://10.0.0.2:2222", flags)).login.hostKeys).toEqual([hostKey]);
});

test("accept-new leaves a last line without an end as it is, and begins one of its own", async () => {
  const accepting = [...flags, "-o", "StrictHostKeyChecking=accept-new"];
  const other = `other ${hostKey}`;
  for (const [before, after] of [
    [other, `${other}\n10.0.0.2 ${hostKey}\n`],
    [`${other}\n`, `${other}\n10.0.0.2 ${hostKey}\n`],
    ["", `10.0.0.2 ${hostKey}\n`],
  ] as const) {
    writeFileSync(join(folder, "known"), before);
    await (await resolve("ssh://10.0.0.2", accepting)).remember?.(hostKey);
    expect(readFileSync(join(folder, "known"), "utf8")).toBe(after);
  }
});

test("bastions nest, the last one nearest to the host", async () => {
  const { login } = await resolve("ssh://root@10.0.0.1", [...flags, "-J", "a@outer:2200,inner"]);
  expect(login.proxy).toMatchObject({ host: "inner", user: "me", port: 22 });
  expect(login.proxy?.proxy).toMatchObject({ host: "outer", user: "a", port: 2200 });
  expect(login.proxy?.proxy).not.toHaveProperty("proxy");
});

test.each(["ssh://root:canary@10.0.0.1", "ssh://10.0.0.1/path", "http://10.0.0.1", "10.0.0.1"])(
  "%s is refused",
  async (url) => {
    const failing = resolve(url, flags);
    await expect(failing).rejects.toThrow("expected ssh://USER@HOST:PORT");
    await expect(failing).rejects.not.toThrow("canary");
  },
);
