import type { ContainerCreateOptions, HostRestartPolicy } from "dockerode";
import type { Props } from "../provider";
import { fromPairs } from "./volume";

/** One of `ports`, from checked inputs or outputs. */
export interface Port {
  internal: number;
  external: number;
  ip: string;
  protocol: string;
}

/** One of `volumes`; without a source the volume is anonymous. */
interface Mount {
  containerPath: string;
  hostPath?: string;
  volumeName?: string;
  readOnly?: boolean;
}

/** The request for a new container, from checked inputs. The daemon sets everything else. */
export function createBody(inputs: Props): ContainerCreateOptions {
  const ports = (inputs["ports"] ?? []) as unknown as Port[];
  const volumes = (inputs["volumes"] ?? []) as unknown as Mount[];
  const bindings: Record<string, { HostIp: string; HostPort: string }[]> = {};
  for (const { internal, external, ip, protocol } of ports) {
    const binding = { HostIp: ip, HostPort: String(external) };
    (bindings[`${internal}/${protocol}`] ??= []).push(binding);
  }
  return {
    Image: inputs["image"] as string,
    Env: (inputs["envs"] ?? []) as string[],
    Labels: fromPairs(inputs["labels"]),
    ExposedPorts: Object.fromEntries(Object.keys(bindings).map((port) => [port, {}])),
    Volumes: Object.fromEntries(volumes.map(({ containerPath }) => [containerPath, {}])),
    HostConfig: {
      Binds: volumes.flatMap(({ hostPath, volumeName, containerPath, readOnly }) => {
        const source = hostPath || volumeName;
        return source ? [`${source}:${containerPath}:${readOnly === true ? "ro" : "rw"}`] : [];
      }),
      Init: false,
      NetworkMode: inputs["networkMode"] as string,
      PortBindings: bindings,
      RestartPolicy: restartPolicy(inputs),
    },
  };
}

export function restartPolicy(inputs: Props): HostRestartPolicy {
  return { Name: inputs["restart"] as string, MaximumRetryCount: 0 };
}
