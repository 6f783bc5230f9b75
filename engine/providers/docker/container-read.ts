import type { Props, Value } from "../provider";
import { formatDuration } from "./duration";

const MIB = 1024 * 1024;

/** What is used of the daemon's answer. The library's types lack parts of it. */
export interface ContainerInfo {
  Id: string;
  Name: string;
  Image: string;
  Platform?: string;
  State: { Running: boolean; ExitCode: number };
  Config: {
    Image: string;
    Hostname: string;
    Domainname: string;
    User: string;
    Tty: boolean;
    OpenStdin: boolean;
    Cmd: string[] | null;
    Entrypoint: string[] | string | null;
    WorkingDir: string;
    StopSignal?: string;
    StopTimeout?: number | null;
    Healthcheck?: {
      Test?: string[];
      Interval?: number;
      Timeout?: number;
      StartPeriod?: number;
      StartInterval?: number;
      Retries?: number;
    };
  };
  HostConfig: {
    AutoRemove: boolean;
    CapAdd: string[] | null;
    CapDrop: string[] | null;
    CpuShares: number;
    CpusetCpus: string;
    Dns: string[] | null;
    DnsOptions: string[] | null;
    DnsSearch: string[] | null;
    ExtraHosts: string[] | null;
    GroupAdd: string[] | null;
    Init?: boolean | null;
    IpcMode: string;
    LogConfig: { Type: string; Config: Record<string, string> | null };
    Memory: number;
    MemoryReservation: number;
    MemorySwap: number;
    NetworkMode: string;
    PidMode: string;
    Privileged: boolean;
    PublishAllPorts: boolean;
    ReadonlyRootfs: boolean;
    RestartPolicy: { Name: string; MaximumRetryCount: number };
    Runtime: string;
    SecurityOpt: string[] | null;
    ShmSize: number;
    Sysctls?: Record<string, string> | null;
    Tmpfs?: Record<string, string> | null;
    Ulimits: { Name: string; Soft: number; Hard: number }[] | null;
    UsernsMode: string;
  };
  NetworkSettings: {
    Bridge?: string;
    Ports?: Record<string, { HostIp: string; HostPort: string }[] | null> | null;
    Networks?: Record<string, Endpoint> | null;
  };
}

interface Endpoint {
  Gateway: string;
  GlobalIPv6Address: string;
  GlobalIPv6PrefixLen: number;
  IPAddress: string;
  IPPrefixLen: number;
  IPv6Gateway: string;
  MacAddress: string;
}

/**
 * A container's properties as the daemon has them.
 * Environment, labels, volumes and networks are left to what the program said: the daemon mixes them with the image's.
 * @param held the properties as the program or the state has them: some are only read where they were set.
 */
