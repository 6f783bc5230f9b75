import { readFile } from "node:fs/promises";
import { utils } from "ssh2";
import type { ParsedKey } from "ssh2";
import { SshError } from "./error";
import { fingerprint } from "./host-key";

/**
 * Reads a private key file and checks that the key can be used.
 * @returns the key's text, for `Login.privateKey`
 * @throws SshError of kind `authentication` that names the file and says what to do
 */
export async function readPrivateKey(path: string, passphrase?: string): Promise<string> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unknown error";
    const why =
      code === "ENOENT"
        ? "there is no such file"
        : code === "EACCES"
          ? "it may not be read by the user that runs this"
          : code === "EISDIR"
            ? "it is a directory"
            : code;
    throw new SshError("authentication", `private key ${path}: ${why}`, { cause: error });
  }
  checkPrivateKey(text, passphrase, path);
  return text;
}

/**
 * Checks that `text` is a private key that can be used with `passphrase`.
 * @param where the key's name in messages: a path, or the name of a setting; never the key itself
 * @throws SshError of kind `authentication`
 */
export function checkPrivateKey(text: string, passphrase: string | undefined, where: string): void {
  const refuse = (why: string): never => {
    throw new SshError("authentication", `private key ${where}: ${why}`);
  };
  const trimmed = text.trim();
  if (trimmed === "") refuse("it is empty");
  if (trimmed.startsWith("PuTTY-User-Key-File")) {
    refuse(
      "it is a PuTTY key (.ppk); convert it with `puttygen KEY.ppk -O private-openssh -o KEY` and use the result",
    );
  }
  if (/^(ssh-|ecdsa-|sk-)\S* /.test(trimmed)) {
    refuse("it is a public key; the private one has the same name without .pub");
  }
  if (!trimmed.startsWith("-----BEGIN ")) {
    refuse(
      'it is not a private key: expected a text that starts with "-----BEGIN ... PRIVATE KEY-----"',
    );
  }
  const hardware = hardwareKeyType(trimmed);
  if (hardware !== undefined) {
    refuse(
      `it is of a hardware token (${hardware}), which this client cannot use, from a file or by an agent; log in with another key`,
    );
  }
  const parsed = utils.parseKey(text, passphrase);
  if (!(parsed instanceof Error)) {
    if (!firstKey(parsed).isPrivateKey()) refuse("it holds no private key");
    return;
  }
  // The parser's own message never quotes the key.
  if (/no passphrase given/i.test(parsed.message)) {
    refuse("it is encrypted and no passphrase was given; set one, or use an agent");
  }
  if (
    passphrase !== undefined &&
    /integrity check|bad decrypt|decrypt|passphrase/i.test(parsed.message)
  ) {
    refuse("it cannot be decrypted: the passphrase is wrong");
  }
  refuse(`it cannot be read: ${parsed.message}`);
}

/** The type of a key whose secret never leaves a token. OpenSSH's format does not encrypt the type. */
function hardwareKeyType(text: string): string | undefined {
  const body = /^-----BEGIN OPENSSH PRIVATE KEY-----([^-]*)/.exec(text)?.[1];
  if (body === undefined) return undefined;
  return /sk-[\w-]+@openssh\.com/.exec(Buffer.from(body, "base64").toString("latin1"))?.[0];
}

/** SHA-256 fingerprint of the public half of a private key that `checkPrivateKey` accepted. */
export function privateKeyFingerprint(text: string, passphrase?: string): string {
  const parsed = utils.parseKey(text, passphrase);
  if (parsed instanceof Error) throw parsed;
  return fingerprint(firstKey(parsed).getPublicSSH());
}

/** For OpenSSH's own format, ssh2 returns a list. The format allows several keys but always has one. */
function firstKey(parsed: ParsedKey | ParsedKey[]): ParsedKey {
  const [key] = [parsed].flat();
  if (key === undefined) throw new Error("no key in the private key");
  return key;
}
