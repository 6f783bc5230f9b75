import { utils } from "ssh2";
import type { ClientOptions } from "./client-config";
import { parseHostKey } from "./host-key";
import { expand, type Surroundings } from "./surroundings";

/** The contents of an `IdentityFile`. */
export type Identity =
  | { readonly kind: "private"; readonly path: string; readonly text: string }
  /** A public key whose private half is in an agent. */
  | { readonly kind: "public"; readonly path: string; readonly key: string };

/** A file's text; undefined if the file does not exist. */
export type ReadFile = (path: string) => string | undefined;

/**
 * Reads an IdentityFile as ssh does: a private key, or a public key whose private half is in an agent. The public key
 * may be next to the given name (`KEY.pub` for `KEY`). Undefined if neither exists.
 */
export function readIdentity(path: string, read: ReadFile): Identity | undefined {
  const text = read(path);
  if (text !== undefined) {
    const key = publicKeyOf(text);
    return key === undefined ? { kind: "private", path, text } : { kind: "public", path, key };
  }
  const beside = `${path}.pub`;
  const key = publicKeyOf(read(beside) ?? "");
  return key === undefined ? undefined : { kind: "public", path: beside, key };
}

/**
 * The public half of an IdentityFile as "TYPE BASE64", which selects an agent's key; undefined if it cannot be read.
 */
export function publicHalf(path: string, read: ReadFile): string | undefined {
  const identity = readIdentity(path, read);
  if (identity?.kind !== "private") return identity?.key;
  const parsed = utils.parseKey(identity.text);
  const key = parsed instanceof Error ? undefined : [parsed].flat()[0];
  const blob = key?.getPublicSSH();
  if (key !== undefined && blob !== undefined) return `${key.type} ${blob.toString("base64")}`;
  return publicKeyOf(read(`${path}.pub`) ?? "");
}

/** The socket of the agent that ssh would ask. Undefined: there is none, or it is not to be asked. */
export function agentSocketOf(
  { identityAgent: named }: Pick<ClientOptions, "identityAgent">,
  around: Surroundings,
): string | undefined {
  if (named === undefined || named === "SSH_AUTH_SOCK") return around.agentSocket;
  return named === "none" ? undefined : expand(named, around);
}

/** The certificate that ssh would automatically offer with a key. */
export function certificateBeside(path: string, read: ReadFile): string | undefined {
  const name = `${path.replace(/\.pub$/, "")}-cert.pub`;
  return read(name) === undefined ? undefined : name;
}

function publicKeyOf(text: string): string | undefined {
  const line = text.trim();
  if (!/^(ssh-|ecdsa-|sk-)\S+ [A-Za-z0-9+/=]+/.test(line)) return undefined;
  try {
    parseHostKey(line);
  } catch {
    return undefined; // not a key; the code that reads it as a private key reports this
  }
  return line.split(/\s+/).slice(0, 2).join(" ");
}
