import { kubernetesPlugin } from "../../../../engine/providers/kubernetes";
import {
  PartialFailure,
  type Props,
  type ProviderInstance,
} from "../../../../engine/providers/provider";
import { context } from "../context";
import { failure, FakeApiServer } from "./api-server";

const DEPLOYMENT = "kubernetes:apps/v1:Deployment";
const DAEMON_SET = "kubernetes:apps/v1:DaemonSet";
const SERVICE = "kubernetes:core/v1:Service";
const NAMESPACE = "kubernetes:core/v1:Namespace";
const ALL = "/apis/apps/v1/namespaces/team/deployments";
const POST = `POST ${ALL}?fieldManager=pulumi-kubernetes&fieldValidation=Strict`;
const PODS = "GET /api/v1/namespaces/team/pods?labelSelector=app%3Dweb";

const metadata = { name: "web", namespace: "team" };
const workload = (image = "web:1"): Props => ({
  metadata,
  spec: {
    selector: { matchLabels: { app: "web" } },
    template: {
      metadata: { labels: { app: "web" } },
      spec: { containers: [{ name: "web", image, resources: { limits: { cpu: "1000m" } } }] },
    },
  },
});

/** The object as the API server tells it, with some of its defaults. */
const live = (status: Props): Props => ({
  metadata: { ...metadata, uid: "u-1", generation: 1 },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: "web" } },
    template: {
      metadata: { labels: { app: "web" } },
      spec: {
        containers: [
          { name: "added", image: "by-a-webhook" },
          {
            name: "web",
            image: "web:1",
            imagePullPolicy: "IfNotPresent",
            resources: { limits: { cpu: "1" } },
          },
        ],
      },
    },
  },
  status,
});
const NEW = {};
const READY = { observedGeneration: 1, replicas: 1, updatedReplicas: 1, availableReplicas: 1 };
const BAD = { observedGeneration: 1, replicas: 1, updatedReplicas: 1 };
const SETS = "GET /apis/apps/v1/namespaces/team/replicasets?labelSelector=app%3Dweb";
/** An object that belongs to the one with this uid. */
const owned = (owner: string, name: string, more: Props = {}): Props => ({
  ...more,
  metadata: { name, ownerReferences: [{ uid: "other" }, { uid: owner }] },
});
const replicaSet = (owner: string, uid: string, revision: string): Props => {
  const { metadata } = owned(owner, uid) as { metadata: Props };
  const annotations = { "deployment.kubernetes.io/revision": revision };
  return { metadata: { ...metadata, uid, annotations } };
};
const waitingPod = (owner: string, name: string): Props =>
  owned(owner, name, {
    spec: { nodeName: "node01" },
    status: {
      containerStatuses: [
        { name: "web", state: { waiting: { reason: "ErrImagePull", message: "no such image" } } },
      ],
    },
  });

// Loading the client library makes jest compile it, once.
jest.setTimeout(120_000);
let server: FakeApiServer;
let provider: ProviderInstance;
beforeEach(async () => {
  server = await FakeApiServer.start();
  provider = await kubernetesPlugin.configure({ kubeconfig: server.kubeconfig }, "/");
});
afterEach(async () => {
  await provider?.close();
  await server.close();
  expect(server.open).toEqual([]);
});
const ctx = (timeoutSeconds?: number) =>
  context("web", DEPLOYMENT, timeoutSeconds === undefined ? {} : { timeoutSeconds });

async function made(): Promise<Props> {
  server.expects(POST, 201, live(READY));
  return (await provider.create(DEPLOYMENT, workload(), ctx())).outputs;
}

