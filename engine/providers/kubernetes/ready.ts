/** When an object is ready: what its status still lacks, in words. */
import type { Props, Value } from "../provider";
import { isProps } from "../schema";
import { type List, messagesOfDaemonSet, messagesOfDeployment } from "./pods";
import { metadataIn, metadataOf, namespacePath } from "./metadata";

export interface Awaiter {
  /** What the object lacks to be ready; undefined: it is ready. */
  missing(live: Props, list: List): Promise<string | undefined>;
  /** An object that lacks only this, and has lacked only this for so many seconds, is taken as ready. */
  readonly enough?: { readonly why: string; readonly seconds: number };
  /** What its Pods say about why they are not ready. */
  messages?(live: Props, list: List): Promise<string[]>;
}

export const namespace: Awaiter = {
  missing(live) {
    const phase = part(live, "status")["phase"];
    return Promise.resolve(phase === "Active" ? undefined : `its phase is ${word(phase)}`);
  },
};

export const deployment: Awaiter = {
  missing(live) {
    const [spec, status] = [part(live, "spec"), part(live, "status")];
    // A paused Deployment makes no Pods of the new template until somebody resumes it.
    if (spec["paused"] === true) return Promise.resolve(undefined);
    const wanted = count(spec["replicas"] ?? 1);
    const updated = count(status["updatedReplicas"]);
    const old = count(status["replicas"]) - updated;
    const available = count(status["availableReplicas"]);
    return Promise.resolve(
      unseen(live) ??
        (updated < wanted ? `${updated} of ${pods(wanted)} updated` : undefined) ??
        (old > 0 ? `${pods(old)} of the former version still there` : undefined) ??
        (available < wanted ? `${available} of ${pods(wanted)} available` : undefined),
    );
  },
  async messages(live, list) {
    return [...failedConditions(live), ...(await messagesOfDeployment(live, list))];
  },
};

export const daemonSet: Awaiter = {
  missing(live) {
    const status = part(live, "status");
    const wanted = count(status["desiredNumberScheduled"]);
    const updated = count(status["updatedNumberScheduled"]);
    const available = count(status["numberAvailable"]);
    // With OnDelete, somebody else decides when a Pod gets the new template.
    const byHand = part(part(live, "spec"), "updateStrategy")["type"] === "OnDelete";
    return Promise.resolve(
      unseen(live) ??
        (!byHand && updated < wanted ? `${updated} of ${pods(wanted)} updated` : undefined) ??
        (available < wanted ? `${available} of ${pods(wanted)} available` : undefined),
    );
  },
  messages: messagesOfDaemonSet,
};

/** Its Pods may be yet to come, or there may be none on purpose: a Deployment with no replicas. */
const NO_ENDPOINT = "it has no endpoint";

export const service: Awaiter = {
  async missing(live, list) {
    const spec = part(live, "spec");
    if (spec["type"] === "ExternalName") return undefined;
    const selects = Object.keys(part(spec, "selector")).length > 0;
    const endpoints =
      selects && spec["clusterIP"] !== "None" ? await endpointsOf(live, list) : undefined;
    // An endpoint without this condition counts as ready.
    if (endpoints?.some(({ ready }) => ready === false)) return "an endpoint is not ready";
    const { ingress } = part(part(live, "status"), "loadBalancer");
    if (spec["type"] === "LoadBalancer" && !(Array.isArray(ingress) && ingress.length > 0))
      return "its load balancer has no address";
    return endpoints?.length === 0 ? NO_ENDPOINT : undefined;
  },
  enough: { why: NO_ENDPOINT, seconds: 10 },
};

/** The conditions of each endpoint, without those of Pods that are about to end. */
async function endpointsOf(live: Props, list: List): Promise<Props[]> {
  const path = `/apis/discovery.k8s.io/v1/${namespacePath(live)}/endpointslices`;
  const slices = await list(path, `kubernetes.io/service-name=${metadataOf(live).name}`);
  return slices
    .flatMap(({ endpoints }) => (Array.isArray(endpoints) ? endpoints.filter(isProps) : []))
    .map((endpoint) => part(endpoint, "conditions"))
    .filter(({ terminating }) => terminating !== true);
}

/** A status of an earlier generation says nothing of the last change. */
function unseen(live: Props): string | undefined {
  const seen = count(part(live, "status")["observedGeneration"]);
  return seen < count(metadataIn(live)["generation"])
    ? "its controller has not seen the last change"
    : undefined;
}

/** Why no Pod could be made, or why the rollout does not go on. */
function failedConditions(live: Props): string[] {
  const { conditions } = part(live, "status");
  return (Array.isArray(conditions) ? conditions : [])
    .filter(isProps)
    .filter(
      ({ type, status }) =>
        (type === "ReplicaFailure" && status === "True") ||
        (type === "Progressing" && status === "False"),
    )
    .map(({ reason, message }) => `${word(reason)}: ${word(message)}`);
}

function part(props: Props, name: string): Props {
  const value = props[name];
  return isProps(value) ? value : {};
}

const count = (value: Value | undefined): number => (typeof value === "number" ? value : 0);
const word = (value: Value | undefined): string => (typeof value === "string" ? value : "unknown");
const pods = (number: number): string => `${number} ${number === 1 ? "Pod is" : "Pods are"}`;
