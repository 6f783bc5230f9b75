import { clientOptions } from "../../../../ssh/client-config";
import {
  parseProxyCommand,
  parseSshOptions,
} from "../../../../engine/providers/docker/ssh-options";

const around = { home: "/home/me", localUser: "me", env: () => "/keys" };

test("flags are read apart or in one word, and the first value of an option counts", () => {
  const { lines, ...rest } = parseSshOptions([
    ...["-i", "lab_id", "-p2222", "-o", "UserKnownHostsFile=/k1 /k2"],
    ...["-o", "StrictHostKeyChecking no", "-oStrictHostKeyChecking=yes"],
    ...["-o", 'IdentityFile="${KEYS}/a b"', "-J", "admin@bastion:2200, inner", "-l", "ops"],
    ...["-o", "BatchMode=yes", "-o", "ConnectTimeout=5", "-T"],
  ]);
  expect(rest).toEqual({ connectSeconds: 5 });
  expect(clientOptions(lines, "host", around)).toEqual({
    identityFiles: ["lab_id", "/keys/a b"],
    certificateFiles: [],
    port: 2222,
    userKnownHostsFiles: ["/k1", "/k2"],
    strictHostKeyChecking: "no",
    proxyJump: ["admin@bastion:2200", "inner"],
    user: "ops",
    notes: [],
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
  [["-p", "many"], "sshOpts: -p: Port many: expected a number from 1 to 65535."],
  [["host"], "sshOpts: host: it is no flag."],
  [["-o", "nonsense"], "sshOpts: -o nonsense: expected NAME=VALUE."],
  [["-o", "CertificateFile=/c"], "sshOpts: -o CertificateFile: it is not supported."],
  [
    ["-o", "IdentityFile=~other/k"],
    "sshOpts: -o IdentityFile: IdentityFile ~other/k: expected ~ or ~/, found the home folder of another user.",
  ],
])("%j is refused by name, with what there is", (args, message) => {
  expect(() => parseSshOptions(args)).toThrow(message);
  expect(() => parseSshOptions(args)).toThrow(
    "The embedded engine honours -i, -p, -l, -J, -F, and of -o:",
  );
});

test("a ProxyCommand that is ssh to a bastion is taken apart, one that is none hides the configuration's", () => {
  expect(parseProxyCommand("ssh -i '/a b/100%%%%' -W %h:%p -p 2222 jump@10.0.0.9")).toEqual({
    url: "ssh://jump@10.0.0.9",
    args: ["-i", "/a b/100%%", "-p", "2222"],
  });
  expect(parseProxyCommand("ssh -F none -W %h:%p fd00::9")).toEqual({
    url: "ssh://[fd00::9]",
    args: ["-F", "none"],
  });
  const { lines } = parseSshOptions(["-o", "ProxyCommand=none"]);
  expect(clientOptions(lines, "host", around)).toMatchObject({ proxyJump: [] });
});