describe("a Deployment", () => {
  test("is made, and waited for until its Pods are available", async () => {
    server.expects(POST, 201, live(NEW)).expects(`GET ${ALL}/web`, 200, live(READY));
    const step = ctx();
    const { id, outputs } = await provider.create(DEPLOYMENT, workload(), step);
    expect(id).toBe("team/web");
    expect(outputs).toMatchObject({ status: READY, __initialApiVersion: "apps/v1" });
    expect(step.logs).toEqual([
      {
        severity: "info",
        text: "Deployment team/web is not ready: its controller has not seen the last change",
        ephemeral: true,
      },
    ]);
  });

  test("that does not become ready exists all the same, and its Pods say why", async () => {
    server
      .expects(POST, 201, live(BAD))
      .expects(SETS, 200, { items: [replicaSet("u-1", "rs-1", "1")] })
      .expects(PODS, 200, { items: [waitingPod("rs-1", "web-1")] });
    const failed = await provider.create(DEPLOYMENT, workload(), ctx(0)).catch((e: unknown) => e);
    expect(failed).toBeInstanceOf(PartialFailure);
    const { id, outputs, reasons } = failed as PartialFailure;
    expect(id).toBe("team/web");
    expect(outputs["__inputs"]).toEqual(workload());
    expect(reasons).toEqual([
      "Deployment team/web is not ready: 0 of 1 Pod is available; it was given 0 s",
      "Pod web-1 on node01: container web: ErrImagePull: no such image",
    ]);
  });

  const messages = async (sets: Props[], pods: Props[]) => {
    server
      .expects(POST, 201, live(BAD))
      .expects(SETS, 200, { items: sets })
      .expects(PODS, 200, { items: pods });
    const failed = await provider.create(DEPLOYMENT, workload(), ctx(0)).catch((e: unknown) => e);
    return (failed as PartialFailure).reasons.slice(1);
  };
  const said = (name: string) =>
    `Pod ${name} on node01: container web: ErrImagePull: no such image`;

  test("tells only of its own Pods, and of those only the newest template's", async () => {
    const sets = [
      replicaSet("u-1", "rs-9", "9"),
      replicaSet("u-1", "rs-10", "10"),
      replicaSet("u-2", "rs-11", "11"),
    ];
    const pods = ["rs-9", "rs-10", "rs-11", "none"].map((owner) =>
      waitingPod(owner, `of-${owner}`),
    );
    expect(await messages(sets, pods)).toEqual([said("of-rs-10")]);
  });

  test("tells of five Pods, and how many more there are", async () => {
    const sets = [replicaSet("u-1", "rs-1", "1")];
    const pods = (count: number) =>
      Array.from({ length: count }, (_, index) => waitingPod("rs-1", `p${index}`));
    const five = ["p0", "p1", "p2", "p3", "p4"].map(said);
    expect(await messages(sets, pods(5))).toEqual(five);
    expect(await messages(sets, pods(6))).toEqual([...five, "and 1 more Pod that is not ready"]);
    expect(await messages(sets, pods(7))).toEqual([...five, "and 2 more Pods that are not ready"]);
  });

  test("is waited for also by a user who may not list Pods", async () => {
    const forbidden = failure(403, "Forbidden", "pods is forbidden");
    server.expects(POST, 201, live(BAD));
    for (let round = 0; round < 3; round++) server.expects(`GET ${ALL}/web`, 200, live(BAD));
    server
      .expects(SETS, 200, { items: [replicaSet("u-1", "rs-1", "1")] })
      .expects(PODS, ...forbidden)
      .expects(`GET ${ALL}/web`, 200, live(READY));
    const step = ctx();
    await provider.create(DEPLOYMENT, workload(), step);
    const why = "Deployment team/web is not ready: 0 of 1 Pod is available";
    expect(step.logs.map(({ text }) => text)).toEqual([
      why,
      `${why}; its Pods cannot be read: ${server.address}: pods is forbidden (${PODS.replace(/\?.*/, "")}: 403)`,
    ]);
  });

  test("that was deleted during the wait is gone, also if another has its name by then", async () => {
    const create = () => provider.create(DEPLOYMENT, workload(), ctx());
    const gone = "Deployment team/web was deleted while it was waited for";
    server.expects(POST, 201, live(NEW));
    server.expects(`GET ${ALL}/web`, ...failure(404, "NotFound", "not found"));
    await expect(create()).rejects.toThrow(new RegExp(`^${gone}$`));
    const other = live(READY);
    other["metadata"] = { ...(other["metadata"] as Props), uid: "u-2" };
    server.expects(POST, 201, live(NEW)).expects(`GET ${ALL}/web`, 200, other);
    await expect(create()).rejects.toThrow(`${gone}, and somebody made another one with its name`);
  });

  test("is not waited for with skipAwait", async () => {
    server.expects(POST, 201, live(NEW));
    const annotations = { "pulumi.com/skipAwait": "true" };
    await provider.create(
      DEPLOYMENT,
      { ...workload(), metadata: { ...metadata, annotations } },
      ctx(),
    );
  });

  test("differs only in what the program asked for, element by element", async () => {
    const old = await made();
    const diff = (news: Props) => provider.diff(DEPLOYMENT, "", "", workload(), old, news);
    expect(await diff(workload())).toMatchObject({ changes: "none" });
    expect(await diff(workload("web:2"))).toMatchObject({
      replaces: [],
      detailed: { "spec.template.spec.containers[0].image": "update" },
    });
  });

  test("takes null as left out, at any depth", async () => {
    const news = workload();
    const { spec } = news as { spec: Props };
    const { inputs, failures } = await provider.check(DEPLOYMENT, "", undefined, {
      metadata: { ...metadata, labels: { team: null }, annotations: null },
      spec: {
        ...spec,
        replicas: null,
        template: { ...(spec["template"] as Props), x: [null, {}] },
      },
    });
    expect(failures).toEqual([]);
    const template = { ...(spec["template"] as Props), x: [{}] };
    expect(inputs).toEqual({
      ...{ apiVersion: "apps/v1", kind: "Deployment", metadata },
      spec: { ...spec, template },
    });
  });

  test("with another selector is another object, and the old one goes first", async () => {
    const old = await made();
    const news = workload();
    const spec = { ...(news["spec"] as Props), selector: { matchLabels: { app: "other" } } };
    expect(
      await provider.diff(DEPLOYMENT, "", "", workload(), old, { ...news, spec }),
    ).toMatchObject({ replaces: ["spec.selector.matchLabels.app"], deleteBeforeReplace: true });
  });

  test("is gone only if the API server says so, and not if a proxy answers 404", async () => {
    const old = await made();
    const read = () => provider.read(DEPLOYMENT, "team/web", workload(), old, ctx());
    server.expects(`GET ${ALL}/web`, 404, { message: "404 page not found" });
    await expect(read()).rejects.toThrow(`404 page not found (GET ${ALL}/web: 404)`);
    server.expects(`GET ${ALL}/web`, ...failure(404, "NotFound", 'deployments "web" not found'));
    expect(await read()).toBeUndefined();
  });

  test("of a cluster that does not answer is neither gone nor deleted", async () => {
    const old = await made();
    await server.close();
    const says = /^the Kubernetes cluster at http:\/\/127\.0\.0\.1:\d+ does not answer: /;
    await expect(provider.read(DEPLOYMENT, "team/web", workload(), old, ctx())).rejects.toThrow(
      says,
    );
    await expect(provider.delete(DEPLOYMENT, "team/web", workload(), old, ctx())).rejects.toThrow(
      says,
    );
    server = await FakeApiServer.start();
  });

  test("that is read tells why it is not ready, and keeps what was asked for", async () => {
    const old = await made();
    server.expects(`GET ${ALL}/web`, 200, live(BAD));
    const read = await provider.read(DEPLOYMENT, "team/web", workload(), old, ctx());
    expect(read?.inputs).toEqual(workload());
    expect(read?.initErrors).toEqual(["Deployment team/web is not ready: 0 of 1 Pod is available"]);
  });

  test("that is read by id alone has no inputs that its controller made", async () => {
    const read = async (annotations: Props) => {
      const there = live(READY);
      const made = { "deployment.kubernetes.io/revision": "3", ...annotations };
      there["metadata"] = { ...(there["metadata"] as Props), annotations: made };
      server.expects(`GET ${ALL}/web`, 200, there);
      const found = await provider.read(DEPLOYMENT, "team/web", undefined, undefined, ctx());
      return found?.inputs["metadata"];
    };
    const theirs = { "deprecated.daemonset.template.generation": "2" };
    expect(await read(theirs)).toEqual(metadata);
    expect(await read({ note: "x" })).toEqual({ ...metadata, annotations: { note: "x" } });
  });

  test("without a spec, or with a wait that is none, is refused", async () => {
    const annotations = { "pulumi.com/skipAwait": "yes", "pulumi.com/timeoutSeconds": "1m" };
    const news = { metadata: { ...metadata, annotations }, replicas: 2 };
    const { failures } = await provider.check(DEPLOYMENT, "", undefined, news);
    expect(failures).toEqual([
      {
        property: "replicas",
        reason: "no such property; there are: apiVersion, kind, metadata, spec",
      },
      { property: "spec", reason: "is required and was not given" },
      {
        property: 'metadata.annotations["pulumi.com/skipAwait"]',
        reason: 'expected "true" or "false"',
      },
      {
        property: 'metadata.annotations["pulumi.com/timeoutSeconds"]',
        reason: 'expected a number of seconds, from "1"',
      },
    ]);
  });

  test("is deleted after its Pods", async () => {
    const gone = failure(404, "NotFound", 'deployments "web" not found');
    server
      .expects(`GET ${ALL}/web`, 200, live(READY))
      .expects(`DELETE ${ALL}/web`, 200, {})
      .expects(`GET ${ALL}/web`, ...gone);
    await provider.delete(DEPLOYMENT, "team/web", workload(), {}, ctx());
    expect(server.asked[1]?.body).toEqual({
      propagationPolicy: "Foreground",
      preconditions: { uid: "u-1" },
    });
  });
});

