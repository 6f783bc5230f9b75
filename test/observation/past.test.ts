import { liveData, pastCache, pastOf } from "../../observation/past";

const OWNER = "cluster-registry.dev.registry";
const PREFIX = "urn:pulumi:dev::cluster-registry::";
const registry = (type: string, name: string) =>
  `${PREFIX}cluster-registry:index:RegistryContainer$${type}::${name}`;

test("a state without a registry has no past", () => {
  expect(pastOf({})).toEqual({ registries: [], pages: [], guards: [] });
  expect(
    pastOf({
      [`${PREFIX}docker:index/container:Container::somebody-container`]: {
        type: "docker:index/container:Container",
        outputs: { id: "f0" },
      },
    }),
  ).toEqual({ registries: [], pages: [], guards: [] });
});

test("the container, its labels, the place of its images, and the claim are read for each host", () => {
  const container = (volumes: unknown) => ({
    type: "docker:index/container:Container",
    outputs: {
      id: "ab12",
      labels: [{ label: "io.cluster-registry.owner", value: OWNER }],
      volumes,
    },
  });
  const claim = {
    type: "command:remote:Command",
    outputs: { create: `sh -s container-claim ${OWNER} registry`, stdout: "{}" },
  };
  const image = {
    type: "docker:index/remoteImage:RemoteImage",
    outputs: { name: "registry:2.8.3", id: "sha256:ab registry:2.8.3" },
  };
  const past = pastOf({
    [registry("command:remote:Command", "a-claim")]: claim,
    [registry("command:remote:Command", "b-claim")]: claim,
    [registry("command:remote:Command", "b-docker-runs")]: claim,
    [registry("docker:index/container:Container", "a-container")]: container([
      { containerPath: "/var/lib/registry", volumeName: "images", hostPath: "" },
    ]),
    [registry("docker:index/container:Container", "c-container")]: container([
      { containerPath: "/var/lib/registry", hostPath: "/srv/images" },
    ]),
    [registry("docker:index/remoteImage:RemoteImage", "c-image")]: image,
    [registry("docker:index/remoteImage:RemoteImage", "nobodys-image")]: image,
  });
  const known = { id: "ab12", labels: { "io.cluster-registry.owner": OWNER } };
  expect(past.registries).toEqual([
    { host: "a", claimed: true, container: known, data: { volume: "images" } },
    { host: "b", claimed: true },
    {
      host: "c",
      claimed: false,
      container: known,
      data: { path: "/srv/images" },
      image: "registry:2.8.3",
    },
  ]);
});

test("a cache is read apart from the registry, by the name of its component", () => {
  const owner = "cluster-registry.dev.cache-5001";
  const urn = (type: string, name: string) =>
    `${PREFIX}cluster-registry:index:ClusterRegistry$cluster-registry:index:RegistryCache$${type}::${name}`;
  const past = pastOf({
    [urn("command:remote:Command", "cluster-a-cache-5001-claim")]: {
      type: "command:remote:Command",
      outputs: { create: `sh -s container-claim ${owner} registry-cache-5001` },
    },
    [urn("docker:index/container:Container", "cluster-a-cache-5001-container")]: {
      type: "docker:index/container:Container",
      outputs: { id: "ab12", labels: [{ label: "io.cluster-registry.owner", value: owner }] },
    },
  });
  expect(past.registries).toEqual([]);
  expect(pastCache(past, "a", 5001)).toEqual({
    host: "a-cache-5001",
    claimed: true,
    container: { id: "ab12", labels: { "io.cluster-registry.owner": owner } },
  });
  expect(pastCache(past, "a", 5002)).toBeUndefined();
});

describe("a node's guard", () => {
  const parent = `${PREFIX}cluster-registry:index:ClusterRegistry$cluster-registry:index:ContainerdMirror`;
  const inputs = {
    connection: { host: "10.0.0.2" },
    create: "sh -c 'guard'",
    delete: "sh -c 'helper undo cluster-registry.dev.containerd-node01'",
    stdin: "the helper's text",
    triggers: ["e-1"],
    logging: "stdout",
    addPreviousOutputInEnv: false,
  };
  const stack = (state: string) => ({
    [`${parent}::cluster-node01`]: { type: "x", outputs: { state, role: "worker" } },
    [`${parent}$command:remote:Command::cluster-node01-containerd-guard`]: {
      type: "command:remote:Command",
      outputs: { ...inputs, stdout: "", stderr: "" },
    },
  });

  test("is read with everything that declares it once more", () => {
    expect(pastOf(stack("applied revision 1")).guards).toEqual([
      {
        ...{ host: "node01", daemon: "containerd", cluster: "cluster", sudo: false },
        id: "cluster-registry.dev.containerd-node01",
        connection: inputs.connection,
        triggers: inputs.triggers,
        inputs,
      },
    ]);
  });

  test("is read with the inputs of its apply, if the state has one", () => {
    const all = stack("applied revision 1");
    const apply = { connection: inputs.connection, create: "apply", stdin: "payload" };
    const urn = `${parent}$command:remote:Command::cluster-node01-containerd-apply`;
    const outputs = { ...apply, stdout: "applied revision 1", stderr: "" };
    const past = pastOf({ ...all, [urn]: { type: "command:remote:Command", outputs } });
    expect(past.guards.map((guard) => guard.apply)).toEqual([apply]);
  });

  test("is none if its host was gone: its delete undoes nothing", () => {
    expect(pastOf(stack("gone")).guards).toEqual([]);
  });
});

test("the mount of a running container shows the place of its images", () => {
  const container = (mounts: Parameters<typeof liveData>[0]["mounts"]) => ({
    id: "1",
    name: "registry",
    image: "registry",
    running: true,
    status: "running",
    exitCode: 0,
    labels: {},
    ports: [],
    restartPolicy: "always",
    mounts,
  });
  const destination = "/var/lib/registry";
  expect(liveData(container([{ type: "volume", name: "v", source: "/x", destination }]))).toEqual({
    volume: "v",
  });
  expect(liveData(container([{ type: "bind", source: "/srv", destination }]))).toEqual({
    path: "/srv",
  });
  expect(
    liveData(container([{ type: "bind", source: "/c", destination: "/etc/docker/registry" }])),
  ).toBeUndefined();
});
