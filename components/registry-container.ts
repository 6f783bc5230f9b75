import * as command from "@pulumi/command";
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import {
  CONTAINER_NAME,
  containerClaim,
  containerClaimed,
  containerRelease,
  helperText,
  OWNER_LABEL,
} from "../hosts";

/** Where the registry server keeps the images, in the container. */
export const DATA_PATH = "/var/lib/registry";
/** Says which host the container was made for. */
const ENROLLED_LABEL = "io.cluster-registry.enrolled";
/** The port that the registry server listens on, in the container. */
const INSIDE_PORT = 5000;

/** Arguments of {@link RegistryContainer}. */
export interface RegistryContainerArgs {
  /** How the host is reached, see `connectionArgs`. */
  connection: pulumi.Input<command.types.input.remote.ConnectionArgs>;
  /** Whether commands go through `sudo -n`. @default false */
  sudo?: boolean;
  /** The host's enrolment id: on another host the image is pulled and the container made anew. */
  enrolled: pulumi.Input<string>;
  /** Name that tells this stack's container from others, see `recordId`. */
  recordId: string;
  /** Docker's address for @pulumi/docker, e.g. `ssh://root@172.30.1.2:22`. */
  dockerHost: pulumi.Input<string>;
  /** OpenSSH options for that address. @default none */
  sshOpts?: pulumi.Input<string>[];
  /** The address that images are pulled from. */
  address: pulumi.Input<string>;
  /** @default 5000 */
  port?: pulumi.Input<number>;
  /** Reference of the registry server's image. @default registry */
  image?: pulumi.Input<string>;
  /** Docker volume that holds the images. @default registry-data */
  volume?: pulumi.Input<string>;
  /** Keep the volume, with all images, on destroy. @default true */
  retainVolume?: boolean;
  /** Address on the host that the port is bound to. @default 0.0.0.0 */
  bind?: pulumi.Input<string>;
  /** Let the registry answer DELETE. @default true */
  deleteEnabled?: pulumi.Input<boolean>;
  /** Take over a container of that name that was made by hand, with its images. @default false */
  adopt?: boolean;
  /**
   * With `adopt`: where the images lie, if that is known from the running container already. Else the claim tells it,
   * and a preview in which the claim changes would show the volume and the container as replaced.
   */
  adopted?: RegistryData;
}

/** Where a registry's images lie: in a Docker volume, or in a folder of the host; neither: in the volume of its own. */
export interface RegistryData {
  volume?: string;
  path?: string;
}

/**
 * The registry server, as a container that Docker starts again after a crash, a restart of Docker and a reboot, with
 * its images in a named volume.
 */
export class RegistryContainer extends pulumi.ComponentResource {
  /** The container's id. Known once the registry runs. */
  readonly containerId: pulumi.Output<string>;
  /** `http://ADDRESS:PORT`, once the registry runs. */
  readonly url: pulumi.Output<string>;
  /** `ADDRESS:PORT`, what stands in front of an image's name. */
  readonly imagePrefix: pulumi.Output<string>;

  constructor(name: string, args: RegistryContainerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("cluster-registry:index:RegistryContainer", name, {}, opts);
    const port = pulumi.output(args.port ?? 5000);
    const claim = this.claim(name, args);
    const provider = new docker.Provider(
      `${name}-docker`,
      { host: args.dockerHost, ...(args.sshOpts && { sshOpts: args.sshOpts }) },
      { parent: this },
    );
    const options = { parent: this, provider };

    const image = new docker.RemoteImage(
      `${name}-image`,
      // Kept on destroy: on a closed network it could not be pulled again.
      { name: args.image ?? "registry", keepLocally: true, triggers: { enrolled: args.enrolled } },
      { ...options, dependsOn: [claim] },
    );
    const known = args.adopt === true ? args.adopted : {};
    const data = known === undefined ? claim.stdout.apply(adoptedData) : pulumi.output(known);
    const volume = new docker.Volume(
      `${name}-volume`,
      {
        name: pulumi
          .all([data, args.volume ?? "registry-data"])
          .apply(([found, own]) => found.volume ?? own),
      },
      // What was there before us is never ours to delete.
      { ...options, retainOnDelete: (args.retainVolume ?? true) || (args.adopt ?? false) },
    );
    const container = new docker.Container(
      `${name}-container`,
      {
        name: CONTAINER_NAME,
        image: image.imageId,
        restart: "always",
        ports: [{ internal: INSIDE_PORT, external: port, ip: args.bind ?? "0.0.0.0" }],
        envs: [
          pulumi.interpolate`REGISTRY_STORAGE_DELETE_ENABLED=${args.deleteEnabled ?? true}`,
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
        labels: [
          { label: OWNER_LABEL, value: args.recordId },
          { label: ENROLLED_LABEL, value: args.enrolled },
        ],
      },
      // One name and one port: the old container must go before the new one can be.
      { ...options, deleteBeforeReplace: true, dependsOn: [claim] },
    );

    this.containerId = container.id;
    const running = pulumi.all([args.address, port, container.id]);
    this.imagePrefix = running.apply(([address, number]) => hostPort(address, number));
    this.url = this.imagePrefix.apply((prefix) => `http://${prefix}`);
    this.registerOutputs({
      containerId: this.containerId,
      url: this.url,
      imagePrefix: this.imagePrefix,
    });
  }

  /** Makes room for the container: a leftover of ours goes, one made by hand is taken over or refused. */
  private claim(name: string, args: RegistryContainerArgs): command.remote.Command {
    const where = { sudo: args.sudo ?? false, id: args.recordId, name: CONTAINER_NAME };
    return new command.remote.Command(
      `${name}-claim`,
      {
        connection: args.connection,
        logging: command.remote.Logging.None,
        addPreviousOutputInEnv: false,
        create: containerClaim({ ...where, adopt: args.adopt ?? false }),
        // By then the container may be ours and run: another key or address must not make room again.
        update: containerClaimed({ ...where, adopt: args.adopt ?? false }),
        delete: containerRelease(where),
        stdin: helperText(),
      },
      // A new helper is no reason to ask again, and would make the answer, and so the volume, unknown to a preview.
      { parent: this, ignoreChanges: ["stdin"] },
    );
  }
}

/** What the claim found: the volume, or the folder, that a container made by hand kept its images in. */
function adoptedData(stdout: string): RegistryData {
  const found = JSON.parse(stdout) as { type?: string; source?: string };
  if (found.source === undefined) return {};
  return found.type === "bind" ? { path: found.source } : { volume: found.source };
}

function hostPort(address: string, port: number): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}