test("a DaemonSet is ready once every node's Pod is updated and available", async () => {
  const path = "/apis/apps/v1/namespaces/team/daemonsets";
  const counts = (updated: number, available: number) => ({
    observedGeneration: 1,
    desiredNumberScheduled: 2,
    updatedNumberScheduled: updated,
    numberAvailable: available,
  });
  server
    .expects(
      `POST ${path}?fieldManager=pulumi-kubernetes&fieldValidation=Strict`,
      201,
      live(counts(1, 2)),
    )
    .expects(`GET ${path}/web`, 200, live(counts(2, 1)))
    .expects(`GET ${path}/web`, 200, live(counts(2, 2)));
  const step = ctx();
  await provider.create(DAEMON_SET, workload(), step);
  expect(step.logs.map(({ text }) => text)).toEqual([
    "DaemonSet team/web is not ready: 1 of 2 Pods are updated",
    "DaemonSet team/web is not ready: 1 of 2 Pods are available",
  ]);
});

test("a DaemonSet tells only of its own Pods", async () => {
  const path = "/apis/apps/v1/namespaces/team/daemonsets";
  const status = { observedGeneration: 1, desiredNumberScheduled: 1, updatedNumberScheduled: 1 };
  server
    .expects(
      `POST ${path}?fieldManager=pulumi-kubernetes&fieldValidation=Strict`,
      201,
      live(status),
    )
    .expects(PODS, 200, { items: [waitingPod("u-2", "other"), waitingPod("u-1", "web-1")] });
  await expect(provider.create(DAEMON_SET, workload(), ctx(0))).rejects.toThrow(
    "DaemonSet team/web is not ready: 0 of 1 Pod is available; it was given 0 s\n" +
      "Pod web-1 on node01: container web: ErrImagePull: no such image",
  );
});

