import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kubernetesPlugin } from "../../../../engine/providers/kubernetes";
import { loadCluster } from "../../../../kube/kubeconfig";
import type { Props, ProviderInstance } from "../../../../engine/providers/provider";
import { context } from "../context";
import { failure, FakeApiServer } from "./api-server";

const TYPE = "kubernetes:core/v1:ConfigMap";
const URN = `urn:pulumi:dev::p::${TYPE}::hosting`;
const ALL = "/api/v1/namespaces/kube-public/configmaps";
const ONE = `${ALL}/local-registry-hosting`;
const ID = "kube-public/local-registry-hosting";

const inputs = (host: string): Props => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "local-registry-hosting", namespace: "kube-public" },
  data: { "localRegistryHosting.v1": `host: ${host}\n` },
});

/** The object as the API server tells it: without managedFields where nobody has set any. */
const live = (host: string, more: Props = {}, fields: Props[] = []): Props => ({
  ...inputs(host),
  metadata: {
    name: "local-registry-hosting",
    namespace: "kube-public",
    uid: "u-1",
    resourceVersion: "7",
    creationTimestamp: "2026-07-01T07:52:50Z",
    ...(fields.length > 0 && { managedFields: fields }),
    ...more,
  },
});

// Loading the client library makes jest compile it, once.
jest.setTimeout(120_000);
let server: FakeApiServer;
let provider: ProviderInstance;
beforeEach(async () => {
  server = await FakeApiServer.start();
  provider = await configure();
});
afterEach(async () => {
  await provider?.close();
  await server.close();
  expect(server.open).toEqual([]);
});

const configure = (settings: Props = { enableConfigMapMutable: "true" }) =>
  kubernetesPlugin.configure({ kubeconfig: server.kubeconfig, ...settings }, "/");
const ctx = () => context("hosting", TYPE);
const NOT_FOUND = failure(404, "NotFound", 'configmaps "local-registry-hosting" not found');
const DELETED = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success" };

/** A ConfigMap that a run has made. */
async function made(host: string): Promise<Props> {
  server.expects(`POST ${ALL}?fieldManager=pulumi-kubernetes`, 201, live(host));
  return (await provider.create(TYPE, inputs(host), ctx())).outputs;
}