export function containerProperties(info: ContainerInfo, held: Props): Props {
  const { Config: config, HostConfig: host, NetworkSettings: network, State: state } = info;
  const mustRun = held["mustRun"] !== false;
  const isSet = (name: string): boolean => hasContent(held[name]);
  return {
    bridge: network.Bridge ?? "",
    command: config.Cmd ?? [],
    cpuSet: host.CpusetCpus,
    cpuShares: host.CpuShares,
    dns: nonEmpty(host.Dns),
    dnsOpts: nonEmpty(host.DnsOptions),
    dnsSearches: nonEmpty(host.DnsSearch),
    domainname: config.Domainname,
    entrypoints: [config.Entrypoint ?? []].flat(),
    groupAdds: nonEmpty(host.GroupAdd),
    hostname: config.Hostname,
    hosts: (host.ExtraHosts ?? []).map(splitHost),
    image: imageAs(held["image"], info),
    init: host.Init ?? false,
    ipcMode: host.IpcMode,
    logDriver: host.LogConfig.Type,
    logOpts: isSet("logOpts") ? (host.LogConfig.Config ?? null) : null,
    maxRetryCount: host.RestartPolicy.MaximumRetryCount,
    memory: Math.floor(host.Memory / MIB),
    memoryReservation: Math.floor(host.MemoryReservation / MIB),
    memorySwap: host.MemorySwap > 0 ? Math.floor(host.MemorySwap / MIB) : host.MemorySwap,
    // A stopped container that must run is shown as one that need not: the next run sees the difference, and starts it.
    mustRun: mustRun && state.Running,
    name: info.Name.replace(/^\/+/, ""),
    networkDatas: Object.entries(network.Networks ?? {}).map(networkData),
    networkMode: host.NetworkMode,
    platform: info.Platform ?? null,
    privileged: host.Privileged,
    publishAllPorts: host.PublishAllPorts,
    readOnly: host.ReadonlyRootfs,
    restart: host.RestartPolicy.Name === "" ? "no" : host.RestartPolicy.Name,
    rm: host.AutoRemove,
    runtime: host.Runtime,
    securityOpts: host.SecurityOpt ?? [],
    shmSize: Math.floor(host.ShmSize / MIB),
    stdinOpen: config.OpenStdin,
    stopSignal: config.StopSignal ?? "",
    stopTimeout: config.StopTimeout ?? 0,
    sysctls: nonEmpty(host.Sysctls),
    tmpfs: nonEmpty(host.Tmpfs),
    tty: config.Tty,
    user: config.User,
    usernsMode: host.UsernsMode,
    workingDir: config.WorkingDir,
    ...((host.CapAdd ?? host.CapDrop) && {
      capabilities: {
        adds: asWritten(host.CapAdd, held["capabilities"], "adds"),
        drops: asWritten(host.CapDrop, held["capabilities"], "drops"),
      },
    }),
    ...(config.Healthcheck && { healthcheck: healthcheck(config.Healthcheck) }),
    ...(isSet("pidMode") && { pidMode: host.PidMode }),
    // Without `ports` there is nothing to compare; a container that may stand still has none while it does.
    ...(isSet("ports") && (state.Running || mustRun) && { ports: flattenPorts(network.Ports) }),
    ...(isSet("ulimits") && {
      ulimits: (host.Ulimits ?? []).map(({ Name, Soft, Hard }) => ({
        hard: Hard,
        name: Name,
        soft: Soft,
      })),
    }),
    ...(!state.Running && { exitCode: state.ExitCode }),
  };
}

/** Capabilities as the program spells them: the daemon adds "CAP_", and a difference in spelling would replace. */
function asWritten(names: string[] | null, held: Value | undefined, which: string): string[] {
  const spelled = (((held ?? {}) as Props)[which] ?? []) as string[];
  return (names ?? []).map(
    (name) => spelled.find((own) => `CAP_${own.toUpperCase()}` === name) ?? name,
  );
}

/** An image that was asked for by id is told by id. */
function imageAs(asked: Value | undefined, info: ContainerInfo): string {
  return typeof asked === "string" && asked.startsWith("sha256:") ? info.Image : info.Config.Image;
}

function flattenPorts(ports: ContainerInfo["NetworkSettings"]["Ports"]): Props[] {
  return Object.entries(ports ?? {})
    .sort(([a], [b]) => parseInt(a, 10) - parseInt(b, 10))
    .flatMap(([key, bindings]) => {
      const [internal, protocol] = key.split("/");
      return (bindings ?? []).map((binding) => ({
        external: Number(binding.HostPort),
        internal: Number(internal),
        ip: binding.HostIp,
        protocol: protocol ?? "tcp",
      }));
    });
}

function networkData([name, endpoint]: [string, Endpoint]): Props {
  return {
    gateway: endpoint.Gateway,
    globalIpv6Address: endpoint.GlobalIPv6Address,
    globalIpv6PrefixLength: endpoint.GlobalIPv6PrefixLen,
    ipAddress: endpoint.IPAddress,
    ipPrefixLength: endpoint.IPPrefixLen,
    ipv6Gateway: endpoint.IPv6Gateway,
    macAddress: endpoint.MacAddress,
    networkName: name,
  };
}

function healthcheck(check: NonNullable<ContainerInfo["Config"]["Healthcheck"]>): Props {
  return {
    interval: formatDuration(check.Interval ?? 0),
    retries: check.Retries ?? 0,
    startInterval: formatDuration(check.StartInterval ?? 0),
    startPeriod: formatDuration(check.StartPeriod ?? 0),
    tests: check.Test ?? [],
    timeout: formatDuration(check.Timeout ?? 0),
  };
}

/** "name:address"; the address may be IPv6. */
function splitHost(entry: string): Props {
  const colon = entry.indexOf(":");
  return { host: entry.slice(0, colon), ip: entry.slice(colon + 1) };
}

function nonEmpty<T extends Value>(value: T | null | undefined): T | null {
  return value === undefined || !hasContent(value) ? null : value;
}

function hasContent(value: Value | undefined): boolean {
  if (value === undefined || value === null || value === "") return false;
  return typeof value !== "object" || Object.keys(value).length > 0;
}
