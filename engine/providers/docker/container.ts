import type { Value } from "../provider";
import {
  fixed,
  input,
  objects,
  output,
  refused,
  required,
  string,
  withDefault,
} from "./attributes";
import type { Attributes } from "./attributes";
import type { ResourceType } from "./bridged";
import { createBody, restartPolicy, type Port } from "./container-create";
import { type ContainerInfo, containerProperties } from "./container-read";
import { type Daemon, DaemonError, request } from "./daemon";
import { findOrPull, TWENTY_MINUTES } from "./remote-image";
import { labels } from "./volume";

const replaces = { replaces: true };
const none = { unset: [] };
const emptyOnceRead = { unsetOnceRead: [] };
const mapOnceRead = { unsetOnceRead: {} };
const off = { unset: false };
const decided = { computed: true };
const empty = refused("value", { unset: "" });

const attributes: Attributes = {
  attach: refused("value", off),
  bridge: output("value"),
  capabilities: refused("single"),
  cgroupParent: refused("value"),
  cgroupnsMode: refused("value"),
  command: refused("list", decided),
  containerLogs: output("value"),
  containerReadRefreshTimeoutMilliseconds: fixed(15_000),
  cpuPeriod: refused("value"),
  cpuQuota: refused("value"),
  cpuSet: refused("value"),
  cpuShares: refused("value"),
  cpus: refused("value"),
  destroyGraceSeconds: refused("value"),
  deviceReadBps: refused("set", none),
  deviceReadIops: refused("set", none),
  deviceRequests: refused("set", none),
  deviceWriteBps: refused("set", none),
  deviceWriteIops: refused("set", none),
  devices: refused("set", none),
  dns: refused("set", emptyOnceRead),
  dnsOpts: refused("set", emptyOnceRead),
  dnsSearches: refused("set", { ...emptyOnceRead, terraformName: "dns_search" }),
  domainname: refused("value"),
  entrypoints: refused("list", { ...decided, terraformName: "entrypoint" }),
  envs: input(
    "set",
    { list: "string" },
    { ...none, ...replaces, computed: true, terraformName: "env" },
  ),
  exitCode: output("value"),
  gpus: refused("value"),
  groupAdds: refused("set", { ...emptyOnceRead, terraformName: "group_add" }),
  // An image may bring one along.
  healthcheck: refused("single", {
    ...decided,
    elements: {
      interval: output("value"),
      retries: output("value"),
      startInterval: output("value"),
      startPeriod: output("value"),
      tests: output("list", { terraformName: "test" }),
      timeout: output("value"),
    },
  }),
  hostname: refused("value", decided),
  hosts: refused("set", { ...none, elements: {}, terraformName: "host" }),
  image: required(string(replaces)),
  init: refused("value", decided),
  ipcMode: refused("value", decided),
  labels: labels(),
  logDriver: refused("value", decided),
  logOpts: refused("map", mapOnceRead),
  logs: refused("value", off),
  maxRetryCount: refused("value"),
  memory: refused("value"),
  memoryReservation: refused("value"),
  memorySwap: refused("value"),
  mounts: refused("set", none),
  // What a refresh finds stopped is shown as one that need not run: the next update sees the difference, and starts it.
  mustRun: fixed(true),
  name: required(string(replaces)),
  networkDatas: output("list", {
    terraformName: "network_data",
    elements: Object.fromEntries(
      ["gateway", "globalIpv6Address", "globalIpv6PrefixLength", "ipAddress", "ipPrefixLength"]
        .concat("ipv6Gateway", "macAddress", "networkName")
        .map((name) => [name, output("value")]),
    ),
  }),
  networkMode: fixed("bridge"),
  networksAdvanced: refused("set", none),
  pidMode: refused("value"),
  platform: refused("value", decided),
  ports: objects(
    "list",
    {
      external: required(input("value", "integer")),
      internal: required(input("value", "integer")),
      ip: withDefault(string(), "0.0.0.0"),
      protocol: withDefault(string(), "tcp"),
    },
    { ...replaces, same: samePorts },
  ),
  privileged: refused("value"),
  publishAllPorts: refused("value"),
  readOnly: refused("value"),
  removeVolumes: fixed(true),
  restart: withDefault(
    input("value", { oneOf: ["no", "on-failure", "always", "unless-stopped"] }),
    "no",
  ),
  rm: refused("value"),
  runtime: refused("value", decided),
  securityOpts: refused("set", { ...decided, ...none }),
  shmSize: refused("value", decided),
  start: fixed(true),
  stdinOpen: refused("value"),
  stopSignal: refused("value", decided),
  stopTimeout: refused("value", decided),
  storageOpts: refused("map", mapOnceRead),
  sysctls: refused("map", mapOnceRead),
  tmpfs: refused("map", mapOnceRead),
  tty: refused("value"),
  ulimits: refused("set", { ...none, terraformName: "ulimit" }),
  uploads: refused("set", { ...none, terraformName: "upload" }),
  user: refused("value"),
  usernsMode: refused("value"),
  volumes: objects(
    "set",
    {
      containerPath: required(string()),
      fromContainer: empty,
      hostPath: string({ unset: "" }),
      readOnly: refused("value", { unsetOnceRead: false }),
      selinuxRelabel: empty,
      volumeName: string({ unset: "" }),
    },
    replaces,
  ),
  wait: refused("value", off),
  waitTimeout: fixed(60),
  workingDir: refused("value"),
};