describe("making a ConfigMap", () => {
  test("posts it, with the kubeconfig's login, and keeps the live object with what was asked for", async () => {
    server.expects(`POST ${ALL}?fieldManager=pulumi-kubernetes`, 201, live("a:5000"));
    const { id, outputs } = await provider.create(TYPE, inputs("a:5000"), ctx());
    expect(id).toBe(ID);
    expect(server.asked).toEqual([
      {
        line: `POST ${ALL}?fieldManager=pulumi-kubernetes`,
        type: "application/json",
        auth: "Bearer TOKEN",
        body: inputs("a:5000"),
      },
    ]);
    expect(outputs).toEqual({
      ...live("a:5000"),
      __inputs: inputs("a:5000"),
      __initialApiVersion: "v1",
      __fieldManager: expect.stringMatching(/^pulumi-kubernetes-[0-9a-f]{8}$/),
    });
  });

  test("one that somebody else made is not taken over", async () => {
    const message = 'configmaps "local-registry-hosting" already exists';
    server.expects(
      `POST ${ALL}?fieldManager=pulumi-kubernetes`,
      ...failure(409, "AlreadyExists", message),
    );
    await expect(provider.create(TYPE, inputs("a:5000"), ctx())).rejects.toThrow(
      `${message} (POST ${ALL}: 409); it already exists: delete it, or import it with the import option (${ID})`,
    );
  });

  test("a quota that could not be counted is not taken for somebody else's object", async () => {
    const message = 'Operation cannot be fulfilled on resourcequotas "q": please try again';
    server.expects(
      `POST ${ALL}?fieldManager=pulumi-kubernetes`,
      ...failure(409, "Conflict", message),
    );
    await expect(provider.create(TYPE, inputs("a:5000"), ctx())).rejects.toThrow(
      new RegExp(`${message} \\(POST ${ALL}: 409\\)$`),
    );
  });

  test("a namespace that is not there is to be made first", async () => {
    server.expects(
      `POST ${ALL}?fieldManager=pulumi-kubernetes`,
      ...failure(404, "NotFound", 'namespaces "kube-public" not found'),
    );
    await expect(provider.create(TYPE, inputs("a:5000"), ctx())).rejects.toThrow(
      `namespaces "kube-public" not found (POST ${ALL}: 404); create the namespace kube-public first`,
    );
  });

  test("a preview asks the cluster nothing", async () => {
    const preview = { ...ctx(), preview: true };
    expect(await provider.create(TYPE, inputs("a:5000"), preview)).toEqual({
      id: "",
      outputs: inputs("a:5000"),
    });
    expect(server.asked).toEqual([]);
  });

  test("a name is made up where there is none, and stays", async () => {
    const { inputs: first } = await provider.check(TYPE, URN, undefined, {});
    const { name, annotations } = first["metadata"] as Props;
    expect(name).toMatch(/^hosting-[0-9a-f]{8}$/);
    expect(annotations).toEqual({ "pulumi.com/autonamed": "true" });
    expect((await provider.check(TYPE, URN, first, {})).inputs).toEqual(first);
  });

  test("a namespace is filled in where there is none: the setting's, else the context's, else default", async () => {
    const checked = async (settings: Props = {}) => {
      provider = await configure(settings);
      const { inputs: all } = await provider.check(TYPE, URN, undefined, {
        metadata: { name: "x" },
      });
      return (all["metadata"] as Props)["namespace"];
    };
    expect(await checked()).toBe("default");
    const kubeconfig = server.kubeconfig.replace('"user":"me"}', '"user":"me","namespace":"team"}');
    expect(await checked({ kubeconfig })).toBe("team");
    expect(await checked({ kubeconfig, namespace: "mine" })).toBe("mine");
  });

  test("empty maps are left out, since the server keeps none", async () => {
    const { inputs: checked } = await provider.check(TYPE, URN, undefined, {
      metadata: { name: "x", labels: {}, annotations: {} },
      data: {},
      binaryData: {},
    });
    expect(checked).toEqual({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "x", namespace: "default" },
    });
  });

  test("what is a setting of the real provider in an annotation is refused", async () => {
    const annotations = { "pulumi.com/patchForce": "true", "example.com/x": "y" };
    const { failures } = await provider.check(TYPE, URN, undefined, { metadata: { annotations } });
    expect(failures).toEqual([
      {
        property: 'metadata.annotations["pulumi.com/patchForce"]',
        reason: "it is not supported by the embedded engine",
      },
    ]);
  });

  test("what no ConfigMap has is refused by name", async () => {
    const { failures } = await provider.check(TYPE, URN, undefined, {
      metadata: { generateName: "x-" },
      data: { port: 5000 },
      spec: {},
    });
    expect(failures).toEqual([
      {
        property: "spec",
        reason:
          "no such property; there are: apiVersion, binaryData, data, immutable, kind, metadata",
      },
      {
        property: "metadata.generateName",
        reason: "no such property; there are: annotations, labels, name, namespace",
      },
      { property: "data.port", reason: "expected a string, found a number" },
    ]);
  });
});

