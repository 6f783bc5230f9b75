import type { Props, Value } from "../provider";
import {
  boolean,
  integer,
  objects,
  output,
  refused,
  required,
  single,
  string,
  stringMap,
  strings,
  withDefault,
} from "./attributes";
import type { Attributes } from "./attributes";
import type { ResourceType } from "./bridged";
import { compact, createRequest, updateBody } from "./container-create";
import { containerProperties } from "./container-read";
import type { ContainerInfo } from "./container-read";
import { type Daemon, DaemonError } from "./daemon";
import { findOrPull, TWENTY_MINUTES } from "./remote-image";
import { labels } from "./volume";
import { waitUntilHealthy } from "./container-health";

const replaces = { replaces: true };
const decided = { computed: true, replaces: true };
const emptyOnceRead = { unsetOnceRead: [] };
const limits = "it is not supported by the embedded engine";

const attributes: Attributes = {
  attach: { ...boolean({ unset: false }), refused: limits },
  bridge: output("value"),
  capabilities: single(
    {
      adds: strings("set", { terraformName: "add" }),
      drops: strings("set", { terraformName: "drop" }),
    },
    { ...replaces, same: sameCapabilities },
  ),
  cgroupParent: refused("value", limits),
  cgroupnsMode: refused("value", limits),
  command: strings("list", decided),
  containerLogs: output("value"),
  containerReadRefreshTimeoutMilliseconds: withDefault(integer(), 15_000),
  cpuPeriod: refused("value", limits),
  cpuQuota: refused("value", limits),
  cpuSet: string(),
  cpuShares: integer(),
  cpus: refused("value", limits),
  destroyGraceSeconds: integer(),
  deviceReadBps: refused("set", limits, { unset: [] }),
  deviceReadIops: refused("set", limits, { unset: [] }),
  deviceRequests: refused("set", limits, { unset: [] }),
  deviceWriteBps: refused("set", limits, { unset: [] }),
  deviceWriteIops: refused("set", limits, { unset: [] }),
  devices: refused("set", limits, { unset: [] }),
  dns: strings("set", { ...replaces, ...emptyOnceRead }),
  dnsOpts: strings("set", { ...replaces, ...emptyOnceRead }),
  dnsSearches: strings("set", { ...replaces, ...emptyOnceRead, terraformName: "dns_search" }),
  domainname: string(replaces),
  entrypoints: strings("list", { ...decided, terraformName: "entrypoint" }),
  envs: strings("set", { ...decided, unset: [], terraformName: "env" }),
  exitCode: output("value"),
  gpus: refused("value", limits),
  groupAdds: strings("set", { ...replaces, ...emptyOnceRead, terraformName: "group_add" }),
  healthcheck: single(
    {
      interval: withDefault(string(), "0s"),
      retries: integer({ unset: 0 }),
      startInterval: withDefault(string(), "0s"),
      startPeriod: withDefault(string(), "0s"),
      tests: strings("list", { terraformName: "test" }),
      timeout: withDefault(string(), "0s"),
    },
    // Docker has no way to change it in place, and the real provider does not try.
    { computed: true, same: () => true },
  ),
  hostname: string(decided),
  hosts: objects(
    "set",
    { host: required(string()), ip: required(string()) },
    { ...replaces, terraformName: "host" },
  ),
  image: required(string(replaces)),
  init: boolean({ computed: true }),
  ipcMode: string(decided),
  labels: labels(true),
  logDriver: string(decided),
  logOpts: stringMap({ ...replaces, unsetOnceRead: {} }),
  logs: { ...boolean({ unset: false }), refused: limits },
  maxRetryCount: integer(),
  memory: integer(),
  memoryReservation: integer(),
  memorySwap: integer(),
  mounts: refused("set", "it is not supported by the embedded engine; use volumes", { unset: [] }),
  mustRun: withDefault(boolean(), true),
  name: string(replaces),
  networkDatas: output("list", {
    terraformName: "network_data",
    elements: Object.fromEntries(
      [
        "gateway",
        "globalIpv6Address",
        "globalIpv6PrefixLength",
        "ipAddress",
        "ipPrefixLength",
        "ipv6Gateway",
        "macAddress",
        "networkName",
      ].map((name) => [name, output("value")]),
    ),
  }),
  networkMode: withDefault(string(replaces), "bridge"),
  networksAdvanced: objects(
    "set",
    {
      aliases: strings("set", { unset: [] }),
      driverOpts: strings("set", { unset: [] }),
      gwPriority: integer(),
      ipv4Address: string({ unset: "" }),
      ipv6Address: string({ unset: "" }),
      linkLocalIps: strings("set", { unset: [] }),
      macAddress: string({ unset: "" }),
      name: required(string()),
    },
    replaces,
  ),
  pidMode: string(replaces),
  platform: { ...string(decided), refused: "it is not supported by the embedded engine" },
  ports: objects(
    "list",
    {
      external: integer({ computed: true }),
      internal: required(integer()),
      ip: withDefault(string(), "0.0.0.0"),
      protocol: withDefault(string(), "tcp"),
    },
    { ...replaces, same: samePorts },
  ),
  privileged: boolean(replaces),
  publishAllPorts: boolean(replaces),
  readOnly: boolean(replaces),
  removeVolumes: withDefault(boolean(), true),
  restart: withDefault(
    { ...string(), input: { shape: { oneOf: ["no", "on-failure", "always", "unless-stopped"] } } },
    "no",
  ),
  rm: boolean(),
  runtime: string(decided),
  securityOpts: strings("set", { ...decided, unset: [] }),
  shmSize: integer(decided),
  start: withDefault(boolean(), true),
  stdinOpen: boolean(replaces),
  stopSignal: string(decided),
  stopTimeout: integer(decided),
  storageOpts: refused("map", limits, { unsetOnceRead: {} }),
  sysctls: stringMap({ ...replaces, unsetOnceRead: {} }),
  tmpfs: stringMap({ unsetOnceRead: {} }),
  tty: boolean(replaces),
  ulimits: objects(
    "set",
    { hard: required(integer()), name: required(string()), soft: required(integer()) },
    { ...replaces, terraformName: "ulimit" },
  ),
  uploads: refused("set", limits, { unset: [], terraformName: "upload" }),
  user: string({ ...replaces, same: sameUnlessEmpty }),
  usernsMode: string(replaces),
  volumes: objects(
    "set",
    {
      containerPath: string({ unset: "" }),
      fromContainer: string({ unset: "" }),
      hostPath: string({ unset: "" }),
      readOnly: boolean({ unsetOnceRead: false }),
      selinuxRelabel: string({ unset: "" }),
      volumeName: string({ unset: "" }),
    },
    replaces,
  ),
  wait: boolean({ unset: false }),
  waitTimeout: withDefault(integer(), 60),
  workingDir: string({ ...replaces, same: sameUnlessEmpty }),
};

