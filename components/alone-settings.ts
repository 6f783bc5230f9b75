import { parseSettings } from "../settings/parse";
import { type Problem, SettingsError } from "../settings/problem";
import type { Settings } from "../settings/schema";

/** The task of a component that is used alone. */
export type AloneTask =
  "docker" | "daemonJson" | "container" | "image" | "mirror" | "page" | "timer";

const KEYS: Record<AloneTask, readonly string[]> = {
  docker: ["host", "docker"],
  daemonJson: ["host", "registry", "health", "recreateDeleted"],
  container: [
    "host",
    "address",
    "port",
    "image",
    "volume",
    "retainVolume",
    "bind",
    "deleteEnabled",
    "adopt",
  ],
  image: ["host", "registry"],
  page: ["host", "registry", "port", "readOnly", "image", "bind", "health"],
  timer: ["host", "registry", "onCalendar", "untaggedDays", "health"],
  mirror: ["host", "registry", "role", "mirrors", "health", "migrate", "recreateDeleted"],
};

type Fields = Record<string, unknown>;

/**
 * Converts the arguments of one component into the settings of a cluster with this one host, so that the same rules
 * check both.
 *
 * @param host the host's name in the settings
 * @throws SettingsError with every problem, at its path in the component's own arguments
 */
export function aloneSettings(task: AloneTask, args: Fields, host: string): Settings {
  const problems: Problem[] = Object.keys(args)
    .filter((key) => !KEYS[task].includes(key))
    .map((path) => ({ path, reason: `unknown key (known here: ${KEYS[task].join(", ")})` }));
  const registry = task === "container" || task === "docker" ? undefined : parts(args["registry"]);
  if (registry === undefined && KEYS[task].includes("registry"))
    problems.push({
      path: "registry",
      reason: `expected an address and a port as image names begin with, such as 10.0.0.11:5000, found ${JSON.stringify(args["registry"])}`,
    });
  try {
    const settings = parseSettings(clusterOf(task, args, host, registry));
    if (problems.length === 0) return task === "mirror" ? settings : { ...settings, nodes: [] };
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    problems.push(...error.problems.map((problem) => asArgument(problem, task)));
  }
  throw new SettingsError(problems);
}

/** Converts a problem of the cluster's settings to its path in the component's arguments. */
export function asArgument({ path, reason }: Problem, task: AloneTask): Problem {
  const [from, to] =
    [
      [/^nodes\[0\]\.ssh\b/, "host"],
      [/^nodes\[0\]\.address/, "host.address"],
      [/^nodes\[0\]\.?/, ""],
      [/^registry\.ssh\b/, "host"],
      [/^registry\.sshAddress/, "host.address"],
      [/^registry\.(address|port)/, task === "container" ? "$1" : "registry"],
      [/^(registry|ui|gcTimer)\./, ""],
    ].find(([start]) => (start as RegExp).test(path)) ?? [];
  return { path: from === undefined ? path : path.replace(from, to as string), reason };
}

function clusterOf(task: AloneTask, args: Fields, host: string, registry: Fields = {}): Fields {
  const { host: given, docker, health, migrate, mirrors, recreateDeleted, role, ...own } = args;
  const { address, ...ssh } = fields(given);
  const shared = defined({ docker, health, migrate, mirrors, recreateDeleted });
  if (task === "mirror")
    return {
      ...shared,
      registry: { host: `registry-of-${host}`, address: "registry.invalid", ...registry },
      nodes: [defined({ name: host, address, role: role ?? "worker", ssh })],
    };
  const { port, readOnly, image, bind, onCalendar, untaggedDays } = own;
  const page = task === "page" ? { ui: defined({ port, readOnly, image, bind }) } : {};
  const timer = task === "timer" ? { gcTimer: defined({ onCalendar, untaggedDays }) } : {};
  const server = task === "container" ? { ...own, address: own["address"] ?? address } : registry;
  return {
    ...shared,
    ...page,
    ...timer,
    registry: defined({ address: "registry.invalid", ...server, host, sshAddress: address, ssh }),
    nodes: [{ name: `none-beside-${host}`, address: "none.invalid", role: "worker" }],
  };
}

function parts(registry: unknown): { address: string; port: number } | undefined {
  const [, address, port] =
    typeof registry === "string" ? (/^(\[[^\]]+\]|[^:/\s]+):(\d+)$/.exec(registry) ?? []) : [];
  return address === undefined
    ? undefined
    : { address: address.replace(/^\[|\]$/g, ""), port: Number(port) };
}

function fields(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Fields)
    : {};
}

function defined(values: Fields): Fields {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