describe("comparing", () => {
  const diff = async (old: Props, news: Props) =>
    provider.diff(TYPE, URN, ID, inputs("a:5000"), old, news);

  test("what the server and others added is no difference", async () => {
    const old = await made("a:5000");
    const touched = { ...old, data: { ...(old["data"] as Props), theirs: "x" } };
    expect(await diff(touched, inputs("a:5000"))).toMatchObject({ changes: "none", replaces: [] });
  });

  test("another text is an update where ConfigMaps may be changed, else a replacement, the old one first", async () => {
    const old = await made("a:5000");
    const at = 'data["localRegistryHosting.v1"]';
    expect(await diff(old, inputs("b:5000"))).toEqual({
      changes: "some",
      replaces: [],
      deleteBeforeReplace: false,
      detailed: { [at]: "update" },
    });
    provider = await configure({});
    expect(await diff(old, inputs("b:5000"))).toEqual({
      changes: "some",
      replaces: [at],
      deleteBeforeReplace: true,
      detailed: { [at]: "update-replace" },
    });
  });

  test("an immutable one is replaced, and one with a made-up name is made under another before it goes", async () => {
    const old = await made("a:5000");
    const at = 'data["localRegistryHosting.v1"]';
    const fixed = { ...inputs("b:5000"), immutable: true };
    expect(await diff(old, fixed)).toMatchObject({
      replaces: [at],
      deleteBeforeReplace: true,
      detailed: { [at]: "update-replace", immutable: "add" },
    });
    const { metadata } = inputs("b:5000");
    const annotations = { "pulumi.com/autonamed": "true" };
    const autonamed = { ...fixed, metadata: { ...(metadata as Props), annotations } };
    expect(await diff(old, autonamed)).toMatchObject({ deleteBeforeReplace: false });
  });

  test("an immutable one is replaced to be changed again, also where somebody else made it so", async () => {
    const fixed = { ...inputs("a:5000"), immutable: true };
    server.expects(`POST ${ALL}?fieldManager=pulumi-kubernetes`, 201, {
      ...live("a:5000"),
      immutable: true,
    });
    const { outputs } = await provider.create(TYPE, fixed, ctx());
    expect(await diff(outputs, inputs("a:5000"))).toMatchObject({
      replaces: ["immutable"],
      deleteBeforeReplace: true,
      detailed: { immutable: "delete-replace" },
    });
    const old = { ...(await made("a:5000")), immutable: true };
    expect(await diff(old, inputs("a:5000"))).toMatchObject({ changes: "none" });
    expect(await diff(old, inputs("b:5000"))).toMatchObject({
      replaces: ['data["localRegistryHosting.v1"]'],
      deleteBeforeReplace: true,
    });
  });

  test("another namespace is another object, made before the old one goes", async () => {
    const old = await made("a:5000");
    const news = { ...inputs("a:5000"), metadata: { name: "local-registry-hosting" } };
    expect(await diff(old, news)).toEqual({
      changes: "some",
      replaces: ["metadata.namespace"],
      deleteBeforeReplace: false,
      detailed: { "metadata.namespace": "update-replace" },
    });
  });
});

