import { generateKeyPairSync } from "node:crypto";
import { accessOf, type Surroundings } from "../../settings/access";
import { parseSettings } from "../../settings/parse";
import { SettingsError } from "../../settings/problem";

const KEY = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs1", format: "pem" },
}).privateKey;
const HOST_KEY = `ssh-ed25519 ${Buffer.concat([
  Buffer.from([0, 0, 0, 11]),
  Buffer.from("ssh-ed25519"),
  Buffer.from([0, 0, 0, 32]),
  Buffer.alloc(32, 7),
]).toString("base64")}`;

function around(files: Record<string, string>, agentSocket?: string): Surroundings {
  return {
    read: (path) => files[path],
    home: "/home/me",
    project: "/project",
    localUser: "me",
    agentSocket,
  };
}

function settingsWith(ssh: unknown, node01?: unknown) {
  return parseSettings({
    registry: { host: "controlplane", address: "10.0.0.1" },
    nodes: [
      { name: "controlplane", address: "10.0.0.1", role: "master" },
      { name: "node01", address: "10.0.0.2", role: "worker", ...(node01 ? { ssh: node01 } : {}) },
    ],
    ssh,
  });
}

function problemsOf(work: () => unknown): string[] {
  try {
    work();
  } catch (error) {
    if (error instanceof SettingsError)
      return error.problems.map(({ path, reason }) => `${path}: ${reason}`);
    throw error;
  }
  return [];
}

const KNOWN = `10.0.0.1 ${HOST_KEY}\n10.0.0.2 ${HOST_KEY}\n`;

