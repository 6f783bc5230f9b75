import { OWNERSHIP_MARK } from "../../../patch";
import { type Random } from "./random";
import { isSpecial, type Wanted } from "./wanted";

/** The existing hosts.toml files. */
export const HOSTS_FILES = [
  "hosts.toml of another registry",
  "a hosts.toml of ours",
  "a foreign hosts.toml that leads there",
  "a foreign hosts.toml that leads elsewhere",
  "skip_verify in a foreign hosts.toml",
] as const;

export type HostsFileKind = (typeof HOSTS_FILES)[number];

/** Files below the directory that is in force. */
export function generateHostsFiles(
  random: Random,
  directory: string,
  wanted: Wanted,
  note: (kind: HostsFileKind) => void,
): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  const write = (host: string, text: string): void =>
    void files.set(`${directory}/${host}/hosts.toml`, Buffer.from(text));
  if (random.chance(0.2)) {
    note("hosts.toml of another registry");
    write("ghcr.io", 'server = "https://ghcr.io"\n');
  }
  const tables = (more: string): string[] =>
    wanted.endpoints.map(
      ({ url }) => `[host.'${url}']\n  capabilities = ["pull", "resolve"]\n${more}`,
    );
  const { host } = wanted;
  switch (random.below(8)) {
    case 0:
      note("a hosts.toml of ours");
      write(host, `${OWNERSHIP_MARK}\nserver = "https://old.example.org"\n# a comment\n`);
      break;
    case 1:
      if (isSpecial(wanted)) break;
      note("a foreign hosts.toml that leads there");
      write(host, `# by hand\n${tables("").join("\n")}[host."https://behind.example.org"]\n`);
      break;
    case 2:
      note("a foreign hosts.toml that leads elsewhere");
      write(host, `[host."https://elsewhere.example.org"]\n${tables("").join("")}`);
      break;
    case 3: {
      if (isSpecial(wanted)) break;
      note("skip_verify in a foreign hosts.toml");
      // For http it has no effect; for https the settings do not have it.
      const isHttp = wanted.endpoints.every(({ url }) => url.startsWith("http:"));
      note(`a foreign hosts.toml that leads ${isHttp ? "there" : "elsewhere"}`);
      write(host, `# by hand\n${tables("  skip_verify = true\n").join("\n")}`);
    }
  }
  return files;
}
