import { parse } from "yaml";
import { LocalRegistryHosting } from "../../components";
import { record, valueOf } from "./recorder";

describe("LocalRegistryHosting", () => {
  test("declares the ConfigMap of KEP-1755, in the cluster of the kubeconfig", async () => {
    const declared = record();
    const hosting = new LocalRegistryHosting("controlplane", {
      registry: "10.0.0.1:5000",
      kubeconfig: "admin.conf",
      context: "prod",
    });
    expect(await valueOf(hosting.configMap)).toBe("controlplane-hosting-id");
    expect(declared).toEqual([
      { type: "cluster-registry:index:LocalRegistryHosting", name: "controlplane", inputs: {} },
      {
        type: "pulumi:providers:kubernetes",
        name: "controlplane-kubernetes",
        inputs: { kubeconfig: "admin.conf", context: "prod", enableConfigMapMutable: "true" },
      },
      {
        type: "kubernetes:core/v1:ConfigMap",
        name: "controlplane-hosting",
        inputs: {
          apiVersion: "v1",
          kind: "ConfigMap",
          metadata: { name: "local-registry-hosting", namespace: "kube-public" },
          data: {
            "localRegistryHosting.v1":
              'host: "10.0.0.1:5000"\nhostFromContainerRuntime: "10.0.0.1:5000"\n',
          },
        },
      },
    ]);
  });

  test("an IPv6 registry is a text in the document, not a list", async () => {
    const declared = record();
    await valueOf(new LocalRegistryHosting("a", { registry: "[fd00::1]:5000" }).configMap);
    const { data } = declared[2]?.inputs as { data: Record<string, string> };
    expect(parse(data["localRegistryHosting.v1"] ?? "")).toEqual({
      host: "[fd00::1]:5000",
      hostFromContainerRuntime: "[fd00::1]:5000",
    });
  });
});
