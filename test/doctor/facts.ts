import { commandsFor } from "../../doctor/commands";
import type { Look } from "../../doctor/look";
import type { NetworkFacts } from "../../doctor/network-checks";
import type { RegistryFacts } from "../../doctor/registry-checks";
import { recordIds } from "../../observation/records";
import type { HostAccess } from "../../settings/access";
import { parseSettings } from "../../settings/parse";
import { file, observation, service } from "../helper/observations";

export const PREFIX = "10.0.0.11:5000";
export const CONFIG = "/etc/containerd/config.toml";
const REGISTRY = 'plugins."io.containerd.grpc.v1.cri".registry';
const ANSWER = ["HTTP/1.1 200 OK", "Docker-Distribution-Api-Version: registry/2.0"];

export const settings = parseSettings({
  registry: { host: "controlplane", address: "10.0.0.11" },
  nodes: [
    { name: "controlplane", address: "10.0.0.11", role: "master" },
    { name: "node01", address: "10.0.0.12", role: "worker" },
  ],
});

export const accessTo = (name: string, host: string): HostAccess => ({
  name,
  login: { name, host, port: 22, user: "root" },
  sudo: false,
  waitSeconds: 0,
  knownHostsFiles: [],
  keyInFiles: true,
  learnHostKey: false,
  notes: [],
});

export function look(changes: Partial<Look> = {}): Look {
  return {
    arch: "amd64",
    plugins: [{ name: "io.containerd.grpc.v1.cri", state: "ok" }],
    log: [],
    moved: [],
    numbers: ["10.0.0.11"],
    blocked: [],
    rules: [],
    answer: ANSWER,
    listens: [],
    images: [],
    ...changes,
  };
}

/** The lesson's file, with other lines at its end. */
export const configText = (...more: string[]) =>
  [
    "version = 2",
    `[${REGISTRY}.mirrors."docker.io"]`,
    '  endpoint = ["https://mirror.gcr.io"]',
    ...more,
    "",
  ].join("\n");

export const entryFor = (name: string) => [
  `[${REGISTRY}.mirrors."${name}"]`,
  `  endpoint = ["http://${PREFIX}"]`,
];

/** A node that no stack has configured, with this config.toml. */
export function node(
  text: string,
  seen: Partial<Look> = {},
  changes: Parameters<typeof service>[0] = {},
): NetworkFacts {
  const registryHost = { access: accessTo("controlplane", "10.0.0.11"), look: look() };
  return {
    access: accessTo("node01", "10.0.0.12"),
    observation: observation({
      files: [file(CONFIG, text)],
      containerd: { version: "1.7.28", service: service(changes), hostsToml: [] },
    }),
    look: look(seen),
    settings,
    id: recordIds("p", "s").mirror("node01"),
    prefix: PREFIX,
    commands: commandsFor(["--stack", "s"]),
    registryHost,
  };
}

/** A registry that runs, apart from these changes. */
export function registry(
  seen: Partial<Look> = {},
  changes: Parameters<typeof service>[0] = {},
): RegistryFacts {
  const container = {
    Id: "ab",
    State: { Status: "running", ExitCode: 0 },
    Config: {},
    HostConfig: {},
  };
  return {
    access: accessTo("controlplane", "10.0.0.11"),
    observation: observation({
      docker: {
        version: "26.1.5",
        service: service({ unit: "docker.service", ...changes }),
        loginReachesSocket: true,
      },
    }),
    look: look({ container, listens: ["0.0.0.0:5000"], ...seen }),
    settings,
    prefix: PREFIX,
    commands: commandsFor([]),
  };
}
