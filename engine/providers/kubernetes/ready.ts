/** When an object is ready: what its status still lacks, in words. */
import type { Props, Value } from "../provider";
import { isProps } from "../schema";
import { messagesOf } from "./pods";
import { metadataIn, metadataOf, namespacePath } from "./metadata";

/** Lists objects of the cluster: the items at a path of its API that a label selector matches. */
export type List = (path: string, labelSelector: string) => Promise<Props[]>;

export interface Awaiter {
  /** What the object lacks to be ready; undefined: it is ready. */
  missing(live: Props, list: List): Promise<string | undefined>;
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
    return [...failedConditions(live), ...(await messagesOf(live, list))];
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
  messages: messagesOf,
};

export const service: Awaiter = {
  async missing(live, list) {
    const spec = part(live, "spec");
    if (spec["type"] === "ExternalName") return undefined;
    const selected = Object.keys(part(spec, "selector")).length > 0;
    if (selected && spec["clusterIP"] !== "None" && !(await hasEndpoint(live, list)))
      return "no Pod that its selector matches is ready";
    const { ingress } = part(part(live, "status"), "loadBalancer");
    const open = Array.isArray(ingress) && ingress.length > 0;
    return spec["type"] === "LoadBalancer" && !open
      ? "its load balancer has no address"
      : undefined;
  },
};

async function hasEndpoint(live: Props, list: List): Promise<boolean> {
  const path = `/apis/discovery.k8s.io/v1/${namespacePath(live)}/endpointslices`;
  const slices = await list(path, `kubernetes.io/service-name=${metadataOf(live).name}`);
  return slices.some(({ endpoints }) => {
    if (!Array.isArray(endpoints)) return false;
    // An endpoint without this condition counts as ready.
    return endpoints.some((one) => isProps(one) && part(one, "conditions")["ready"] !== false);
  });
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
