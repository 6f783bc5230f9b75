import { spawnSync } from "node:child_process";
import { dockerSshOptions } from "../../components";
import { parseSshOptions } from "../../engine/providers/docker/ssh-options";
import type { Route } from "../../settings/access";

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

/** What OpenSSH itself makes of the options, by keyword. */
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
    const read = parseSshOptions(options);
    expect(read).toMatchObject({
      configFile: "none",
      identityFiles: ["/keys/id"],
      userKnownHostsFiles: ["/my keys/known", "/k2"],
      hostKeyAlias: "fleet",
      strictHostKeyChecking: "yes",
    });
    expect(read.proxyCommand?.through?.url).toBe("ssh://jump@10.0.0.9");
    expect(parseSshOptions(read.proxyCommand?.through?.args ?? [])).toMatchObject({
      configFile: "none",
      port: 2222,
      identityFiles: ["/my keys/it's 100%"],
      userKnownHostsFiles: ["/my keys/k"],
    });
  });

  testWithOpenSsh("OpenSSH reads the same", () => {
    const read = readByOpenSsh(
      dockerSshOptions({
        ...route({ knownHostsFiles: ["/my keys/known", "/k2"], hostKeyAlias: "fleet" }),
        identityFile: __filename, // ssh passes over a key that is not there
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
});
