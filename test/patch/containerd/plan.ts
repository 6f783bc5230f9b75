import { type ContainerdInput, planContainerd, type Plan, Refusal } from "../../../patch";

export const CONFIG = "/etc/containerd/config.toml";
export const HOSTS = "/etc/containerd/certs.d/172.30.1.2:5000/hosts.toml";

/** Plans the lesson's registry for a config.toml; `asked` changes the other inputs. */
export function planFor(
  config: string | undefined,
  asked: Partial<Omit<ContainerdInput, "bytes" | "configPath">> = {},
): Plan {
  return planContainerd({
    configPath: CONFIG,
    bytes: config === undefined ? undefined : Buffer.from(config),
    daemonVersion: "1.7.28",
    certsD: new Map(),
    registry: { address: "172.30.1.2:5000", endpoints: ["http://172.30.1.2:5000"] },
    mirrors: {},
    migrate: false,
    ...asked,
  });
}

/** The text of a file after the plan; undefined if the plan does not have the file, or removes it. */
export function textOf(plan: Plan, path: string): string | undefined {
  return plan.files.find((file) => file.path === path)?.desired?.toString();
}

/** config.toml after the plan. */
export function configAfter(...args: Parameters<typeof planFor>): string | undefined {
  return textOf(planFor(...args), CONFIG);
}

/** The message of the refusal. */
export function refusalOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof Refusal) return error.message;
    throw error;
  }
  throw new Error("it was not refused");
}
