import { ApiError } from "./api-error";
import type { ApiObject, ApiServer } from "./api-server";
import { object, objects, text } from "./json";

/** A Pod of a DaemonSet. */
export interface DaemonPod {
  readonly node: string;
  readonly ready: boolean;
  /** Why it is not ready, in the kubelet's or scheduler's own words. Empty if nothing says why. */
  readonly message: string;
}

/** A DaemonSet and its Pods. */
export interface DaemonSetNow {
  /** The annotations of its Pod template. */
  readonly annotations: Readonly<Record<string, string>>;
  /** The number of nodes that it selects; undefined if its controller has not seen the last change. */
  readonly wanted: number | undefined;
  /** The Pods of the present template that are not being deleted, by node. */
  readonly pods: readonly DaemonPod[];
}

/** Reasons of a container that is on its way. */
const COMING = ["ContainerCreating", "PodInitializing"];

/**
 * Reads a DaemonSet with its Pods; undefined if there is none.
 * @throws an error with the server's name if it does not answer, or refuses
 */
export async function readDaemonSet(
  api: Pick<ApiServer, "request">,
  namespace: string,
  name: string,
  signal: AbortSignal,
): Promise<DaemonSetNow | undefined> {
  const get = (path: string, query: Record<string, string> = {}) =>
    api.request({ method: "GET", path, query, signal });
  let found: ApiObject;
  try {
    found = await get(`/apis/apps/v1/namespaces/${namespace}/daemonsets/${name}`);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404 && error.reason === "NotFound")
      return undefined;
    throw error;
  }
  const uid = text(object(found["metadata"])["uid"]);
  const [spec, status] = [object(found["spec"]), object(found["status"])];
  const labels = Object.entries(object(object(spec["selector"])["matchLabels"]));
  const labelSelector = labels.map(([key, value]) => `${key}=${text(value)}`).join(",");
  const annotations = annotationsOf(object(spec["template"]));
  const listed = await get(`/api/v1/namespaces/${namespace}/pods`, { labelSelector });
  const own = objects(listed["items"]).filter(
    (pod) => isOf(uid, pod) && !isGoing(pod) && isSame(annotations, annotationsOf(pod)),
  );
  const pods = await Promise.all(
    own.map(async (pod): Promise<DaemonPod> => {
      const node = nodeOf(pod);
      if (isReady(pod)) return { node, ready: true, message: "" };
      const waits = waitingMessage(pod);
      if (waits !== undefined) return { node, ready: false, message: waits };
      const involved = `involvedObject.uid=${text(object(pod["metadata"])["uid"])}`;
      const fieldSelector = `${involved},type=Warning`;
      const events = await get(`/api/v1/namespaces/${namespace}/events`, { fieldSelector });
      return { node, ready: false, message: lastEvent(objects(events["items"])) || stateOf(pod) };
    }),
  );
  const seen =
    number(status["observedGeneration"]) >= number(object(found["metadata"])["generation"]);
  return {
    annotations,
    wanted: seen ? number(status["desiredNumberScheduled"]) : undefined,
    pods: pods.sort((a, b) => (a.node < b.node ? -1 : 1)),
  };
}

/** The kubelet's words, where they tell the cause: a newer kubelet repeats the cause while it waits to try again. */
function waitingMessage(pod: ApiObject): string | undefined {
  for (const { state } of objects(object(pod["status"])["containerStatuses"])) {
    const waiting = object(object(state)["waiting"]);
    const [reason, message] = [text(waiting["reason"]), text(waiting["message"])];
    if (reason === "" || COMING.includes(reason)) continue;
    if (reason === "ImagePullBackOff" && !message.includes(": ")) continue;
    return message === "" ? reason : `${reason}: ${message}`;
  }
  return undefined;
}

/** The message of the last Warning. An Event that is repeated has its last time. */
function lastEvent(events: readonly ApiObject[]): string {
  const at = (event: ApiObject) => text(event["lastTimestamp"]) || text(event["eventTime"]);
  // Where the cause was told, the words that a pull will be tried again tell nothing.
  const causes = events.filter((event) => !/^(Error: |Back-off )/.test(text(event["message"])));
  const [last] = (causes.length > 0 ? causes : [...events]).sort((a, b) =>
    at(a) < at(b) ? 1 : -1,
  );
  return last === undefined ? "" : `${text(last["reason"])}: ${text(last["message"])}`;
}

/** Without a message of anyone: how far the Pod came. */
function stateOf(pod: ApiObject): string {
  const status = object(pod["status"]);
  for (const condition of objects(status["conditions"]))
    if (text(condition["type"]) === "PodScheduled" && text(condition["status"]) === "False")
      return `${text(condition["reason"])}: ${text(condition["message"])}`;
  const [container = {}] = objects(status["containerStatuses"]);
  const { waiting, terminated } = object(container["state"]);
  return (
    text(object(waiting)["reason"]) || text(object(terminated)["reason"]) || text(status["phase"])
  );
}

function isReady(pod: ApiObject): boolean {
  return objects(object(pod["status"])["conditions"]).some(
    ({ type, status }) => type === "Ready" && status === "True",
  );
}

const isGoing = (pod: ApiObject): boolean =>
  text(object(pod["metadata"])["deletionTimestamp"]) !== "";

const isOf = (uid: string, pod: ApiObject): boolean =>
  objects(object(pod["metadata"])["ownerReferences"]).some((owner) => owner["uid"] === uid);

/** Others may annotate a Pod too. */
const isSame = (template: Record<string, string>, pod: Record<string, string>): boolean =>
  Object.entries(template).every(([key, value]) => pod[key] === value);

/** A Pod that is not scheduled yet already says which node it is for. */
function nodeOf(pod: ApiObject): string {
  const spec = object(pod["spec"]);
  if (text(spec["nodeName"]) !== "") return text(spec["nodeName"]);
  const required = object(
    object(object(spec["affinity"])["nodeAffinity"])[
      "requiredDuringSchedulingIgnoredDuringExecution"
    ],
  );
  const [term = {}] = objects(required["nodeSelectorTerms"]);
  const [field = {}] = objects(term["matchFields"]);
  return Array.isArray(field["values"]) ? text(field["values"][0]) : "";
}

function annotationsOf(owner: ApiObject): Record<string, string> {
  const entries = Object.entries(object(object(owner["metadata"])["annotations"]));
  return Object.fromEntries(entries.map(([key, value]) => [key, text(value)]));
}

const number = (value: unknown): number => (typeof value === "number" ? value : 0);
