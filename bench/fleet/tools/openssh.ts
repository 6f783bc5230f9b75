import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { whyNotOnPath } from "../why-not";
import type { Case, Fleet, Invocation, Tool } from "../cases";

const SCRIPT = join(__dirname, "../../peers/node.sh");
const VERBS: Record<Case, string> = {
  apply: "apply",
  "second run": "apply",
  preview: "read",
  "preview, drifted": "read",
  destroy: "destroy",
};

/** OpenSSH, 50 at once, with a short script: what is left if a tool has no own cost. */
export const openssh: Tool = {
  name: "openssh",
  whyNot: () => whyNotOnPath("ssh") ?? whyNotOnPath("xargs"),
  prepare: (fleet: Fleet) => {
    writeFileSync(join(fleet.folder, "nodes"), lines(fleet.nodes.map(({ address }) => address)));
    return Promise.resolve();
  },
  invocation: ({ folder, privateKeyPath, knownHostsPath, registry }, one): Invocation => ({
    command: [
      "sh",
      "-c",
      `xargs -P 50 -I NODE sh -c 'ssh -F none -i "$KEY" -o UserKnownHostsFile="$KNOWN" -o IdentitiesOnly=yes -o BatchMode=yes root@NODE "sh -s ${VERBS[one]} $REGISTRY" <"$SCRIPT" | sed "s/^/NODE: /"' <"${folder}/nodes"`,
    ],
    env: { KEY: privateKeyPath, KNOWN: knownHostsPath, REGISTRY: registry, SCRIPT },
  }),
  foundDrift: (output, nodes) => output.split("no mirror").length - 1 === nodes,
};

const lines = (all: readonly string[]) => all.map((each) => `${each}\n`).join("");
