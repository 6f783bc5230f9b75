/** Reads an object's metadata: its names, its id, its place in the API. */
import type { Props, Value } from "../provider";
import { isProps } from "../schema";

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

export function finalizersOf(object: Props): string {
  const { finalizers } = metadataIn(object);
  return Array.isArray(finalizers)
    ? finalizers.filter((name) => typeof name === "string").join(", ")
    : "";
}

export function idOf(object: Props): string {
  const { name, namespace } = metadataOf(object);
  return `${namespace}/${name}`;
}

export function fromId(id: string): Props {
  const [namespace = "", name] = id.includes("/") ? id.split("/") : ["default", id];
  return { metadata: { namespace, name: name ?? "" } };
}

export function withNamespace(object: Props): Props {
  const metadata = { ...metadataIn(object), namespace: metadataOf(object).namespace };
  return { ...object, metadata };
}

export function collection(object: Props): string {
  return `/api/v1/namespaces/${encodeURIComponent(metadataOf(object).namespace)}/configmaps`;
}

export function objectPath(object: Props): string {
  return `${collection(object)}/${encodeURIComponent(metadataOf(object).name)}`;
}
