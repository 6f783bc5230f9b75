import type { z } from "zod";
import { cacheProblems } from "./caches";
import { durationSeconds, hostPort } from "./formats";
import { type Problem, propertyPath, SettingsError } from "./problem";
import {
  DEFAULT_PORT,
  DEFAULT_UI_PORT,
  schema,
  type Settings,
  type WrittenSettings,
} from "./schema";

const SECRET_KEYS = new Set(["privateKey", "privateKeyPassphrase", "password"]);

/**
 * Checks settings that have a list of nodes.
 *
 * @throws SettingsError as `parseWritten`, and if `nodes` names a cluster
 */
export function parseSettings(raw: Record<string, unknown>): Settings {
  const { nodes, ...others } = parseWritten(raw);
  if (Array.isArray(nodes)) return { ...others, nodes };
  throw new SettingsError([{ path: "nodes", reason: "expected a list of nodes, found a cluster" }]);
}

/**
 * Checks the whole configuration at once.
 *
 * @param raw  the stack's values by key, without the project's name in front
 * @throws SettingsError with every problem and its property path, including unknown keys
 */
export function parseWritten(raw: Record<string, unknown>): WrittenSettings {
  const result = schema.safeParse(raw, { reportInput: true });
  if (!result.success) {
    const problems = result.error.issues.flatMap((issue) => describe(issue));
    // Also compare values when other values are wrong, so that one run reports all problems.
    throw new SettingsError([...problems, ...contradictions(raw)]);
  }
  const problems = contradictions(result.data);
  if (problems.length > 0) throw new SettingsError(problems);
  return result.data;
}

function describe(issue: z.core.$ZodIssue): Problem[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({
      path: propertyPath([...issue.path, key]),
      reason: `unknown key (known here: ${issue.message})`,
    }));
  }
  if (issue.code === "invalid_union") {
    const inner = issue.errors
      .flat()
      .filter(({ path, code }) => path.length > 0 || code === "unrecognized_keys");
    if (inner.length > 0)
      return inner.flatMap((each) => describe({ ...each, path: [...issue.path, ...each.path] }));
  }
  if (issue.code === "invalid_key") {
    const reason = `expected ${issue.issues[0]?.message ?? "another name"} as the name`;
    return [{ path: propertyPath(issue.path), reason }];
  }
  const last = issue.path.at(-1);
  const secret = typeof last === "string" && SECRET_KEYS.has(last);
  const reason =
    issue.input === undefined
      ? `missing: expected ${issue.message}`
      : `expected ${issue.message}, found ${secret ? "another value" : render(issue.input)}`;
  return [{ path: propertyPath(issue.path), reason }];
}

/** Renders a wrong object or list as it was given, without the secrets in it at any depth. */
function render(value: unknown): string {
  const masked = (key: string, inner: unknown) => (SECRET_KEYS.has(key) ? "[secret]" : inner);
  const json = JSON.stringify(value, masked) ?? String(value);
  return json.length > 80 ? `${json.slice(0, 77)}...` : json;
}

/** Finds values that contradict each other. The values are unchecked, so each comparison tests them first. */
function contradictions(settings: unknown): Problem[] {
  const { nodes, registry, ssh, mirrors, health, caches, ui } = fields(settings);
  const page = ui === undefined ? {} : { port: DEFAULT_UI_PORT, ...fields(ui) };
  const problems: Problem[] = [
    ...plainMirrors(fields(mirrors)),
    ...ownMirrors(fields(mirrors), fields(registry)),
    ...hastyWatchdog(fields(health)),
    ...takenPort(page, fields(registry)),
    ...cacheProblems(
      Array.isArray(caches) ? caches.map(fields) : [],
      fields(registry),
      page,
      fields(mirrors),
    ),
  ];
  const list = Array.isArray(nodes) ? nodes.map(fields) : [];
  problems.push(...repeated(list, "name", ({ name }) => name));
  // With different ports, one address may be two nodes behind a host that forwards to them.
  problems.push(
    ...repeated(list, "address", ({ address, ssh: own }) =>
      JSON.stringify([address, fields(own)["port"]]),
    ),
  );
  for (const [index, node] of list.entries())
    problems.push(...credentials(node["ssh"], `nodes[${index}].ssh`));
  problems.push(...credentials(ssh, "ssh"));

  if (fields(registry)["adopt"] === true && fields(registry)["retainVolume"] === false) {
    const reason =
      "expected true with adopt: true: destroy never deletes the images of an adopted registry";
    problems.push({ path: "registry.retainVolume", reason });
  }
  const host = fields(registry)["host"];
  const hostNode = list.findIndex(({ name }) => name === host);
  if (fields(registry)["ssh"] !== undefined) {
    if (hostNode >= 0) {
      const reason = `${String(host)} is one of the nodes: set nodes[${hostNode}].ssh instead`;
      problems.push({ path: "registry.ssh", reason });
    } else problems.push(...credentials(fields(registry)["ssh"], "registry.ssh"));
  }
  if (hostNode >= 0 && fields(registry)["sshAddress"] !== undefined) {
    const reason = `${String(host)} is one of the nodes: SSH reaches it at nodes[${hostNode}].address`;
    problems.push({ path: "registry.sshAddress", reason });
  }
  return problems;
}

