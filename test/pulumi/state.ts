import { Crypter } from "../../engine/secrets/passphrase";
import { SECRET_SIGNATURE, SIGNATURE } from "../../engine/values/property";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const crypters = new Map<string, Promise<Crypter>>();

/**
 * What a state file says, with secrets opened, and without what must differ: times, salts, ciphertexts, and the ids of
 * providers. The order of resources stays as it is; that of keys says nothing.
 */
export async function comparable(text: string, passphrase: string): Promise<unknown> {
  const { latest } = (JSON.parse(text) as { checkpoint: { latest: Record<string, Json> } })
    .checkpoint;
  const salt = (latest["secrets_providers"] as { state?: { salt?: string } } | undefined)?.state
    ?.salt;
  const crypter = salt === undefined ? undefined : await opened(salt, passphrase);
  const { resources, pending_operations } = latest;
  return clean(
    { resources: resources ?? [], pending_operations: pending_operations ?? [] },
    crypter,
  );
}

function opened(salt: string, passphrase: string): Promise<Crypter> {
  const known = crypters.get(salt) ?? Crypter.open(passphrase, salt);
  crypters.set(salt, known);
  return known;
}

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

function clean(value: Json, crypter: Crypter | undefined): Json {
  if (typeof value === "string") return value.replace(UUID, "(provider id)");
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((v) => clean(v, crypter));
  if (value[SIGNATURE] === SECRET_SIGNATURE) {
    const ciphertext = value["ciphertext"] as string;
    const plain = ciphertext.startsWith("v1:") ? crypter?.decrypt(ciphertext) : ciphertext;
    return { secret: clean(JSON.parse(plain ?? "null") as Json, crypter) };
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) =>
      key === "created" || key === "modified" ? [key, "(time)"] : [key, clean(inner, crypter)],
    ),
  );
}
