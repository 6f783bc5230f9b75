import { type Node } from "jsonc-parser";

import { type Problem } from "../problem";
import { type JsonObject } from "./json-source";
import { OPAQUE, takes } from "./readers";

type Type = "text" | "texts" | "boolean" | "integer" | "table of texts" | "any";

/** A key of daemon.json: its type, and the major versions of dockerd without it. */
interface Key {
  type: Type;
  /** The newest older major version without it. */
  after?: number;
  /** The oldest newer major version without it. */
  before?: number;
}

const all = (type: Type, names: string, more: Omit<Key, "type"> = {}): [string, Key][] =>
  names.split(" ").map((name) => [name, { type, ...more }]);

/**
 * The keys with which dockerd 20.10, 26.1 and 28.5 start: the names of its flags (in the plural if a flag can be
 * repeated) and a few more. For a version in between, a key that either neighbour has counts as known.
 */
export const KEYS: ReadonlyMap<string, Key> = new Map([
  ...all(
    "boolean",
    "debug live-restore ipv6 ip-forward ip-masq iptables ip6tables icc selinux-enabled userland-proxy experimental tls tlsverify no-new-privileges raw-logs init rootless cri-containerd",
  ),
  ...all(
    "text",
    "log-level log-driver storage-driver data-root exec-root group pidfile bridge bip cgroup-parent containerd containerd-namespace containerd-plugins-namespace default-runtime default-ipc-mode default-cgroupns-mode default-gateway default-gateway-v6 fixed-cidr fixed-cidr-v6 userns-remap seccomp-profile metrics-addr tlscacert tlscert tlskey userland-proxy-path init-path swarm-default-advertise-addr ip",
  ),
  ...all(
    "texts",
    "insecure-registries registry-mirrors dns dns-search dns-opts storage-opts exec-opts labels hosts authorization-plugins node-generic-resources allow-nondistributable-artifacts",
  ),
  ...all(
    "integer",
    "mtu max-concurrent-downloads max-concurrent-uploads max-download-attempts shutdown-timeout network-control-plane-mtu network-diagnostic-port",
  ),
  ...all("table of texts", "log-opts"),
  ...all(
    "any",
    "builder features runtimes default-ulimits default-address-pools default-shm-size deprecated-key-path host-gateway-ip cpu-rt-period cpu-rt-runtime api-cors-header",
  ),
  ...all("any", "cluster-store cluster-advertise cluster-store-opts graph oom-score-adjust", {
    before: 26,
  }),
  ...all("text", "http-proxy https-proxy no-proxy log-format", { after: 20 }),
  ...all("texts", "cdi-spec-dirs", { after: 20 }),
  // dockerd knows "proxies" only by its contents, like the keys of any object.
  ...all("any", "default-network-opts", { after: 20 }),
  ...all("any", "bip6 allow-direct-routing ip-forward-no-drop host-gateway-ips", { after: 26 }),
  // Names of flags: dockerd starts with them and ignores them.
  ...all(
    "any",
    "insecure-registry registry-mirror dns-opt storage-opt exec-opt label host authorization-plugin node-generic-resource log-opt add-runtime default-ulimit default-address-pool config-file help version",
  ),
  ...all("any", "cdi-spec-dir default-network-opt validate", { after: 20 }),
  ...all("any", "feature", { after: 26 }),
] satisfies [string, Key][]);

/** The newest major version in the table. */
const NEWEST = 28;

/** Keys and values in daemon.json, apart from our own key, with which dockerd does not start. */
export function keyProblems(object: JsonObject, dockerVersion: string | undefined): Problem[] {
  const { source, root } = object;
  const daemon = dockerVersion === undefined ? "dockerd" : `dockerd ${dockerVersion}`;
  return (root.children ?? []).flatMap((property): Problem[] => {
    const [name, value] = property.children ?? [];
    if (name === undefined || value === undefined) return [];
    const key = String(name.value);
    const flattened = value.type === "object" && !OPAQUE.includes(key);
    const asked = flattened ? (value.children ?? []) : [property];
    const unknown = asked.find((one) => isUnknown(String(one.children?.[0]?.value), dockerVersion));
    if (unknown !== undefined) {
      const written = String(unknown.children?.[0]?.value);
      return [
        source.problem(unknown.offset, {
          expected: `only keys that ${daemon} knows: it does not start with any other`,
          found: JSON.stringify(written),
          fix: fixOf(written),
        }),
      ];
    }
    const what = wrongValue(key, value, object, dockerVersion);
    return what === undefined ? [] : [source.problem(what.node.offset, what)];
  });
}

function isUnknown(key: string, dockerVersion: string | undefined): boolean {
  const known = KEYS.get(key);
  const major = Number(/\d+/.exec(dockerVersion ?? "")?.[0] ?? NaN);
  if (known === undefined) return !(major > NEWEST);
  const { after, before } = known;
  return (after !== undefined && major <= after) || (before !== undefined && major >= before);
}

