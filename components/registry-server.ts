import * as command from "@pulumi/command";
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import {
  containerClaim,
  containerClaimed,
  containerRelease,
  dockerStart,
  OWNER_LABEL,
  STATE_LABEL,
} from "../helper/commands";
import { helperText } from "../helper/helper-text";
import { shellWord } from "../helper/shell-word";
import type { ServerPlan } from "./plans";

/** The folder in the container where a registry server stores the images. */
export const DATA_PATH = "/var/lib/registry";
/** The label with the host's enrolment id. */
const ENROLLED_LABEL = "io.cluster-registry.enrolled";
/** The port of a registry server in its container. */
const INSIDE_PORT = 5000;
/** registry:3.0 otherwise logs a failed export to localhost:4318 for every request. */
export const NO_TRACES = "OTEL_TRACES_EXPORTER=none";

/** What makes one server differ from another. */
export interface ServerContainer {
  /** The container's name. */
  readonly container: string;
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

  /** @param releases  the claim can take over a container, which is released on destroy */
  constructor(
    private readonly parent: pulumi.ComponentResource,
    private readonly name: string,
    private readonly plan: ServerPlan,
    container: string,
    { adopt = false, releases }: { adopt?: boolean; releases: boolean },
  ) {
    this.claim = this.claimOf(container, adopt, releases);
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

  run({ container, port, envs, volumes, imageId }: ServerContainer): docker.Container {
    const { plan } = this;
    const running = new docker.Container(
      `${this.name}-container`,
      {
        name: this.room(container),
        image: imageId,
        restart: "always",
        ports: [{ internal: INSIDE_PORT, external: port, ip: plan.bind ?? "0.0.0.0" }],
        envs,
        volumes,
        labels: [
          { label: OWNER_LABEL, value: plan.recordId },
          { label: ENROLLED_LABEL, value: plan.enrolled },
          ...(plan.labelled === false ? [] : [{ label: STATE_LABEL, value: this.provider.id }]),
        ],
      },
      // Two containers cannot share the name and the port: the old one must be removed before the new one is created.
      { ...this.options, deleteBeforeReplace: true, dependsOn: [this.claim] },
    );
    this.beforeDestroy(running);
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

  /**
   * The container's name, once there is room for it. A preview knows it immediately, also if the claim will run again.
   */
  private room(container: string): pulumi.Input<string> {
    const { room } = this.plan;
    if (room === undefined) return container;
    if (!pulumi.runtime.isDryRun())
      return pulumi
        .all([this.provider.id, this.claim.stdout])
        .apply(([state]) => room(state).then(() => container));
    this.provider.id.apply(room);
    return container;
  }

  /** Deleted first when the container is deleted: a stopped docker cannot remove it. */
  private beforeDestroy(container: docker.Container): void {
    new command.remote.Command(
      `${this.name}-docker-runs`,
      {
        connection: this.plan.connection,
        logging: command.remote.Logging.None,
        addPreviousOutputInEnv: false,
        delete: pulumi.output(this.plan.sudo).apply((sudo) => dockerStart({ sudo })),
        stdin: helperText(),
      },
      { parent: this.parent, dependsOn: [container], ignoreChanges: ["stdin"] },
    );
  }

  /**
   * Makes room for the container: removes a leftover of this stack, and takes over or refuses a container that was
   * created by hand.
   */
  private claimOf(name: string, adopt: boolean, releases: boolean): command.remote.Command {
    const where = { id: this.plan.recordId, name };
    const bySudo = (command: (sudo: boolean) => string) =>
      pulumi.output(this.plan.sudo).apply(command);
    return new command.remote.Command(
      `${this.name}-claim`,
      {
        connection: this.plan.connection,
        logging: command.remote.Logging.None,
        addPreviousOutputInEnv: false,
        create: bySudo((sudo) => containerClaim({ ...where, sudo, adopt })),
        // On an update, the container can already be ours and running: another key or address must not make room again.
        update: bySudo((sudo) => containerClaimed({ ...where, sudo, adopt })),
        ...(releases && { delete: bySudo((sudo) => containerRelease({ ...where, sudo })) }),
        stdin: helperText(),
      },
      // A new helper is no reason to run the claim again. In a preview, that would make its result, and so the volume,
      // unknown.
      { parent: this.parent, ignoreChanges: ["stdin"] },
    );
  }
}
