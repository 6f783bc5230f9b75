import { clientOptions } from "../../ssh/client-config";
import { parseProxyCommand, parseSshOptions } from "../../ssh/command-options";

const around = { home: "/home/me", localUser: "me", env: () => "/keys" };

test("what the program says is read as lines of a configuration, of which the first of a name counts", () => {
  const { lines, ...rest } = parseSshOptions([
    ...["-F", "none", "-i", "lab_id", "-p", "2222", "-o", "UserKnownHostsFile=/k1 /k2"],
    ...["-o", "StrictHostKeyChecking=no", "-o", "StrictHostKeyChecking=yes"],
    ...["-o", 'IdentityFile="${KEYS}/a b"', "-o", "BatchMode=yes"],
  ]);
  expect(rest).toEqual({ readsFiles: false });
  expect(clientOptions(lines, "host", around)).toEqual({
    identityFiles: ["lab_id", "/keys/a b"],
    certificateFiles: [],
    port: 2222,
    userKnownHostsFiles: ["/k1", "/k2"],
    strictHostKeyChecking: "no",
    notes: [],
  });
});

test.each([
  "nc %h %p",
  "ssh -W %h:%p b; reboot",
  "ssh -W %h:%p $(cat b)",
  "ssh -W %h:%p",
  "ssh -p %p -W %h:%p b",
])("the ProxyCommand %j is refused, since it is more than ssh to a bastion", (text) => {
  expect(() => parseProxyCommand(text)).toThrow(
    `sshOpts: -o ProxyCommand=${text}: expected ssh [OPTIONS] -W %h:%p [USER@]HOST. The embedded engine honours`,
  );
});

test.each([
  [["-L", "80:localhost:80"], "sshOpts: -L: it is not supported."],
  [["-J", "bastion"], "sshOpts: -J: it is not supported."],
  [["-A"], "sshOpts: -A: it is not supported."],
  [["-F", "other"], "sshOpts: -F other: it is not supported."],
  [["-i"], "sshOpts: -i: its value is missing."],
  [["host"], "sshOpts: host: it is not supported."],
  [["-o", "nonsense"], "sshOpts: -o nonsense: expected NAME=VALUE."],
  [["-o", "ControlMaster=yes"], "sshOpts: -o ControlMaster: it is not supported."],
])("%j is refused by name, with what there is", (args, message) => {
  expect(() => parseSshOptions(args)).toThrow(message);
  expect(() => parseSshOptions(args)).toThrow(
    "The embedded engine honours -i, -p, -F none, and of -o: IdentityFile,",
  );
});

test("a ProxyCommand that is ssh to a bastion is taken apart, one that is none hides the configuration's", () => {
  expect(parseProxyCommand("ssh -i '/a b/100%%%%' -p 2222 -W %h:%p jump@10.0.0.9")).toEqual({
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
