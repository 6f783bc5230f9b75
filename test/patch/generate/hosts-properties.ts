import { OWNERSHIP_MARK } from "../../../patch";
import type * as patch from "../../../patch";
import { type Case } from "./containerd-config";
import { inForce, isMigrating, read, show, type Tree, usesHosts } from "./expected";
import { type Wanted } from "./wanted";

type Report = (property: string, detail: string) => never;

/** Checks the hosts.toml files of a plan: one for each host, with the right endpoints. */
export function checkHostsFiles(generated: Case, plan: patch.Plan, broken: Report): void {
  const { input, mirrors, wanted, features } = generated;
  const files = plan.files.filter(({ path }) => path !== input.configPath);
  if (!usesHosts(generated)) {
    if (files.length > 0)
      broken("mirrors need no hosts.toml", files.map(({ path }) => path).join());
    return;
  }
  const directory = directoryOf(generated);
  const moved = isMigrating(generated) ? Object.keys(mirrors) : [];
  if (isMigrating(generated) && generated.tls) moved.push("tls.lan:5000");
  const hosts = new Set([
    ...wanted.map(({ host }) => host),
    ...moved.map((host) => (host === "*" ? "_default" : host)),
  ]);
  const expected = [...hosts].map((host) => `${directory}/${host}/hosts.toml`).sort();
  const paths = files.map(({ path }) => path).sort();
  if (show(paths) !== show(expected)) {
    broken("one hosts.toml for each host, no other touched", paths.join());
  }
  for (const [index, host] of wanted.entries()) {
    const file = files.find(({ path }) => path === `${directory}/${host.host}/hosts.toml`);
    if (index === 0 && features.has("a foreign hosts.toml that leads there")) {
      if ((file?.edits.length ?? 0) > 0) broken("what leads there is left", show(file?.edits));
      continue;
    }
    const text = file?.desired?.toString() ?? "";
    if (!text.startsWith(`${OWNERSHIP_MARK}\n`)) broken("what we write has our mark", text);
    const problem = problemOf(read(text) ?? {}, host, index === 0);
    if (problem !== undefined) broken("hosts.toml leads to the registry", `${problem}\n${text}`);
  }
}

export function directoryOf(generated: Case): string {
  const first = inForce(generated).configPath.split(":")[0] ?? "";
  return first === "" ? "/etc/containerd/certs.d" : first;
}

/** The first wrong endpoint; undefined if all are right. */
function problemOf(tree: Tree, { host, endpoints }: Wanted, own: boolean): string | undefined {
  const asked: [string, Tree][] = Object.entries((tree["host"] ?? {}) as Record<string, Tree>);
  const server = tree["server"];
  if (host === "_default" ? server !== undefined : typeof server !== "string") return "server";
  if (host === "docker.io" && server !== "https://registry-1.docker.io") return "its own server";
  if (own && !endpoints.some(({ url }) => url === server)) return "a server of ours";
  // 1.6 accepts no file without a host table.
  if (asked.length === 0) return "no host table";
  for (const [, table] of asked) if (table["capabilities"] === undefined) return "capabilities";
  if (typeof server === "string") asked.push([server, tree]);
  const wrong = endpoints.find((endpoint, index) => {
    const [url, table] = asked[index] ?? ["", {}];
    return url !== endpoint.url || show(settings(table)) !== show(expectedSettings(endpoint));
  });
  if (wrong !== undefined) return `${wrong.url} in its place, with its settings`;
  const more = asked.slice(endpoints.length).map(([url]) => url);
  return more.every((url) => url === server) ? undefined : `also ${more.join()}`;
}

function settings(table: Tree): Tree {
  const { ca, client, skip_verify, override_path, capabilities } = table;
  return {
    ca,
    client,
    skip_verify,
    override_path,
    capabilities: capabilities ?? ["pull", "resolve"],
  };
}

function expectedSettings(endpoint: patch.Endpoint): Tree {
  const { ca, client, skipVerify, overridePath, capabilities } = endpoint;
  return {
    ca,
    client: client && [[client.cert, client.key]],
    skip_verify: skipVerify,
    override_path: overridePath,
    capabilities: capabilities ?? ["pull", "resolve"],
  };
}
