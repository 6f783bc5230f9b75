import * as command from "@pulumi/command";
import * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import { shellWord } from "../helper/shell-word";
import { claimPlace, dockerRunsAtDelete, ownLabels, placeOf } from "./own-container";
import type { ServerPlan } from "./plans";

/** The folder in the container where a registry server stores the images. */
export const DATA_PATH = "/var/lib/registry";
/** The port of a registry server in its container. */
const INSIDE_PORT = 5000;
/** registry:3.0 otherwise logs a failed export to localhost:4318 for every request. */
export const NO_TRACES = "OTEL_TRACES_EXPORTER=none";

/** What makes one server differ from another. */
export interface ServerContainer {
  readonly port: pulumi.Input<number>;
  readonly envs: pulumi.Input<pulumi.Input<string>[]>;
  readonly volumes: pulumi.Input<docker.types.input.ContainerVolume[]>;
  readonly imageId: pulumi.Input<string>;
}

/**
 * A container with a registry server: the registry itself, or a cache. Its parts are children of one component, and
 * have names that begin with the component's.
 */
export class RegistryServer {
  readonly provider: docker.Provider;
  readonly claim: command.remote.Command;

  /**
   * @param container the container's name
   * @param adopt take over a container of that name that was created by hand. @default this cannot happen
   */
  constructor(
    private readonly parent: pulumi.ComponentResource,
    private readonly name: string,
    private readonly plan: ServerPlan,
    private readonly container: string,
    adopt?: boolean,
  ) {
    this.claim = claimPlace(name, container, plan, parent, adopt);
    this.provider = new docker.Provider(
      `${name}-docker`,
      { host: plan.dockerHost, sshOpts: plan.sshOpts },
      { parent },
    );
  }

  image(): docker.RemoteImage {
    const { image = "registry", enrolled } = this.plan;
    return new docker.RemoteImage(
      `${this.name}-image`,
      // The image is kept on destroy: on a closed network it could not be pulled again.
      { name: image, keepLocally: true, triggers: { enrolled } },
      { ...this.options, dependsOn: [this.claim] },
    );
  }

  volume(name: pulumi.Input<string>, retain: boolean): docker.Volume {
    return new docker.Volume(
      `${this.name}-volume`,
      { name },
      { ...this.options, retainOnDelete: retain },
    );
  }

  run({ port, envs, volumes, imageId }: ServerContainer): docker.Container {
    const { plan, provider, claim } = this;
    const running = new docker.Container(
      `${this.name}-container`,
      {
        name: placeOf(this.container, plan, provider, claim),
        image: imageId,
        restart: "always",
        ports: [{ internal: INSIDE_PORT, external: port, ip: plan.bind ?? "0.0.0.0" }],
        envs,
        volumes,
        labels: ownLabels(plan, provider),
      },
      // Two containers cannot share the name and the port: the old one must be removed before the new one is created.
      { ...this.options, deleteBeforeReplace: true, dependsOn: [claim] },
    );
    dockerRunsAtDelete(this.name, plan, running, this.parent);
    return running;
  }

  /** A destroy does not run the program, so a resource has to print what it leaves. It needs no connection. */
  volumeStays(text: pulumi.Output<string>): void {
    new command.local.Command(
      `${this.name}-volume-stays`,
      {
        delete: text.apply((line) => `echo ${shellWord(line)}`),
        logging: command.local.Logging.Stdout,
        addPreviousOutputInEnv: false,
      },
      { parent: this.parent },
    );
  }

  private get options() {
    return { parent: this.parent, provider: this.provider };
  }
}
