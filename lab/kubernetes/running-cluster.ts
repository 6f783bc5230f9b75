import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { failure, run, type Result } from "../process";

/** A running Kubernetes cluster of a lab's hosts. */
export class RunningCluster {
  constructor(
    /** The kubeconfig of its administrator, for this machine. */
    readonly kubeconfigPath: string,
    private readonly programs: string,
  ) {}

  /** The kubectl with the cluster's own version. */
  get kubectlPath(): string {
    return join(this.programs, "kubectl");
  }

  /** Runs kubectl as the cluster's administrator and returns its output, with any exit code. */
  run(args: string[], stdin?: string): Promise<Result> {
    const env = { ...process.env, KUBECONFIG: this.kubeconfigPath };
    return run(this.kubectlPath, args, { env, ...(stdin !== undefined && { stdin }) });
  }

  /** Runs kubectl, which must succeed, and returns its standard output. */
  async kubectl(args: string[], stdin?: string): Promise<string> {
    const result = await this.run(args, stdin);
    if (result.code !== 0) throw new Error(failure(`kubectl ${args.join(" ")}`, result));
    return result.stdout;
  }

  /** Creates or changes objects by server-side apply. */
  async apply(...objects: object[]): Promise<void> {
    const list = { apiVersion: "v1", kind: "List", items: objects };
    await this.kubectl(["apply", "--server-side", "-f", "-"], JSON.stringify(list));
  }

  /** Objects from the API: `get("pods", "-A")`. */
  async get<T = Record<string, unknown>>(...args: string[]): Promise<T[]> {
    const text = await this.kubectl(["get", ...args, "-o", "json"]);
    return (JSON.parse(text) as { items: T[] }).items;
  }

  /**
   * Repeats a kubectl command until its output satisfies a condition, and returns that output.
   * @param seconds how long to try. @default 180
   */
  async until(args: string[], holds: (output: string) => boolean, seconds = 180): Promise<string> {
    const deadline = Date.now() + seconds * 1000;
    for (;;) {
      const result = await this.run(args);
      if (result.code === 0 && holds(result.stdout)) return result.stdout;
      if (Date.now() > deadline) {
        const said = failure(`kubectl ${args.join(" ")}`, result);
        throw new Error(`not as expected within ${seconds} s: ${said}`);
      }
      await sleep(250);
    }
  }

  /** Waits until the API answers. */
  async untilReachable(): Promise<void> {
    await this.until(["get", "--raw", "/readyz"], (output) => output === "ok");
  }

  /** Waits until these nodes are Ready and Pods can be created. */
  async untilReady(nodes: string[]): Promise<void> {
    const path =
      '{range .items[*]}{.metadata.name}={.status.conditions[?(@.type=="Ready")].status} {end}';
    await this.until(["get", "nodes", "-o", `jsonpath=${path}`], (output) => {
      const ready = output.split(" ");
      return nodes.every((name) => ready.includes(`${name}=True`));
    });
    await this.until(["get", "serviceaccount", "default", "-o", "name"], (output) => output !== "");
  }
}
