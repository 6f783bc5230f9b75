import { must } from "../process";

/**
 * Runs a shell script in its own mount and process namespace. It ends with this process, together with all of its
 * processes and mounts, so an interrupted build leaves only files.
 */
export async function runIsolated(script: string, env: NodeJS.ProcessEnv): Promise<void> {
  const bound = ["--pdeathsig", "KILL", "unshare"];
  const isolated = ["--mount", "--propagation", "private", "--pid", "--fork", "--kill-child"];
  await must("setpriv", [...bound, ...isolated, "sh", script], {
    env: { PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin`, ...env },
  });
}