describe("updating", () => {
  test("applies as the object's own field manager, which first takes over what was ours by creation", async () => {
    const old = await made("a:5000");
    const manager = old["__fieldManager"] as string;
    const [mine, theirs] = ["f:data", "f:metadata"].map((name) => ({ [name]: {} }));
    const fields = [
      { manager: "helm", operation: "Update", fieldsV1: theirs! },
      { manager: "pulumi-kubernetes", operation: "Update", fieldsV1: mine! },
    ];
    server
      .expects(`GET ${ONE}`, 200, live("a:5000", {}, fields))
      .expects(`PATCH ${ONE}`, 200, {})
      .expects(`PATCH ${ONE}?fieldManager=${manager}&force=false`, 200, live("b:5000"));
    const { outputs } = await provider.update(TYPE, ID, {}, old, inputs("b:5000"), ctx());
    expect(outputs).toEqual({ ...old, ...live("b:5000"), __inputs: inputs("b:5000") });
    expect(server.asked.slice(2).map(({ type, body }) => ({ type, body }))).toEqual([
      {
        type: "application/json-patch+json",
        body: [
          { op: "replace", path: "/metadata/resourceVersion", value: "7" },
          {
            op: "replace",
            path: "/metadata/managedFields",
            value: [fields[0], { manager, operation: "Apply", fieldsV1: mine }],
          },
        ],
      },
      { type: "application/apply-patch+yaml", body: inputs("b:5000") },
    ]);
  });

  test("an object whose fields nobody is known to manage is applied by force", async () => {
    const old = await made("a:5000");
    const manager = old["__fieldManager"] as string;
    server
      .expects(`GET ${ONE}`, 200, live("a:5000"))
      .expects(`PATCH ${ONE}?fieldManager=${manager}&force=true`, 200, live("b:5000"));
    await provider.update(TYPE, ID, {}, old, inputs("b:5000"), ctx());
  });

  test("a takeover that another change came before is tried again with what is there then", async () => {
    const old = await made("a:5000");
    const manager = old["__fieldManager"] as string;
    const fields = [{ manager: "pulumi-kubernetes", operation: "Update", fieldsV1: {} }];
    const message =
      'Operation cannot be fulfilled on configmaps "local-registry-hosting": the object has been modified; please apply your changes to the latest version and try again';
    server
      .expects(`GET ${ONE}`, 200, live("a:5000", {}, fields))
      .expects(`PATCH ${ONE}`, ...failure(409, "Conflict", message))
      .expects(`GET ${ONE}`, 200, live("a:5000", { resourceVersion: "8" }, fields))
      .expects(`PATCH ${ONE}`, 200, {})
      .expects(`PATCH ${ONE}?fieldManager=${manager}&force=false`, 200, live("b:5000"));
    await provider.update(TYPE, ID, {}, old, inputs("b:5000"), ctx());
    expect(server.asked[4]?.body).toMatchObject([{ value: "8" }, {}]);
    for (let round = 0; round < 5; round++)
      server
        .expects(`GET ${ONE}`, 200, live("a:5000", {}, fields))
        .expects(`PATCH ${ONE}`, ...failure(409, "Conflict", message));
    await expect(provider.update(TYPE, ID, {}, old, inputs("b:5000"), ctx())).rejects.toThrow(
      `${message} (PATCH ${ONE}: 409)`,
    );
  });

  test("one that is gone is made anew, and not by an apply, which would take over another's", async () => {
    const old = await made("a:5000");
    server
      .expects(`GET ${ONE}`, ...NOT_FOUND)
      .expects(`POST ${ALL}?fieldManager=pulumi-kubernetes`, 201, live("b:5000", { uid: "u-2" }));
    const { outputs } = await provider.update(TYPE, ID, {}, old, inputs("b:5000"), ctx());
    expect(outputs).toMatchObject({ metadata: { uid: "u-2" }, __inputs: inputs("b:5000") });
  });

  test("fields that other programs set in the meantime are not overwritten, and told in one line", async () => {
    const old = await made("a:5000");
    const manager = old["__fieldManager"] as string;
    const update = (message: string) => {
      server
        .expects(`GET ${ONE}`, 200, live("x", {}, [{ manager, operation: "Apply" }]))
        .expects(
          `PATCH ${ONE}?fieldManager=${manager}&force=false`,
          ...failure(409, "Conflict", message),
        );
      return provider.update(TYPE, ID, {}, old, inputs("b:5000"), ctx());
    };
    const what = `(PATCH ${ONE}: 409); take what is there now (written in the program, or by ignoreChanges), have the others give the fields up, or delete ${ID}; then up with --refresh`;
    const one = 'Apply failed with 1 conflict: conflict with "helm" using v1: .data.k';
    await expect(update(one)).rejects.toThrow(`${one} ${what}`);
    const two = 'conflicts with "argo" using v1:\n- .data.a\nconflicts with "helm" using v1:';
    await expect(
      update(`Apply failed with 3 conflicts: ${two}\n- .data.k\n- .data.l`),
    ).rejects.toThrow(
      `Apply failed with 3 conflicts: conflicts with "argo" using v1: .data.a; conflicts with "helm" using v1: .data.k, .data.l ${what}`,
    );
  });
});

