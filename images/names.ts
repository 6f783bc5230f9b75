import { imagePrefix } from "../decision/plan";
import type { Settings } from "../settings/schema";

/** The registry's own name in references, and the names whose mirror it is: `_default` for all names. */
export function namesOf(settings: Settings): string[] {
  const prefix = imagePrefix(settings);
  const mirrored = Object.entries(settings.mirrors).flatMap(([name, endpoints]) =>
    endpoints.some((each) => hostOf(typeof each === "string" ? each : each.url) === prefix)
      ? [name]
      : [],
  );
  return [prefix, ...mirrored];
}

/** With the port, which `URL` leaves out if it is the scheme's own. */
function hostOf(url: string): string {
  const { protocol, hostname, port } = new URL(url);
  return `${hostname}:${port || (protocol === "https:" ? 443 : 80)}`;
}
