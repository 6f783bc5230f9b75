import { CONTAINER_NAME } from "../helper/commands";
import type { HostAccess } from "../settings/access";
import type { Cause, Check } from "./cause";
import type { Commands } from "./commands";
import type { ImageFacts } from "./image-facts";
import { nearest } from "./nearest";
import { noEnd } from "./pull-cause";

/** An image, and the node that shall pull it. */
export interface ImageOnNode extends ImageFacts {
  readonly access: HostAccess;
  /** The node's architecture in the words of images. */
  readonly arch: string;
  /** The version of the node's containerd, if it is known. */
  readonly containerd?: string;
  /** The digests under which the node already has an image of this name; undefined if it has none. */
  readonly present?: readonly string[];
  readonly prefix: string;
  /** Names that the node's mirrors send to this registry, such as `docker.io`. */
  readonly mirrored: readonly string[];
  /** The runtime's words, if the node has tried the other registry that the image names. */
  readonly refused?: string;
  /** The path of a large part of the image that does not reach the node. */
  readonly stuck?: string;
  /** The registry's address in the settings. */
  readonly address: string;
  /** The registry's host, and the images that its Docker has. */
  readonly registryHost: { readonly access: HostAccess; readonly images: readonly string[] };
  readonly commands: Commands;
}

/** What has to be true of the image. */
export const IMAGE: readonly Check<ImageOnNode>[] = [
  { passed: ({ asked }) => `the image names the registry: ${asked.reference}`, find: elsewhere },
  { passed: ({ digest }) => `the registry has it: ${digest}`, find: missing },
  { passed: () => "its manifest is one that the node's containerd reads", find: oldSchema },
  {
    passed: ({ platforms }) =>
      platforms.length === 0 ? "it is for any platform" : `it is for ${platforms.join(", ")}`,
    find: otherPlatform,
  },
  { passed: () => "the registry has all of its blobs", find: incomplete },
  {
    passed: ({ present }) =>
      present === undefined ? "the node has no older one" : "the node has the same one",
    find: stale,
  },
  {
    passed: ({ large }) =>
      large === undefined ? "it has no large part" : "a large part of it reaches the node",
    find: lost,
  },
];

const nameIn = ({ repository, tag, digest }: ImageFacts["asked"]) =>
  digest === undefined ? `${repository}:${tag}` : `${repository}@${digest}`;

const said = (message: string | undefined) => (message === undefined ? [] : [message]);

function elsewhere(facts: ImageOnNode): Cause | undefined {
  const { asked, prefix, digest, mirrored, refused } = facts;
  if (asked.elsewhere === undefined || mirrored.includes(asked.elsewhere)) return undefined;
  if (digest === undefined) return undefined;
  return {
    cause: `the image names ${asked.elsewhere}, so the node asks there and not ${prefix}, which has it`,
    evidence: [...said(refused), `${prefix} has ${nameIn(asked)}: ${digest}`],
    fix: setImage(asked.reference),
  };
}

function missing(facts: ImageOnNode): Cause | undefined {
  const { asked, digest, tags, repositories, registryHost, prefix, commands, refused } = facts;
  if (digest !== undefined) return undefined;
  const { repository, tag, reference } = asked;
  const isUnknown = !repositories.includes(repository) && tags.length === 0;
  const near = isUnknown ? nearest(repository, repositories) : nearest(tag, tags);
  const code = isUnknown ? "NAME_UNKNOWN" : "MANIFEST_UNKNOWN";
  const evidence = [
    `GET /v2/${repository}/manifests/${asked.digest ?? tag}: 404 ${code}`,
    ...(isUnknown
      ? [`the registry has ${listed(near, "no name like it")}`]
      : [`${repository} has ${listed(near.length > 0 ? near : tags.slice(0, 10), "no tags")}`]),
  ];
  const cause = isUnknown
    ? `the registry has no image ${repository}: it was never pushed, or under another name`
    : `the registry has no ${nameIn(asked)}: this tag was never pushed, or was deleted`;
  if (asked.elsewhere !== undefined)
    return {
      cause: `the image is one of ${asked.elsewhere}, and ${prefix} has no copy of it`,
      evidence: [...said(refused), ...evidence],
      fix: commands.on(
        registryHost.access,
        `docker pull ${asked.written} && docker tag ${asked.written} ${reference} && docker push ${reference}`,
      ),
    };
  const { images } = registryHost;
  if (images.includes(reference))
    return {
      cause,
      evidence: [...evidence, `docker on ${registryHost.access.name} has ${reference}`],
      fix: commands.on(registryHost.access, `docker push ${reference}`),
    };
  const plain = `${repository}:${tag}`;
  if (images.includes(plain) && asked.digest === undefined)
    return {
      cause,
      evidence: [
        ...evidence,
        `docker on ${registryHost.access.name} has ${plain}, without ${prefix}`,
      ],
      fix: commands.on(
        registryHost.access,
        `docker tag ${plain} ${reference} && docker push ${reference}`,
      ),
    };
  if (near.length === 0) return { cause, evidence, fix: `docker push ${reference}` };
  const meant = isUnknown ? `${near[0]}:${tag}` : `${repository}:${near[0]}`;
  return { cause, evidence, fix: setImage(`${prefix}/${meant}`) };
}

