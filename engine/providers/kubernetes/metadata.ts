/** Reads an object's metadata: its names, its id, its place in the API. */
import type { Props, Value } from "../provider";
import { isProps } from "../schema";

/** Where the API has the objects of a kind. */
export interface Place {
  /** "/api/v1" */
  path: string;
  plural: string;
  namespaced: boolean;
}

export function metadataIn(object: Props): Props {
  return isProps(object["metadata"]) ? object["metadata"] : {};
}

export function metadataOf(object: Props): {
  name: string;
  namespace: string;
  uid: Value | undefined;
} {
  const { name, namespace, uid } = metadataIn(object);
  return {
    name: typeof name === "string" ? name : "",
    namespace: typeof namespace === "string" && namespace !== "" ? namespace : "default",
    uid,
  };
}

export const uidOf = (object: Props): Value => metadataOf(object).uid ?? null;

/** Those that somebody must remove. The server itself removes the one that waits for the object's Pods. */
export function finalizersOf(object: Props): string {
  const { finalizers } = metadataIn(object);
  if (!Array.isArray(finalizers)) return "";
  const names = finalizers.filter((name) => typeof name === "string");
  return names.filter((name) => name !== "foregroundDeletion").join(", ");
}

export function idOf({ namespaced }: Place, object: Props): string {
  const { name, namespace } = metadataOf(object);
  return namespaced ? `${namespace}/${name}` : name;
}

export function fromId({ namespaced }: Place, id: string): Props {
  if (!namespaced) return { metadata: { name: id } };
  const [namespace = "", name] = id.includes("/") ? id.split("/") : ["default", id];
  return { metadata: { namespace, name: name ?? "" } };
}

export function withNamespace({ namespaced }: Place, object: Props): Props {
  if (!namespaced) return object;
  const metadata = { ...metadataIn(object), namespace: metadataOf(object).namespace };
  return { ...object, metadata };
}

/** The part of a path that names the object's namespace: `namespaces/NAME`. */
export function namespacePath(object: Props): string {
  return `namespaces/${encodeURIComponent(metadataOf(object).namespace)}`;
}

export function collection({ path, plural, namespaced }: Place, object: Props): string {
  return namespaced ? `${path}/${namespacePath(object)}/${plural}` : `${path}/${plural}`;
}

export function objectPath(place: Place, object: Props): string {
  return `${collection(place, object)}/${encodeURIComponent(metadataOf(object).name)}`;
}
