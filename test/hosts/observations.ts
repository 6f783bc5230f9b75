import type { ManagedFile, ObservedFile, ObservedService, Observation } from "../../hosts";

/** A service that has run since second 100. */
export function service(changes: Partial<ObservedService> = {}): ObservedService {
  return {
    unit: "containerd.service",
    installed: true,
    active: "active",
    sub: "running",
    enabled: "enabled",
    mainPid: 1,
    invocation: "start-1",
    startedAt: 100,
    killMode: "process",
    needsDaemonReload: false,
    execStart: "/usr/bin/containerd",
    environment: [],
    unitFiles: [],
    ...changes,
  };
}

export function file(
  path: string,
  text: string,
  changes: Partial<ObservedFile> = {},
): ObservedFile {
  return {
    path,
    kind: "file",
    realPath: path,
    content: Buffer.from(text).toString("base64"),
    mode: 0o644,
    uid: 0,
    gid: 0,
    changedAt: 50,
    ...changes,
  };
}

export function observation(changes: Partial<Observation> = {}): Observation {
  return {
    hostname: "node01",
    user: "root",
    hostId: "ab12",
    os: { id: "debian", versionId: "12", prettyName: "Debian GNU/Linux 12 (bookworm)" },
    files: [],
    records: [],
    managed: [],
    helper: { installed: false },
    apt: true,
    ...changes,
  };
}

/** A file that is claimed, with what it is without anything of ours (undefined: no file). */
export function managed(
  observed: ObservedFile,
  baseline: string | undefined,
  claims: string[],
): ManagedFile {
  return {
    file: observed,
    claims,
    ...(baseline !== undefined && {
      baseline: Buffer.from(baseline).toString("base64"),
      kept: { path: "/kept", size: baseline.length },
    }),
  };
}
