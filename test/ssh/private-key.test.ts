import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkPrivateKey, readPrivateKey } from "../../ssh/private-key";
import { generateKey } from "./server";

const folder = mkdtempSync(join(tmpdir(), "key-"));
afterAll(() => rmSync(folder, { recursive: true }));

test.each(["ed25519", "rsa", "ecdsa"] as const)("an %s key is read, plain or encrypted", (type) => {
  expect(() => checkPrivateKey(generateKey(type).private, undefined, "k")).not.toThrow();
  expect(() => checkPrivateKey(generateKey(type, "pass").private, "pass", "k")).not.toThrow();
});

test.each([
  ["an empty file", "", undefined, "private key k: it is empty"],
  [
    "a PuTTY key",
    "PuTTY-User-Key-File-3: ssh-ed25519\n",
    undefined,
    "private key k: it is a PuTTY key (.ppk); convert it with `puttygen KEY.ppk -O private-openssh -o KEY` and use the result",
  ],
  [
    "the public half",
    generateKey().public,
    undefined,
    "private key k: it is a public key; the private one has the same name without .pub",
  ],
  [
    "something else",
    "hello",
    undefined,
    'private key k: it is not a private key: expected a text that starts with "-----BEGIN ... PRIVATE KEY-----"',
  ],
  [
    "an encrypted key without passphrase",
    generateKey("ed25519", "pass").private,
    undefined,
    "private key k: it is encrypted and no passphrase was given; set one, or use an agent",
  ],
  [
    "a wrong passphrase",
    generateKey("ed25519", "pass").private,
    "wrong",
    "private key k: it cannot be decrypted: the passphrase is wrong",
  ],
  [
    "a key cut short",
    generateKey().private.slice(0, 120) + "\n-----END OPENSSH PRIVATE KEY-----\n",
    undefined,
    "private key k: it cannot be read: Malformed OpenSSH private key",
  ],
])("%s is refused with what to do", (_what, text, passphrase, message) => {
  expect(() => checkPrivateKey(text, passphrase, "k")).toThrow(
    expect.objectContaining({ kind: "authentication", message }) as Error,
  );
});

test("a file is read and checked; a missing one is named", async () => {
  const path = join(folder, "id");
  const key = generateKey().private;
  writeFileSync(path, key);
  expect(await readPrivateKey(path)).toBe(key);
  await expect(readPrivateKey(join(folder, "none"))).rejects.toThrow(
    `private key ${join(folder, "none")}: there is no such file`,
  );
  await expect(readPrivateKey(folder)).rejects.toThrow(`private key ${folder}: it is a directory`);
});

test("a key of a hardware token is refused by name, whatever the library reports", () => {
  for (const type of ["sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com"]) {
    const text = (part: string) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(part.length);
      return Buffer.concat([length, Buffer.from(part)]);
    };
    const body = Buffer.concat([
      ...[Buffer.from("openssh-key-v1\0"), text("none"), text("none"), text("")],
      ...[Buffer.from([0, 0, 0, 1]), text(`${text(type).toString("latin1")}rest`)],
    ]).toString("base64");
    const key = `-----BEGIN OPENSSH PRIVATE KEY-----\n${body.replace(/.{70}/g, "$&\n")}\n-----END OPENSSH PRIVATE KEY-----\n`;
    expect(() => checkPrivateKey(key, undefined, "/home/me/.ssh/id_sk")).toThrow(
      `private key /home/me/.ssh/id_sk: it is of a hardware token (${type}), which this client cannot use, from a file or by an agent; log in with another key`,
    );
  }
});
