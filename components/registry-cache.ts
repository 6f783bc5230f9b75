import * as pulumi from "@pulumi/pulumi";
import type { Cache } from "../settings/caches";
import type { RegistryCachePlan } from "./plans";
import { DATA_PATH, NO_TRACES, RegistryServer } from "./registry-server";

/**
 * A cache of another registry: the registry server as a pull-through proxy, in a container of its own. It asks the
 * upstream for each tag, and for the contents that it does not have yet. If the upstream does not answer, it serves what
 * it has.
 */
export class RegistryCache extends pulumi.ComponentResource {
  /** `http://ADDRESS:PORT`, once the cache runs. */
  readonly url: pulumi.Output<string>;

  constructor(name: string, plan: RegistryCachePlan, opts?: pulumi.ComponentResourceOptions) {
    super("cluster-registry:index:RegistryCache", name, {}, opts);
    const { cache, host } = plan;
    const server = new RegistryServer(this, name, plan, cache.container);
    const image = server.image();
    const volume = server.volume(cache.volume, cache.keepsVolume);
    const container = server.run({
      port: cache.port,
      imageId: image.imageId,
      envs: proxyEnvs(cache),
      volumes: [{ containerPath: DATA_PATH, volumeName: volume.name }],
    });
    if (cache.keepsVolume)
      server.volumeStays(
        volume.name.apply(
          (kept) =>
            `${host}: the volume ${kept} and its cached images are kept; to delete them, run: docker volume rm ${kept}`,
        ),
      );
    this.url = container.id.apply(() => cache.url);
    this.registerOutputs({ url: this.url });
  }
}

/** With a login, all of them are secret: an engine marks whole properties. */
function proxyEnvs({ upstream, login }: Cache): pulumi.Input<string[]> {
  const envs = [
    `REGISTRY_PROXY_REMOTEURL=${upstream}`,
    // Contents that expire are deleted. A proxy still refuses the DELETE requests of others.
    "REGISTRY_STORAGE_DELETE_ENABLED=true",
    NO_TRACES,
  ];
  if (login === undefined) return envs;
  return pulumi.secret([
    ...envs,
    `REGISTRY_PROXY_USERNAME=${login.username}`,
    `REGISTRY_PROXY_PASSWORD=${login.password}`,
  ]);
}
