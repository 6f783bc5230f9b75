import { join } from "node:path";
import { dev, whyNoLab } from "../lab";
import { wholeJob } from "./whole-job";

const USAGE = "usage: npm start   [-- --kubernetes]";

const HELP = `${USAGE}

Sets up a registry on real hosts that it starts on this machine: it starts the lab "dev", runs "up" on the stack "dev"
with the embedded engine, pushes an image to the registry, and pulls it on every node. Requires Debian and root. A
second run changes no host and pulls the image again.

  --kubernetes   make the hosts a Kubernetes cluster as well, and run Pods on every node. The first time, this builds
                 Kubernetes, which requires Go and takes about ten minutes
  -h, --help     print this text

Afterwards:
  npm run lab -- status                  # the hosts
  npm run preview -- --stack dev         # what has drifted
  npm run lab -- ssh node01 'ctr -n k8s.io images ls -q'
  npm run destroy -- --stack dev --yes   # put the hosts back
  npm run lab -- down                    # remove the hosts`;

/**
 * `npm start`: runs the whole job of the lesson on lab hosts of this machine. A second run changes no host and pulls
 * the image again.
 */
export async function main(args: string[]): Promise<void> {
  if (args.some((arg) => arg === "--help" || arg === "-h")) {
    console.log(HELP);
    return;
  }
  const reason = whyNoLab();
  const unknown = args.filter((arg) => arg !== "--kubernetes");
  if (unknown.length > 0 || reason !== undefined) {
    console.error(
      unknown.length > 0
        ? `unknown: ${unknown.join(" ")}\n${USAGE}`
        : `npm start runs real hosts on this machine: ${reason}`,
    );
    process.exitCode = 1;
    return;
  }
  try {
    const project = { folder: join(__dirname, ".."), stack: "dev", env: process.env };
    const job = { lab: dev, kubernetes: args.length > 0, ...project };
    process.exitCode = await wholeJob(job, console.log);
  } catch (error) {
    console.error(`error: ${(error as Error).message}`);
    process.exitCode = 1;
  }
}
