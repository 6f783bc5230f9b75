import type { ObservedFile, ObservedService, Observation } from "../../hosts";

/** A service that has run since second 100. */
export function service(changes: Partial<ObservedService> = {}): ObservedService {
  return {
    unit: "containerd.service",
    installed: true,
    active: "active",
    sub: "running",
    enabled: "enabled",
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
    user: "root",
    hostId: "ab12",
    files: [],
    records: [],
    apt: true,
    ...changes,
  };
}
