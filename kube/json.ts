import type { ApiObject } from "./api-server";

/** Reads parts of an object that may be missing: an empty part then. */

export function object(value: unknown): ApiObject {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as ApiObject)
    : {};
}

export function objects(value: unknown): ApiObject[] {
  return Array.isArray(value) ? value.map(object) : [];
}

export function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
