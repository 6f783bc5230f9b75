import type { ApiObject } from "./api-server";

/** A field's value as an object; empty if it is none. */
export function object(value: unknown): ApiObject {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as ApiObject)
    : {};
}

/** A field's value as a list of objects; empty if it is none. */
export function objects(value: unknown): ApiObject[] {
  return Array.isArray(value) ? value.map(object) : [];
}

/** A field's value as text; empty if it is none. */
export function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
