/** What the page shows. It stands in the address behind `#`, so that it can be kept and sent. */
export type Route =
  | { readonly view: "home" }
  | { readonly view: "repository"; readonly repository: string }
  | { readonly view: "image"; readonly repository: string; readonly tag: string };

/** Names of repositories have no colon. */
export function routeOf(hash: string): Route {
  const path = decodeURIComponent(hash.replace(/^#?\/?/, ""));
  if (path === "") return { view: "home" };
  const colon = path.indexOf(":");
  if (colon < 0) return { view: "repository", repository: path };
  return { view: "image", repository: path.slice(0, colon), tag: path.slice(colon + 1) };
}

export const repositoryHref = (repository: string) => `#/${repository}`;
export const imageHref = (repository: string, tag: string) => `#/${repository}:${tag}`;
