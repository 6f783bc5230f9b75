import type { ContainerCreateOptions } from "dockerode";
import { deepEquals } from "../../values/property";
import type { Props, Value } from "../provider";
import { request } from "./daemon";
import { parseDuration } from "./duration";
import { fromPairs } from "./volume";

const MIB = 1024 * 1024;

/** The request for a new container, from checked inputs. Absent inputs are left to the daemon. */
export function createRequest(inputs: Props): ContainerCreateOptions {
  return request({ name: inputs["name"] }, createBody(inputs));
}

function createBody(inputs: Props): object {
  const { exposed, bindings } = ports(inputs["ports"]);
  const { paths, binds, from } = volumes(inputs["volumes"]);
  const capabilities = (inputs["capabilities"] ?? {}) as Props;
  return compact({
    Image: inputs["image"],
    Hostname: inputs["hostname"],
    Domainname: inputs["domainname"],
    User: inputs["user"],
    Tty: inputs["tty"],
    OpenStdin: inputs["stdinOpen"],
    Env: inputs["envs"],
    Cmd: inputs["command"],
    Entrypoint: inputs["entrypoints"],
    WorkingDir: inputs["workingDir"],
    Labels: fromPairs(inputs["labels"]),
    StopSignal: inputs["stopSignal"],
    StopTimeout: inputs["stopTimeout"],
    ExposedPorts: exposed,
    Volumes: paths,
    Healthcheck: healthcheck(inputs["healthcheck"]),
    HostConfig: compact({
      ...resources(inputs),
      AutoRemove: inputs["rm"],
      Binds: binds,
      CapAdd: capabilities["adds"],
      CapDrop: capabilities["drops"],
      Dns: inputs["dns"],
      DnsOptions: inputs["dnsOpts"],
      DnsSearch: inputs["dnsSearches"],
      ExtraHosts: (inputs["hosts"] as Props[] | undefined)?.map(
        (entry) => `${text(entry["host"])}:${text(entry["ip"])}`,
      ),
      GroupAdd: inputs["groupAdds"],
      Init: inputs["init"] ?? false,
      IpcMode: inputs["ipcMode"],
      LogConfig: compact({ Type: inputs["logDriver"], Config: inputs["logOpts"] }),
      NetworkMode: inputs["networkMode"],
      PidMode: inputs["pidMode"],
      PortBindings: bindings,
      Privileged: inputs["privileged"],
      PublishAllPorts: inputs["publishAllPorts"],
      ReadonlyRootfs: inputs["readOnly"],
      RestartPolicy: restartPolicy(inputs),
      Runtime: inputs["runtime"],
      SecurityOpt: inputs["securityOpts"],
      ShmSize: mib(inputs["shmSize"]),
      Sysctls: inputs["sysctls"],
      Tmpfs: inputs["tmpfs"],
      Ulimits: (inputs["ulimits"] as Props[] | undefined)?.map((limit) => ({
        Name: limit["name"],
        Soft: limit["soft"],
        Hard: limit["hard"],
      })),
      UsernsMode: inputs["usernsMode"],
      VolumesFrom: from,
    }),
  });
}

/** Inputs that the daemon can change on a container that is there. */
const UPDATABLE = [
  "restart",
  "maxRetryCount",
  "cpuShares",
  "cpuSet",
  "memory",
  "memoryReservation",
  "memorySwap",
];

/** What to ask for to get from one to the other; undefined: nothing that the daemon could change differs. */
export function updateBody(old: Props, inputs: Props): object | undefined {
  const differs = UPDATABLE.some((name) => !deepEquals(old[name] ?? null, inputs[name] ?? null));
  return differs ? { RestartPolicy: restartPolicy(inputs), ...resources(inputs) } : undefined;
}

function resources(inputs: Props): object {
  const swap = inputs["memorySwap"];
  return compact({
    CpuShares: inputs["cpuShares"],
    CpusetCpus: inputs["cpuSet"],
    Memory: mib(inputs["memory"]),
    MemoryReservation: mib(inputs["memoryReservation"]),
    // -1: without limit
    MemorySwap: typeof swap === "number" && swap > 0 ? swap * MIB : swap,
  });
}

function restartPolicy(inputs: Props): object {
  return { Name: inputs["restart"], MaximumRetryCount: inputs["maxRetryCount"] ?? 0 };
}

function ports(list: Value | undefined): { exposed?: object; bindings?: object } {
  if (!Array.isArray(list) || list.length === 0) return {};
  const exposed: Record<string, object> = {};
  const bindings: Record<string, object[]> = {};
  for (const port of list as Props[]) {
    const key = `${Number(port["internal"])}/${text(port["protocol"]) || "tcp"}`;
    exposed[key] = {};
    (bindings[key] ??= []).push({
      HostIp: text(port["ip"]),
      HostPort: String((port["external"] as number | undefined) ?? 0),
    });
  }
  return { exposed, bindings };
}

function volumes(list: Value | undefined): { paths?: object; binds?: string[]; from?: string[] } {
  if (!Array.isArray(list) || list.length === 0) return {};
  const paths: Record<string, object> = {};
  const binds: string[] = [];
  const from: string[] = [];
  for (const volume of list as Props[]) {
    const source = text(volume["hostPath"]) || text(volume["volumeName"]);
    const path = text(volume["containerPath"]);
    const container = text(volume["fromContainer"]);
    if ((path === "") === (container === "")) {
      throw new Error("volumes: each needs either containerPath or fromContainer");
    }
    if (container !== "") {
      from.push(container);
      continue;
    }
    paths[path] = {};
    if (source === "") continue; // an anonymous volume
    const mode = [volume["readOnly"] === true ? "ro" : "rw", text(volume["selinuxRelabel"])];
    binds.push(`${source}:${path}:${mode.filter((part) => part !== "").join(",")}`);
  }
  return { paths, binds, from };
}

function healthcheck(value: Value | undefined): object | undefined {
  if (value === undefined || value === null) return undefined;
  const check = value as Props;
  return compact({
    Test: check["tests"],
    Interval: parseDuration("healthcheck.interval", check["interval"]),
    Timeout: parseDuration("healthcheck.timeout", check["timeout"]),
    StartPeriod: parseDuration("healthcheck.startPeriod", check["startPeriod"]),
    StartInterval: parseDuration("healthcheck.startInterval", check["startInterval"]),
    Retries: check["retries"],
  });
}

function mib(value: Value | undefined): number | undefined {
  return typeof value === "number" ? value * MIB : undefined;
}

function text(value: Value | undefined): string {
  return typeof value === "string" ? value : "";
}

/** Without what was not given, so that the daemon's own defaults hold. */
export function compact(object: Record<string, unknown>): object {
  return Object.fromEntries(
    Object.entries(object).filter(([, value]) => value !== undefined && value !== null),
  );
}
