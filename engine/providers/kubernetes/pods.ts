/** What the Pods of a workload say about why they are not ready. */
import { ApiError } from "../../../kube/api-error";
import type { Props, Value } from "../provider";
import { isProps } from "../schema";
import { metadataIn, metadataOf, namespacePath, uidOf } from "./metadata";

/** Lists objects of the cluster: the items at a path of its API that a label selector matches. */
export type List = (path: string, labelSelector: string) => Promise<Props[]>;

/** So many messages are shown: the Pods of one workload mostly fail for the same reason. */
const SHOWN = 5;
/** Reasons of a container that is on its way. */
const COMING = ["ContainerCreating", "PodInitializing"];

/** The annotation that numbers a Deployment's templates. */
export const REVISION = "deployment.kubernetes.io/revision";

/** One line for each Pod of a DaemonSet that does not get on, with its node, its container and the reason. */
export function messagesOfDaemonSet(workload: Props, list: List): Promise<string[]> {
  return messagesOf(workload, uidOf(workload), list);
}

/** The same for a Deployment, of the Pods with its newest template: the others are about to end. */
export async function messagesOfDeployment(workload: Props, list: List): Promise<string[]> {
  const path = `/apis/apps/v1/${namespacePath(workload)}/replicasets`;
  return readable("ReplicaSets", async () => {
    const sets = (await list(path, selectorOf(workload))).filter(isOwnedBy(uidOf(workload)));
    const [newest] = sets.sort((a, b) => revisionOf(b) - revisionOf(a));
    return newest === undefined ? [] : messagesOf(workload, uidOf(newest), list);
  });
}

async function messagesOf(workload: Props, owner: Value, list: List): Promise<string[]> {
  const path = `/api/v1/${namespacePath(workload)}/pods`;
  return readable("Pods", async () => {
    // Another workload's selector can match the same labels.
    const pods = (await list(path, selectorOf(workload))).filter(isOwnedBy(owner));
    const messages = pods
      .filter((pod) => metadataIn(pod)["deletionTimestamp"] === undefined)
      .flatMap((pod) => {
        const why = whyNot(pod);
        return why === undefined ? [] : [`Pod ${metadataOf(pod).name}${nodeOf(pod)}: ${why}`];
      });
    return [...messages.slice(0, SHOWN), ...more(messages.length - SHOWN)];
  });
}

/** Whether the workload is ready does not depend on this: its user may have no right to list such objects. */
async function readable(what: string, read: () => Promise<string[]>): Promise<string[]> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return [`its ${what} cannot be read: ${error.message}`];
  }
}

function more(left: number): string[] {
  if (left <= 0) return [];
  return [
    left === 1 ? "and 1 more Pod that is not ready" : `and ${left} more Pods that are not ready`,
  ];
}

function isOwnedBy(owner: Value): (object: Props) => boolean {
  return (object) => maps(metadataIn(object)["ownerReferences"]).some(({ uid }) => uid === owner);
}

function revisionOf(replicaSet: Props): number {
  return Number(text(props(metadataIn(replicaSet)["annotations"])[REVISION]));
}

function selectorOf(workload: Props): string {
  return selectorText(props(props(workload["spec"])["selector"]));
}

/** A label selector as a query: `app=web,tier in (a,b)`. */
function selectorText(selector: Props): string {
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
