import { must } from "../process";

/**
 * Runs a shell script in a mount and process namespace of its own. It ends with this process, and all its processes and
 * mounts with it: an interrupted build leaves files alone.
 */
export async function runIsolated(script: string, env: NodeJS.ProcessEnv): Promise<void> {
  const bound = ["--pdeathsig", "KILL", "unshare"];
  const isolated = ["--mount", "--propagation", "private", "--pid", "--fork", "--kill-child"];
  await must("setpriv", [...bound, ...isolated, "sh", script], {
    env: { PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin`, ...env },
  });
}
