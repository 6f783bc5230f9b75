import type { Props, Value } from "../provider";

const MIB = 1024 * 1024;

/** The used part of the daemon's answer. Its objects have many more fields than the library's types. */
export interface ContainerInfo {
  Id: string;
  Name: string;
  Image: string;
  Platform?: string;
  State: { Running: boolean; ExitCode: number };
  Config: Props;
  HostConfig: Props;
  NetworkSettings: {
    Bridge?: string;
    Ports?: Record<string, { HostIp: string; HostPort: string }[] | null> | null;
    Networks?: Record<string, Props> | null;
  };
}

/** Properties that have another name in the daemon's `Config` and `HostConfig`. */
const IN_CONFIG = {
  domainname: "Domainname",
  hostname: "Hostname",
  stdinOpen: "OpenStdin",
  tty: "Tty",
  user: "User",
  workingDir: "WorkingDir",
};
const IN_HOST_CONFIG = {
  cpuSet: "CpusetCpus",
  cpuShares: "CpuShares",
  dns: "Dns",
  dnsOpts: "DnsOptions",
  dnsSearches: "DnsSearch",
  groupAdds: "GroupAdd",
  ipcMode: "IpcMode",
  networkMode: "NetworkMode",
  privileged: "Privileged",
  publishAllPorts: "PublishAllPorts",
  readOnly: "ReadonlyRootfs",
  rm: "AutoRemove",
  runtime: "Runtime",
  sysctls: "Sysctls",
  tmpfs: "Tmpfs",
  usernsMode: "UsernsMode",
};

/**
 * A container's properties as the daemon reports them. Environment, labels and volumes keep the program's values: the
 * daemon mixes them with the image's.
 * @param held the properties from the program or the state: ports are read only if they were set.
 */
export function containerProperties(info: ContainerInfo, held: Props): Props {
  const { Config: config, HostConfig: host, NetworkSettings: network, State: state } = info;
  const restart = host["RestartPolicy"] as Props;
  const asked = held["image"];
  return {
    ...renamed(IN_CONFIG, config),
    ...renamed(IN_HOST_CONFIG, host),
    bridge: network.Bridge ?? "",
    command: config["Cmd"] ?? [],
    entrypoints: [config["Entrypoint"] ?? []].flat() as Value[],
    // The daemon reports the id of an image that was requested by id.
    image:
      typeof asked === "string" && asked.startsWith("sha256:")
        ? info.Image
        : (config["Image"] ?? null),
    init: host["Init"] ?? false,
    logDriver: (host["LogConfig"] as Props)["Type"] ?? null,
    maxRetryCount: restart["MaximumRetryCount"] ?? 0,
    memory: mib(host["Memory"]),
    memoryReservation: mib(host["MemoryReservation"]),
    memorySwap: Number(host["MemorySwap"]) > 0 ? mib(host["MemorySwap"]) : host["MemorySwap"]!,
    mustRun: state.Running,
    name: info.Name.replace(/^\/+/, ""),
    networkDatas: Object.entries(network.Networks ?? {}).map(networkData),
    platform: info.Platform ?? null,
    restart: restart["Name"] || "no",
    securityOpts: host["SecurityOpt"] ?? [],
    shmSize: mib(host["ShmSize"]),
    stopSignal: config["StopSignal"] ?? "",
    stopTimeout: config["StopTimeout"] ?? 0,
    ...(config["Healthcheck"] && { healthcheck: healthcheck(config["Healthcheck"] as Props) }),
    // Without `ports` there is nothing to compare.
    ...(isNothing(held["ports"]) ? {} : { ports: flattenPorts(network.Ports) }),
    ...(!state.Running && { exitCode: state.ExitCode }),
  };
}

/** Treats empty lists and maps as absent. */
function renamed(names: Record<string, string>, from: Props): Props {
  return Object.fromEntries(
    Object.entries(names).map(([name, key]) => {
      const value = from[key];
      const isEmpty = typeof value === "object" && isNothing(value);
      return [name, value === undefined || isEmpty ? null : value];
    }),
  );
}

function isNothing(value: Value | undefined): boolean {
  return (
    value === undefined ||
    value === null ||
    (typeof value === "object" && Object.keys(value).length === 0)
  );
}

const mib = (bytes: Value | undefined): number => Math.floor(Number(bytes) / MIB);

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

function networkData([name, endpoint]: [string, Props]): Props {
  return {
    gateway: endpoint["Gateway"] ?? null,
    globalIpv6Address: endpoint["GlobalIPv6Address"] ?? null,
    globalIpv6PrefixLength: endpoint["GlobalIPv6PrefixLen"] ?? null,
    ipAddress: endpoint["IPAddress"] ?? null,
    ipPrefixLength: endpoint["IPPrefixLen"] ?? null,
    ipv6Gateway: endpoint["IPv6Gateway"] ?? null,
    macAddress: endpoint["MacAddress"] ?? null,
    networkName: name,
  };
}

function healthcheck(check: Props): Props {
  const duration = (name: string): string => formatDuration(Number(check[name] ?? 0));
  return {
    interval: duration("Interval"),
    retries: check["Retries"] ?? 0,
    startInterval: duration("StartInterval"),
    startPeriod: duration("StartPeriod"),
    tests: check["Test"] ?? [],
    timeout: duration("Timeout"),
  };
}

/** Nanoseconds as the real provider writes them: "1m30s", "500ms", "0s". */
export function formatDuration(nanoseconds: number): string {
  if (nanoseconds === 0) return "0s";
  if (nanoseconds < 1e3) return `${nanoseconds}ns`;
  if (nanoseconds < 1e6) return `${nanoseconds / 1e3}µs`;
  if (nanoseconds < 1e9) return `${nanoseconds / 1e6}ms`;
  const hours = Math.floor(nanoseconds / 3600e9);
  const minutes = Math.floor((nanoseconds % 3600e9) / 60e9);
  const seconds = `${(nanoseconds % 60e9) / 1e9}s`;
  if (hours > 0) return `${hours}h${minutes}m${seconds}`;
  return minutes > 0 ? `${minutes}m${seconds}` : seconds;
}
