import * as pulumi from "@pulumi/pulumi";
import { RegistryContainer } from "../../components";
import { planned } from "../../components/planned";
import type { RegistryContainerPlan } from "../../components/plans";
import { type Declared, record, valueOf } from "./recorder";

const plan: RegistryContainerPlan = {
  connection: pulumi.secret({ host: "10.0.0.1" }),
  enrolled: "ab12",
  host: "cp",
  recordId: "cluster-registry.test.registry",
  dockerHost: "ssh://root@10.0.0.1:22",
  address: "10.0.0.1",
  sudo: false,
  sshOpts: [],
};

/** Declares a registry as ClusterRegistry does. */
function registryOf(changes: Partial<RegistryContainerPlan>): RegistryContainer {
  const args = { host: { address: "10.0.0.1" } };
  return new RegistryContainer("r", planned(args, { ...plan, ...changes }));
}

async function declare(changes: Partial<RegistryContainerPlan>, claim = "{}"): Promise<Declared[]> {
  const declared = record({ "r-claim": claim });
  const registry = registryOf(changes);
  await valueOf(registry.url);
  return declared;
}

const inputsOf = (declared: Declared[], name: string) =>
  declared.find((one) => one.name === name)?.inputs;

describe("RegistryContainer", () => {
  test("runs the registry as the lesson does, with a restart policy and a named volume", async () => {
    const declared = await declare({});
    expect(inputsOf(declared, "r-container")).toMatchObject({
      name: "registry",
      restart: "always",
      ports: [{ internal: 5000, external: 5000, ip: "0.0.0.0" }],
      envs: ["REGISTRY_STORAGE_DELETE_ENABLED=true", "OTEL_TRACES_EXPORTER=none"],
      volumes: [{ containerPath: "/var/lib/registry", volumeName: "registry-data" }],
      labels: [
        { label: "io.cluster-registry.owner", value: "cluster-registry.test.registry" },
        { label: "io.cluster-registry.enrolled", value: "ab12" },
        { label: "io.cluster-registry.state", value: "r-docker-id" },
      ],
    });
    expect(inputsOf(declared, "r-image")).toMatchObject({ name: "registry", keepLocally: true });
    expect(inputsOf(declared, "r-volume")).toMatchObject({ name: "registry-data" });
  });

  test("a container of an earlier version gets no label more, which would replace it", async () => {
    const labels = inputsOf(await declare({ labelled: false }), "r-container")?.["labels"];
    expect(labels).toEqual([
      { label: "io.cluster-registry.owner", value: "cluster-registry.test.registry" },
      { label: "io.cluster-registry.enrolled", value: "ab12" },
    ]);
  });

  test("destroy starts a docker that stands still, before it removes the container", async () => {
    expect(inputsOf(await declare({ sudo: true }), "r-docker-runs")).toMatchObject({
      delete: expect.stringContaining("docker-start"),
    });
    expect(inputsOf(await declare({}), "r-docker-runs")).not.toHaveProperty("create");
  });

  test("destroy says which volume stays, where, and how it is removed; not where it goes with the rest", async () => {
    const stays = async (changes: Partial<RegistryContainerPlan>, claim?: string) =>
      inputsOf(await declare(changes, claim), "r-volume-stays")?.["delete"];
    expect(await stays({})).toBe(
      "echo 'cp: the volume registry-data and its images are kept; to delete them, run: docker volume rm registry-data'",
    );
    expect(await stays({ retainVolume: false })).toBeUndefined();
    expect(await stays({ adopt: true, adopted: { volume: "9f86" } })).toBe(
      "echo 'cp: the volume 9f86 and its images are kept: they belong to the adopted container'",
    );
    expect(await stays({ adopt: true, adopted: { path: "/srv/it's" } })).toBe(
      "echo 'cp: the folder /srv/it'\\''s and its images are kept: they belong to the adopted container'",
    );
  });

  test("there is room for the container before it is made, and it is asked with the id of this state", async () => {
    const order: string[] = [];
    const room = (state: string) => {
      order.push(state);
      return Promise.resolve();
    };
    const declared = await declare({ room });
    expect(order).toEqual(["r-docker-id"]);
    expect(inputsOf(declared, "r-container")).toMatchObject({ name: "registry" });
  });

  test("an image that is pinned by its digest is used as it is", async () => {
    const image = `registry:3@sha256:${"a1".repeat(32)}`;
    expect(inputsOf(await declare({ image }), "r-image")).toMatchObject({ name: image });
  });

  test("tells the address that images are named by, IPv6 in brackets", async () => {
    record({ "r-claim": "{}" });
    const registry = registryOf({ address: "fd00::5", port: 5001 });
    expect(await valueOf(registry.imagePrefix)).toBe("[fd00::5]:5001");
    expect(await valueOf(registry.url)).toBe("http://[fd00::5]:5001");
  });

  test("an adopted registry's volume is mounted, and one that is a folder as a folder", async () => {
    const volume = await declare({ adopt: true }, '{"type":"volume","source":"9f86d081"}');
    expect(inputsOf(volume, "r-container")).toMatchObject({
      volumes: [{ containerPath: "/var/lib/registry", volumeName: "9f86d081" }],
    });
    const folder = await declare({ adopt: true }, '{"type":"bind","source":"/srv/registry"}');
    expect(inputsOf(folder, "r-container")).toMatchObject({
      volumes: [{ containerPath: "/var/lib/registry", hostPath: "/srv/registry" }],
    });
  });

  test("what the running container says of its images goes before the claim, which a preview may not know", async () => {
    const declared = await declare({ adopt: true, adopted: { volume: "9f86d081" } }, "not asked");
    expect(inputsOf(declared, "r-volume")).toMatchObject({ name: "9f86d081" });
  });

  test("without adopt the claim's answer decides nothing", async () => {
    const declared = await declare({ volume: "images" }, "not asked");
    expect(inputsOf(declared, "r-volume")).toMatchObject({ name: "images" });
  });

  test("what the claim runs is refused for a container made by hand, unless it may adopt", async () => {
    const without = inputsOf(await declare({}), "r-claim");
    expect(without?.["create"]).toBe(
      "sh -s container-claim cluster-registry.test.registry registry",
    );
    expect(without?.["update"]).toBe(
      "sh -s container-claimed cluster-registry.test.registry registry",
    );
    expect(without?.["delete"]).toBe(
      "sh -s container-release cluster-registry.test.registry registry",
    );
    const adopting = inputsOf(await declare({ adopt: true }), "r-claim");
    expect(adopting?.["create"]).toBe(
      "sh -s container-claim cluster-registry.test.registry registry adopt",
    );
  });
});
