import { shellWord } from "../components/shell";
import type { RunningHost, RunningLab } from "../lab";

/** A web server of one file on the lab's busybox: what the image does is not the point, that nobody else has it is. */
const DOCKERFILE = [
  "FROM busybox",
  "RUN echo 'pulled from the private registry' > /index.html",
  'CMD ["httpd", "-f", "-h", "/"]',
];

/**
 * Builds the lesson's image on the registry host, pushes it, and pulls it on every other node through CRI, as kubelet
 * does. A node that has it from an earlier run loses it first, so that the pull is a real one.
 *
 * @returns the image's reference
 * @throws Error with the host's own words when a step fails, or when a node's pull never reached the registry
 */
export async function proveThePull(lab: RunningLab, say: (line: string) => void): Promise<string> {
  const [registryHost, ...nodes] = [...lab.hosts.values()];
  if (registryHost === undefined) throw new Error(`lab ${lab.name} has no hosts`);
  const image = `${registryHost.address}:5000/mynginx:1.0`;

  const build = `mkdir -p /root/mynginx && cd /root/mynginx && printf '%s\\n' ${DOCKERFILE.map(shellWord).join(" ")} > Dockerfile && docker build -q -t mynginx:1.0 .`;
  await registryHost.succeed(build);
  say(`${registryHost.name}: docker build -t mynginx:1.0 .`);
  await registryHost.succeed(`docker tag mynginx:1.0 ${image} && docker push -q ${image}`);
  say(`${registryHost.name}: docker tag mynginx:1.0 ${image}; docker push ${image}`);

  await Promise.all(nodes.map((node) => pull(image, registryHost, node, say)));
  return image;
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

/** How often this node has asked the registry for something of the image, by the registry's own access log. */
async function requestsFrom(registryHost: RunningHost, node: RunningHost): Promise<number> {
  const log = await registryHost.succeed("docker logs registry 2>&1");
  return log
    .split("\n")
    .filter((line) => line.startsWith(`${node.address} `) && /"GET \/v2\/mynginx\//.test(line))
    .length;
}
