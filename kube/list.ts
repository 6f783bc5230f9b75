import type { ApiObject, ApiServer } from "./api-server";
import { object, objects, text } from "./json";

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
