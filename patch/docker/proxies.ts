import { type RegistryAddress } from "../address";
import { type Problem } from "../problem";
import { proxyProblem } from "../proxy";
import { type SourcedLine } from "../sourced-line";
import { type JsonObject, propertyOf } from "./json-source";

/** The keys in `proxies` of daemon.json, and the variables that they replace. */
const VARIABLES = {
  "http-proxy": "HTTP_PROXY",
  "https-proxy": "HTTPS_PROXY",
  "no-proxy": "NO_PROXY",
} as const;

/**
 * Proxies between dockerd and its registries, from daemon.json (23.0 and later) and from the environment. Each key in
 * daemon.json replaces one variable.
 */
export function dockerProxyProblems(
  registries: readonly RegistryAddress[],
  environment: readonly SourcedLine[],
  object: JsonObject | undefined,
): Problem[] {
  const own = object === undefined ? [] : proxyLines(object);
  return registries.flatMap(({ text, host }) => {
    const problem = proxyProblem(`http://${text}`, [...environment, ...own]);
    if (problem === undefined) return [];
    if (!own.some(({ file, line }) => file === problem.file && line === problem.line)) {
      return [problem];
    }
    return [{ ...problem, fix: `add ${host} to "no-proxy" in "proxies" here, and restart docker` }];
  });
}

/** dockerd ignores empty values. */
function proxyLines(object: JsonObject): SourcedLine[] {
  const { source } = object;
  const proxies = propertyOf(object, "proxies")?.children?.[1];
  return (proxies?.type === "object" ? (proxies.children ?? []) : []).flatMap((property) => {
    const [key, value] = property.children ?? [];
    const name = VARIABLES[String(key?.value) as keyof typeof VARIABLES] as string | undefined;
    if (name === undefined || typeof value?.value !== "string" || value.value === "") return [];
    const { line } = source.position(property.offset);
    const text = `${name}=${JSON.stringify(value.value)}`;
    return [{ file: source.path, line, text, content: source.text }];
  });
}
