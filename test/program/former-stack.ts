import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { RunningHost, RunningLab } from "../../lab";
import { criIsWell, installDocker } from "../helper/patched-host";
import { TestStack } from "./stack";

const FIXTURE = join(__dirname, "..", "fixtures", "stack-1");
const HOME = "/var/lib/cluster-registry";

interface State {
  checkpoint: { latest: { resources: Resource[] } };
}
interface Resource {
  urn: string;
  id?: string;
  inputs?: Record<string, unknown>;
}

/** The addresses that the fixture's files have. */
export const FORMER_LAB = { octet: 41, hosts: ["controlplane", "node01"] };

/**
 * A stack of the version before ClusterRegistry: hosts with the files and records that it left, and a stack with its state.
 * Only the ids that docker gives are those of the container that is made here.
 */
export async function formerStack(lab: RunningLab): Promise<{ stack: TestStack; helper: string }> {
  const state = gunzipSync(readFileSync(join(FIXTURE, "state.json.gz"))).toString();
  const { resources } = (JSON.parse(state) as State).checkpoint.latest;
  const of = (name: string) => resources.find(({ urn }) => urn.endsWith(`::${name}`));
  const guard = of("node01-containerd-guard");
  const helper = String(guard?.inputs?.["stdin"]);
  const controlplane = lab.host("controlplane");
  await installDocker(controlplane);
  for (const host of lab.hosts.values()) await setUp(host, helper);
  const container = of("controlplane-container");
  const docker = await runRegistry(controlplane, container);

  const stack = TestStack.lesson(lab, {
    registry: { host: "controlplane", address: controlplane.address, retainVolume: false },
    mirrors: { "docker.io": ["https://mirror.gcr.io"] },
    ssh: {
      privateKeyPath: join(stackKeys(lab), "id_ed25519"),
      knownHostsPath: join(stackKeys(lab), "known_hosts"),
      config: "none",
      wait: "0",
    },
  });
  const image = String(container?.inputs?.["image"]);
  mkdirSync(dirname(stack.stateFile), { recursive: true });
  writeFileSync(
    stack.stateFile,
    state
      .replaceAll("@FOLDER@", stackKeys(lab))
      .replaceAll(String(container?.id), docker.container)
      .replaceAll(image, docker.image),
  );
  return { stack, helper };
}

/** The fixture's keys, in a folder of this lab: OpenSSH takes no key that others may read. */
function stackKeys(lab: RunningLab): string {
  const folder = join(dirname(lab.privateKeyPath), "former");
  mkdirSync(folder, { recursive: true });
  for (const [file, mode] of [
    ["id_ed25519", 0o600],
    ["known_hosts", 0o644],
  ] as const) {
    writeFileSync(join(folder, file), readFileSync(join(FIXTURE, file)), { mode });
  }
  return folder;
}

async function setUp(host: RunningHost, helper: string): Promise<void> {
  const of = join(FIXTURE, host.name);
  cpSync(join(of, "after/etc"), `${host.root}/etc`, { recursive: true });
  await host.succeed(`mkdir -p -m 0700 ${HOME}`);
  cpSync(join(of, "after", HOME), `${host.root}${HOME}`, { recursive: true });
  writeFileSync(`${host.root}${HOME}/helper`, helper, { mode: 0o700 });
  cpSync(join(of, "ssh_host_ed25519_key"), `${host.root}/etc/ssh/ssh_host_ed25519_key`);
  cpSync(join(FIXTURE, "id_ed25519"), `${host.root}/root/former`);
  await host.succeed(
    "chown -R 0:0 /etc/containerd /etc/docker /etc/ssh/ssh_host_ed25519_key /root/former " +
      `${HOME} && chmod -R go= ${HOME} /etc/ssh/ssh_host_ed25519_key /root/former && ` +
      "ssh-keygen -y -f /root/former >> /root/.ssh/authorized_keys && rm /root/former && " +
      "ssh-keygen -y -f /etc/ssh/ssh_host_ed25519_key > /etc/ssh/ssh_host_ed25519_key.pub && " +
      "systemctl restart ssh containerd && ! systemctl is-active -q docker || systemctl restart docker",
  );
  await criIsWell(host);
}

/** The container as the state has it. */
async function runRegistry(host: RunningHost, container: Resource | undefined) {
  const { labels, envs } = (container?.inputs ?? {}) as {
    labels: { label: string; value: string }[];
    envs: string[];
  };
  await host.waitUntilSucceeds("docker info");
  const words = [
    ...labels.map(({ label, value }) => `--label ${label}=${value}`),
    ...envs.map((env) => `-e ${env}`),
  ];
  const made = await host.succeed(
    "docker volume create registry-data >/dev/null && docker pull -q registry >/dev/null && " +
      `docker run -d --name registry --network bridge --restart always -p 0.0.0.0:5000:5000 ${words.join(" ")} ` +
      "-v registry-data:/var/lib/registry $(docker image inspect -f '{{.Id}}' registry)",
  );
  const image = await host.succeed("docker image inspect -f '{{.Id}}' registry");
  return { container: made.trim(), image: image.trim() };
}

/** Files of the daemons as they were before the stack. */
export function before(host: string, path: string): string {
  return readFileSync(join(FIXTURE, host, "before", path), "utf8");
}
