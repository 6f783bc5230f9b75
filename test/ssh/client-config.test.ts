import { type ClientSurroundings, clientOptions } from "../../ssh/client-config";
import { defaultSources, namedSource, readConfig } from "../../ssh/config-file";

const AT_HOME: ClientSurroundings = {
  home: "/home/me",
  localUser: "me",
  localHost: "desk.lab",
  uid: 1000,
  env: (name) => ({ HOME: "/home/me", KEYS: "/keys" })[name],
};

/** The options for a host. `/c` is the file, which may include others. */
const read = (
  text: string,
  host: string,
  around: Partial<ClientSurroundings> = {},
  others: Record<string, string> = {},
) => {
  const files: Record<string, string> = { "/c": text, ...others };
  const lines = readConfig(namedSource("/c", "/home/me"), "/home/me", {
    read: (path) => files[path],
    list: (folder) =>
      Object.keys(files).flatMap((path) =>
        path.startsWith(`${folder}/`)
          ? path
              .slice(folder.length + 1)
              .split("/")
              .slice(0, 1)
          : [],
      ),
  });
  return clientOptions(lines, host, { ...AT_HOME, ...around });
};

test("a host that the file does not name has no options", () => {
  expect(read("Host other\n  Port 2222\n", "node01")).toEqual({ certificateFiles: [], notes: [] });
});

test("the first value counts, and keys add up", () => {
  const text = `
Host node01
  HostName 172.30.2.2
  IdentityFile ~/.ssh/lab_id
  port = 2222 # a comment
Host node* !node09
  Port 22
  User admin
  IdentityFile "%d/keys/%r@%h id"
  IdentityFile ~/.ssh/lab_id
  IdentitiesOnly yes
Host *
  ProxyJump none
  IdentityAgent SSH_AUTH_SOCK
  UserKnownHostsFile ~/.ssh/known_hosts "/known hosts/%k"
  GlobalKnownHostsFile /etc/%k none
  RevokedHostKeys ~/revoked
  StrictHostKeyChecking accept-new
  HostKeyAlias lab
  CertificateFile \${KEYS}/c-%n-cert.pub
`;
  expect(read(text, "node01")).toEqual({
    hostName: "172.30.2.2",
    port: 2222,
    user: "admin",
    identityFiles: ["/home/me/.ssh/lab_id", "/home/me/keys/admin@172.30.2.2 id"],
    certificateFiles: ["/keys/c-node01-cert.pub"],
    identitiesOnly: true,
    identityAgent: "SSH_AUTH_SOCK",
    proxyJump: [],
    userKnownHostsFiles: ["/home/me/.ssh/known_hosts", "/known hosts/lab"],
    globalKnownHostsFiles: ["/etc/%k"],
    revokedHostKeys: "/home/me/revoked",
    strictHostKeyChecking: "accept-new",
    hostKeyAlias: "lab",
    notes: [],
  });
  expect(read(text, "node09")).not.toHaveProperty("user");
});

test("tokens and variables are expanded once, and unknown ones are refused by name", () => {
  const files = (value: string) =>
    read(`Host node01\n  HostName n1\n  IdentityFile ${value}\n`, "node01", { port: 2200 })
      .identityFiles;
  expect(files("${HOME}/.ssh/id")).toEqual(["/home/me/.ssh/id"]);
  expect(files("/%%/%d/%h/%i/%k/%L/%l/%n/%p/%r/%u")).toEqual([
    "/%//home/me/n1/1000/node01/desk/desk.lab/node01/2200/me/me",
  ]);
  expect(read("IdentityFile ${X}\n", "a", { env: () => "%h${HOME}" }).identityFiles).toEqual([
    "%h${HOME}",
  ]);
  expect(() => files("${NOTHING}/id")).toThrow(
    "/c line 3: IdentityFile ${NOTHING}/id: the environment variable NOTHING is not set",
  );
  expect(() => files("/%C")).toThrow("/c line 3: IdentityFile /%C: %C is not supported");
  expect(() => files("~root/id")).toThrow(
    "/c line 3: IdentityFile ~root/id: expected ~ or ~/, found the home folder of another user",
  );
  expect(() => files("${HOME")).toThrow("/c line 3: IdentityFile ${HOME: ${ is not closed");
});

test("an agent is given by a path, a variable, or not at all", () => {
  const agent = (value: string) => read(`IdentityAgent ${value}\n`, "a").identityAgent;
  expect(agent("~/agent.%r")).toBe("/home/me/agent.me");
  expect(agent("$KEYS")).toBe("/keys");
  expect(agent("${KEYS}/s")).toBe("/keys/s");
  expect(agent("NONE")).toBe("none");
  expect(() => agent("$NOTHING")).toThrow("the environment variable NOTHING is not set");
});

