import type { Decision } from "../../decision/decide";
import { planInsecureRegistry, planMirror } from "../../decision/plan";
import { parsePayload } from "../../helper/payload";
import type { Surveyed } from "../../observation/hosts";
import type { Observation, ObservedContainer, ObservedFile } from "../../observation/observation";
import { recordIds } from "../../observation/records";
import { applyEdits } from "../../patch/plan";
import { settingsOn } from "../../settings/node";
import { parseSettings } from "../../settings/parse";
import { accessTo } from "../doctor/facts";
import { file, managed, observation, service } from "../helper/observations";

export const CONFIG = "/etc/containerd/config.toml";
export const DAEMON_JSON = "/etc/docker/daemon.json";
export const OS = "Debian GNU/Linux 12 (bookworm)";
/** 2026-11-28T12:50:01Z */
export const APPLIED = 1795870201;

export const ids = recordIds("p", "s");
export const settingsWith = (changes: Record<string, unknown> = {}) =>
  parseSettings({
    registry: { host: "cp", address: "10.0.0.11" },
    nodes: [
      { name: "cp", address: "10.0.0.11", role: "master" },
      { name: "n1", address: "10.0.0.12", role: "worker" },
    ],
    ...changes,
  });
export const settings = settingsWith();

const REGISTRY = 'plugins."io.containerd.grpc.v1.cri".registry';
/** config.toml before the first apply, with a password that no report may show. */
export const BEFORE = [
  "version = 2",
  `[${REGISTRY}.mirrors."docker.io"]`,
  '  endpoint = ["https://ops:s3cret@mirror.example"]',
  "",
].join("\n");
const BEFORE_JSON = '{\n  "log-level": "warn"\n}\n';

type Containerd = NonNullable<Observation["containerd"]>;
type Docker = NonNullable<Observation["docker"]>;

const containerd: Containerd = { version: "1.6.20", service: service(), hostsToml: [] };
const docker: Docker = {
  version: "20.10.24",
  service: service({ unit: "docker.service" }),
  loginReachesSocket: true,
  insecureRegistries: ["10.0.0.11:5000"],
  containers: [],
};

/** The text of a file once a plan is carried out. */
function after({ payload }: Decision, path: string, before: string): string {
  const { edits } = parsePayload(payload).files.find((one) => one.path === path)!;
  return applyEdits(Buffer.from(before), edits).toString();
}

/** A node that no stack has configured. */
export const freshNode = (text = BEFORE): Observation =>
  observation({ os: OS, files: [file(CONFIG, text)], containerd });

const nodeDecision = (name: string) =>
  planMirror(freshNode(), settingsOn(settings, name), ids.mirror(name));

/** config.toml of a node after an `up`. */
export const configured = (name: string) => after(nodeDecision(name), CONFIG, BEFORE);

/** A node after an `up`, whose file has this text now. */
export function node(
  name: string,
  text = configured(name),
  changes: { service?: Containerd["service"]; edited?: string; file?: Partial<ObservedFile> } = {},
): Observation {
  const id = ids.mirror(name);
  const { payload, enrolled } = nodeDecision(name);
  const config = file(CONFIG, text, changes.file);
  return observation({
    os: OS,
    hostId: name,
    files: [config],
    records: [{ id, enrolled, payload, appliedAt: APPLIED, running: "start-1" }],
    managed: [
      { ...managed(config, BEFORE, [id]), ...(changes.edited && { edited: changes.edited }) },
    ],
    containerd: { ...containerd, ...(changes.service && { service: changes.service }) },
  });
}

/** The registry's container after an `up`. */
export const container = (changes: Partial<ObservedContainer> = {}): ObservedContainer => ({
  id: "ab12".repeat(16),
  name: "registry",
  image: "sha256:12ab",
  running: true,
  status: "running",
  exitCode: 0,
  labels: { "io.cluster-registry.owner": ids.container },
  ports: ["0.0.0.0:5000->5000/tcp"],
  mounts: [
    { type: "volume", name: "registry-data", source: "/v", destination: "/var/lib/registry" },
  ],
  restartPolicy: "always",
  created: "2026-11-28T12:49:00.123456789Z",
  ...changes,
});

/** The registry host after an `up`: a node, too. */
export function registryHost(changes: Partial<Docker> = {}): Observation {
  const host = node("cp");
  const before = { ...host, files: [...host.files, file(DAEMON_JSON, BEFORE_JSON)], docker };
  const decision = planInsecureRegistry(before, settings, ids.daemonJson);
  const json = file(DAEMON_JSON, after(decision, DAEMON_JSON, BEFORE_JSON));
  const { payload, enrolled } = decision;
  return {
    ...host,
    files: [...host.files, json],
    records: [...host.records, { id: ids.daemonJson, enrolled, payload, appliedAt: APPLIED }],
    managed: [...host.managed, managed(json, BEFORE_JSON, [ids.daemonJson])],
    docker: { ...docker, containers: [container()], ...changes },
  };
}

export const seen = (name: string, found: Observation): Surveyed => ({
  access: accessTo(name, "10.0.0.1"),
  observation: found,
});

export const unseen = (name: string, error: Error): Surveyed => ({
  access: accessTo(name, "10.0.0.1"),
  error,
});

export const survey = (cp: Surveyed, n1: Surveyed) =>
  new Map([
    ["cp", cp],
    ["n1", n1],
  ]);
