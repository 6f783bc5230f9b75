import { must } from "../process";

/** Where Debian's packages come from when this machine has no source of its own for that release. */
const DEFAULT_MIRROR = "http://deb.debian.org/debian";

/** Picks the mirror for one release from the list of `apt-get indextargets`, one "URI RELEASE COMPONENT" a line. */
export function pickMirror(targets: string, suite: string): string {
  const rows = targets.split("\n").map((line) => line.trim().split(" "));
  const own = rows.find(
    ([uri, release, component]) =>
      uri?.startsWith("http") && release === suite && component === "main",
  );
  return (own?.[0] ?? DEFAULT_MIRROR).replace(/\/$/, "");
}

/** The mirror that this machine's apt uses for a release of Debian, else Debian's own. */
export async function mirrorFor(suite: string): Promise<string> {
  const format = "$(REPO_URI) $(CODENAME) $(COMPONENT)";
  return pickMirror(
    await must("apt-get", ["indextargets", "--format", format, "Created-By: Packages"]),
    suite,
  );
}

/** apt's own proxy setting, as the environment variables that debootstrap and the apt inside the image understand. */
export async function proxyEnvironment(): Promise<NodeJS.ProcessEnv> {
  const dump = await must("apt-config", ["dump", "Acquire::http::Proxy", "Acquire::https::Proxy"]);
  const value = (scheme: string) =>
    new RegExp(`^Acquire::${scheme}::Proxy "(.+)";$`, "m").exec(dump)?.[1];
  const [http, https] = [value("http"), value("https")];
  return { ...(http && { http_proxy: http }), ...(https && { https_proxy: https }) };
}