/** A change waits for the daemon once, and a second time if it restores the old file. */
function hastyWatchdog({ wait = "60s", watchdog = "180s" }: Record<string, unknown>): Problem[] {
  const waitSeconds = durationSeconds(String(wait));
  const seconds = durationSeconds(String(watchdog));
  if (waitSeconds === undefined || seconds === undefined) return [];
  const least = 2 * Math.ceil(waitSeconds) + 30;
  if (seconds >= least) return [];
  return [
    {
      path: "health.watchdog",
      reason: `expected at least ${least}s (twice health.wait, and 30s), found ${JSON.stringify(watchdog)}`,
    },
  ];
}

/** The page is on the registry's host. */
function takenPort(
  { port }: Record<string, unknown>,
  { port: taken = DEFAULT_PORT }: Record<string, unknown>,
): Problem[] {
  if (port === undefined || port !== taken) return [];
  const reason = `expected another port than registry.port, found ${render(port)}: both are on the registry's host`;
  return [{ path: "ui.port", reason }];
}

/** Finds TLS settings with a plain http address: containerd would try a TLS handshake on the plain port first. */
function plainMirrors(mirrors: Record<string, unknown>): Problem[] {
  return Object.entries(mirrors).flatMap(([name, list]) =>
    (Array.isArray(list) ? list.map(fields) : []).flatMap((mirror, index) => {
      const tls = ["ca", "client", "skipVerify"].filter((key) => mirror[key] !== undefined);
      const { url } = mirror;
      if (tls.length === 0 || typeof url !== "string" || !url.startsWith("http://")) return [];
      const path = propertyPath(["mirrors", name, index]);
      return [{ path, reason: `expected no ${tls.join(" and ")} with an http:// address` }];
    }),
  );
}

/**
 * The program plans the endpoint of its own registry on every node. A list of mirrors for this registry would
 * contradict that.
 */
function ownMirrors(
  mirrors: Record<string, unknown>,
  { address, port = DEFAULT_PORT }: Record<string, unknown>,
): Problem[] {
  if (typeof address !== "string" || typeof port !== "number") return [];
  const own = hostPort(address, port);
  if (mirrors[own] === undefined) return [];
  const reason =
    "expected mirrors of other registries, found this one: its own address is set on every node already; leave the entry out";
  return [{ path: propertyPath(["mirrors", own]), reason }];
}

function repeated(
  list: Record<string, unknown>[],
  key: string,
  identity: (entry: Record<string, unknown>) => unknown,
): Problem[] {
  return list.flatMap((entry, index) => {
    const first = list.findIndex((other) => identity(other) === identity(entry));
    if (entry[key] === undefined || first === index) return [];
    return [
      {
        path: `nodes[${index}].${key}`,
        reason: `${render(entry[key])} is nodes[${first}].${key} already`,
      },
    ];
  });
}

/** Allows one way to log in, or none (then the ssh config's). With two, it would be unclear which one is used. */
function credentials(ssh: unknown, path: string): Problem[] {
  const problems: Problem[] = [];
  const { bastion, ...own } = fields(ssh);
  const given = ["privateKeyPath", "privateKey", "password"].filter(
    (key) => own[key] !== undefined,
  );
  if (own["agent"] === true) given.push("agent");
  if (given.length > 1)
    problems.push({ path, reason: `expected one way to log in, found ${given.join(" and ")}` });
  if (
    own["privateKeyPassphrase"] !== undefined &&
    (given.includes("password") || given.includes("agent"))
  ) {
    problems.push({
      path: `${path}.privateKeyPassphrase`,
      reason: "requires a private key, but none is configured",
    });
  }
  const hops = [bastion].flat().entries();
  for (const [index, hop] of bastion === undefined ? [] : hops) {
    const at = Array.isArray(bastion) ? `${path}.bastion[${index}]` : `${path}.bastion`;
    problems.push(...credentials(hop, at));
  }
  return problems;
}

function fields(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}
