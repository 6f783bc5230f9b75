import { createHash } from "node:crypto";
import type { RegistryClient } from "../../registry/client";
import { inParallel } from "../../registry/pool";
import type { TestRegistry } from "./registry-server";

/** What a manifest says of its content, in the media types of real tools. */
const OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const OCI_INDEX = "application/vnd.oci.image.index.v1+json";
const OCI_CONFIG = "application/vnd.oci.image.config.v1+json";
const OCI_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip";

interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
  annotations?: Record<string, string>;
  platform?: { os: string; architecture: string; variant?: string };
}

const digestOf = (bytes: Buffer) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
const json = (value: unknown) => Buffer.from(JSON.stringify(value));

/** Pushes content into one repository. */
export class Pusher {
  private readonly pushed = new Map<string, Promise<void>>();

  constructor(
    readonly client: RegistryClient,
    readonly repository: string,
  ) {}

  /** @param size what the manifest says: registries do not compare it, and pictures need large images */
  async blob(mediaType: string, content: Buffer | string, size?: number): Promise<Descriptor> {
    const bytes = Buffer.from(content);
    const digest = digestOf(bytes);
    let done = this.pushed.get(digest);
    if (done === undefined)
      this.pushed.set(digest, (done = this.client.putBlob(this.repository, digest, bytes)));
    await done;
    return { mediaType, digest, size: size ?? bytes.length };
  }

  async manifest(reference: string | undefined, mediaType: string, value: object) {
    const bytes = json({ schemaVersion: 2, mediaType, ...value });
    const digest = digestOf(bytes);
    await this.client.putManifest(this.repository, reference ?? digest, mediaType, bytes);
    return { mediaType, digest, size: bytes.length };
  }

  /** An image of one platform. */
  async image(tag: string | undefined, options: ImageOptions = {}): Promise<Descriptor> {
    const { created, steps = [{ step: "COPY app /app", size: 4_200_000 }] } = options;
    const platform = options.platform ?? { os: "linux", architecture: "amd64" };
    const layers = await Promise.all(
      steps
        .filter(({ size }) => size !== undefined)
        .map(({ step, size }) =>
          this.blob(OCI_LAYER, `${options.content ?? ""}${step} ${platform.architecture}`, size),
        ),
    );
    const config = await this.blob(
      OCI_CONFIG,
      json({
        ...platform,
        ...(created !== undefined && { created }),
        config: { Labels: options.labels, Env: options.env, Cmd: options.command, User: "1000" },
        rootfs: { type: "layers", diff_ids: layers.map(({ digest }) => digest) },
        history: steps.map(({ step, size }) => ({
          created_by: step,
          ...(size === undefined && { empty_layer: true }),
        })),
      }),
    );
    return {
      ...(await this.manifest(tag, OCI_MANIFEST, { config, layers })),
      platform,
    };
  }

  index(tag: string, manifests: Descriptor[]): Promise<Descriptor> {
    return this.manifest(tag, OCI_INDEX, { manifests });
  }

  /** What BuildKit adds to an index for each image. */
  async attestation(of: Descriptor): Promise<Descriptor> {
    const predicate = "https://slsa.dev/provenance/v1";
    const layer = await this.blob("application/vnd.in-toto+json", json({ of: of.digest }));
    const manifest = await this.manifest(undefined, OCI_MANIFEST, {
      config: await this.blob(OCI_CONFIG, json({ architecture: "unknown", os: "unknown" })),
      layers: [{ ...layer, annotations: { "in-toto.io/predicate-type": predicate } }],
    });
    return {
      ...manifest,
      platform: { os: "unknown", architecture: "unknown" },
      annotations: {
        "vnd.docker.reference.type": "attestation-manifest",
        "vnd.docker.reference.digest": of.digest,
      },
    };
  }

  /** What cosign pushes for an image. @returns the tag's name */
  async signature(of: string): Promise<string> {
    const tag = `${of.replace(":", "-")}.sig`;
    const layer = await this.blob(
      "application/vnd.dev.cosign.simplesigning.v1+json",
      json({ critical: of }),
    );
    await this.manifest(tag, OCI_MANIFEST, {
      config: await this.blob(OCI_CONFIG, json({ architecture: "", os: "" })),
      layers: [layer],
    });
    return tag;
  }

  async chart(tag: string): Promise<void> {
    await this.manifest(tag, OCI_MANIFEST, {
      config: await this.blob(
        "application/vnd.cncf.helm.config.v1+json",
        json({ name: "web", version: tag }),
      ),
      layers: [
        await this.blob("application/vnd.cncf.helm.chart.content.v1.tar+gzip", `chart ${tag}`),
      ],
      annotations: {
        "org.opencontainers.image.title": "web",
        "org.opencontainers.image.version": tag,
        "org.opencontainers.image.description": "The shop's web server",
        "org.opencontainers.image.created": "2026-08-20T09:00:00Z",
      },
    });
  }
}

interface ImageOptions {
  created?: string;
  /** The history. A step without size makes no layer. */
  steps?: { step: string; size?: number }[];
  /** Makes the layers' content different. */
  content?: string;
  platform?: Descriptor["platform"];
  labels?: Record<string, string>;
  env?: string[];
  command?: string[];
}

const day = (days: number) => new Date(Date.UTC(2026, 10, 27, 8) - days * 86_400_000).toISOString();

