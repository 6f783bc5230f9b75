import type { ApiObject, ApiServer } from "./api-server";

/** The number of objects in one answer. */
const PAGE = 500;

/** All objects below a path of the API, page by page. */
export async function listObjects(
  api: Pick<ApiServer, "request">,
  path: string,
  query: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<ApiObject[]> {
  const found: ApiObject[] = [];
  let next = "";
  do {
    const answer = await api.request({
      method: "GET",
      path,
      query: { limit: String(PAGE), ...query, ...(next !== "" && { continue: next }) },
      signal,
    });
    found.push(...objects(answer["items"]));
    next = text(object(answer["metadata"])["continue"]);
  } while (next !== "");
  return found;
}

/** The value as an object; empty if it is none. */
export function object(value: unknown): ApiObject {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as ApiObject)
    : {};
}

/** The value as a list of objects; empty if it is none. */
export function objects(value: unknown): ApiObject[] {
  return Array.isArray(value) ? value.map(object) : [];
}

/** The value as a text; empty if it is none. */
export function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
