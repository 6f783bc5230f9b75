import { run, type Result, type RunOptions } from "../process";

/** Runs a shell command as root inside a host through its namespaces, without network or login. */
export function enter(
  leader: number,
  command: string,
  options: Pick<RunOptions, "stdin" | "onLine"> = {},
): Promise<Result> {
  const namespaces = ["--mount", "--uts", "--ipc", "--net", "--pid"];
  return run(
    "nsenter",
    ["--target", String(leader), ...namespaces, "--", "/bin/sh", "-c", command],
    {
      ...options,
      env: {
        PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        HOME: "/root",
        LANG: "C.UTF-8",
      },
    },
  );
}
