import { join } from "node:path";
import type { ClientOptions } from "../ssh/client-config";
import {
  agentSocketOf,
  certificateBeside,
  type Identity,
  publicHalf,
  readIdentity,
} from "../ssh/identity";
import type { Login } from "../ssh/login";
import { checkPrivateKey } from "../ssh/private-key";
import { blaming, Refused } from "./refused";
import type { BastionSettings } from "./schema";
import { expand, type Surroundings } from "../ssh/surroundings";

/** How to log in, and the data that OpenSSH needs for the same login. */
export interface Credential {
  readonly login: Partial<Login>;
  /** The private key's file. */
  readonly identityFile?: string;
  /** Files of the public keys that select keys of an agent. */
  readonly agentIdentityFiles?: readonly string[];
}

type LoginSettings = BastionSettings;

/** The way to log in from the settings; if they name none, from the ssh config. @throws Refused */
export function credentialOf(
  ssh: LoginSettings,
  options: ClientOptions,
  path: string,
  around: Surroundings,
): Credential {
  if (ssh.password !== undefined) return { login: { password: ssh.password } };
  const passphrase = ssh.privateKeyPassphrase;
  if (ssh.privateKey !== undefined) {
    const { privateKey } = ssh;
    blaming(`${path}.privateKey`, () => checkPrivateKey(privateKey, passphrase, "the setting"));
    return { login: key(ssh.privateKey, passphrase) };
  }
  if (ssh.agent === true) return byAgent(options, path, around);
  if (ssh.privateKeyPath !== undefined) {
    const file = expand(ssh.privateKeyPath, around);
    const text = around.read(file);
    if (text === undefined)
      throw new Refused(
        `${path}.privateKeyPath`,
        `expected a private key at ${file}, found no such file`,
      );
    return byFile({ kind: "private", path: file, text }, passphrase, options, `${path}.privateKeyPath`, around); // prettier-ignore
  }
  const read = (each: string): string | undefined => around.read(each);
  const named = (options.identityFiles ?? []).map((each) => expand(each, around));
  const [first, ...others] = named.flatMap((each) => readIdentity(each, read) ?? []);
  if (first === undefined) {
    const found =
      named.length === 0
        ? "none"
        : `that the ssh config names ${named.join(" and ")}, and there is no such file, nor a .pub of that name`;
    throw new Refused(
      path,
      `expected a way to log in: privateKeyPath, privateKey, agent: true or password (or an IdentityFile of the ssh config), found ${found}`,
    );
  }
  const credential =
    first.kind === "private"
      ? byFile(first, passphrase, options, path, around)
      : byPublicKey(first, options, path, around);
  const more = others.map(
    (other) =>
      `${other.path}: of several IdentityFiles of the ssh config the first is used, ${first.path}`,
  );
  return { ...credential, login: { ...credential.login, ...notOffered(credential, more) } };
}

function byFile(
  { path: file, text }: Identity & { kind: "private" },
  passphrase: string | undefined,
  options: ClientOptions,
  path: string,
  around: Surroundings,
): Credential {
  blaming(path, () => checkPrivateKey(text, passphrase, file));
  const certificates = certificatesOf([file], options, around);
  const credential = { login: key(text, passphrase), identityFile: file };
  return { ...credential, login: { ...credential.login, ...notOffered(credential, certificates) } };
}

/** `IdentityFile KEY.pub` selects the one key of the agent whose private half belongs to it. */
function byPublicKey(
  identity: Identity & { kind: "public" },
  options: ClientOptions,
  path: string,
  around: Surroundings,
): Credential {
  const what = `IdentityFile ${identity.path} is a public key, so an agent must hold its private half`;
  const socket = agentSocket(options, path, around, what);
  const certificates = certificatesOf([identity.path], options, around);
  const login = { agentSocket: socket, agentKeys: { keys: [identity.key], only: true } };
  return {
    login: { ...login, ...notOffered({ login }, certificates) },
    agentIdentityFiles: [identity.path],
  };
}

/** `agent: true`: keys that the ssh config names come first. With IdentitiesOnly, they are the only ones. */
function byAgent(options: ClientOptions, path: string, around: Surroundings): Credential {
  const socket = agentSocket(options, `${path}.agent`, around);
  const only = options.identitiesOnly === true;
  const named =
    options.identityFiles ??
    (only ? DEFAULT_KEYS.map((name) => join(around.home, ".ssh", name)) : []);
  const files = named.map((each) => expand(each, around));
  const read = (each: string): string | undefined => around.read(each);
  const choice = files.flatMap((file) => {
    const half = publicHalf(file, read);
    return half === undefined ? [] : [{ file, half }];
  });
  if (only && choice.length === 0) {
    throw new Refused(
      `${path}.agent`,
      `expected a public key that says which of the agent's keys is meant (IdentitiesOnly yes), found none at ${files.join(", ")}: ` +
        "write it there with `ssh-add -L`, under a name that ends in .pub",
    );
  }
  const certificates = certificatesOf(files, options, around);
  const login = {
    agentSocket: socket,
    ...(choice.length > 0 && { agentKeys: { keys: choice.map(({ half }) => half), only } }),
  };
  return {
    login: { ...login, ...notOffered({ login }, certificates) },
    ...(choice.length > 0 && { agentIdentityFiles: choice.map(({ file }) => file) }),
  };
}

/** The file names of keys that the ssh command tries by default. */
const DEFAULT_KEYS = ["id_rsa", "id_ecdsa", "id_ecdsa_sk", "id_ed25519", "id_ed25519_sk"];

function agentSocket(
  options: ClientOptions,
  path: string,
  around: Surroundings,
  why = "expected a running ssh-agent",
): string {
  const socket = agentSocketOf(options, around);
  if (socket !== undefined) return socket;
  const found =
    options.identityAgent === "none"
      ? "found IdentityAgent none in the ssh config"
      : "found no SSH_AUTH_SOCK in the environment";
  throw new Refused(path, `${why}, ${found}`);
}

/** Certificates that ssh would offer, but that the libraries here cannot use. */
function certificatesOf(
  files: readonly string[],
  options: ClientOptions,
  around: Surroundings,
): string[] {
  const read = (each: string): string | undefined => around.read(each);
  const named = options.certificateFiles.filter((file) => read(file) !== undefined);
  const beside = files.flatMap((file) => certificateBeside(file, read) ?? []);
  return [...new Set([...named, ...beside])].map(
    (file) =>
      `certificate ${file}: @pulumi/command logs in by keys alone; have the key itself in the authorized_keys of the host`,
  );
}

function key(privateKey: string, passphrase: string | undefined): Partial<Login> {
  return { privateKey, ...(passphrase !== undefined && { privateKeyPassphrase: passphrase }) };
}

function notOffered({ login }: Credential, more: string[]): Pick<Login, "notOffered"> {
  const all = [...(login.notOffered ?? []), ...more];
  return all.length === 0 ? {} : { notOffered: all };
}