test("bastions are listed in order", () => {
  const jump = (text: string) => read(text, "node01").proxyJump;
  expect(jump("ProxyJump admin@bastion:2222, inner\n")).toEqual(["admin@bastion:2222", "inner"]);
  expect(jump("ProxyJump ssh://b:22\n")).toEqual(["b:22"]);
});

test("a ProxyCommand that is ssh to a bastion is a bastion; any other is returned; the first of ProxyJump and ProxyCommand counts", () => {
  const proxy = (text: string) => {
    const { proxyJump, proxyCommand } = read(text, "node01");
    return proxyCommand ?? proxyJump;
  };
  expect(proxy("ProxyCommand ssh -W %h:%p jump@bastion\n")).toEqual(["jump@bastion"]);
  expect(proxy("ProxyCommand exec ssh -q -p 2222 -l jump bastion -W [%h]:%p\n")).toEqual([
    "jump@bastion:2222",
  ]);
  expect(proxy("ProxyCommand /usr/bin/ssh fd00::9 -W%h:%p\n")).toEqual(["[fd00::9]"]);
  expect(proxy("ProxyCommand none\n")).toEqual([]);
  for (const command of [
    "nc %h %p",
    "ssh -i /key -W %h:%p bastion",
    "ssh -W %h:22 bastion",
    "ssh -W %h:%p bastion; reboot",
    "ssh -W %h:%p $(cat b)",
    "ssh -W %h:%p %r@bastion",
    "ssh bastion nc %h %p",
    '"quoted program" # no comment',
  ])
    expect(proxy(`ProxyCommand ${command}\n`)).toBe(command);
  expect(proxy("ProxyCommand nc %h %p\nProxyJump b\n")).toBe("nc %h %p");
  expect(proxy("ProxyJump b\nProxyCommand nc %h %p\n")).toEqual(["b"]);
});

test("%h in HostName is the given name, and %% a percent sign", () => {
  expect(read("HostName %h.lab%%h\n", "node01").hostName).toBe("node01.lab%h");
});

test("Match by host and user applies; Match exec is skipped, with a note", () => {
  const text = `
Match host node01 user admin
  Port 2200
Match host node01 exec "touch /tmp/match-exec-canary"
  Port 2201
Match exec true host other
  Port 2202
Match all
  IdentityFile /k
Match !host=node01
  IdentityFile /other
`;
  const found = read(text, "node01", { user: "admin" });
  expect(found.port).toBe(2200);
  expect(found.identityFiles).toEqual(["/k"]);
  expect(found.notes).toEqual([
    'Match host node01 exec touch /tmp/match-exec-canary: "exec" is not supported; the section is skipped (/c line 4)',
  ]);
  expect(read(text, "node01").port).toBeUndefined();
  expect(read(text, "node01", { defaultUser: "admin" }).port).toBe(2200);
});

test("Match final causes a second pass, with the resolved name", () => {
  const text = `
Host node01
  HostName %h.lab
Match final host *.lab
  Port 2200
Host *.lab
  User ops
`;
  expect(read(text, "node01")).toMatchObject({ hostName: "node01.lab", port: 2200, user: "ops" });
  expect(read(text.replace("final ", ""), "node01")).not.toHaveProperty("user");
});

test("Match final counts in a file that a section of other hosts includes, as for OpenSSH", () => {
  const text = "HostName 10.0.0.7\nHost * !node01\nInclude /part\nHostKeyAlias fleet\n";
  const part = "Match final\nMatch exec true\n";
  const found = read(text, "node01", {}, { "/part": part });
  expect(found.hostKeyAlias).toBe("fleet");
  expect(read(text, "node01", {}, { "/part": "" }).hostKeyAlias).toBeUndefined();
});

