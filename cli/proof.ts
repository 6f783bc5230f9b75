import { shellWord } from "../helper/shell-word";
import type { RunningHost, RunningLab } from "../lab";

/** The name of the repository. Only this proof uses it. */
const REPOSITORY = "cluster-registry-proof";
/** Marks an image that this proof may build and push again. */
const LABEL = "io.cluster-registry.proof";

/**
 * A web server of one file on the lab's busybox. The content of the image does not matter: only that no other registry
 * has it.
 */
const dockerfile = (image: string): string[] => [
  "FROM busybox",
  `LABEL ${LABEL}=true`,
  // A node that has the same content under another tag would not ask the registry for it.
  `RUN echo 'pulled as ${image}' > /index.html`,
  'CMD ["httpd", "-f", "-h", "/"]',
];

/**
 * Builds an image on the registry host, pushes it, and pulls it on every other node through CRI, as kubelet does. A
 * node that has the image from an earlier run removes it first, so that the pull is a real one. An image that somebody
 * else made is never replaced, whatever its name: see `freeImage`.
 *
 * @returns the image's reference
 * @throws Error with the host's own message if a step fails, or if a node's pull did not reach the registry
 */
export async function proveThePull(lab: RunningLab, say: (line: string) => void): Promise<string> {
  const [registryHost, ...nodes] = [...lab.hosts.values()];
  if (registryHost === undefined) throw new Error(`lab ${lab.name} has no hosts`);
  const image = await freeImage(registryHost, `${registryHost.address}:5000/${REPOSITORY}`);

  const lines = dockerfile(image).map(shellWord).join(" ");
  await registryHost.succeed(`printf '%s\\n' ${lines} | docker build -q -t ${image} -`);
  say(`${registryHost.name}: docker build -t ${image} -`);
  await registryHost.succeed(`docker push -q ${image}`);
  say(`${registryHost.name}: docker push ${image}`);

  await Promise.all(nodes.map((node) => pull(image, registryHost, node, say)));
  return image;
}

/** The first of the tags 1, 2, ... that no image of others uses, neither in Docker on the host nor in the registry. */
async function freeImage(host: RunningHost, repository: string): Promise<string> {
  for (let tag = 1; ; tag++) {
    const image = `${repository}:${tag}`;
    const local = await isOurs(host, image);
    if (local === false) continue;
    const pulled = await host.exec(`docker pull -q ${image}`);
    if (pulled.code === 0) {
      if (await isOurs(host, image)) return image;
    } else if (/not found|manifest unknown/.test(pulled.stderr)) return image;
    else throw new Error(`${host.name}: docker pull ${image}: ${pulled.stderr.trim()}`);
  }
}

/** Undefined: Docker on the host does not have the image. */
async function isOurs(host: RunningHost, image: string): Promise<boolean | undefined> {
  const label = `{{index .Config.Labels "${LABEL}"}}`;
  const found = await host.exec(`docker image inspect -f ${shellWord(label)} ${image}`);
  if (found.code === 0) return found.stdout.trim() === "true";
  if (/no such image/i.test(found.stderr)) return undefined;
  throw new Error(`${host.name}: docker image inspect ${image}: ${found.stderr.trim()}`);
}

async function pull(
  image: string,
  registryHost: RunningHost,
  node: RunningHost,
  say: (line: string) => void,
): Promise<void> {
  await node.removeImage(image);
  const before = await requestsFrom(registryHost, node);
  await node.pullImage(image);
  const requests = (await requestsFrom(registryHost, node)) - before;
  if (requests < 1 || !(await node.imagePresent(image))) {
    throw new Error(
      `${node.name}: the pull of ${image} succeeded, but the registry received no request from ${node.address}`,
    );
  }
  say(
    `${node.name}: CRI PullImage ${image} (${requests} GET from ${node.address} in the registry's log)`,
  );
}

/** The number of this node's requests for the image, from the registry's access log. */
async function requestsFrom(registryHost: RunningHost, node: RunningHost): Promise<number> {
  const log = await registryHost.succeed("docker logs registry 2>&1");
  return log
    .split("\n")
    .filter(
      (line) => line.startsWith(`${node.address} `) && line.includes(`"GET /v2/${REPOSITORY}/`),
    ).length;
}
