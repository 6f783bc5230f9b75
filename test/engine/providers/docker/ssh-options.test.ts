import { parseSshOptions } from "../../../../engine/providers/docker/ssh-options";

test("flags are read apart or in one word, and the first value of an option counts", () => {
  expect(
    parseSshOptions([
      "-i",
      "lab_id",
      "-p2222",
      "-o",
      "UserKnownHostsFile=/k1 /k2",
      "-o",
      "StrictHostKeyChecking no",
      "-oStrictHostKeyChecking=yes",
      "-o",
      'IdentityFile="/keys/a b"',
      "-J",
      "admin@bastion:2200, inner",
      "-l",
      "ops",
      "-o",
      "BatchMode=yes",
      "-o",
      "ConnectTimeout=5",
      "-T",
    ]),
  ).toEqual({
    identityFiles: ["lab_id", "/keys/a b"],
    port: 2222,
    userKnownHostsFiles: ["/k1", "/k2"],
    strictHostKeyChecking: "no",
    proxyJump: ["admin@bastion:2200", "inner"],
    user: "ops",
    connectSeconds: 5,
  });
});

test.each([
  [
    ["-o", "ProxyCommand=nc %h %p"],
    "sshOpts: -o ProxyCommand=nc %h %p: expected ssh [OPTIONS] -W %h:%p [USER@]HOST.",
  ],
  [
    ["-o", "ProxyCommand=ssh -W %h:%p b; reboot"],
    "sshOpts: -o ProxyCommand=ssh -W %h:%p b; reboot: expected ssh [OPTIONS] -W %h:%p [USER@]HOST.",
  ],
  [
    ["-o", "ProxyCommand=ssh -W %h:%p $(cat b)"],
    "sshOpts: -o ProxyCommand=ssh -W %h:%p $(cat b): expected ssh [OPTIONS] -W %h:%p [USER@]HOST.",
  ],
  [["-o", "ProxyCommand=ssh -A -W %h:%p b"], "sshOpts: -A: it is not supported."],
  [["-L", "80:localhost:80"], "sshOpts: -L: it is not supported."],
  [["-A"], "sshOpts: -A: it is not supported."],
  [["-i"], "sshOpts: -i: its value is missing."],
  [["-p", "many"], "sshOpts: port many: expected a number."],
  [["host"], "sshOpts: host: it is no flag."],
  [["-o", "nonsense"], "sshOpts: -o nonsense: expected NAME=VALUE."],
])("%j is refused by name, with what there is", (args, message) => {
  expect(() => parseSshOptions(args)).toThrow(message);
  expect(() => parseSshOptions(args)).toThrow(
    "The embedded engine honours -i, -p, -l, -J, -F, and of -o:",
  );
});

test("a ProxyCommand that is ssh to a bastion is taken apart, one that is none hides the configuration's", () => {
  const bastion = (text: string) =>
    parseSshOptions(["-o", `ProxyCommand=${text}`]).proxyCommand?.through;
  expect(bastion("ssh -i '/a b/100%%' -W %h:%p -p 2222 jump@10.0.0.9")).toEqual({
    url: "ssh://jump@10.0.0.9",
    args: ["-i", "/a b/100%", "-p", "2222"],
  });
  expect(bastion("ssh -W %h:%p fd00::9")).toEqual({ url: "ssh://[fd00::9]", args: [] });
  expect(parseSshOptions(["-o", "ProxyCommand=none"]).proxyCommand).toEqual({});
});
