import { spawnSync } from "node:child_process";
import { dockerSshOptions } from "../../components/docker-ssh";
import { parseProxyCommand, parseSshOptions } from "../../ssh/command-options";
import type { Route } from "../../settings/access";
import { clientOptions } from "../../ssh/client-config";

const route = (changes: Partial<Route> = {}): Route => ({
  login: { host: "10.0.0.1", port: 22, user: "ops" },
  identityFile: "/keys/id",
  knownHostsFiles: ["/keys/known"],
  keyInFiles: true,
  learnHostKey: false,
  ...changes,
});
const bastion = (changes: Partial<Route> = {}): Route =>
  route({ login: { host: "10.0.0.9", port: 2222, user: "jump" }, ...changes });
const hasOpenSsh = spawnSync("ssh", ["-V"]).status === 0;
const testWithOpenSsh = hasOpenSsh ? test : test.skip;

/** The options as OpenSSH reads them, by keyword. */
function readByOpenSsh(options: string[]): Map<string, string> {
  const { stdout, stderr, status } = spawnSync("ssh", ["-G", ...options, "10.0.0.1"], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(stderr);
  return new Map(
    stdout.split("\n").map((line) => {
      const [keyword = "", ...rest] = line.split(" ");
      return [keyword, rest.join(" ")];
    }),
  );
}

describe("dockerSshOptions", () => {
  test("names key and known hosts, and keeps the user's ssh config out", () => {
    expect(dockerSshOptions(route())).toEqual([
      ...["-F", "none", "-i", "/keys/id", "-o", "IdentitiesOnly=yes"],
      ...["-o", "UserKnownHostsFile=/keys/known", "-o", "StrictHostKeyChecking=yes"],
      ...["-o", "BatchMode=yes"],
    ]);
  });

  test("an agent's keys are the only ones; its socket is named where it is not the session's", () => {
    const byAgent = route();
    Reflect.deleteProperty(byAgent, "identityFile");
    const login = { ...byAgent.login, agentSocket: "/run/agent" };
    const before = process.env["SSH_AUTH_SOCK"];
    try {
      process.env["SSH_AUTH_SOCK"] = "/run/agent";
      const own = dockerSshOptions({ ...byAgent, login });
      expect(own.join(" ")).toContain("-o IdentityFile=none");
      expect(own.join(" ")).not.toContain("IdentityAgent");
      process.env["SSH_AUTH_SOCK"] = "/run/other";
      expect(dockerSshOptions({ ...byAgent, login })).toContain("IdentityAgent=/run/agent");
    } finally {
      if (before === undefined) delete process.env["SSH_AUTH_SOCK"];
      else process.env["SSH_AUTH_SOCK"] = before;
    }
  });

  test("a bastion is an ssh command with its own key and known hosts", () => {
    const options = dockerSshOptions({
      ...route(),
      bastion: bastion({ identityFile: "/keys/jump", knownHostsFiles: ["/keys/jumps"] }),
    });
    expect(options.at(-1)).toBe(
      "ProxyCommand=ssh -F none -i /keys/jump -o IdentitiesOnly=yes -o UserKnownHostsFile=/keys/jumps " +
        "-o StrictHostKeyChecking=yes -o BatchMode=yes -p 2222 -W %h:%p jump@10.0.0.9",
    );
  });

  test("the embedded engine reads out of it what was put in", () => {
    const options = dockerSshOptions({
      ...route({ knownHostsFiles: ["/my keys/known", "/k2"], hostKeyAlias: "fleet" }),
      bastion: bastion({ identityFile: "/my keys/it's 100%", knownHostsFiles: ["/my keys/k"] }),
    });
    const read = (args: string[]) => {
      const { readsFiles, lines } = parseSshOptions(args);
      const around = { home: "/home/me", localUser: "me", env: () => undefined };
      return { readsFiles, ...clientOptions(lines, "10.0.0.1", around) };
    };
    const found = read(options);
    expect(found).toMatchObject({
      readsFiles: false,
      identityFiles: ["/keys/id"],
      userKnownHostsFiles: ["/my keys/known", "/k2"],
      hostKeyAlias: "fleet",
      strictHostKeyChecking: "yes",
    });
    const { url, args } = parseProxyCommand(found.proxyCommand ?? "");
    expect(url).toBe("ssh://jump@10.0.0.9");
    expect(read(args)).toMatchObject({
      readsFiles: false,
      port: 2222,
      identityFiles: ["/my keys/it's 100%"],
      userKnownHostsFiles: ["/my keys/k"],
    });
  });

  test("a bastion before a bastion is a command within the command, and is read again", () => {
    const outer = bastion({ identityFile: "/my keys/it's 100%", knownHostsFiles: ["/my keys/k"] });
    const options = dockerSshOptions({ ...route(), bastion: bastion({ bastion: outer }) });
    const inside = (args: string[]) => {
      const { lines } = parseSshOptions(args);
      const around = { home: "/home/me", localUser: "me", env: () => undefined };
      return clientOptions(lines, "10.0.0.1", around);
    };
    const inner = parseProxyCommand(inside(options).proxyCommand ?? "");
    const first = parseProxyCommand(inside(inner.args).proxyCommand ?? "");
    expect(inside(first.args)).toMatchObject({
      port: 2222,
      identityFiles: ["/my keys/it's 100%"],
      userKnownHostsFiles: ["/my keys/k"],
    });
    expect(inside(first.args).proxyCommand).toBeUndefined();
  });

  test("time limits are those of the settings only", () => {
    const login = {
      ...route().login,
      limits: { connectSeconds: 60 },
      sharedLimits: { connectSeconds: 9, keepAlive: { seconds: 5, misses: 3 } },
    };
    expect(dockerSshOptions(route({ login })).slice(-6)).toEqual([
      ...["-o", "ConnectTimeout=9", "-o", "ServerAliveInterval=5", "-o", "ServerAliveCountMax=3"],
    ]);
    expect(dockerSshOptions(route()).join(" ")).not.toContain("ConnectTimeout");
  });

  test("the chosen keys of an agent are named by their public halves", () => {
    const chosen = (only: boolean) => {
      const login = {
        ...route().login,
        agentSocket: "/run/other",
        agentKeys: { keys: ["ssh-ed25519 AAAA"], only },
      };
      const byAgent = route({ login, agentIdentityFiles: ["/keys/a.pub", "/keys/100%.pub"] });
      Reflect.deleteProperty(byAgent, "identityFile");
      return dockerSshOptions(byAgent).slice(2, -6);
    };
    const named = [
      "-o",
      "IdentityAgent=/run/other",
      "-i",
      "/keys/a.pub",
      "-o",
      "IdentityFile=/keys/100%%.pub",
    ];
    expect(chosen(false)).toEqual(named);
    expect(chosen(true)).toEqual([...named, "-o", "IdentitiesOnly=yes"]);
  });

  test("a path that OpenSSH would expand is refused", () => {
    expect(() => dockerSshOptions(route({ identityFile: "/keys/${X}" }))).toThrow(
      "expected a path without ${, found /keys/${X}",
    );
  });

  testWithOpenSsh("OpenSSH reads the same", () => {
    const read = readByOpenSsh(
      dockerSshOptions({
        ...route({ knownHostsFiles: ["/my keys/known", "/k2"], hostKeyAlias: "fleet" }),
        identityFile: __filename, // ssh ignores a key file that does not exist
        bastion: bastion(),
      }),
    );
    expect(read.get("userknownhostsfile")).toBe("/my keys/known /k2");
    expect(read.get("hostkeyalias")).toBe("fleet");
    expect(read.get("identityfile")).toBe(__filename);
    expect(read.get("stricthostkeychecking")).toBe("true");
    expect(read.get("proxycommand")).toBe(
      "ssh -F none -i /keys/id -o IdentitiesOnly=yes -o UserKnownHostsFile=/keys/known " +
        "-o StrictHostKeyChecking=yes -o BatchMode=yes -p 2222 -W %h:%p jump@10.0.0.9",
    );
  });

  testWithOpenSsh("OpenSSH looks for host keys where we did", () => {
    const read = readByOpenSsh(
      dockerSshOptions(
        route({
          knownHostsFiles: ["/a 50%/k", '/q"uote'],
          globalKnownHostsFiles: ["/etc/g", "/etc/h 5%"],
          revokedHostKeysFile: "/etc/lost keys",
        }),
      ),
    );
    expect(read.get("userknownhostsfile")).toBe('/a 50%/k /q"uote');
    expect(read.get("globalknownhostsfile")).toBe("/etc/g /etc/h 5%");
    expect(read.get("revokedhostkeys")).toBe("/etc/lost keys");
    expect(
      readByOpenSsh(dockerSshOptions(route({ globalKnownHostsFiles: [] }))).get(
        "globalknownhostsfile",
      ),
    ).toBe("none");
  });
});