const WEB_STEPS = (version: string) => [
  { step: "/bin/sh -c #(nop) ADD file:8f6a33e in / ", size: 28_231_000 },
  { step: "ENV NGINX_VERSION=1.29.4" },
  {
    step: "RUN /bin/sh -c set -x && groupadd --system nginx && apt-get update && apt-get install -y nginx=1.29.4 # buildkit",
    size: 46_120_000,
  },
  { step: `COPY dist /usr/share/nginx/html # ${version}`, size: 1_870_000 },
  { step: "EXPOSE map[80/tcp:{}]" },
  { step: 'CMD ["nginx" "-g" "daemon off;"]' },
];

/** The number of tags in the large repository, and of the images that they name. */
export const MANY = 10_000;
const MANY_IMAGES = 20;

/** Fills a registry with one of each kind that a page must tell apart. */
export async function fillRegistry(registry: TestRegistry): Promise<{ webDigest: string }> {
  const { client } = registry;
  const web = new Pusher(client, "shop/web");
  const versions: [string, number][] = [
    ["1.0.0", 210],
    ["1.2.0", 96],
    ["1.9.0", 40],
    ["1.10.0-rc.1", 12],
    // Built before its release candidate of another branch: date and version differ in their order.
    ["1.10.0", 3],
    ["1.2.1", 1],
  ];
  let webDigest = "";
  for (const [version, days] of versions) {
    const labels = {
      "org.opencontainers.image.source": "https://git.example/shop/web",
      "org.opencontainers.image.revision": "5f0c1d9",
      "org.opencontainers.image.version": version,
    };
    const env = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin", "NGINX_VERSION=1.29.4"];
    const { digest } = await web.image(version, {
      created: day(days),
      steps: WEB_STEPS(version),
      labels,
      env,
      command: ["nginx", "-g", "daemon off;"],
    });
    if (version === "1.10.0") {
      webDigest = digest;
      for (const tag of ["latest", "stable"])
        await web.image(tag, {
          created: day(days),
          steps: WEB_STEPS(version),
          labels,
          env,
          command: ["nginx", "-g", "daemon off;"],
        });
    }
  }
  await web.signature(webDigest);

  const api = new Pusher(client, "shop/api");
  for (const [tag, days] of [
    ["2.0", 60],
    ["2.1", 5],
  ] as const) {
    const steps = [
      { step: "COPY rootfs / # buildkit", size: 61_400_000 },
      { step: `COPY api /usr/bin/api # ${tag}`, size: 22_700_000 },
      { step: 'ENTRYPOINT ["/usr/bin/api"]' },
    ];
    const parts: Descriptor[] = [];
    for (const platform of [
      { os: "linux", architecture: "amd64" },
      { os: "linux", architecture: "arm64" },
      { os: "linux", architecture: "arm", variant: "v7" },
    ])
      parts.push(await api.image(undefined, { platform, created: day(days), steps }));
    await api.index(tag, [
      ...parts,
      ...(await Promise.all(parts.map((of) => api.attestation(of)))),
    ]);
  }

  await new Pusher(client, "charts/web").chart("0.3.1");
  for (const [name, size] of [
    ["mynginx", 72_000_000],
    ["myphpfpm", 178_000_000],
  ] as const)
    await new Pusher(client, name).image("1.0", {
      created: day(20),
      steps: [{ step: `COPY ${name} /`, size }],
    });

  const cache = new Pusher(client, "ci/build-cache");
  const cached = await cache.blob(OCI_LAYER, "cached", 210_000_000);
  await cache.manifest("main", OCI_MANIFEST, {
    config: await cache.blob("application/vnd.buildkit.cacheconfig.v0", "{}"),
    layers: [cached],
  });

  // An image without a date, as reproducible builds make them, and one with a config that is no JSON.
  const odd = new Pusher(client, "ci/odd");
  await odd.image("reproducible", { created: "1970-01-01T00:00:00Z" });
  await odd.manifest("broken", OCI_MANIFEST, {
    config: await odd.blob(OCI_CONFIG, "this is no JSON"),
    layers: [],
  });
  // An index whose second platform is lost.
  const kept = await odd.image(undefined, { created: day(9) });
  const lost = await odd.image(undefined, { platform: { os: "linux", architecture: "s390x" } });
  await odd.index("half", [kept, lost]);
  await client.requestDelete("ci/odd", lost.digest);

  // A registry never forgets a repository.
  const gone = await new Pusher(client, "old/gone").image("1");
  await client.requestDelete("old/gone", gone.digest);

  return { webDigest };
}

/** Fills a repository with thousands of tags of a few images. */
export async function fillMany(registry: TestRegistry, many = MANY): Promise<void> {
  const nightly = new Pusher(registry.client, "ci/nightly");
  const all = Array.from({ length: MANY_IMAGES }, (_, image) => image);
  await inParallel(all, 8, async (image) => {
    const { digest } = await nightly.image(`build-${image + 1}`, {
      created: day(image),
      content: `${image}`,
      steps: [{ step: "COPY nightly /nightly", size: 9_000_000 + image * 1000 }],
    });
    const tags: string[] = [];
    for (let build = image + 1 + MANY_IMAGES; build <= many; build += MANY_IMAGES)
      tags.push(`build-${build}`);
    registry.link("ci/nightly", digest, tags);
  });
}
