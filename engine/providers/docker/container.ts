import type { Value } from "../provider";
import {
  each,
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
const decided = { computed: true };
const empty = refused("value", { unset: "" });

const attributes: Attributes = {
  ...each(["bridge", "containerLogs", "exitCode"], output("value")),
  // Other inputs of the real provider, grouped by the value in the state for an unset input.
  ...each(
    [
      ...["cgroupParent", "cgroupnsMode", "cpuPeriod", "cpuQuota", "cpuSet", "cpuShares", "cpus"],
      ...["destroyGraceSeconds", "domainname", "gpus", "maxRetryCount", "memory", "memorySwap"],
      ...["memoryReservation", "pidMode", "privileged", "publishAllPorts", "readOnly", "rm"],
      ...["stdinOpen", "tty", "user", "usernsMode", "workingDir"],
    ],
    refused("value"),
  ),
  ...each(
    [
      ...["hostname", "init", "ipcMode", "logDriver", "platform", "runtime", "shmSize"],
      ...["stopSignal", "stopTimeout"],
    ],
    refused("value", decided),
  ),
  ...each(["attach", "logs", "wait"], refused("value", { unset: false })),
  ...each(
    [
      ...["deviceReadBps", "deviceReadIops", "deviceRequests", "deviceWriteBps", "deviceWriteIops"],
      ...["devices", "mounts", "networksAdvanced"],
    ],
    refused("set", none),
  ),
  ...each(["logOpts", "storageOpts", "sysctls", "tmpfs"], refused("map", { unsetOnceRead: {} })),
  ...each(["dns", "dnsOpts"], refused("set", emptyOnceRead)),
  capabilities: refused("single"),
  command: refused("list", decided),
  containerReadRefreshTimeoutMilliseconds: fixed(15_000),
  dnsSearches: refused("set", { ...emptyOnceRead, terraformName: "dns_search" }),
  entrypoints: refused("list", { ...decided, terraformName: "entrypoint" }),
  envs: input(
    "set",
    { list: "string" },
    { ...none, ...replaces, computed: true, terraformName: "env" },
  ),
  groupAdds: refused("set", { ...emptyOnceRead, terraformName: "group_add" }),
  // The image can define one.
  healthcheck: refused("single", {
    ...decided,
    elements: {
      ...each(["interval", "retries", "startInterval", "startPeriod", "timeout"], output("value")),
      tests: output("list", { terraformName: "test" }),
    },
  }),
  hosts: refused("set", { ...none, elements: {}, terraformName: "host" }),
  image: required(string(replaces)),
  labels: labels(),
  // A refresh reports a stopped container as `mustRun: false`: the next update sees the difference, and starts it.
  mustRun: fixed(true),
  name: required(string(replaces)),
  networkDatas: output("list", {
    terraformName: "network_data",
    elements: each(
      [
        ...["gateway", "globalIpv6Address", "globalIpv6PrefixLength", "ipAddress"],
        ...["ipPrefixLength", "ipv6Gateway", "macAddress", "networkName"],
      ],
      output("value"),
    ),
  }),
  networkMode: withDefault(input("value", { oneOf: ["bridge", "host"] }, replaces), "bridge"),
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
  removeVolumes: fixed(true),
  restart: withDefault(
    input("value", { oneOf: ["no", "on-failure", "always", "unless-stopped"] }),
    "no",
  ),
  securityOpts: refused("set", { ...decided, ...none }),
  start: fixed(true),
  ulimits: refused("set", { ...none, terraformName: "ulimit" }),
  uploads: refused("set", { ...none, terraformName: "upload" }),
  volumes: objects(
    "set",
    {
      containerPath: required(string()),
      fromContainer: empty,
      hostPath: string({ unset: "" }),
      readOnly: input("value", "boolean", { unsetOnceRead: false }),
      selinuxRelabel: empty,
      volumeName: string({ unset: "" }),
    },
    replaces,
  ),
  waitTimeout: fixed(60),
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
      // A container that was created only in part is in no state, and would block the name at the next attempt.
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
        // 304: it is already stopped
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

/**
 * An earlier run that was killed right after the create did not save the id: the program has to make room for the next
 * container.
 */
function taken(name: string, { message, status }: DaemonError): DaemonError {
  const fix = `run again; if the name is taken then too, see whose container it is (\`docker inspect ${name}\` on that host)`;
  return new DaemonError(`${message}\n  fix: ${fix}`, status);
}

/** Removes the container with its anonymous volumes. Does nothing if it is gone, or is being removed. */
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

/** The daemon reports ports in its own order. */
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