describe("reading", () => {
  test("tells what has become of what we asked for, and nothing else", async () => {
    const old = await made("a:5000");
    const now = {
      ...live("changed"),
      data: { "localRegistryHosting.v1": "host: changed\n", own: "x" },
    };
    server.expects(`GET ${ONE}`, 200, now);
    const read = await provider.read(TYPE, ID, inputs("a:5000"), old, ctx());
    expect(read?.inputs).toEqual(inputs("changed"));
    expect(read?.outputs).toEqual({ ...old, ...now, __inputs: inputs("changed") });
  });

  test("one that is gone is gone; a cluster that does not answer or refuses is an error", async () => {
    const old = await made("a:5000");
    const read = () => provider.read(TYPE, ID, inputs("a:5000"), old, ctx());
    server.expects(`GET ${ONE}`, ...NOT_FOUND);
    expect(await read()).toBeUndefined();
    const message =
      'configmaps "local-registry-hosting" is forbidden: User "me" cannot get resource "configmaps" in API group "" in the namespace "kube-public"';
    server.expects(`GET ${ONE}`, ...failure(403, "Forbidden", message));
    await expect(read()).rejects.toThrow(`${message} (GET ${ONE}: 403)`);
    server.expects(`GET ${ONE}`, ...failure(401, "Unauthorized", "Unauthorized"));
    await expect(read()).rejects.toThrow(
      `Unauthorized (GET ${ONE}: 401); check the login that the kubeconfig's context has`,
    );
    await server.close();
    await expect(read()).rejects.toThrow(
      /^the Kubernetes cluster at http:\/\/127\.0\.0\.1:\d+ does not answer: .*ECONNREFUSED.*; check the kubeconfig and the network$/,
    );
    server = await FakeApiServer.start();
  });

  test("for the first time, by id alone, gives the inputs that a program would write", async () => {
    const memory = { "kubectl.kubernetes.io/last-applied-configuration": "{}", note: "x" };
    const more = { annotations: memory, finalizers: ["example.com/hold"] };
    server.expects(`GET ${ONE}`, 200, live("a:5000", more));
    const read = await provider.read(TYPE, ID, undefined, undefined, ctx());
    const { metadata } = inputs("a:5000");
    expect(read?.inputs).toEqual({
      ...inputs("a:5000"),
      metadata: { ...(metadata as Props), ...more, annotations: { note: "x" } },
    });
    expect(read?.outputs["__fieldManager"]).toMatch(/^pulumi-kubernetes-[0-9a-f]{8}$/);
  });
});

