import * as pulumi from "@pulumi/pulumi";
import { CONTAINER_NAME } from "../helper/commands";
import { hostPort } from "../settings/formats";
import { containerAlone } from "./alone";
import type { HostArgs } from "./args";
import { planOf } from "./planned";
import type { RegistryContainerPlan, RegistryData } from "./plans";
import { DATA_PATH, NO_TRACES, RegistryServer } from "./registry-server";

/** Arguments of {@link RegistryContainer}. */
export interface RegistryContainerArgs {
  /** The host, and how to log in to it. It must have Docker, see `DockerHost`. */
  host: pulumi.Input<HostArgs>;
  /** The address that images are pulled from. @default the host's */
  address?: pulumi.Input<string>;
  /** @default 5000 */
  port?: pulumi.Input<number>;
  /** Reference of the registry server's image. @default registry */
  image?: pulumi.Input<string>;
  /** Docker volume that holds the images. @default registry-data */
  volume?: pulumi.Input<string>;
  /** Keep the volume, with all images, on destroy. @default true */
  retainVolume?: boolean;
  /** The address on the host where the port listens. @default 0.0.0.0 */
  bind?: pulumi.Input<string>;
  /** Accept DELETE requests. @default true */
  deleteEnabled?: pulumi.Input<boolean>;
  /** Take over a container of that name that was created by hand, with its images. @default false */
  adopt?: boolean;
}

/**
 * The registry server, as a container. Docker starts it again after a crash, a restart of Docker and a reboot. Its
 * images are in a named volume.
 */
export class RegistryContainer extends pulumi.ComponentResource {
  /** The container's id. It is known once the registry runs. */
  readonly containerId: pulumi.Output<string>;
  /** `http://ADDRESS:PORT`, once the registry runs. */
  readonly url: pulumi.Output<string>;
  /** `ADDRESS:PORT`, the prefix of an image's name. */
  readonly imagePrefix: pulumi.Output<string>;

  constructor(name: string, args: RegistryContainerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("cluster-registry:index:RegistryContainer", name, {}, opts);
    const plan = planOf<RegistryContainerPlan>(args) ?? containerAlone(name, args, opts);
    const port = pulumi.output(plan.port ?? 5000);
    const { adopt = false } = plan;
    const server = new RegistryServer(this, name, plan, CONTAINER_NAME, adopt);
    const image = server.image();
    const data = pulumi
      .output(adopt ? plan.adopted : {})
      .apply((known) =>
        known === undefined ? server.claim.stdout.apply(adoptedData) : pulumi.output(known),
      );
    // A volume that existed before this stack is never deleted.
    const retained = (plan.retainVolume ?? true) || adopt;
    const volume = server.volume(
      pulumi
        .all([data, plan.volume ?? "registry-data"])
        .apply(([found, own]) => found.volume ?? own),
      retained,
    );
    const container = server.run({
      port,
      imageId: image.imageId,
      envs: [
        pulumi.interpolate`REGISTRY_STORAGE_DELETE_ENABLED=${plan.deleteEnabled ?? true}`,
        NO_TRACES,
      ],
      volumes: pulumi
        .all([data, volume.name])
        .apply(([{ path }, volumeName]) => [
          path === undefined
            ? { containerPath: DATA_PATH, volumeName }
            : { containerPath: DATA_PATH, hostPath: path },
        ]),
    });
    if (retained)
      server.volumeStays(
        pulumi
          .all([data, volume.name])
          .apply(([found, volumeName]) => staysText(plan.host, found, volumeName)),
      );

    this.containerId = container.id;
    const running = pulumi.all([plan.address, port, container.id]);
    this.imagePrefix = running.apply(([address, number]) => hostPort(address, number));
    this.url = this.imagePrefix.apply((prefix) => `http://${prefix}`);
    this.registerOutputs({
      containerId: this.containerId,
      url: this.url,
      imagePrefix: this.imagePrefix,
    });
  }
}

/** The result of the claim: the volume or folder with the images of a container that was created by hand. */
function adoptedData(stdout: string): RegistryData {
  const found = JSON.parse(stdout) as { type?: string; source?: string };
  if (found.source === undefined) return {};
  return found.type === "bind" ? { path: found.source } : { volume: found.source };
}

function staysText(host: string, { path, volume: adopted }: RegistryData, volume: string): string {
  if (path !== undefined)
    return `${host}: the folder ${path} and its images are kept: they belong to the adopted container`;
  if (adopted !== undefined)
    return `${host}: the volume ${volume} and its images are kept: they belong to the adopted container`;
  return `${host}: the volume ${volume} and its images are kept; to delete them, run: docker volume rm ${volume}`;
}
