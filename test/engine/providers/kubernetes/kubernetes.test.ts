import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kubernetesPlugin } from "../../../../engine/providers/kubernetes";
import { loadCluster } from "../../../../engine/providers/kubernetes/kubeconfig";
import type { Props, ProviderInstance } from "../../../../engine/providers/provider";
import { context } from "../context";
import { FakeApiServer } from "./api-server";

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

/** The object as the API server tells it. */
const live = (host: string, more: Props = {}, fields: Props[] = []): Props => ({
  ...inputs(host),
  metadata: {
    name: "local-registry-hosting",
    namespace: "kube-public",
    uid: "u-1",
    resourceVersion: "7",
    creationTimestamp: "2026-07-01T07:52:50Z",
    managedFields: fields,
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
    server.expects(`POST ${ALL}?fieldManager=pulumi-kubernetes`, 409, { message });
    await expect(provider.create(TYPE, inputs("a:5000"), ctx())).rejects.toThrow(
      `${message} (POST ${ALL}: 409); somebody else made it: take it away, or take it into the stack with the import option (${ID})`,
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
          { op: "test", path: "/metadata/resourceVersion", value: "7" },
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

  test("a field that another program set in the meantime is not overwritten", async () => {
    const old = await made("a:5000");
    const manager = old["__fieldManager"] as string;
    const message = 'Apply failed with 1 conflict: conflict with "helm": .data';
    server
      .expects(`GET ${ONE}`, 200, live("x", {}, [{ manager, operation: "Apply" }]))
      .expects(`PATCH ${ONE}?fieldManager=${manager}&force=false`, 409, { message });
    await expect(provider.update(TYPE, ID, {}, old, inputs("b:5000"), ctx())).rejects.toThrow(
      message,
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
    server.expects(`GET ${ONE}`, 404, { message: "not found" });
    expect(await read()).toBeUndefined();
    server.expects(`GET ${ONE}`, 403, { message: "configmaps is forbidden" });
    await expect(read()).rejects.toThrow(`configmaps is forbidden (GET ${ONE}: 403)`);
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
      .expects(`DELETE ${ONE}`, 200, {})
      .expects(`GET ${ONE}`, 200, live("a:5000"))
      .expects(`GET ${ONE}`, 404, {});
    await provider.delete(TYPE, ID, inputs("a:5000"), old, ctx());
    expect(server.asked[2]?.body).toEqual({
      propagationPolicy: "Background",
      preconditions: { uid: "u-1" },
    });
  });

  test("one that is gone already is no error", async () => {
    server.expects(`GET ${ONE}`, 404, {});
    await provider.delete(TYPE, ID, inputs("a:5000"), {}, ctx());
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
