import { clientOptions } from "../../ssh/client-config";

const AT_HOME = { home: "/home/me", localUser: "me" };

test("a host that the file does not name has nothing", () => {
  expect(clientOptions("Host other\n  Port 2222\n", "node01", AT_HOME)).toEqual({
    identityFiles: [],
    notes: [],
  });
});

test("the first value counts, and keys add up", () => {
  const text = `
Host node01
  HostName 172.30.2.2
  IdentityFile ~/.ssh/lab_id
  port = 2222
Host node* !node09
  Port 22
  User admin
  IdentityFile "%d/keys/%r@%h id"
  IdentitiesOnly yes
Host *
  ProxyJump none
  IdentityAgent SSH_AUTH_SOCK
  UserKnownHostsFile ~/.ssh/known_hosts ~/.ssh/known_hosts2
  StrictHostKeyChecking accept-new
  HostKeyAlias lab
`;
  expect(clientOptions(text, "node01", AT_HOME)).toEqual({
    hostName: "172.30.2.2",
    port: 2222,
    user: "admin",
    identityFiles: ["/home/me/.ssh/lab_id", "/home/me/keys/admin@172.30.2.2 id"],
    identitiesOnly: true,
    identityAgent: "SSH_AUTH_SOCK",
    proxyJump: [],
    userKnownHostsFiles: ["/home/me/.ssh/known_hosts", "/home/me/.ssh/known_hosts2"],
    strictHostKeyChecking: "accept-new",
    hostKeyAlias: "lab",
    notes: [],
  });
  expect(clientOptions(text, "node09", AT_HOME)).not.toHaveProperty("user");
});

test("bastions are listed in order", () => {
  const text = "Host *\n  ProxyJump admin@bastion:2222, inner\n";
  expect(clientOptions(text, "node01", AT_HOME).proxyJump).toEqual(["admin@bastion:2222", "inner"]);
});

test("%h in HostName is the name asked for", () => {
  expect(clientOptions("HostName %h.lab\n", "node01", AT_HOME).hostName).toBe("node01.lab");
});

test("Match by host and user applies; what would run a command is skipped, with a note", () => {
  const text = `
Match host node01 user admin
  Port 2200
Match exec "touch /tmp/match-exec-canary"
  Port 2201
Match all
  IdentityFile /k
Match !host node01
  IdentityFile /other
`;
  const found = clientOptions(text, "node01", { ...AT_HOME, user: "admin" });
  expect(found.port).toBe(2200);
  expect(found.identityFiles).toEqual(["/k"]);
  expect(found.notes).toEqual([
    'Match exec touch /tmp/match-exec-canary: "exec" is not supported; the section is skipped',
  ]);
  expect(clientOptions(text, "node01", AT_HOME).port).toBeUndefined();
});

test("what is not honoured is told, where it concerns the host", () => {
  const text = `Include ~/.ssh/config.d/*
Host node01
  ProxyCommand nc %h %p
Host node02
  ProxyCommand other
`;
  expect(clientOptions(text, "node01", AT_HOME).notes).toEqual([
    "Include is not followed (Include ~/.ssh/config.d/*)",
    "ProxyCommand is not supported; use ProxyJump (ProxyCommand nc %h %p)",
  ]);
});

test("a text that is no configuration is refused", () => {
  expect(() => clientOptions('Host "a\n', "a", AT_HOME)).toThrow(
    "the ssh client configuration cannot be read",
  );
  expect(() => clientOptions("Port many\n", "a", AT_HOME)).toThrow(
    "Port many for a: expected a number from 1 to 65535",
  );
});