/** docker:index/container:Container */
export const container: ResourceType = {
  attributes,
  deleteBeforeReplace: true,
  meta: { ...TWENTY_MINUTES, schema_version: "2" },

  async create(daemon, inputs, ctx) {
    const name = inputs["name"] as string;
    await findOrPull(daemon, inputs["image"] as string, ctx);
    const { id } = await daemon
      .call(`create container ${name}`, ctx, (docker) =>
        docker.createContainer(request({ name }, createBody(inputs))),
      )
      .catch((error: unknown) => {
        throw isConflict(error) ? taken(name, error) : error;
      });
    try {
      await start(daemon, name, id, ctx);
    } catch (error) {
      // Half a container is in nobody's state, and would hold the name at the next try.
      await remove(daemon, id, { ...ctx, signal: new AbortController().signal });
      throw error;
    }
    return id;
  },

  async read(daemon, id, held, ctx) {
    const info = await daemon.find(`inspect container ${id}`, ctx, (docker) =>
      docker.getContainer(id).inspect(),
    );
    return (
      info && {
        id: info.Id,
        properties: containerProperties(info as unknown as ContainerInfo, held),
      }
    );
  },

  async update(daemon, id, old, inputs, ctx) {
    if (old["mustRun"] === false) await start(daemon, id, id, ctx);
    if (old["restart"] === inputs["restart"]) return;
    await daemon.call(`update container ${id}`, ctx, (docker) =>
      docker.getContainer(id).update({ RestartPolicy: restartPolicy(inputs) }),
    );
  },

  async delete(daemon, id, _held, ctx) {
    await daemon.find(`stop container ${id}`, ctx, (docker) =>
      docker
        .getContainer(id)
        .stop({ t: 0 })
        // 304: it was stopped already
        .catch((error: { statusCode?: number }) => {
          if (error.statusCode !== 304) throw error;
        }),
    );
    await remove(daemon, id, ctx);
  },
};

type Ctx = Parameters<ResourceType["delete"]>[3];

const start = (daemon: Daemon, shown: string, id: string, ctx: Ctx): Promise<unknown> =>
  daemon.call(`start container ${shown}`, ctx, (docker) => docker.getContainer(id).start());

const isConflict = (error: unknown): error is DaemonError =>
  error instanceof DaemonError && error.status === 409;

/** A run that was killed right after the create left no id in the state; it is for the program to make room for the next. */
function taken(name: string, { message, status }: DaemonError): DaemonError {
  const fix = `run again; if the name is taken then too, see whose container it is (\`docker inspect ${name}\` on that host)`;
  return new DaemonError(`${message}\n  fix: ${fix}`, status);
}

/** Removes it with its anonymous volumes; no error if it is gone, or going. */
async function remove(daemon: Daemon, id: string, ctx: Ctx): Promise<void> {
  await daemon.find(`remove container ${id}`, ctx, (docker) =>
    docker
      .getContainer(id)
      .remove({ v: true, force: true })
      .catch((error: { statusCode?: number; message?: string }) => {
        const going = error.statusCode === 409 && /already in progress/.test(error.message ?? "");
        if (!going) throw error;
      }),
  );
}

/** The daemon tells ports in an order of its own. */
function samePorts(held: Value, wanted: Value): boolean {
  const text = (list: Value): string =>
    (list as unknown as Port[])
      .map(({ internal, external, ip, protocol }) =>
        [internal, external, ip || "0.0.0.0", protocol || "tcp"].join(),
      )
      .sort()
      .join(" ");
  return Array.isArray(held) && Array.isArray(wanted) && text(held) === text(wanted);
}