test("Include is followed, in a section only for the section's hosts, and the file's sections end with it", () => {
  const others = {
    "/home/me/.ssh/config.d/10-a": "User ops\nHost other\n  User nobody\n",
    "/home/me/.ssh/config.d/20-b": "Host node01\n  Port 2200\n",
    "/home/me/.ssh/config.d/.hidden": "Port 1\n",
    "/lab": "Host *\n  IdentityFile /lab_id\n",
  };
  const text = `
Host node01
  Include config.d/*
  HostKeyAlias fleet
Host node02
  Include /lab
`;
  expect(read(text, "node01", {}, others)).toEqual({
    user: "ops",
    port: 2200,
    hostKeyAlias: "fleet",
    certificateFiles: [],
    notes: [],
  });
  expect(read(text, "node02", {}, others).identityFiles).toEqual(["/lab_id"]);
  expect(read("Include ~/.ssh/config.d/[12]0-?\n", "node01", {}, others).port).toBe(2200);
  expect(read("Include /nothing /no/*/thing\n", "node01", {}, others).notes).toEqual([]);
  expect(() => read("Include /c\n", "a")).toThrow("/c: Include is a loop");
  expect(() => read("Include ${X}/c\n", "a")).toThrow(
    "/c line 1: Include ${X}/c: expected a path without ~USER, % and $",
  );
});

test("the machine's own configuration comes after the user's", () => {
  const files: Record<string, string> = {
    "/home/me/.ssh/config": "Host *\n  User ops\n  Include more\n",
    "/home/me/.ssh/more": "HostKeyAlias own\n",
    "/etc/ssh/ssh_config": "User nobody\nInclude ssh_config.d/*.conf\n",
    "/etc/ssh/ssh_config.d/a.conf": "Port 2200\n",
  };
  const list = (folder: string) => (folder === "/etc/ssh/ssh_config.d" ? ["a.conf", "b"] : []);
  const lines = readConfig(defaultSources("/home/me"), "/home/me", {
    read: (path) => files[path],
    list,
  });
  expect(clientOptions(lines, "a", AT_HOME)).toMatchObject({
    user: "ops",
    hostKeyAlias: "own",
    port: 2200,
  });
});

test("an option that is not honoured has a note if it affects the host: one for all algorithms, none for quiet ones", () => {
  const text = `
Host node01
  AddressFamily inet6
  BindAddress 10.0.0.9
  PKCS11Provider /lib/p.so
  Ciphers aes128-ctr
  MACs hmac-sha1
  FrobnicateHost yes
  ForwardAgent yes
  GSSAPIAuthentication yes
  CheckHostIP no
Host node02
  KnownHostsCommand /bin/keys %H
  IgnoreUnknown UseKey*,Frob*
  FrobnicateHost yes
`;
  expect(read(text, "node01").notes).toEqual([
    "AddressFamily inet6 is not honoured (/c line 3)",
    "BindAddress 10.0.0.9 is not honoured (/c line 4)",
    "PKCS11Provider /lib/p.so is not honoured (/c line 5)",
    "FrobnicateHost is not known here, and not honoured (/c line 8)",
    "Ciphers, MACs: not honoured, the usual algorithms are offered",
  ]);
  expect(read(text, "node02").notes).toEqual([
    "KnownHostsCommand /bin/keys %H is not honoured (/c line 13)",
  ]);
});

test.each([
  ['Host "a\n', '/c line 1: a quote is not closed: "a'],
  ["Port many\n", "/c line 1: Port many: expected a number from 1 to 65535"],
  ["\nPort 22 23\n", "/c line 2: Port: expected one value, found 22 23"],
  ["Port\n", "/c line 1: Port: expected a value, found none"],
  ["Match user\n", "/c line 1: Match user: expected a value, found none"],
  ["IdentitiesOnly maybe\n", "/c line 1: IdentitiesOnly maybe: expected yes or no"],
  [
    "StrictHostKeyChecking maybe\n",
    "/c line 1: StrictHostKeyChecking maybe: expected yes, no, ask, off or accept-new",
  ],
  ["RefuseConnection moved away\n", "/c line 1: RefuseConnection moved away"],
])("%j is refused, with file and line", (text, message) => {
  expect(() => read(text, "a")).toThrow(message);
});

test("time limits are in OpenSSH's format of time, and a count is a number", () => {
  const limits = (text: string) => {
    const { connectTimeout, serverAliveInterval, serverAliveCountMax } = read(text, "h");
    return [connectTimeout, serverAliveInterval, serverAliveCountMax];
  };
  expect(limits("ConnectTimeout 1m30s\nServerAliveInterval 60\nServerAliveCountMax 9\n")).toEqual([
    90, 60, 9,
  ]);
  expect(limits("ConnectTimeout none\n")).toEqual([undefined, undefined, undefined]);
  expect(() => limits("ConnectTimeout soon\n")).toThrow(
    "ConnectTimeout soon: expected a time such as 30 or 1m30s",
  );
  expect(() => limits("ServerAliveCountMax 2s\n")).toThrow(
    "ServerAliveCountMax 2s: expected a number",
  );
});
