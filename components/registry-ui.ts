import * as command from "@pulumi/command";
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { createHash } from "node:crypto";
import { pageAnswers, UI_CONTAINER_NAME, UI_FOLDER } from "../helper/commands";
import { packedHelper } from "../helper/helper-text";
import { hostPort } from "../settings/formats";
import { NGINX_FOLDER } from "../ui/nginx-conf";
import { uiAlone } from "./alone";
import type { HealthArgs, HostArgs } from "./args";
import { hostPatch } from "./host-patch";
import { claimPlace, dockerRunsAtDelete, ownLabels, placeOf } from "./own-container";
import { planOf } from "./planned";
import type { RegistryUiPlan } from "./plans";

/** The label that changes whenever the files are written: nginx reads its configuration only when it starts. */
const FILES_LABEL = "io.cluster-registry.files";

/** Arguments of {@link RegistryUi}. */
export interface RegistryUiArgs {
  /** The registry's host, and how to log in to it. It must have Docker, see `DockerHost`. */
  host: pulumi.Input<HostArgs>;
  /** The registry, as in image names, e.g. `10.0.0.11:5000`. */
  registry: pulumi.Input<string>;
  /** The port of the page. @default 8080 */
  port?: pulumi.Input<number>;
  /** Only show images. Otherwise whoever reaches the port can delete them: the page has no login. @default false */
  readOnly?: pulumi.Input<boolean>;
  /** Reference of an official nginx image; pin it with `@sha256:...`. @default nginx */
  image?: pulumi.Input<string>;
  /** The address on the host where the port listens; 127.0.0.1 for the host alone. @default 0.0.0.0 */
  bind?: pulumi.Input<string>;
  /** Time limits for a change on the host. */
  health?: pulumi.Input<HealthArgs>;
}

/**
 * A page on the registry's host that lists the registry's images and deletes them. An official nginx image serves it,
 * and passes the page's requests on to the registry. The page and the configuration of nginx are files of this program
 * on the host: a change by hand is shown by a preview, and repaired by the next update.
 *
 * The page has no login. Whoever reaches its port can read the names of all images, and delete them unless `readOnly`
 * is set.
 */
export class RegistryUi extends pulumi.ComponentResource {
  /** `http://ADDRESS:PORT`, once the page answers. */
  readonly url: pulumi.Output<string>;

  constructor(name: string, args: RegistryUiArgs, opts?: pulumi.ComponentResourceOptions) {
    super("cluster-registry:index:RegistryUi", name, {}, opts);
    const plan = planOf<RegistryUiPlan>(args) ?? uiAlone(name, args, opts);
    const { apply } = hostPatch(name, "page", plan, { parent: this });
    const prefix = `${name}-ui`;
    const claim = claimPlace(prefix, UI_CONTAINER_NAME, plan, this);
    const provider = new docker.Provider(
      `${prefix}-docker`,
      { host: plan.dockerHost, sshOpts: plan.sshOpts },
      { parent: this },
    );
    const options = { parent: this, provider };
    const image = new docker.RemoteImage(
      `${prefix}-image`,
      // The image is kept on destroy: on a closed network it could not be pulled again.
      { name: plan.image, keepLocally: true, triggers: { enrolled: plan.enrolled } },
      { ...options, dependsOn: [claim] },
    );
    const container = new docker.Container(
      `${prefix}-container`,
      {
        name: placeOf(UI_CONTAINER_NAME, plan, provider, claim),
        image: image.imageId,
        restart: "always",
        // From a network of Docker's own, a firewall of the host may keep it from the registry's port.
        networkMode: "host",
        // The folder, not the files: a mounted file stays what it was when another one takes its name.
        volumes: [{ containerPath: NGINX_FOLDER, hostPath: UI_FOLDER, readOnly: true }],
        labels: [
          ...ownLabels(plan, provider),
          {
            label: FILES_LABEL,
            value: pulumi.output(plan.decision).apply(({ payload }) => sha256(payload)),
          },
        ],
      },
      // Two containers cannot share the name and the port: the old one must be removed before the new one is created.
      { ...options, deleteBeforeReplace: true, dependsOn: [claim, apply] },
    );
    dockerRunsAtDelete(prefix, plan, container, this);
    const where = pulumi.all([plan.sudo, plan.address, plan.port]);
    const answers = new command.remote.Command(
      `${prefix}-answers`,
      {
        connection: plan.connection,
        logging: command.remote.Logging.None,
        addPreviousOutputInEnv: false,
        create: where.apply(([sudo, address, port]) => pageAnswers({ sudo, address, port })),
        stdin: packedHelper(),
        triggers: [container.id],
      },
      { parent: this, ignoreChanges: ["stdin"] },
    );
    this.url = pulumi
      .all([plan.address, plan.port, answers.stdout])
      .apply(([address, port]) => `http://${hostPort(address, port)}`);
    this.registerOutputs({ url: this.url });
  }
}

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
