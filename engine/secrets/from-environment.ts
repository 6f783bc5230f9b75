/** Finds the passphrase where Pulumi looks for it. */
import * as fs from "node:fs";
import { Crypter, WrongPassphrase } from "./passphrase";

/** Undefined: no passphrase is set. An empty passphrase is not the same. */
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

const REMEMBER = "    (set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE to remember)";
const UNSET =
  "passphrase must be set with PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE environment variables";

/** Asks on the terminal, without showing the answer. Undefined: no terminal is available. */
export type AskPassphrase = ((question: string) => Promise<string>) | undefined;

/** Opens the secrets of a stack. If no passphrase is set, tries an empty one silently. */
export async function openCrypter(
  salt: string,
  env: NodeJS.ProcessEnv,
  ask?: AskPassphrase,
): Promise<Crypter> {
  const passphrase = passphraseFrom(env);
  try {
    return await Crypter.open(passphrase ?? "", salt);
  } catch (error) {
    if (!(error instanceof WrongPassphrase) || passphrase !== undefined) throw error;
    if (!ask) throw new Error(UNSET, { cause: error });
    const given = await ask(`Enter your passphrase to unlock config/secrets\n${REMEMBER}: `);
    return Crypter.open(given, salt);
  }
}

/** For a new stack. `allowEmpty`: an unset passphrase counts as an empty one (for stacks without real secrets). */
export async function newCrypter(
  env: NodeJS.ProcessEnv,
  allowEmpty = false,
  ask?: AskPassphrase,
): Promise<Crypter> {
  const passphrase = passphraseFrom(env) ?? (allowEmpty ? "" : undefined);
  if (passphrase !== undefined) return Crypter.create(passphrase);
  if (!ask) throw new Error(UNSET);
  const given = await ask(`Enter your passphrase to protect config/secrets\n${REMEMBER}: `);
  if ((await ask("Re-enter your passphrase to confirm: ")) !== given)
    throw new Error("the passphrases do not match; no stack was created");
  return Crypter.create(given);
}
