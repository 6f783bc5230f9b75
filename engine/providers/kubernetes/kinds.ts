/**
 * The supported kinds of objects, as data: where the API has them, which inputs they take, what cannot change in place,
 * and when they are ready. As in pulumi-kubernetes 4.34.
 */
import type { Props } from "../provider";
import type { Fields } from "../schema";
import { daemonSet, deployment, namespace, service, type Awaiter } from "./ready";

export interface ProviderSettings {
  /** `enableConfigMapMutable`: a change to a ConfigMap's `data` is an update, not a replacement. */
  mutable: boolean;
  /** The namespace of objects that name none. */
  namespace: string;
}

export interface Kind {
  apiVersion: string;
  kind: string;
  /** The group's and version's path in the API. */
  path: string;
  plural: string;
  namespaced: boolean;
  /** The inputs beside apiVersion, kind and metadata. */
  fields: Fields;
  /** What the object must reach after a create or update. Undefined: it is ready as soon as it exists. */
  awaiter?: Awaiter;
  /** Whether the object is gone before its Pods (Background), or after them. */
  propagation: "Background" | "Foreground";
  /** True if the annotation skipAwait is for the object's deletion too, which is so for a few kinds. @default false */
  skipsDeletion?: boolean;
  /** True if the change at this path makes another object of it: the old one is replaced. */
  isFixed(path: string, live: Props, news: Props, settings: ProviderSettings): boolean;
}

/** Its fields are left to the API server, which knows those of its own version. */
const SPEC = { shape: { mapOf: "any" } } as const;

const KINDS: readonly Kind[] = [
  {
    ...{ apiVersion: "v1", kind: "ConfigMap", path: "/api/v1", plural: "configmaps" },
    namespaced: true,
    fields: {
      data: { shape: { mapOf: "string" } },
      binaryData: { shape: { mapOf: "string" } },
      immutable: { shape: "boolean" },
    },
    propagation: "Background",
    isFixed(path, live, news, { mutable }) {
      // The server does not allow this change to be undone.
      if (path === "immutable" && live["immutable"] === true) return true;
      const fixed = !mutable || live["immutable"] === true || news["immutable"] === true;
      return fixed && /^(data|binaryData)\b/.test(path);
    },
  },
  {
    ...{ apiVersion: "v1", kind: "Namespace", path: "/api/v1", plural: "namespaces" },
    namespaced: false,
    fields: { spec: SPEC },
    awaiter: namespace,
    skipsDeletion: true,
    propagation: "Background",
    isFixed: () => false,
  },
  {
    ...{ apiVersion: "v1", kind: "Service", path: "/api/v1", plural: "services" },
    namespaced: true,
    fields: { spec: SPEC },
    awaiter: service,
    propagation: "Background",
    isFixed: (path) => path === "spec.clusterIP",
  },
  {
    ...{ apiVersion: "apps/v1", kind: "Deployment", path: "/apis/apps/v1", plural: "deployments" },
    namespaced: true,
    fields: { spec: { ...SPEC, required: true } },
    awaiter: deployment,
    propagation: "Foreground",
    skipsDeletion: true,
    isFixed: isSelector,
  },
  {
    ...{ apiVersion: "apps/v1", kind: "DaemonSet", path: "/apis/apps/v1", plural: "daemonsets" },
    namespaced: true,
    fields: { spec: { ...SPEC, required: true } },
    awaiter: daemonSet,
    propagation: "Foreground",
    skipsDeletion: true,
    isFixed: isSelector,
  },
];

function isSelector(path: string): boolean {
  return /^spec\.selector\b/.test(path);
}

/** Every supported kind by its resource type: `kubernetes:apps/v1:Deployment`. */
export const kindsByType: ReadonlyMap<string, Kind> = new Map(
  KINDS.map((kind) => {
    const group = kind.apiVersion.includes("/") ? kind.apiVersion : `core/${kind.apiVersion}`;
    return [`kubernetes:${group}:${kind.kind}`, kind];
  }),
);
