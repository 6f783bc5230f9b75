import { cidrContains, isLoopback, parseHostPort, type RegistryAddress, splitUrl } from "./address";
import { maskSecrets } from "./mask";
import { type Problem } from "./problem";
import { problemIn, type SourcedLine } from "./sourced-line";

/**
 * Finds a proxy between a daemon and the registry. A daemon with HTTP_PROXY also uses the proxy for the registry, which
 * the proxy usually cannot reach. Then every pull fails with an error that does not name the proxy. Lines that set the
 * daemon's environment (`Environment=` of units, or `NAME=value`) show it; later lines win.
 *
 * @param url an endpoint; for `http` HTTP_PROXY counts, for `https` HTTPS_PROXY
 * @returns the problem with the line that sets the proxy; undefined if no proxy is used for the endpoint
 */
export function proxyProblem(url: string, lines: readonly SourcedLine[]): Problem | undefined {
  if (lines.length === 0) return undefined;
  const endpoint = splitUrl(url);
  if (endpoint === undefined || isLoopback(endpoint.address)) return undefined;
  const { scheme, address } = endpoint;
  const variables = readVariables(lines);
  const name = scheme === "https" ? "HTTPS_PROXY" : "HTTP_PROXY";
  const proxy = lookUp(variables, name);
  if (proxy === undefined) return undefined;
  const exceptions = lookUp(variables, "NO_PROXY");
  if (exceptions !== undefined && isExcepted(address, exceptions.value)) return undefined;
  const listed =
    exceptions === undefined ? "there is no NO_PROXY" : `NO_PROXY is \`${exceptions.value}\``;
  return problemIn(proxy.source, proxy.name, {
    expected: `${address.host} in NO_PROXY, since ${name} is set`,
    found: `\`${maskSecrets(proxy.source.text.trim())}\`, and ${listed}`,
    fix: `add ${address.host} to NO_PROXY of the service, reload systemd and restart the service`,
  });
}

interface Variable {
  name: string;
  value: string;
  source: SourcedLine;
}

function lookUp(variables: Map<string, Variable>, name: string): Variable | undefined {
  // Go reads the upper-case name first, and the lower-case one if that is empty.
  const found = [variables.get(name), variables.get(name.toLowerCase())];
  return found.find((variable) => variable !== undefined && variable.value !== "");
}

function readVariables(lines: readonly SourcedLine[]): Map<string, Variable> {
  const variables = new Map<string, Variable>();
  for (const source of lines) {
    const text = source.text.trim();
    if (text === "" || text.startsWith("#") || text.startsWith(";")) continue;
    const assignments = text.replace(/^(?:Environment\s*=|export\s+)/, "");
    if (assignments === "" && /^Environment\s*=/.test(text)) variables.clear();
    for (const word of shellWords(assignments)) {
      const match = /^([A-Za-z_]+)=(.*)$/s.exec(word);
      const [, name = "", value = ""] = match ?? [];
      if (match !== null) variables.set(name, { name, value, source });
    }
  }
  return variables;
}

/** Splits words as systemd and sh do, and removes quotes. */
export function shellWords(text: string): string[] {
  const words: string[] = [];
  const word = /(?:"(?:\\.|[^"\\])*"|'[^']*'|\\.|[^\s"'\\])+/g;
  for (const match of text.matchAll(word)) {
    const plain = match[0].replace(
      /"((?:\\.|[^"\\])*)"|'([^']*)'|\\(.)/g,
      (_whole, double?: string, single?: string, escaped?: string) =>
        double !== undefined ? double.replace(/\\(["\\$`])/g, "$1") : (single ?? escaped ?? ""),
    );
    words.push(plain);
  }
  return words;
}

/** Matches NO_PROXY as Go's net/http does: addresses, CIDRs, names with their subdomains, `*`. */
function isExcepted(address: RegistryAddress, list: string): boolean {
  return list.split(",").some((raw) => {
    const entry = raw.trim().toLowerCase();
    if (entry === "") return false;
    if (entry === "*") return true;
    if (cidrContains(entry, address)) return true;
    const withPort = parseHostPort(entry);
    const host = withPort?.host ?? entry.replace(/^\[(.*)\]$/, "$1");
    if (withPort !== undefined && withPort.port !== address.port) return false;
    if (host === address.host) return true;
    if (address.family !== 0) return false;
    const domain = host.replace(/^\*?\./, "");
    return address.host.endsWith(`.${domain}`);
  });
}
