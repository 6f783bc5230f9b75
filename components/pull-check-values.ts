import { durationSeconds } from "../settings/formats";
import { type Problem, problemList } from "../settings/problem";
import { DEFAULT_PULL_WAIT } from "../settings/schema";
import { refusal } from "./refusal";

/** The arguments of a PullCheck, without its host, as plain values. */
export interface PullCheckValues {
  registry: string;
  kubeconfig?: string;
  context?: string;
  nodes?: string[];
  namespace: string;
  wait: string;
  triggers: Record<string, string>;
}

const KNOWN = [
  "host",
  "registry",
  "kubeconfig",
  "context",
  "nodes",
  "namespace",
  "wait",
  "triggers",
];

/**
 * Checks the values of a PullCheck's arguments, and adds the defaults.
 * @throws RunError with every problem
 */
export function checkedPullCheck(
  resource: string,
  values: Partial<PullCheckValues>,
): PullCheckValues {
  const { registry = "", namespace = "kube-system", wait = DEFAULT_PULL_WAIT } = values;
  const { triggers = {}, nodes } = values;
  const problems: Problem[] = Object.keys(values)
    .filter((key) => !KNOWN.includes(key))
    .map((path) => ({ path, reason: `unknown key (known here: ${KNOWN.join(", ")})` }));
  const refuse = (path: string, expected: string, found: unknown) =>
    problems.push({ path, reason: `expected ${expected}, found ${JSON.stringify(found)}` });
  if (!/^(\[[^\]]+\]|[^:/\s]+):\d+$/.test(registry))
    refuse(
      "registry",
      "an address and a port as image names begin with, such as 10.0.0.11:5000",
      registry,
    );
  if (!/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(namespace))
    refuse("namespace", "the name of a namespace", namespace);
  if ((durationSeconds(wait) ?? 0) < 1) refuse("wait", "a duration such as 30s or 2m", wait);
  if (nodes?.length === 0) refuse("nodes", "at least one name", nodes);
  for (const key of Object.keys(triggers))
    if (!/^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/.test(key))
      refuse("triggers", "names of letters, digits, '-', '_' and '.'", key);
  if (problems.length > 0) throw refusal(problemList(`PullCheck ${resource}`, problems));
  return { ...values, registry, namespace, wait, triggers };
}
