import type {
  ManagedFile,
  Observation,
  ObservedFile,
  ObservedService,
} from "../../observation/observation";

/** A service that started at second 100. */
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
    managed: [],
    apt: true,
    ...changes,
  };
}

/** A file with a claim, and its text without any line of this program (undefined for no file). */
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