describe("a Service", () => {
  const path = "/api/v1/namespaces/team/services";
  const post = `POST ${path}?fieldManager=pulumi-kubernetes&fieldValidation=Strict`;
  const slices =
    "GET /apis/discovery.k8s.io/v1/namespaces/team/endpointslices?labelSelector=kubernetes.io%2Fservice-name%3Dweb";
  const selecting = { selector: { app: "web" }, ports: [{ port: 80 }] };
  const service = (spec: Props = selecting): Props => ({
    metadata: { ...metadata, uid: "u-1" },
    spec,
  });
  const slice = (...endpoints: Props[]) => ({
    items: [{ endpoints: endpoints.map((conditions) => ({ conditions })) }],
  });
  const create = async (spec: Props = selecting) => {
    const step = ctx();
    await provider.create(SERVICE, { metadata, spec }, step);
    return step.logs.map(({ text }) => text);
  };
  const UNREADY = "Service team/web is not ready: an endpoint is not ready";
  afterEach(() => jest.restoreAllMocks());

  test("is ready once all its endpoints are", async () => {
    server
      .expects(post, 201, service())
      .expects(slices, 200, slice({ ready: true }, { ready: false }))
      .expects(`GET ${path}/web`, 200, service())
      .expects(slices, 200, slice({ ready: true }, {}));
    expect(await create()).toEqual([UNREADY]);
  });

  test("does not wait for the endpoints of Pods that are about to end", async () => {
    server
      .expects(post, 201, service())
      .expects(slices, 200, slice({ ready: true }, { ready: false, terminating: true }));
    expect(await create()).toEqual([]);
  });

  test("without an endpoint is ready after ten seconds without one", async () => {
    const now = Date.now.bind(Date);
    // Each request takes four seconds.
    jest.spyOn(Date, "now").mockImplementation(() => now() + server.asked.length * 4000);
    server.expects(post, 201, service()).expects(slices, 200, slice());
    const seen = (...endpoints: Props[]) =>
      server.expects(`GET ${path}/web`, 200, service()).expects(slices, 200, slice(...endpoints));
    seen({ ready: false });
    // What came between starts the ten seconds again.
    seen();
    seen();
    seen();
    const none = "Service team/web is not ready: it has no endpoint";
    expect(await create()).toEqual([none, UNREADY, none]);
  });

  test("is ready at once if it selects no Pods, is headless, or is another's name", async () => {
    const specs: Props[] = [
      { ...selecting, clusterIP: "None" },
      { type: "ExternalName", externalName: "example.com", selector: { app: "web" } },
      { ports: [{ port: 80 }] },
    ];
    for (const spec of specs) {
      server.expects(post, 201, service(spec));
      expect(await create(spec)).toEqual([]);
    }
  });

  test("that is read without an endpoint is ready, and with an unready one is not", async () => {
    const read = async (...endpoints: Props[]) => {
      server.expects(`GET ${path}/web`, 200, service()).expects(slices, 200, slice(...endpoints));
      const inputs = { metadata, spec: selecting };
      return (await provider.read(SERVICE, "team/web", inputs, {}, ctx()))?.initErrors;
    };
    expect(await read()).toEqual([]);
    expect(await read({ ready: false })).toEqual([UNREADY]);
  });

  test("is read also by a user who may not list endpoints", async () => {
    server
      .expects(`GET ${path}/web`, 200, service())
      .expects(slices, ...failure(403, "Forbidden", "endpointslices is forbidden"));
    const step = ctx();
    const inputs = { metadata, spec: selecting };
    const read = await provider.read(SERVICE, "team/web", inputs, {}, step);
    expect(read).toMatchObject({ inputs, initErrors: [] });
    expect(step.logs).toMatchObject([
      {
        severity: "warning",
        text: expect.stringContaining(
          "Service team/web: whether it is ready cannot be read: ",
        ) as string,
      },
    ]);
  });
});