describe("deleting", () => {
  test("deletes the object that was seen, and waits until it is gone", async () => {
    const old = await made("a:5000");
    server
      .expects(`GET ${ONE}`, 200, live("a:5000"))
      .expects(`DELETE ${ONE}`, 200, DELETED)
      .expects(`GET ${ONE}`, 200, live("a:5000"))
      .expects(`GET ${ONE}`, ...NOT_FOUND);
    await provider.delete(TYPE, ID, inputs("a:5000"), old, ctx());
    expect(server.asked[2]?.body).toEqual({
      propagationPolicy: "Background",
      preconditions: { uid: "u-1" },
    });
  });

  test("one that is gone already is no error", async () => {
    server.expects(`GET ${ONE}`, ...NOT_FOUND);
    await provider.delete(TYPE, ID, inputs("a:5000"), {}, ctx());
  });

  test("one that another program made anew meanwhile is left alone", async () => {
    const old = await made("a:5000");
    const message =
      'Operation cannot be fulfilled on ConfigMap "local-registry-hosting": the UID in the precondition (u-1) does not match the UID in record (u-2). The object might have been deleted and then recreated';
    server
      .expects(`GET ${ONE}`, 200, live("a:5000"))
      .expects(`DELETE ${ONE}`, ...failure(409, "Conflict", message))
      .expects(`GET ${ONE}`, 200, live("a:5000", { uid: "u-2" }));
    await provider.delete(TYPE, ID, inputs("a:5000"), old, ctx());
  });

  test("the finalizers that hold one are told, while waiting and where that was in vain", async () => {
    const old = await made("a:5000");
    const held = live("a:5000", {
      deletionTimestamp: "2026-07-01T08:00:00Z",
      finalizers: ["example.com/hold"],
    });
    server
      .expects(`GET ${ONE}`, 200, live("a:5000"))
      // The answer is then the object itself.
      .expects(`DELETE ${ONE}`, 200, held)
      .expects(`GET ${ONE}`, 200, held)
      .expects(`GET ${ONE}`, 200, held)
      .expects(`GET ${ONE}`, ...NOT_FOUND);
    const step = ctx();
    await provider.delete(TYPE, ID, inputs("a:5000"), old, step);
    const why = "it is deleted once its finalizers are removed: example.com/hold";
    expect(step.logs).toEqual([{ severity: "info", text: `${ID}: ${why}`, ephemeral: false }]);
    server
      .expects(`GET ${ONE}`, 200, held)
      .expects(`DELETE ${ONE}`, 200, held)
      .expects(`GET ${ONE}`, 200, held);
    await expect(
      provider.delete(TYPE, ID, inputs("a:5000"), old, { ...ctx(), timeoutSeconds: 0 }),
    ).rejects.toThrow(`${ID} is still there: ${why}`);
  });
});

describe("the provider", () => {
  test("refuses what it does not honour by name, and takes what is off", async () => {
    const refused = async (news: Props) => (await kubernetesPlugin.checkConfig(news)).failures;
    const reason =
      "it is not supported by the embedded engine, which has kubeconfig, context, namespace, enableConfigMapMutable";
    const news = { kubeconfig: "x", renderYamlToDirectory: "out", deleteUnreachable: "false" };
    expect(await refused(news)).toEqual([{ property: "renderYamlToDirectory", reason }]);
    // This one is on unless it is switched off.
    expect(await refused({ enableServerSideApply: "true" })).toEqual([]);
    expect(await refused({ enableServerSideApply: "false" })).toEqual([
      { property: "enableServerSideApply", reason },
    ]);
  });

  test("another cluster replaces what is in it; another file of the same one does not", async () => {
    const one = server.kubeconfig;
    const same = one.replace("TOKEN", "OTHER");
    const other = one.replace("127.0.0.1", "127.0.0.2");
    const changed = (kubeconfig: string) =>
      kubernetesPlugin.diffConfig({ kubeconfig: one }, { kubeconfig });
    expect(await changed(same)).toEqual({ changes: "some", replaces: [] });
    expect(await changed(other)).toEqual({ changes: "some", replaces: ["kubeconfig"] });
  });

  test("without a kubeconfig setting it is KUBECONFIG's", async () => {
    const folder = mkdtempSync(join(tmpdir(), "kube-"));
    try {
      const file = join(folder, "config");
      writeFileSync(file, server.kubeconfig);
      const config = await loadCluster({}, "/", { KUBECONFIG: file });
      expect(config.getCurrentCluster()?.server).toMatch(/^http:\/\/127\.0\.0\.1:/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("a kubeconfig that is not there, or lacks the context, is named", async () => {
    const folder = mkdtempSync(join(tmpdir(), "kube-"));
    try {
      await expect(kubernetesPlugin.configure({ kubeconfig: "none" }, folder)).rejects.toThrow(
        `the kubeconfig ${join(folder, "none")} cannot be read: ENOENT`,
      );
      writeFileSync(join(folder, "config"), server.kubeconfig);
      await expect(
        kubernetesPlugin.configure({ kubeconfig: "config", context: "prod" }, folder),
      ).rejects.toThrow('the kubeconfig has no cluster for the context "prod"; its contexts: lab');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
