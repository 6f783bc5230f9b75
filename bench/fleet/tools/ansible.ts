import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { CRI_IS_WELL, PEERS } from "../peers";
import type { Invocation, Tool } from "../cases";

/** @param bin the folder with its programs; undefined if it cannot be installed, with the reason */
export function ansible(bin: string | undefined, reason?: string): Tool {
  return {
    name: "ansible",
    whyNot: () => (bin === undefined ? reason : undefined),
    prepare: ({ folder, nodes }) => {
      const hosts = nodes.map(({ name, address }) => `${name} ansible_host=${address}\n`);
      writeFileSync(join(folder, "inventory.ini"), `[nodes]\n${hosts.join("")}`);
      return Promise.resolve();
    },
    invocation: ({ folder, registry, privateKeyPath, knownHostsPath }, one): Invocation => ({
      command: [
        join(bin ?? "", "ansible-playbook"),
        "--inventory",
        join(folder, "inventory.ini"),
        ...(one === "preview" || one === "preview, drifted" ? ["--check", "--diff"] : []),
        join(PEERS, "playbook.yml"),
      ],
      env: {
        REGISTRY: registry,
        CRI_IS_WELL,
        WANTED: one === "destroy" ? "absent" : "present",
        ANSIBLE_FORKS: "50",
        ANSIBLE_PIPELINING: "true",
        ANSIBLE_REMOTE_USER: "root",
        ANSIBLE_PRIVATE_KEY_FILE: privateKeyPath,
        ANSIBLE_HOST_KEY_CHECKING: "true",
        ANSIBLE_SSH_COMMON_ARGS: `-F none -o UserKnownHostsFile=${knownHostsPath} -o IdentitiesOnly=yes`,
        ANSIBLE_PYTHON_INTERPRETER: "/usr/bin/python3",
        ANSIBLE_HOME: join(folder, "ansible"),
        ANSIBLE_NOCOLOR: "1",
        ANSIBLE_NOCOWS: "1",
        ANSIBLE_CALLBACK_RESULT_FORMAT: "yaml",
      },
    }),
    foundDrift: (output, nodes) => (output.match(/changed=[1-9]/g) ?? []).length === nodes,
  };
}
