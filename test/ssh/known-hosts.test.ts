import { createHmac } from "node:crypto";
import { knownHostsLine, lookupKnownHosts, revokedKeys } from "../../ssh/known-hosts";
import { generateKey } from "./server";

const KEY = generateKey().public.split(" ").slice(0, 2).join(" ");
const OTHER = generateKey().public.split(" ").slice(0, 2).join(" ");
const ECDSA = generateKey("ecdsa").public.split(" ").slice(0, 2).join(" ");

const lookup = (text: string, host: string, port?: number) =>
  lookupKnownHosts([{ path: "/k", text }], host, port);

const hashed = (name: string): string => {
  const salt = Buffer.from("0123456789abcdefghij");
  return `|1|${salt.toString("base64")}|${createHmac("sha1", salt).update(name).digest("base64")}`;
};

test("a host has every key that is listed for it, in the file's order, each once", () => {
  const text = `# comment\n\nnode01,172.30.2.2 ${ECDSA} someone@somewhere\nnode02 ${OTHER}\n172.30.2.2 ${KEY}\r\nnode01 ${ECDSA}\n`;
  expect(lookup(text, "node01").keys).toEqual([ECDSA]);
  expect(lookup(text, "172.30.2.2")).toEqual({
    keys: [ECDSA, KEY],
    revoked: [],
    notes: [],
  });
  expect(lookup(text, "node03")).toEqual({ keys: [], revoked: [], notes: [] });
});

test.each([
  ["name", "node01", 22, `NODE01 ${KEY}`],
  ["hashed name", "node01", 22, `${hashed("node01")} ${KEY}`],
  ["hashed port", "node01", 2222, `${hashed("[node01]:2222")} ${KEY}`],
  ["port", "node01", 2222, `[node01]:2222 ${KEY}`],
  ["port under the bare name", "node01", 2222, `node01 ${KEY}`],
  ["wildcard", "node01.lab", 22, `*.lab ${KEY}`],
  ["single wildcard", "node01", 22, `node0? ${KEY}`],
  ["dots are no wildcards", "10.0.0.1", 22, `10.0.0.1 ${KEY}`],
  ["IPv6 with a port", "fd00::1", 2222, `[fd00::1]:2222 ${KEY}`],
])("a %s matches", (_what, host, port, line) => {
  expect(lookup(line, host, port).keys).toEqual([KEY]);
});

test.each([
  ["another port", "node01", 22, `[node01]:2222 ${KEY}`],
  ["a negated name", "bad.lab", 22, `*.lab,!bad.lab ${KEY}`],
  ["a longer name", "node011", 22, `node01 ${KEY}`],
  ["a dot as any character", "10x0.0.1", 22, `10.0.0.1* ${KEY}`],
  ["another hash", "node02", 22, `${hashed("node01")} ${KEY}`],
  ["a broken hash", "node01", 22, `|1|xx ${KEY}`],
])("%s does not match", (_what, host, port, line) => {
  expect(lookup(line, host, port).keys).toEqual([]);
});

test("a port's own key comes before the bare name's", () => {
  const text = `node01 ${OTHER}\n[node01]:2222 ${KEY}\n`;
  expect(lookup(text, "node01", 2222).keys).toEqual([KEY]);
});

test("a revoked key is not accepted, wherever it is listed", () => {
  const text = `node01 ${KEY}\nnode01 ${OTHER}\n@revoked * ${KEY}\n`;
  expect(lookup(text, "node01")).toEqual({
    keys: [OTHER],
    revoked: [KEY],
    notes: ["/k line 3: a key is @revoked"],
  });
  expect(lookup(`@revoked [node01]:2222 ${KEY}\nnode01 ${KEY}`, "node01", 2222).keys).toEqual([]);
});

test("a key that one file revokes is revoked in every file, under every name, and for every port", () => {
  const files = (revoked: string) => [
    { path: "/user", text: `node01 ${KEY}\n[node01]:2222 ${KEY}\n` },
    { path: "/etc/ssh/ssh_known_hosts", text: `# the machine's\n@revoked ${revoked} ${KEY}\n` },
  ];
  for (const name of ["node01", "*", "other,node0?", hashed("node01")]) {
    for (const port of [22, 2222]) {
      expect(lookupKnownHosts(files(name), "node01", port)).toEqual({
        keys: [],
        revoked: [KEY],
        notes: ["/etc/ssh/ssh_known_hosts line 2: a key is @revoked"],
      });
    }
  }
  for (const name of ["node02", "*,!node01", hashed("node02")])
    expect(lookupKnownHosts(files(name), "node01").keys).toEqual([KEY]);
});

test("a list of revoked keys is read, or refused if it cannot be read", () => {
  const list = (text: string) => revokedKeys({ path: "/revoked", text });
  expect(list(`# lost\n${KEY} me@desk\n\n${ECDSA}\n`)).toEqual([KEY, ECDSA]);
  expect(() => list("SSHKRL\n\0\0")).toThrow(
    "RevokedHostKeys /revoked: expected a list of public keys, found a KRL (ssh-keygen -k): write the keys one a line",
  );
  expect(() => list(`${KEY}\nSHA256:abc\n`)).toThrow("/revoked line 2: not a host key");
});

test("a line that cannot be used is reported with its number", () => {
  const sk = `sk-ssh-ed25519@openssh.com ${blob("sk-ssh-ed25519@openssh.com")}`;
  const text = `@cert-authority * ${KEY}\nnode01 ${sk}\nnode01 ssh-ed25519 ###\n@other node01 ${KEY}\nnode01 ssh-rsa ${KEY.split(" ")[1]}\n`;
  expect(lookup(text, "node01")).toEqual({
    keys: [],
    revoked: [],
    notes: [
      "/k line 1: @cert-authority is not supported; add the host's own key",
      "/k line 2: keys of type sk-ssh-ed25519@openssh.com are not supported",
      '/k line 3: not a host key: the part after "ssh-ed25519" is not base64 of a key',
      "/k line 4: unknown marker @other",
      '/k line 5: not a host key: the line says "ssh-rsa", the key itself says "ssh-ed25519"',
    ],
  });
});

test("a written line is found again", () => {
  expect(knownHostsLine("node01", 22, KEY)).toBe(`node01 ${KEY}`);
  expect(lookup(knownHostsLine("node01", 2222, KEY), "node01", 2222).keys).toEqual([KEY]);
});

function blob(type: string): string {
  const name = Buffer.from(type);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(name.length);
  return Buffer.concat([length, name, Buffer.alloc(32)]).toString("base64");
}