/** docker:index/container:Container */
export const container: ResourceType = {
  attributes,
  namesItself: true,
  deleteBeforeReplace: true,
  meta: JSON.stringify({ ...TWENTY_MINUTES, schema_version: "2" }),

  async create(daemon, inputs, ctx) {
    const name = inputs["name"] as string;
    await findOrPull(daemon, inputs["image"] as string, "", ctx);
    const { id } = await daemon
      .call(`create container ${name}`, ctx, (docker) =>
        docker.createContainer(createRequest(inputs)),
      )
      .catch((error: unknown) => {
        throw isConflict(error) ? taken(name, error) : error;
      });
    try {
      await connectNetworks(daemon, id, inputs["networksAdvanced"], ctx);
      if (inputs["start"] !== false) {
        await daemon.call(`start container ${name}`, ctx, (docker) =>
          docker.getContainer(id).start(),
        );
        if (inputs["wait"] === true) {
          await waitUntilHealthy(daemon, id, inputs["waitTimeout"] as number, ctx);
        }
      }
    } catch (error) {
      // Half a container is in nobody's state, and would hold the name at the next try.
      await remove(daemon, id, true, { ...ctx, signal: new AbortController().signal });
      throw error;
    }
    return id;
  },

  async read(daemon, id, held, ctx) {
    const info = (await daemon.find(`inspect container ${id}`, ctx, (docker) =>
      docker.getContainer(id).inspect(),
    )) as ContainerInfo | undefined;
    return info === undefined
      ? undefined
      : { id: info.Id, properties: containerProperties(info, held) };
  },

  async update(daemon, id, old, inputs, ctx) {
    if (old["mustRun"] === false && inputs["mustRun"] === true && inputs["start"] !== false) {
      await daemon.call(`start container ${id}`, ctx, (docker) => docker.getContainer(id).start());
    }
    const body = updateBody(old, inputs);
    if (body === undefined) return;
    await daemon.call(`update container ${id}`, ctx, (docker) =>
      docker.getContainer(id).update(body),
    );
  },

  async delete(daemon, id, held, ctx) {
    const grace = held["destroyGraceSeconds"];
    await daemon.find(`stop container ${id}`, ctx, (docker) =>
      docker
        .getContainer(id)
        .stop({ t: typeof grace === "number" ? grace : 0 })
        // 304: it was stopped already
        .catch((error: { statusCode?: number }) => {
          if (error.statusCode !== 304) throw error;
        }),
    );
    await remove(daemon, id, held["removeVolumes"] !== false, ctx);
  },
};