describe("accessOf", () => {
  test("logs in as root on port 22 with the key and the host keys of the settings' files", () => {
    const files = { "/project/id": KEY, "/project/known": KNOWN };
    const found = accessOf(
      settingsWith({ privateKeyPath: "id", knownHostsPath: "known" }),
      around(files),
    );
    expect([...found.keys()]).toEqual(["controlplane", "node01"]);
    expect(found.get("node01")).toEqual({
      name: "node01",
      login: {
        name: "node01",
        host: "10.0.0.2",
        port: 22,
        user: "root",
        privateKey: KEY,
        hostKeys: [HOST_KEY],
      },
      sudo: false,
      waitSeconds: 30,
      identityFile: "/project/id",
      knownHostsFiles: ["/project/known"],
      keyInFiles: true,
      learnHostKey: false,
      notes: [],
    });
  });

  test("uses sudo for a login that is not root", () => {
    const files = { "/project/id": KEY, "/project/known": KNOWN };
    const ssh = { privateKeyPath: "id", knownHostsPath: "known", user: "ops" };
    expect(accessOf(settingsWith(ssh), around(files)).get("node01")?.sudo).toBe(true);
    expect(accessOf(settingsWith({ ...ssh, sudo: false }), around(files)).get("node01")?.sudo).toBe(
      false,
    );
  });

  test("takes name, user, port, key and bastion from the ssh config, and the settings over it", () => {
    const files = {
      "/home/me/.ssh/config": [
        "Host 10.0.0.2",
        "  HostName 192.168.7.2",
        "  User ops",
        "  Port 2222",
        "  IdentityFile ~/.ssh/fleet",
        "  ProxyJump jump@192.168.7.1",
        "Host 192.168.7.1",
        "  IdentityFile ~/.ssh/fleet",
        "Host *",
        "  IdentityFile ~/.ssh/fleet",
      ].join("\n"),
      "/home/me/.ssh/fleet": KEY,
      "/home/me/.ssh/known_hosts": `${KNOWN}[192.168.7.2]:2222 ${HOST_KEY}\n192.168.7.1 ${HOST_KEY}\n`,
    };
    const node = accessOf(settingsWith({}), around(files)).get("node01");
    expect(node?.login).toMatchObject({
      host: "192.168.7.2",
      port: 2222,
      user: "ops",
      proxy: { host: "192.168.7.1", port: 22, user: "jump", hostKeys: [HOST_KEY] },
    });
    expect(node?.identityFile).toBe("/home/me/.ssh/fleet");
    expect(accessOf(settingsWith({ user: "admin" }), around(files)).get("node01")?.login.user).toBe(
      "admin",
    );
  });

  test("reads no ssh config where the settings say none", () => {
    const files = {
      "/home/me/.ssh/config": "Host *\n  User ops\n",
      "/project/id": KEY,
      "/home/me/.ssh/known_hosts": KNOWN,
    };
    const settings = settingsWith({ config: "none", privateKeyPath: "id" });
    expect(accessOf(settings, around(files)).get("node01")?.login.user).toBe("root");
  });

  test("a node's own way to log in replaces the common one as a whole", () => {
    const files = { "/project/id": KEY, "/project/known": KNOWN };
    const settings = settingsWith(
      { privateKeyPath: "id", knownHostsPath: "known" },
      { password: "pw" },
    );
    const found = accessOf(settings, around(files));
    expect(found.get("node01")?.login).toMatchObject({ password: "pw" });
    expect(found.get("node01")?.login.privateKey).toBeUndefined();
    expect(found.get("controlplane")?.login.privateKey).toBe(KEY);
  });

  test("refuses a host whose key is not known, and says how to go on", () => {
    const files = { "/project/id": KEY, "/project/known": `10.0.0.1 ${HOST_KEY}\n` };
    const settings = settingsWith({ privateKeyPath: "id", knownHostsPath: "known" });
    expect(problemsOf(() => accessOf(settings, around(files)))).toEqual([
      "ssh: expected the host key of 10.0.0.2 in /project/known, found none. " +
        "Log in once with ssh and compare the key, or set hostKey, or strictHostKeyChecking: accept-new",
    ]);
  });

  test("learns an unknown host key only where accept-new says so", () => {
    const files = { "/project/id": KEY, "/project/known": `10.0.0.1 ${HOST_KEY}\n` };
    const ssh = {
      privateKeyPath: "id",
      knownHostsPath: "known",
      strictHostKeyChecking: "accept-new",
    };
    const found = accessOf(settingsWith(ssh), around(files));
    expect(found.get("node01")).toMatchObject({
      learnHostKey: true,
      login: { hostKeyPolicy: "accept-any" },
    });
    expect(found.get("controlplane")).toMatchObject({
      learnHostKey: false,
      login: { hostKeys: [HOST_KEY] },
    });
  });

  test("refuses a missing key file once, not once for every node", () => {
    const settings = settingsWith({ privateKeyPath: "id", knownHostsPath: "known" });
    expect(problemsOf(() => accessOf(settings, around({ "/project/known": KNOWN })))).toEqual([
      "ssh.privateKeyPath: expected a private key at /project/id, found no such file",
    ]);
  });

  test("refuses settings with no way to log in", () => {
    expect(
      problemsOf(() => accessOf(settingsWith({}), around({ "/home/me/.ssh/known_hosts": KNOWN }))),
    ).toEqual([
      "ssh: expected a way to log in: privateKeyPath, privateKey, agent: true or password (or an IdentityFile of the ssh config), found none",
    ]);
  });

  test("asks the agent only when told to, and says when there is none", () => {
    const files = { "/home/me/.ssh/known_hosts": KNOWN };
    expect(
      accessOf(settingsWith({ agent: true }), around(files, "/run/agent")).get("node01")?.login
        .agentSocket,
    ).toBe("/run/agent");
    expect(problemsOf(() => accessOf(settingsWith({ agent: true }), around(files)))).toEqual([
      "ssh.agent: expected a running ssh-agent, found no SSH_AUTH_SOCK in the environment",
    ]);
  });

  test("checks the bastion's host key as strictly", () => {
    const files = { "/project/id": KEY, "/project/known": KNOWN };
    const ssh = {
      privateKeyPath: "id",
      knownHostsPath: "known",
      bastion: { address: "10.0.0.9", privateKeyPath: "id" },
    };
    expect(problemsOf(() => accessOf(settingsWith(ssh), around(files)))).toEqual([
      "ssh.bastion: expected the host key of 10.0.0.9 in /project/known, found none. " +
        "Log in once with ssh and compare the key, or set hostKey, or strictHostKeyChecking: accept-new",
    ]);
  });

  test("a bastion logs in as its hosts do, unless it has settings of its own", () => {
    const files = { "/project/id": KEY, "/project/known": `${KNOWN}10.0.0.9 ${HOST_KEY}\n` };
    const ssh = { privateKeyPath: "id", knownHostsPath: "known", user: "ops" };
    const login = (bastion: unknown) =>
      accessOf(settingsWith({ ...ssh, bastion }), around(files)).get("node01")?.login.proxy;
    expect(login({ address: "10.0.0.9" })).toMatchObject({ user: "ops", privateKey: KEY });
    expect(login({ address: "10.0.0.9", user: "jump", password: "pw" })).toMatchObject({
      user: "jump",
      password: "pw",
    });
    expect(login({ address: "10.0.0.9", password: "pw" })?.privateKey).toBeUndefined();
  });

  test("a bastion that every Host entry covers is reached directly", () => {
    const files = {
      "/home/me/.ssh/config": "Host *\n  ProxyJump 10.0.0.9\n",
      "/project/id": KEY,
      "/project/known": `${KNOWN}10.0.0.9 ${HOST_KEY}\n`,
    };
    const settings = settingsWith({ privateKeyPath: "id", knownHostsPath: "known" });
    const login = accessOf(settings, around(files)).get("node01")?.login;
    expect(login?.proxy).toMatchObject({ host: "10.0.0.9" });
    expect(login?.proxy?.proxy).toBeUndefined();
  });

  test("refuses a ProxyJump that goes round in circles", () => {
    const files = {
      "/home/me/.ssh/config":
        "Host 10.0.0.8\n  ProxyJump 10.0.0.9\nHost 10.0.0.9\n  ProxyJump 10.0.0.8\n",
      "/project/id": KEY,
      "/project/known": `${KNOWN}10.0.0.9 ${HOST_KEY}\n10.0.0.8 ${HOST_KEY}\n`,
    };
    const ssh = { privateKeyPath: "id", knownHostsPath: "known", bastion: { address: "10.0.0.8" } };
    expect(problemsOf(() => accessOf(settingsWith(ssh), around(files)))).toEqual([
      "ssh.bastion.config: ProxyJump of 10.0.0.9 goes round in circles",
    ]);
  });

  test("keeps the bastion's own key file and known hosts, which OpenSSH needs by path", () => {
    const files = {
      "/project/id": KEY,
      "/project/jump": KEY,
      "/project/known": KNOWN,
      "/project/jumps": `10.0.0.9 ${HOST_KEY}\n`,
    };
    const bastion = { address: "10.0.0.9", privateKeyPath: "jump", knownHostsPath: "jumps" };
    const ssh = { privateKeyPath: "id", knownHostsPath: "known", bastion };
    const node = accessOf(settingsWith(ssh), around(files)).get("node01");
    expect(node?.bastion).toEqual({
      login: node?.login.proxy,
      identityFile: "/project/jump",
      knownHostsFiles: ["/project/jumps"],
      keyInFiles: true,
      learnHostKey: false,
    });
  });

  test("tells whether a host key of the settings is in the known_hosts files too", () => {
    const other = HOST_KEY.replace(/BwcH/, "CAgI");
    const files = { "/project/id": KEY, "/project/known": `10.0.0.1 ${HOST_KEY}\n` };
    const found = accessOf(
      settingsWith({ privateKeyPath: "id", knownHostsPath: "known", hostKey: `${HOST_KEY} me@cp` }),
      around(files),
    );
    expect(other).not.toBe(HOST_KEY);
    expect(found.get("controlplane")).toMatchObject({
      keyInFiles: true,
      login: { hostKeys: [HOST_KEY] },
    });
    expect(found.get("node01")).toMatchObject({ keyInFiles: false });
    const changed = settingsWith({ privateKeyPath: "id", knownHostsPath: "known", hostKey: other });
    expect(accessOf(changed, around(files)).get("controlplane")).toMatchObject({
      keyInFiles: false,
    });
  });

  test("looks a HostKeyAlias up without the port, as ssh does, and keeps every known_hosts file", () => {
    const files = {
      "/home/me/.ssh/config":
        "Host 10.0.0.*\n  HostKeyAlias fleet\n  Port 2222\n  UserKnownHostsFile /k1 /k2\n",
      "/project/id": KEY,
      "/k2": `fleet ${HOST_KEY}\n`,
    };
    expect(
      accessOf(settingsWith({ privateKeyPath: "id" }), around(files)).get("node01"),
    ).toMatchObject({
      hostKeyAlias: "fleet",
      knownHostsFiles: ["/k1", "/k2"],
      keyInFiles: true,
      login: { port: 2222, hostKeys: [HOST_KEY] },
    });
  });

  test("refuses two bastions in a row, since @pulumi/command goes through one", () => {
    const files = {
      "/home/me/.ssh/config": "Host 10.0.0.2\n  ProxyJump 10.0.0.8,10.0.0.9\n",
      "/project/id": KEY,
      "/project/known": `${KNOWN}10.0.0.8 ${HOST_KEY}\n10.0.0.9 ${HOST_KEY}\n`,
    };
    const settings = settingsWith({ privateKeyPath: "id", knownHostsPath: "known" });
    expect(problemsOf(() => accessOf(settings, around(files)))).toEqual([
      "ssh: expected one bastion before 10.0.0.2, found 10.0.0.8 before 10.0.0.9: @pulumi/command goes through one; " +
        "give the outer one's network a way to the host, or run this on the outer one",
    ]);
  });
});
