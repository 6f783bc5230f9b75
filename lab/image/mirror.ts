import { must } from "../process";

/** The source of Debian's packages if this machine has none for the release. */
const DEFAULT_MIRROR = "http://deb.debian.org/debian";

/**
 * Selects the mirror for one release from the output of `apt-get indextargets`, which has "URI RELEASE COMPONENT"
 * lines.
 */
export function pickMirror(targets: string, suite: string): string {
  const rows = targets.split("\n").map((line) => line.trim().split(" "));
  const own = rows.find(
    ([uri, release, component]) =>
      uri?.startsWith("http") && release === suite && component === "main",
  );
  return (own?.[0] ?? DEFAULT_MIRROR).replace(/\/$/, "");
}

/** The mirror of this machine's apt for a Debian release, or else Debian's own. */
export async function mirrorFor(suite: string): Promise<string> {
  const format = "$(REPO_URI) $(CODENAME) $(COMPONENT)";
  return pickMirror(
    await must("apt-get", ["indextargets", "--format", format, "Created-By: Packages"]),
    suite,
  );
}

/** apt's proxy setting, as environment variables for debootstrap and for apt in the image. */
export async function proxyEnvironment(): Promise<NodeJS.ProcessEnv> {
  const dump = await must("apt-config", ["dump", "Acquire::http::Proxy", "Acquire::https::Proxy"]);
  const value = (scheme: string) =>
    new RegExp(`^Acquire::${scheme}::Proxy "(.+)";$`, "m").exec(dump)?.[1];
  const [http, https] = [value("http"), value("https")];
  return { ...(http && { http_proxy: http }), ...(https && { https_proxy: https }) };
}
