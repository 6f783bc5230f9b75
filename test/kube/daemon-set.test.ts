import { ApiError } from "../../kube/api-error";
import type { ApiObject, ApiRequest } from "../../kube/api-server";
import { readDaemonSet } from "../../kube/daemon-set";

const TEMPLATE = { "cluster-registry/attempt": "2" };

const daemonSet = (status: ApiObject = { observedGeneration: 3, desiredNumberScheduled: 2 }) => ({
  metadata: { uid: "set", generation: 3 },
  spec: {
    selector: { matchLabels: { app: "check", part: "x" } },
    template: { metadata: { annotations: TEMPLATE } },
  },
  status,
});

const pod = (node: string, status: ApiObject = {}, metadata: ApiObject = {}): ApiObject => ({
  metadata: {
    uid: `pod-${node}`,
    annotations: { ...TEMPLATE, "cni/ip": "10.0.0.7" },
    ownerReferences: [{ uid: "set" }],
    ...metadata,
  },
  spec: { nodeName: node },
  status,
});

const READY = { conditions: [{ type: "Ready", status: "True" }] };

const waiting = (reason: string, message?: string): ApiObject => ({
  phase: "Pending",
  containerStatuses: [{ state: { waiting: { reason, ...(message && { message }) } } }],
});

/** Reads what this API server has. */
async function read(set: ApiObject, pods: ApiObject[], events: ApiObject[] = []) {
  const asked: string[] = [];
  const api = {
    request: ({ path, query }: ApiRequest) => {
      asked.push([path, ...Object.values(query ?? {})].join(" "));
      if (path.endsWith("/daemonsets/check")) return Promise.resolve(set);
      return Promise.resolve({ items: path.endsWith("/pods") ? pods : events });
    },
  };
  const found = await readDaemonSet(api, "ns", "check", new AbortController().signal);
  return { found, asked };
}

const messageOf = async (status: ApiObject, events: ApiObject[] = []) =>
  (await read(daemonSet(), [pod("a", status)], events)).found?.pods[0]?.message;

test("reads the Pods of the set by its selector, ordered by node, and asks for no Event of one that is ready", async () => {
  const { found, asked } = await read(daemonSet(), [pod("b", READY), pod("a", READY)]);
  expect(found).toEqual({
    annotations: TEMPLATE,
    wanted: 2,
    pods: [
      { node: "a", ready: true, message: "" },
      { node: "b", ready: true, message: "" },
    ],
  });
  expect(asked).toEqual([
    "/apis/apps/v1/namespaces/ns/daemonsets/check",
    "/api/v1/namespaces/ns/pods app=check,part=x",
  ]);
});

test("a Pod of another owner or of the former template does not count, nor one that is being deleted", async () => {
  const { found } = await read(daemonSet(), [
    pod("a", READY, { ownerReferences: [{ uid: "other" }] }),
    pod("b", READY, { annotations: { "cluster-registry/attempt": "1" } }),
    pod("c", READY, { deletionTimestamp: "2026-01-01T00:00:00Z" }),
  ]);
  expect(found?.pods).toEqual([]);
});

test("a status of before the last change says nothing of the nodes", async () => {
  const set = daemonSet({ observedGeneration: 2, desiredNumberScheduled: 2 });
  expect((await read(set, [])).found?.wanted).toBeUndefined();
});

test("the message is the kubelet's, and while it waits to try again, that of the pull", async () => {
  const cause = 'failed to pull and unpack image "r:1": dial tcp 10.0.0.1:5000: i/o timeout';
  expect(await messageOf(waiting("ErrImagePull", cause))).toBe(`ErrImagePull: ${cause}`);
  const newer = `Back-off pulling image "r:1": ErrImagePull: ${cause}`;
  expect(await messageOf(waiting("ImagePullBackOff", newer))).toBe(`ImagePullBackOff: ${newer}`);
  const older = waiting("ImagePullBackOff", 'Back-off pulling image "10.0.0.1:5000/r:1"');
  const events = [
    {
      reason: "Failed",
      message: `Failed to pull image: ${cause}`,
      lastTimestamp: "2026-01-01T00:00:02Z",
    },
    {
      reason: "Failed",
      message: "Failed to pull image: first",
      lastTimestamp: "2026-01-01T00:00:01Z",
    },
    { reason: "Failed", message: "Error: ErrImagePull", lastTimestamp: "2026-01-01T00:00:03Z" },
  ];
  expect(await messageOf(older, events)).toBe(`Failed: Failed to pull image: ${cause}`);
});

test("a Pod whose container does not come has the message of its last Event, else its state", async () => {
  const coming = waiting("ContainerCreating");
  const events = [{ reason: "FailedCreatePodSandBox", message: "no network", eventTime: "2026" }];
  expect(await messageOf(coming, events)).toBe("FailedCreatePodSandBox: no network");
  expect(await messageOf(coming)).toBe("ContainerCreating");
  expect(await messageOf({ phase: "Pending" })).toBe("Pending");
});

test("a Pod that is not scheduled says why, and for which node it is", async () => {
  const unscheduled = pod("", {
    conditions: [
      { type: "PodScheduled", status: "False", reason: "Unschedulable", message: "too many Pods" },
    ],
  });
  const term = { matchFields: [{ key: "metadata.name", operator: "In", values: ["a"] }] };
  const affinity = {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term] },
    },
  };
  const { found } = await read(daemonSet(), [{ ...unscheduled, spec: { affinity } }]);
  expect(found?.pods).toEqual([
    { node: "a", ready: false, message: "Unschedulable: too many Pods" },
  ]);
});

test("a set that is not there is no error, and a server that refuses is one", async () => {
  const api = (error: Error) => ({ request: () => Promise.reject(error) });
  const { signal } = new AbortController();
  const gone = new ApiError(404, "NotFound", "not found");
  expect(await readDaemonSet(api(gone), "ns", "check", signal)).toBeUndefined();
  const refused = new ApiError(403, "Forbidden", "forbidden");
  await expect(readDaemonSet(api(refused), "ns", "check", signal)).rejects.toThrow("forbidden");
});