type Ctx = Parameters<ResourceType["delete"]>[3];

const isConflict = (error: unknown): error is DaemonError =>
  error instanceof DaemonError && error.status === 409;

/** A run that was killed right after the create left no id in the state; it is for the program to make room for the next. */
function taken(name: string, { message, status }: DaemonError): DaemonError {
  const fix = `run again; if the name is taken then too, see whose container it is (\`docker inspect ${name}\` on that host)`;
  return new DaemonError(`${message}\n  fix: ${fix}`, status);
}

/** Removes it with or without its anonymous volumes; no error if it is gone, or going (`rm`). */
async function remove(daemon: Daemon, id: string, volumes: boolean, ctx: Ctx): Promise<void> {
  await daemon.find(`remove container ${id}`, ctx, (docker) =>
    docker
      .getContainer(id)
      .remove({ v: volumes, force: true })
      .catch((error: { statusCode?: number; message?: string }) => {
        const going = error.statusCode === 409 && /already in progress/.test(error.message ?? "");
        if (!going) throw error;
      }),
  );
}

async function connectNetworks(
  daemon: Daemon,
  id: string,
  networks: Value | undefined,
  ctx: Ctx,
): Promise<void> {
  if (!Array.isArray(networks) || networks.length === 0) return;
  await daemon.call("leave the default network", ctx, (docker) =>
    docker
      .getNetwork("bridge")
      .disconnect({ Container: id })
      .catch((error: { message?: string }) => {
        if (!/is not connected to/.test(error.message ?? "")) throw error;
      }),
  );
  for (const network of networks as Props[]) {
    const name = network["name"] as string;
    await daemon.call(`connect to network ${name}`, ctx, (docker) =>
      docker.getNetwork(name).connect({
        Container: id,
        EndpointConfig: endpointConfig(network),
      }),
    );
  }
}

function endpointConfig(network: Props): object {
  const driverOpts = (network["driverOpts"] ?? []) as string[];
  return compact({
    Aliases: network["aliases"],
    MacAddress: network["macAddress"],
    GwPriority: network["gwPriority"],
    DriverOpts:
      driverOpts.length === 0
        ? undefined
        : Object.fromEntries(driverOpts.map((pair) => pair.split(/=(.*)/s).slice(0, 2))),
    IPAMConfig: compact({
      IPv4Address: network["ipv4Address"],
      IPv6Address: network["ipv6Address"],
      LinkLocalIPs: network["linkLocalIps"],
    }),
  });
}

/** The daemon tells every capability with its prefix, however it was asked for. */
function sameCapabilities(held: Value, wanted: Value): boolean {
  const names = (value: Value, which: string): string =>
    (((value as Props)[which] ?? []) as string[])
      .map((name) => name.toUpperCase().replace(/^CAP_/, ""))
      .sort()
      .join();
  return ["adds", "drops"].every((which) => names(held, which) === names(wanted, which));
}

/** An empty user or folder is what the image says. */
function sameUnlessEmpty(held: Value, wanted: Value): boolean {
  return wanted === "" || held === wanted;
}

/** The daemon tells ports in an order of its own; a port that it chose is no change. */
function samePorts(held: Value, wanted: Value): boolean {
  if (!Array.isArray(held) || !Array.isArray(wanted) || held.length !== wanted.length) return false;
  const rest = held as Props[];
  return (wanted as Props[]).every((port) =>
    rest.some(
      (other) =>
        other["internal"] === port["internal"] &&
        (other["protocol"] ?? "tcp") === (port["protocol"] ?? "tcp") &&
        (other["ip"] || "0.0.0.0") === (port["ip"] || "0.0.0.0") &&
        (port["external"] === undefined ||
          port["external"] === 0 ||
          other["external"] === port["external"]),
    ),
  );
}
