import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { CRI_IS_WELL, PEERS } from "../peers";
import type { Case, Fleet, Invocation, Tool } from "../cases";

/** @param bin the folder with its program; undefined if it cannot be installed, with the reason */
export function pyinfra(bin: string | undefined, reason?: string): Tool {
  return {
    name: "pyinfra",
    whyNot: () => (bin === undefined ? reason : undefined),
    prepare: (fleet) => {
      writeFileSync(join(fleet.folder, "inventory.py"), inventory(fleet));
      return Promise.resolve();
    },
    invocation: ({ folder, registry }, one): Invocation => ({
      command: [
        join(bin ?? "", "pyinfra"),
        "-y",
        ...(isPreview(one) ? ["--dry", "--diff"] : []),
        join(folder, "inventory.py"),
        join(PEERS, "deploy.py"),
      ],
      env: {
        REGISTRY: registry,
        CRI_IS_WELL,
        WANTED: one === "destroy" ? "absent" : "present",
        NO_COLOR: "1",
      },
    }),
  };
}

const isPreview = (one: Case) => one === "preview" || one === "preview, drifted";

function inventory({ nodes, privateKeyPath, knownHostsPath }: Fleet): string {
  const hosts = nodes.map(
    ({ name, address }) => `    ("${name}", {"ssh_hostname": "${address}"}),\n`,
  );
  return (
    `nodes = (\n  [\n${hosts.join("")}  ],\n  {\n` +
    `    "ssh_user": "root",\n    "ssh_key": ${JSON.stringify(privateKeyPath)},\n` +
    `    "ssh_known_hosts_file": ${JSON.stringify(knownHostsPath)},\n    "ssh_strict_host_key_checking": "yes",\n  },\n)\n`
  );
}
