import * as command from "@pulumi/command";
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { CONTAINER_NAME } from "../helper/commands";
import { shellWord } from "../helper/shell-word";
import { hostPort } from "../settings/formats";
import { containerAlone } from "./alone";
import type { HostArgs } from "./args";
import { claimPlace, dockerRunsAtDelete, ownLabels, placeOf } from "./own-container";
import { planOf } from "./planned";
import type { RegistryContainerPlan, RegistryData } from "./plans";

/** The folder in the container where the registry server stores the images. */
export const DATA_PATH = "/var/lib/registry";
/** The port of the registry server in the container. */
const INSIDE_PORT = 5000;

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
    const claim = claimPlace(name, CONTAINER_NAME, plan, this, plan.adopt);
    const provider = new docker.Provider(
      `${name}-docker`,
      { host: plan.dockerHost, sshOpts: plan.sshOpts },
      { parent: this },
    );
    const options = { parent: this, provider };

    const image = new docker.RemoteImage(
      `${name}-image`,
      // The image is kept on destroy: on a closed network it could not be pulled again.
      { name: plan.image ?? "registry", keepLocally: true, triggers: { enrolled: plan.enrolled } },
      { ...options, dependsOn: [claim] },
    );
    const data = pulumi
      .output(plan.adopt === true ? plan.adopted : {})
      .apply((known) =>
        known === undefined ? claim.stdout.apply(adoptedData) : pulumi.output(known),
      );
    const volume = new docker.Volume(
      `${name}-volume`,
      {
        name: pulumi
          .all([data, plan.volume ?? "registry-data"])
          .apply(([found, own]) => found.volume ?? own),
      },
      // A volume that existed before this stack is never deleted.
      { ...options, retainOnDelete: (plan.retainVolume ?? true) || (plan.adopt ?? false) },
    );
    const container = new docker.Container(
      `${name}-container`,
      {
        name: placeOf(CONTAINER_NAME, plan, provider, claim),
        image: image.imageId,
        restart: "always",
        ports: [{ internal: INSIDE_PORT, external: port, ip: plan.bind ?? "0.0.0.0" }],
        envs: [
          pulumi.interpolate`REGISTRY_STORAGE_DELETE_ENABLED=${plan.deleteEnabled ?? true}`,
          // registry:3.0 otherwise logs a failed export to localhost:4318 for every request.
          "OTEL_TRACES_EXPORTER=none",
        ],
        volumes: pulumi
          .all([data, volume.name])
          .apply(([{ path }, volumeName]) => [
            path === undefined
              ? { containerPath: DATA_PATH, volumeName }
              : { containerPath: DATA_PATH, hostPath: path },
          ]),
        labels: ownLabels(plan, provider),
      },
      // Two containers cannot share the name and the port: the old one must be removed before the new one is created.
      { ...options, deleteBeforeReplace: true, dependsOn: [claim] },
    );

    dockerRunsAtDelete(name, plan, container, this);
    if ((plan.retainVolume ?? true) || plan.adopt === true)
      this.volumeStays(name, plan, data, volume);

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

  /** A destroy does not run the program, so a resource has to print what it leaves. It needs no connection. */
  private volumeStays(
    name: string,
    plan: RegistryContainerPlan,
    data: pulumi.Output<RegistryData>,
    volume: docker.Volume,
  ): void {
    const text = pulumi
      .all([data, volume.name])
      .apply(([found, volumeName]) => staysText(plan.host, found, volumeName));
    new command.local.Command(
      `${name}-volume-stays`,
      {
        delete: text.apply((line) => `echo ${shellWord(line)}`),
        logging: command.local.Logging.Stdout,
        addPreviousOutputInEnv: false,
      },
      { parent: this },
    );
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