function fixOf(key: string): string {
  const plain = key.toLowerCase().replaceAll("_", "-");
  const near = [plain, `${plain}s`, plain.replace(/y$/, "ies")].find((name) => KEYS.has(name));
  return near === undefined || near === key ? "take it out" : `write "${near}", or take it out`;
}

interface Wrong {
  node: Node;
  expected: string;
  found: string;
  fix: string;
}

function wrongValue(
  key: string,
  value: Node,
  { source }: JsonObject,
  dockerVersion: string | undefined,
): Wrong | undefined {
  const type = KEYS.get(key)?.type ?? "any";
  if (value.type === "null" || key === "insecure-registries") return undefined;
  const wrong = wrongNode(type, value, source.text);
  if (wrong !== undefined) {
    return {
      node: wrong,
      expected: `"${key}" to be ${NAMES[type]}: dockerd does not start with anything else`,
      found: `a value of type ${wrong.type}`,
      fix: fixFor(type, wrong),
    };
  }
  if (key === "log-level") return wrongLevel(value);
  return key === "registry-mirrors" ? wrongMirror(value, dockerVersion) : undefined;
}

const NAMES: Record<Type, string> = {
  text: "a string",
  texts: "an array of strings",
  boolean: "true or false, without quotes",
  integer: "an integer, without quotes",
  "table of texts": "an object of strings",
  any: "",
};

/** The node whose type is not that of its key. */
function wrongNode(type: Type, value: Node, text: string): Node | undefined {
  const unless = (right: boolean): Node | undefined => (right ? undefined : value);
  switch (type) {
    case "text":
      return unless(value.type === "string");
    case "boolean":
      return unless(value.type === "boolean");
    case "integer":
      return unless(
        value.type === "number" &&
          /^-?\d+$/.test(text.slice(value.offset, value.offset + value.length)),
      );
    case "texts":
      if (value.type !== "array") return value;
      return value.children?.find((one) => !["string", "null"].includes(one.type));
    case "table of texts":
      if (value.type !== "object") return value;
      return value.children
        ?.flatMap(({ children }) => children?.[1] ?? [])
        .find((one) => !["string", "null"].includes(one.type));
    case "any":
      return undefined;
  }
}

function fixFor(type: Type, { type: found, value }: Node): string {
  const isScalar = ["string", "number", "boolean"].includes(found);
  const plain = isScalar ? String(value) : "";
  if (type === "boolean" && /^(?:true|false)$/i.test(plain)) {
    return `write ${plain.toLowerCase()} in its place`;
  }
  if (type === "integer" && /^-?\d+$/.test(plain)) return `write ${plain} in its place`;
  const isText = type === "text" || type === "texts" || type === "table of texts";
  if (!isText || !isScalar) return `write ${NAMES[type]}, or take the key out`;
  // If a list or an object is a string as a whole, the only fix is a list.
  if (type === "texts" && found === "string")
    return `write ${JSON.stringify([plain])} in its place`;
  return type === "table of texts" && found === "string"
    ? "write an object of strings, or take the key out"
    : `write ${JSON.stringify(plain)} in its place`;
}

function wrongLevel(node: Node): Wrong | undefined {
  if (/^(?:|panic|fatal|error|warn|warning|info|debug|trace)$/i.test(String(node.value)))
    return undefined;
  return {
    node,
    expected: `"log-level" to be debug, info, warn, error or fatal: dockerd does not start with anything else`,
    found: JSON.stringify(node.value),
    fix: "write one of them, or take the key out",
  };
}

function wrongMirror(list: Node, dockerVersion: string | undefined): Wrong | undefined {
  for (const node of list.children ?? []) {
    const url = String(node.value);
    const fault = mirrorFault(url, dockerVersion);
    if (fault === undefined) continue;
    const host = /^(?:[a-z]+:\/\/)?(?:[^/@]*@)?([^/?#@\s]+)/i.exec(url)?.[1];
    const scheme = /^http:/i.test(url) ? "http" : "https";
    return {
      node,
      expected:
        'http://HOST:PORT or https://HOST:PORT in "registry-mirrors": dockerd does not start with anything else',
      found: fault,
      fix: host === undefined ? "take it out" : `write "${scheme}://${host}" in its place`,
    };
  }
  return undefined;
}

/** Names the faulty part of the URL and never quotes it: the URL may hold a password. */
function mirrorFault(url: string, dockerVersion: string | undefined): string | undefined {
  if (!/^https?:\/\//i.test(url)) return "a mirror without http:// or https://";
  const rest = url.replace(/^[^:]*:\/\//, "");
  const [, authority = "", path = ""] = /^([^/?#]*)([^?#]*)/.exec(rest) ?? [];
  if (authority.includes("@")) return "a mirror with a user";
  if (/[?#]./.test(rest)) return "a mirror with a query or a fragment";
  if (/:[^:\]]*\D[^:\]]*$/.test(authority.replace(/^\[.*\]/, "")))
    return "a mirror with a port that is no number";
  if (/[\s\u0000-\u001f\u007f]/.test(authority)) return "a mirror with a blank in it";
  if (path !== "" && path !== "/" && !takes("mirrorPath", dockerVersion))
    return "a mirror with a path";
  return undefined;
}
