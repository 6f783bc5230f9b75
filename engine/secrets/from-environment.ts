/** The passphrase, where Pulumi looks for it. */
import * as fs from "node:fs";
import { Crypter, WrongPassphrase } from "./passphrase";

/** Undefined: none is set, which is not the same as an empty one. */
function passphraseFrom(env: NodeJS.ProcessEnv): string | undefined {
  const { PULUMI_CONFIG_PASSPHRASE: text, PULUMI_CONFIG_PASSPHRASE_FILE: file } = env;
  if (text !== undefined) return text;
  if (!file) return undefined;
  try {
    return fs.readFileSync(file, "utf8").trim();
  } catch (cause) {
    throw new Error(`unable to read PULUMI_CONFIG_PASSPHRASE_FILE (${file})`, { cause });
  }
}

const UNSET =
  "passphrase must be set with PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE environment variables";

/** Opens the secrets of a stack. With no passphrase set, an empty one is tried, and nothing is said if it fits. */
export async function openCrypter(salt: string, env: NodeJS.ProcessEnv): Promise<Crypter> {
  const passphrase = passphraseFrom(env);
  try {
    return await Crypter.open(passphrase ?? "", salt);
  } catch (error) {
    if (error instanceof WrongPassphrase && passphrase === undefined) throw new Error(UNSET);
    throw error;
  }
}

/** For a new stack. `allowEmpty`: an unset passphrase is an empty one (stacks that hold nothing worth protecting). */
export function newCrypter(env: NodeJS.ProcessEnv, allowEmpty = false): Promise<Crypter> {
  const passphrase = passphraseFrom(env) ?? (allowEmpty ? "" : undefined);
  if (passphrase === undefined) return Promise.reject(new Error(UNSET));
  return Crypter.create(passphrase);
}