test("a Namespace has its name as id, no namespace, and is ready when it is active", async () => {
  const { inputs } = await provider.check(NAMESPACE, "", undefined, { metadata: { name: "team" } });
  expect(inputs).toEqual({ apiVersion: "v1", kind: "Namespace", metadata: { name: "team" } });
  server.expects(
    "POST /api/v1/namespaces?fieldManager=pulumi-kubernetes&fieldValidation=Strict",
    201,
    { ...inputs, status: { phase: "Active" } },
  );
  expect((await provider.create(NAMESPACE, inputs, ctx())).id).toBe("team");
});

describe("deleting", () => {
  const ONE = "/api/v1/namespaces/team";
  const terminating = (...messages: string[]): Props => ({
    metadata: { name: "team", uid: "u-1" },
    status: {
      conditions: [
        ...messages.map((message) => ({ status: "True", message })),
        { status: "False", message: "not said" },
      ],
    },
  });
  const GONE = failure(404, "NotFound", "not found");

  test("a Namespace tells what is left in it, each time that changes", async () => {
    server
      .expects(`GET ${ONE}`, 200, terminating())
      .expects(`DELETE ${ONE}`, 200, {})
      .expects(`GET ${ONE}`, 200, terminating())
      .expects(`GET ${ONE}`, 200, terminating("Some resources are remaining: pods. has 2"))
      .expects(`GET ${ONE}`, 200, terminating("Some resources are remaining: pods. has 2"))
      .expects(`GET ${ONE}`, ...GONE);
    const step = ctx();
    await provider.delete(NAMESPACE, "team", { metadata: { name: "team" } }, {}, step);
    const still = (text: string) => ({ severity: "info", text: `team: ${text}`, ephemeral: true });
    expect(step.logs).toEqual([
      still("it is deleted once everything that belongs to it is gone"),
      still("Some resources are remaining: pods. has 2"),
    ]);
  });

  const annotated = (annotations: Props): Props => ({ metadata: { ...metadata, annotations } });

  test("waits as long as the annotation says, or customTimeouts, which go first", async () => {
    const now = Date.now.bind(Date);
    // Each request takes twenty seconds.
    jest.spyOn(Date, "now").mockImplementation(() => now() + server.asked.length * 20_000);
    const del = (polls: number, seconds?: number) => {
      server.expects(`GET ${ALL}/web`, 200, live(READY)).expects(`DELETE ${ALL}/web`, 200, {});
      for (let poll = 0; poll < polls; poll++) server.expects(`GET ${ALL}/web`, 200, live(READY));
      const inputs = annotated({ "pulumi.com/timeoutSeconds": "50" });
      return provider.delete(DEPLOYMENT, "team/web", inputs, {}, ctx(seconds));
    };
    try {
      const why =
        "team/web is still there: it is deleted once everything that belongs to it is gone";
      await expect(del(4)).rejects.toThrow(why);
      await expect(del(2, 15)).rejects.toThrow(why);
    } finally {
      jest.restoreAllMocks();
    }
  });

  test("does not wait with skipAwait, but for kinds where the real provider does", async () => {
    const skip = annotated({ "pulumi.com/skipAwait": "true" });
    server.expects(`GET ${ALL}/web`, 200, live(READY)).expects(`DELETE ${ALL}/web`, 200, {});
    await provider.delete(DEPLOYMENT, "team/web", skip, {}, ctx());
    const path = "/api/v1/namespaces/team/services/web";
    server
      .expects(`GET ${path}`, 200, live({}))
      .expects(`DELETE ${path}`, 200, {})
      .expects(`GET ${path}`, ...GONE);
    await provider.delete(SERVICE, "team/web", skip, {}, ctx());
  });
});
