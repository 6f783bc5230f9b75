import { Crypter } from "../../engine/secrets/passphrase";
import { SECRET_SIGNATURE, SIGNATURE } from "../../engine/values/property";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/**
 * What a state file says, with secrets opened, and without what must differ: times, salts, ciphertexts, and the ids of
 * providers. Property dependencies on nothing are left out: the CLI's own refresh takes them away, and its next update
 * brings them back. A resource that is replaced and still to be deleted may have an old name, see docs/engine.md. The order
 * of resources stays as it is; that of keys says nothing.
 */
export async function comparable(text: string, passphrase: string): Promise<unknown> {
  const { latest } = (JSON.parse(text) as { checkpoint: { latest: Record<string, Json> } })
    .checkpoint;
  const salt = (latest["secrets_providers"] as { state?: { salt?: string } } | undefined)?.state
    ?.salt;
  const crypter = salt === undefined ? undefined : await Crypter.open(passphrase, salt);
  const { resources, pending_operations } = latest;
  return clean(
    { resources: resources ?? [], pending_operations: pending_operations ?? [] },
    crypter,
  );
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
    Object.entries(value).flatMap(([key, inner]): [string, Json][] => {
      if (key === "urn" && value["delete"] === true) return [[key, "(replaced)"]];
      if (key === "created" || key === "modified") return [[key, "(time)"]];
      if (key !== "propertyDependencies") return [[key, clean(inner, crypter)]];
      const some = Object.entries(inner as Record<string, Json[]>).filter(
        ([, urns]) => urns.length > 0,
      );
      return some.length > 0 ? [[key, Object.fromEntries(some)]] : [];
    }),
  );
}