/** The Pod's own template has to change. Its names are not known here. */
const setImage = (reference: string) => `kubectl set image deployment/NAME CONTAINER=${reference}`;

const listed = (names: readonly string[], none: string) =>
  names.length === 0 ? none : names.join(", ");

/** containerd 2.0 reads schema 1 only if a variable of its environment says so, and 2.1 no longer. */
function oldSchema({ isOld, asked, containerd, access }: ImageOnNode): Cause | undefined {
  if (!isOld || containerd?.startsWith("1.") === true) return undefined;
  return {
    cause: "the image's manifest is of schema 1, which containerd refuses from 2.0 on",
    evidence: [
      `GET /v2/${asked.repository}/manifests/${asked.digest ?? asked.tag}: schemaVersion 1`,
      `containerd --version on ${access.name}: ${containerd ?? "unknown"}`,
    ],
    fix: `docker build -t ${asked.reference} . && docker push ${asked.reference}`,
  };
}

function otherPlatform({ platforms, arch, access, asked }: ImageOnNode): Cause | undefined {
  const runs = (platform: string) => platform.split("/").slice(0, 2).join("/") === `linux/${arch}`;
  if (platforms.length === 0 || platforms.some(runs)) return undefined;
  return {
    cause: `the image is not for this node's architecture`,
    evidence: [
      `${asked.reference}: ${platforms.join(", ")}`,
      `uname -m on ${access.name}: linux/${arch}`,
    ],
    fix: `docker build --platform linux/${arch} -t ${asked.reference} . && docker push ${asked.reference}`,
  };
}

function incomplete(facts: ImageOnNode): Cause | undefined {
  const { missing: gone, arch, asked, registryHost, commands } = facts;
  const own = gone.filter(
    ({ platform }) => platform === undefined || platform.startsWith(`linux/${arch}`),
  );
  if (own.length === 0) return undefined;
  const evidence = own.map(
    ({ digest, said }) => `GET /v2/${asked.repository}/blobs/${digest}: ${said}`,
  );
  const cause = `the registry has lost ${own.length === 1 ? "a part" : `${own.length} parts`} of the image`;
  // The registry remembers blobs that it had, and then takes no push of them.
  const restart = `docker restart ${CONTAINER_NAME}`;
  if (registryHost.images.includes(asked.reference))
    return {
      cause,
      evidence,
      fix: commands.on(
        registryHost.access,
        `${restart} && timeout 60 sh -c "until docker push ${asked.reference}; do sleep 1; done"`,
      ),
    };
  return {
    cause,
    evidence,
    fix: `${commands.on(registryHost.access, restart)} && docker push ${asked.reference}`,
  };
}

function stale({
  present,
  digests,
  digest,
  access,
  asked,
  commands,
}: ImageOnNode): Cause | undefined {
  if (present === undefined || asked.digest !== undefined) return undefined;
  if (present.some((each) => digests.includes(each))) return undefined;
  return {
    cause: `${access.name} has an older image of this name, and a Pod with imagePullPolicy IfNotPresent runs that`,
    evidence: [`${access.name}: ${present.join(", ")}`, `the registry: ${digest}`],
    fix: commands.on(access, `ctr -n k8s.io images rm ${asked.onNode}`),
  };
}

function lost({ stuck, access, address, commands }: ImageOnNode): Cause | undefined {
  if (stuck === undefined) return undefined;
  const evidence = [`GET ${stuck}: the first 64 KiB have not come within 10 seconds`];
  return noEnd(evidence, access, address, commands);
}
