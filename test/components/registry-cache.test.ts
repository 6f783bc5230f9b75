import * as pulumi from "@pulumi/pulumi";
import type { RegistryCachePlan } from "../../components/plans";
import { RegistryCache } from "../../components/registry-cache";
import { cachesOf } from "../../settings/caches";
import { parseSettings } from "../../settings/parse";
import { type Declared, record, settled, valueOf } from "./recorder";

function planOf(changes: Record<string, unknown>): RegistryCachePlan {
  const settings = parseSettings({
    registry: { host: "cp", address: "10.0.0.1", image: "registry:3", bind: "10.0.0.1" },
    nodes: [{ name: "cp", address: "10.0.0.1", role: "master" }],
    caches: [{ upstream: "https://registry-1.docker.io", port: 5001, ...changes }],
  });
  const [cache] = cachesOf(settings);
  return {
    connection: pulumi.secret({ host: "10.0.0.1" }),
    enrolled: "ab12",
    host: "cp",
    recordId: "cluster-registry.test.cache-5001",
    dockerHost: "ssh://root@10.0.0.1:22",
    image: settings.registry.image,
    bind: settings.registry.bind,
    sudo: false,
    sshOpts: [],
    cache: cache!,
  };
}

async function declare(changes: Record<string, unknown> = {}): Promise<Declared[]> {
  const declared = record({ "c-claim": "{}" });
  const { url } = new RegistryCache("c", planOf(changes));
  expect(await valueOf(url)).toBe("http://10.0.0.1:5001");
  await settled();
  return declared;
}

const inputsOf = (declared: Declared[], name: string) =>
  declared.find((one) => one.name === name)?.inputs;

describe("RegistryCache", () => {
  test("runs the registry's image as a proxy of its upstream", async () => {
    const declared = await declare();
    expect(inputsOf(declared, "c-image")).toMatchObject({ name: "registry:3", keepLocally: true });
    expect(inputsOf(declared, "c-volume")).toEqual({ name: "registry-cache-5001-docker.io" });
    expect(inputsOf(declared, "c-container")).toMatchObject({
      name: "registry-cache-5001",
      restart: "always",
      ports: [{ internal: 5000, external: 5001, ip: "10.0.0.1" }],
      envs: [
        "REGISTRY_PROXY_REMOTEURL=https://registry-1.docker.io",
        "REGISTRY_STORAGE_DELETE_ENABLED=true",
        "OTEL_TRACES_EXPORTER=none",
      ],
      volumes: [
        { containerPath: "/var/lib/registry", volumeName: "registry-cache-5001-docker.io" },
      ],
      labels: [
        { label: "io.cluster-registry.owner", value: "cluster-registry.test.cache-5001" },
        { label: "io.cluster-registry.enrolled", value: "ab12" },
        { label: "io.cluster-registry.state", value: "c-docker-id" },
      ],
    });
  });

  test("takes over no container, so that nothing is released on destroy", async () => {
    const claim = inputsOf(await declare(), "c-claim");
    expect(claim).toMatchObject({
      create: "sh -s container-claim cluster-registry.test.cache-5001 registry-cache-5001",
    });
    expect(claim).not.toHaveProperty("delete");
  });

  test("destroy says that a volume of the settings is kept, and nothing about its own, which goes", async () => {
    expect(inputsOf(await declare({ volume: "hub" }), "c-volume-stays")?.["delete"]).toBe(
      "echo 'cp: the volume hub and its cached images are kept; to delete them, run: docker volume rm hub'",
    );
    expect(inputsOf(await declare(), "c-volume-stays")).toBeUndefined();
  });

  test("keeps the login at the upstream secret", async () => {
    const declared = await declare({ username: "robot", password: "hunter2" });
    const envs = inputsOf(declared, "c-container")?.["envs"];
    // The mocks get a secret with its mark.
    expect(JSON.stringify(envs)).toContain("4dabf18193072939515e22adb298388d");
    expect(JSON.stringify(envs)).toContain("REGISTRY_PROXY_PASSWORD=hunter2");
    const others = declared.filter(({ name }) => name !== "c-container");
    expect(JSON.stringify(others)).not.toContain("hunter2");
  });
});
