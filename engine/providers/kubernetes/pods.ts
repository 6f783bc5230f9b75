/** What the Pods of a workload say about why they are not ready. */
import { ApiError } from "../../../kube/api-error";
import type { Props, Value } from "../provider";
import { isProps } from "../schema";
import { metadataIn, metadataOf, namespacePath } from "./metadata";

/** So many messages are shown: the Pods of one workload mostly fail for the same reason. */
const SHOWN = 5;
/** Reasons of a container that is on its way. */
const COMING = ["ContainerCreating", "PodInitializing"];

/** One line for each Pod that does not get on, with its node, its container and the reason. */
export async function messagesOf(
  workload: Props,
  list: (path: string, labelSelector: string) => Promise<Props[]>,
): Promise<string[]> {
  const { selector } = props(workload["spec"]);
  let found: Props[];
  try {
    found = await list(`/api/v1/${namespacePath(workload)}/pods`, selectorText(props(selector)));
  } catch (error) {
    // Whether the workload is ready does not depend on this: its user may have no right to list Pods.
    if (!(error instanceof ApiError)) throw error;
    return [`its Pods cannot be read: ${error.message}`];
  }
  const messages = found
    .filter((pod) => metadataIn(pod)["deletionTimestamp"] === undefined)
    .flatMap((pod) => {
      const why = whyNot(pod);
      return why === undefined ? [] : [`Pod ${metadataOf(pod).name}${nodeOf(pod)}: ${why}`];
    });
  const left = messages.length - SHOWN;
  return left > 0 ? [...messages.slice(0, SHOWN), `and ${left} more Pods`] : messages;
}

/** A label selector as a query: `app=web,tier in (a,b)`. */
export function selectorText(selector: Props): string {
  const labels = Object.entries(props(selector["matchLabels"])).map(
    ([key, value]) => `${key}=${text(value)}`,
  );
  const expressions = maps(selector["matchExpressions"]).map(({ key, operator, values }) => {
    const among = `(${(Array.isArray(values) ? values : []).map(text).join(",")})`;
    if (operator === "In") return `${text(key)} in ${among}`;
    if (operator === "NotIn") return `${text(key)} notin ${among}`;
    return operator === "DoesNotExist" ? `!${text(key)}` : text(key);
  });
  return [...labels, ...expressions].join(",");
}

function whyNot(pod: Props): string | undefined {
  const status = props(pod["status"]);
  const containers = [
    ...maps(status["initContainerStatuses"]),
    ...maps(status["containerStatuses"]),
  ];
  for (const { name, state, lastState, ready } of containers) {
    const { waiting, terminated } = props(state);
    if (isProps(waiting) && !COMING.includes(text(waiting["reason"])))
      return `container ${text(name)}: ${said(waiting)}${ended(props(lastState))}`;
    if (isProps(terminated) && terminated["exitCode"] !== 0)
      return `container ${text(name)}: ${said(terminated)}, exit code ${text(terminated["exitCode"])}`;
    if (isProps(props(state)["running"]) && ready === false)
      return `container ${text(name)} runs and is not ready`;
  }
  const [unscheduled] = maps(status["conditions"]).filter(
    (condition) => condition["type"] === "PodScheduled" && condition["status"] === "False",
  );
  if (unscheduled) return said(unscheduled);
  return status["phase"] === "Failed" ? said(status) : undefined;
}

/** How the container ended before it was started again. */
function ended({ terminated }: Props): string {
  return isProps(terminated) ? ` (it ended with exit code ${text(terminated["exitCode"])})` : "";
}

function said({ reason, message }: Props): string {
  return [text(reason), text(message)].filter(Boolean).join(": ") || "no reason given";
}

function nodeOf(pod: Props): string {
  const node = text(props(pod["spec"])["nodeName"]);
  return node === "" ? "" : ` on ${node}`;
}

const props = (value: Value | undefined): Props => (isProps(value) ? value : {});
const maps = (value: Value | undefined): Props[] =>
  Array.isArray(value) ? value.filter(isProps) : [];
const text = (value: Value | undefined): string =>
  typeof value === "string" || typeof value === "number" ? String(value) : "";
