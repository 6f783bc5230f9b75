import { generateKeyPairSync } from "node:crypto";
import { accessOf, accessOrProblem } from "../../settings/access";
import { parseSettings } from "../../settings/parse";
import { SettingsError } from "../../settings/problem";
import type { Surroundings } from "../../ssh/surroundings";

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
    env: (name) => ({ HOME: "/home/me" })[name],
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

  test("takes name, user, port, key and bastion from the ssh config, and the settings override it", () => {
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

  test("reads no ssh config if the settings say none", () => {
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

  test("refuses a host whose key is not known, and says what to do", () => {
    const files = { "/project/id": KEY, "/project/known": `10.0.0.1 ${HOST_KEY}\n` };
    const settings = settingsWith({ privateKeyPath: "id", knownHostsPath: "known" });
    expect(problemsOf(() => accessOf(settings, around(files)))).toEqual([
      "ssh: expected the host key of 10.0.0.2 in /project/known, found none. " +
        "Log in once with ssh and compare the key, or set hostKey, or strictHostKeyChecking: accept-new",
    ]);
  });

  test("learns an unknown host key only with accept-new", () => {
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

  test("a host that may lack its access is named with the reason, and the others have theirs", () => {
    const files = { "/project/id": KEY, "/project/known": `10.0.0.1 ${HOST_KEY}\n` };
    const settings = settingsWith({ privateKeyPath: "id", knownHostsPath: "known" });
    const { access, lacking } = accessOrProblem(
      settings,
      around(files),
      () => true,
      (host) => host === "node01",
    );
    expect([...access.keys()]).toEqual(["controlplane"]);
    expect([...lacking].map(([host, { message }]) => `${host}: ${message}`)).toEqual([
      expect.stringMatching(
        /^node01: ssh: expected the host key of 10\.0\.0\.2 in \/project\/known, found none/,
      ),
    ]);
    expect(problemsOf(() => accessOf(settings, around(files)))).toHaveLength(1);
  });

  test("refuses settings with no way to log in", () => {
    expect(
      problemsOf(() => accessOf(settingsWith({}), around({ "/home/me/.ssh/known_hosts": KNOWN }))),
    ).toEqual([
      "ssh: expected a way to log in: privateKeyPath, privateKey, agent: true or password (or an IdentityFile of the ssh config), found none",
    ]);
  });

  test("names the IdentityFiles of the ssh config that do not exist", () => {
    const files = {
      "/home/me/.ssh/known_hosts": KNOWN,
      "/home/me/.ssh/config": "Host *\n  IdentityFile ~/.ssh/lab_%r\n  IdentityFile /keys/other\n",
    };
    expect(problemsOf(() => accessOf(settingsWith({}), around(files)))).toEqual([
      "ssh: expected a way to log in: privateKeyPath, privateKey, agent: true or password (or an IdentityFile of the ssh config), " +
        "found that the ssh config names /home/me/.ssh/lab_root and /keys/other, and there is no such file, nor a .pub of that name",
    ]);
  });

  test("uses the agent only if the settings say so, and reports a missing one", () => {
    const files = { "/home/me/.ssh/known_hosts": KNOWN };
    expect(
      accessOf(settingsWith({ agent: true }), around(files, "/run/agent")).get("node01")?.login
        .agentSocket,
    ).toBe("/run/agent");
    expect(problemsOf(() => accessOf(settingsWith({ agent: true }), around(files)))).toEqual([
      "ssh.agent: expected a running ssh-agent, found no SSH_AUTH_SOCK in the environment",
    ]);
  });

  test("checks the bastion's host key as strictly as a host's", () => {
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

  test("a bastion that matches the same Host entry is reached directly", () => {
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

  test("refuses a loop of ProxyJumps", () => {
    const files = {
      "/home/me/.ssh/config":
        "Host 10.0.0.8\n  ProxyJump 10.0.0.9\nHost 10.0.0.9\n  ProxyJump 10.0.0.8\n",
      "/project/id": KEY,
      "/project/known": `${KNOWN}10.0.0.9 ${HOST_KEY}\n10.0.0.8 ${HOST_KEY}\n`,
    };
    const ssh = { privateKeyPath: "id", knownHostsPath: "known", bastion: { address: "10.0.0.8" } };
    expect(problemsOf(() => accessOf(settingsWith(ssh), around(files)))).toEqual([
      "ssh.bastion.config: ProxyJump of 10.0.0.9 is a loop",
    ]);
  });

  test("keeps the paths of the bastion's own key file and known_hosts file for OpenSSH", () => {
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

  test("looks up a HostKeyAlias without the port, as ssh does, and keeps every known_hosts file", () => {
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

  describe("several bastions", () => {
    const hops = ["10.0.0.8", "10.0.0.9"];
    const files = {
      "/project/id": KEY,
      "/project/known": `${KNOWN}${hops.map((hop) => `${hop} ${HOST_KEY}\n`).join("")}`,
    };
    const ssh = { privateKeyPath: "id", knownHostsPath: "known" };
    const node01 = (changes: Record<string, unknown>, more: Record<string, string> = {}) =>
      accessOf(settingsWith({ ...ssh, ...changes }), around({ ...files, ...more })).get("node01");
    /** The hops from the host outwards, of the login and of OpenSSH's route. */
    const outwards = (access: ReturnType<typeof node01>) => {
      const found: [string, string][] = [];
      let login = access?.login.proxy;
      for (let route = access?.bastion; route !== undefined; route = route.bastion) {
        found.push([login?.host ?? "", route.login.host]);
        login = login?.proxy;
      }
      return found;
    };

    test("are those of ProxyJump in order: the last one is nearest to the host", () => {
      const config = "Host 10.0.0.2\n  ProxyJump 10.0.0.8,10.0.0.9\n";
      expect(outwards(node01({}, { "/home/me/.ssh/config": config }))).toEqual([
        ["10.0.0.9", "10.0.0.9"],
        ["10.0.0.8", "10.0.0.8"],
      ]);
    });

    test("are those of the settings in order, each with its own login", () => {
      const bastion = [{ address: "10.0.0.8", user: "outer" }, { address: "10.0.0.9" }];
      const access = node01({ user: "ops", bastion });
      expect(outwards(access)).toEqual([
        ["10.0.0.9", "10.0.0.9"],
        ["10.0.0.8", "10.0.0.8"],
      ]);
      expect([access?.login.proxy?.user, access?.login.proxy?.proxy?.user]).toEqual([
        "ops",
        "outer",
      ]);
    });

    test("a problem of one of them has its place in the list", () => {
      const bastion = [{ address: "10.0.0.8" }, { address: "10.0.0.7" }];
      expect(problemsOf(() => accessOf(settingsWith({ ...ssh, bastion }), around(files)))).toEqual([
        "ssh.bastion[1]: expected the host key of 10.0.0.7 in /project/known, found none. " +
          "Log in once with ssh and compare the key, or set hostKey, or strictHostKeyChecking: accept-new",
      ]);
    });

    test("none is for a node that needs none, also if the ssh config has one", () => {
      const config = { "/home/me/.ssh/config": "Host *\n  ProxyJump 10.0.0.9\n" };
      expect(outwards(node01({}, config))).toHaveLength(1);
      expect(outwards(node01({ bastion: "none" }, config))).toEqual([]);
    });
  });

  describe("time limits", () => {
    const files = { "/project/id": KEY, "/project/known": KNOWN };
    const login = (ssh: Record<string, unknown>, config = "") =>
      accessOf(
        settingsWith({ privateKeyPath: "id", knownHostsPath: "known", ...ssh }),
        around({ ...files, "/home/me/.ssh/config": config }),
      ).get("node01")?.login;

    test("are the defaults of every connection, unless something sets them", () => {
      expect(login({})).not.toHaveProperty("limits");
      expect(login({})).not.toHaveProperty("sharedLimits");
    });

    test("come from the settings, and resources get them too", () => {
      const limits = { connectSeconds: 90, keepAlive: { seconds: 5, misses: 3 } };
      expect(login({ connectTimeout: "1m30s", keepAlive: "5s" })).toMatchObject({
        limits,
        sharedLimits: limits,
      });
    });

    test("of a host are those of its bastions too, unless a bastion has its own", () => {
      const limits = { connectSeconds: 3, keepAlive: { seconds: 5, misses: 3 } };
      const ssh = { connectTimeout: "3s", keepAlive: "5s" };
      const bastion = { address: "10.0.0.1", user: "jump" };
      expect(login({ ...ssh, bastion })?.proxy).toMatchObject({ user: "jump", limits });
      expect(
        login({ ...ssh, bastion: { ...bastion, connectTimeout: "20s" } })?.proxy,
      ).toMatchObject({
        limits: { ...limits, connectSeconds: 20 },
      });
    });

    test("come from the ssh config, for the connections of this operator alone", () => {
      const config =
        "Host *\n ConnectTimeout 1m\n ServerAliveInterval 20\n ServerAliveCountMax 9\n";
      const found = login({ keepAlive: "5s" }, config);
      expect(found?.limits).toEqual({
        connectSeconds: 60,
        keepAlive: { seconds: 5, misses: 3 },
      });
      expect(found?.sharedLimits).toEqual({ keepAlive: { seconds: 5, misses: 3 } });
      expect(login({}, config)?.limits?.keepAlive).toEqual({ seconds: 20, misses: 9 });
    });

    test("an interval of 0 in the ssh config does not switch keepalives off", () => {
      expect(login({}, "ServerAliveInterval 0\nConnectTimeout none\n")).not.toHaveProperty(
        "limits",
      );
    });
  });

  describe("host keys", () => {
    const OTHER_KEY = HOST_KEY.replace(/BwcH/g, "CAgI");
    const own = { "/project/id": KEY, "/home/me/.ssh/known_hosts": KNOWN };
    const ssh = { privateKeyPath: "id" };
    const node01 = (changes: Record<string, unknown>, files: Record<string, string>) =>
      accessOf(settingsWith({ ...ssh, ...changes }), around({ ...own, ...files })).get("node01");

    test("in the machine's own known_hosts count like those in the user's", () => {
      const files = {
        "/home/me/.ssh/known_hosts": "",
        "/etc/ssh/ssh_known_hosts": KNOWN,
      };
      expect(node01({}, files)).toMatchObject({
        keyInFiles: true,
        login: { hostKeys: [HOST_KEY] },
      });
      expect(node01({}, files)).not.toHaveProperty("globalKnownHostsFiles");
      const named = {
        "/home/me/.ssh/known_hosts": "",
        "/home/me/.ssh/config": "GlobalKnownHostsFile /fleet/known\nUserKnownHostsFile none\n",
        "/fleet/known": KNOWN,
      };
      expect(node01({}, named)).toMatchObject({
        knownHostsFiles: [],
        globalKnownHostsFiles: ["/fleet/known"],
        keyInFiles: true,
        login: { hostKeys: [HOST_KEY] },
      });
    });

    test.each([
      "/etc/ssh/ssh_known_hosts",
      "/etc/ssh/ssh_known_hosts2",
      "/home/me/.ssh/known_hosts2",
    ])("that %s revokes are refused, under accept-new too", (file) => {
      const files = { [file]: `@revoked * ${HOST_KEY}\n`, "/home/me/.ssh/known_hosts": `10.0.0.1 ${OTHER_KEY}\n10.0.0.2 ${HOST_KEY}\n` }; // prettier-ignore
      const [problem] = problemsOf(() => node01({}, files));
      expect(problem).toContain(
        "ssh: expected the host key of 10.0.0.2 in /home/me/.ssh/known_hosts",
      );
      expect(problem).toContain(`found none (${file} line 1: a key is @revoked).`);
      expect(node01({ strictHostKeyChecking: "accept-new" }, files)).toMatchObject({
        learnHostKey: true,
        login: { hostKeyPolicy: "accept-any", revokedHostKeys: [HOST_KEY] },
      });
      expect(problemsOf(() => node01({ hostKey: HOST_KEY }, files))).toEqual([
        `ssh.hostKey: expected a key that is not revoked, found one that is (${file} line 1: a key is @revoked)`,
      ]);
    });

    test("in a RevokedHostKeys list are refused, and a missing list is an error", () => {
      const config = { "/home/me/.ssh/config": "RevokedHostKeys ~/lost\n" };
      const accept = { strictHostKeyChecking: "accept-new" };
      expect(node01(accept, { ...config, "/home/me/lost": `${HOST_KEY}\n` })).toMatchObject({
        revokedHostKeysFile: "/home/me/lost",
        login: { hostKeyPolicy: "accept-any", revokedHostKeys: [HOST_KEY] },
      });
      expect(problemsOf(() => node01({}, config))).toEqual([
        "ssh: RevokedHostKeys /home/me/lost: there is no such file",
      ]);
    });

    test("are always verified, and accept-new needs a known_hosts file; a message says both", () => {
      const careless = { "/home/me/.ssh/config": "StrictHostKeyChecking no\n" };
      expect(node01({}, careless)?.notes).toEqual([
        "StrictHostKeyChecking no is ignored: host keys are always verified",
      ]);
      expect(node01({ strictHostKeyChecking: "yes" }, careless)?.notes).toEqual([]);
      const nowhere = {
        "/home/me/.ssh/config": "UserKnownHostsFile /dev/null\nStrictHostKeyChecking accept-new\n",
      };
      expect(problemsOf(() => node01({}, nowhere))[0]).toBe(
        "ssh: expected a known_hosts file to keep the key of 10.0.0.1 in (accept-new), found UserKnownHostsFile /dev/null in the ssh config: set knownHostsPath",
      );
    });
  });

  describe("the keys of an agent", () => {
    const config = (text: string) => ({
      "/home/me/.ssh/config": text,
      "/home/me/.ssh/known_hosts": KNOWN,
      "/home/me/.ssh/fleet.pub": `${HOST_KEY} me@desk\n`,
    });
    const chosen = (ssh: unknown, files: Record<string, string>, socket?: string) =>
      accessOf(settingsWith(ssh), around(files, socket)).get("node01");
    const key = { keys: [HOST_KEY], only: true };

    test("are selected by IdentityFile KEY.pub, and by IdentityFile KEY if only KEY.pub exists", () => {
      for (const name of ["~/.ssh/fleet.pub", "${HOME}/.ssh/fleet.pub", "%d/.ssh/fleet"]) {
        const access = chosen({}, config(`IdentityFile ${name}\n`), "/run/agent");
        expect(access?.login).toMatchObject({ agentSocket: "/run/agent", agentKeys: key });
        expect(access?.login).not.toHaveProperty("privateKey");
        expect(access).toMatchObject({ agentIdentityFiles: ["/home/me/.ssh/fleet.pub"] });
        expect(access).not.toHaveProperty("identityFile");
        expect(access?.notes).toEqual([
          "reading hosts and Docker offer only the selected keys of the agent; @pulumi/command offers all of its keys, in the agent's order",
        ]);
      }
      expect(problemsOf(() => chosen({}, config("IdentityFile ~/.ssh/fleet.pub\n")))).toEqual([
        "ssh: IdentityFile /home/me/.ssh/fleet.pub is a public key, so an agent must hold its private half, found no SSH_AUTH_SOCK in the environment",
      ]);
    });

    test("are only the IdentityFiles' with IdentitiesOnly; otherwise the IdentityFiles' come first", () => {
      const ssh = { agent: true };
      const text = "IdentityFile ~/.ssh/fleet\n";
      expect(chosen(ssh, config(`${text}IdentitiesOnly yes\n`), "/a")?.login.agentKeys).toEqual(
        key,
      );
      expect(chosen(ssh, config(text), "/a")?.login.agentKeys).toEqual({ ...key, only: false });
      expect(chosen(ssh, config("Port 22\n"), "/a")?.login).not.toHaveProperty("agentKeys");
      const byDefault = {
        ...config("IdentitiesOnly yes\n"),
        "/home/me/.ssh/id_rsa": KEY,
      };
      const rsa = chosen(ssh, byDefault, "/a");
      expect(rsa?.login.agentKeys?.keys[0]).toMatch(/^ssh-rsa AAAAB3/);
      expect(rsa?.agentIdentityFiles).toEqual(["/home/me/.ssh/id_rsa"]);
      expect(
        problemsOf(() => chosen(ssh, config("IdentitiesOnly yes\nIdentityFile /no\n"), "/a")),
      ).toEqual([
        "ssh.agent: expected a public key that says which of the agent's keys is meant (IdentitiesOnly yes), found none at /no: " +
          "write it there with `ssh-add -L`, under a name that ends in .pub",
      ]);
    });

    test("are not used if the ssh config says IdentityAgent none", () => {
      expect(
        problemsOf(() => chosen({ agent: true }, config("IdentityAgent none\n"), "/a")),
      ).toEqual([
        "ssh.agent: expected a running ssh-agent, found IdentityAgent none in the ssh config",
      ]);
    });
  });

  describe("what cannot be used", () => {
    const own = { "/home/me/.ssh/known_hosts": KNOWN, "/keys/a": KEY, "/keys/b": KEY };
    const node01 = (config: string, files: Record<string, string> = {}, ssh: unknown = {}) =>
      accessOf(settingsWith(ssh), around({ ...own, "/home/me/.ssh/config": config, ...files })).get(
        "node01",
      );

    test("a ProxyCommand is refused by name, unless it is ssh to a bastion or the settings have a bastion", () => {
      const command = "Host 10.0.0.2\n  IdentityFile /keys/a\n  ProxyCommand";
      const start = "Host *\n  IdentityFile /keys/a\n";
      expect(problemsOf(() => node01(`${start}${command} connect -S socks:1080 %h %p\n`))).toEqual([
        "ssh.config: expected ProxyJump (or ProxyCommand ssh -W %h:%p [USER@]BASTION) for 10.0.0.2, found ProxyCommand connect -S socks:1080 %h %p: " +
          "@pulumi/command cannot run it; name the bastion with ProxyJump or in ssh.bastion",
      ]);
      const bastion = { "/home/me/.ssh/known_hosts": `${KNOWN}10.0.0.9 ${HOST_KEY}\n` };
      expect(
        node01(`${start}${command} ssh -W %h:%p jump@10.0.0.9\n`, bastion)?.login.proxy,
      ).toMatchObject({
        host: "10.0.0.9",
        user: "jump",
      });
      const set = { bastion: { address: "10.0.0.9" } };
      expect(node01(`${start}${command} connect %h\n`, bastion, set)?.login.proxy).toMatchObject({
        host: "10.0.0.9",
      });
      expect(node01(`${start}${command} none\n`)?.login).not.toHaveProperty("proxy");
    });

    test("a certificate, and a second key, are named in a note and in the error of a refused login", () => {
      const config =
        "IdentityFile /keys/a\nIdentityFile /keys/b\nCertificateFile /certs/c\nCertificateFile /certs/none\n";
      const access = node01(config, { "/certs/c": "x", "/keys/a-cert.pub": "y" });
      const advice =
        "@pulumi/command logs in by keys alone; have the key itself in the authorized_keys of the host";
      const said = [
        `certificate /certs/c: ${advice}`,
        `certificate /keys/a-cert.pub: ${advice}`,
        "/keys/b: of several IdentityFiles of the ssh config the first is used, /keys/a",
      ];
      expect(access?.login.notOffered).toEqual(said);
      expect(access?.notes).toEqual(said.map((what) => `not offered: ${what}`));
    });
  });

  test("the config in the settings is the only one that is read, as with ssh -F", () => {
    const files = {
      "/project/id": KEY,
      "/home/me/.ssh/known_hosts": KNOWN,
      "/home/me/.ssh/config": "User mine\n",
      "/etc/ssh/ssh_config": "Port 2200\n",
      "/project/lab.config": "HostKeyAlias 10.0.0.1\n",
    };
    const login = (config?: string) =>
      accessOf(
        settingsWith({ privateKeyPath: "id", ...(config !== undefined && { config }) }),
        around({ ...files, "/home/me/.ssh/known_hosts": `${KNOWN}[10.0.0.1]:2200 ${HOST_KEY}\n` }),
      ).get("controlplane")?.login;
    expect(login("lab.config")).toMatchObject({ user: "root", port: 22 });
    expect(login()).toMatchObject({ user: "mine", port: 2200 });
  });
});
