import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { dockerInstall } from "../helper/commands";
import { helperText } from "../helper/helper-text";
import { dockerAlone } from "./alone";
import type { DockerArgs, HostArgs } from "./args";
import { planOf } from "./planned";
import type { DockerHostPlan } from "./plans";

/** Arguments of {@link DockerHost}. */
export interface DockerHostArgs {
  /** The host, and how to log in there. */
  host: pulumi.Input<HostArgs>;
  /**
   * Where Docker comes from: `apt` installs the distribution's docker.io unless Docker is there, `{packages: FOLDER}`
   * does so from a folder of .deb files on the host, `present` takes what is there and never installs.
   * @default apt
   */
  docker?: pulumi.Input<DockerArgs>;
}

/**
 * Docker on the host that runs the registry, installed and started at boot. It refuses to install where that would
 * remove or upgrade what the node's containerd runs on. Destroying it leaves the package where it is.
 */
export class DockerHost extends pulumi.ComponentResource {
  /** What was found or installed, e.g. `installed docker.io 20.10.24`. Whatever needs Docker takes this first. */
  readonly installed: pulumi.Output<string>;

  constructor(name: string, args: DockerHostArgs, opts?: pulumi.ComponentResourceOptions) {
    super("cluster-registry:index:DockerHost", name, {}, opts);
    const plan = planOf<DockerHostPlan>(args) ?? dockerAlone(name, args, opts);
    const install = new command.remote.Command(
      `${name}-install`,
      {
        connection: plan.connection,
        triggers: [plan.enrolled],
        logging: command.remote.Logging.None,
        addPreviousOutputInEnv: false,
        create: pulumi
          .all([plan.sudo, plan.source])
          .apply(([sudo, source]) => dockerInstall({ sudo, source })),
        stdin: helperText(),
      },
      // A new helper is no reason to look for Docker again.
      { parent: this, ignoreChanges: ["stdin"] },
    );
    // A destroy runs no program, so a resource has to say it; one that needs no connection, since the host may be gone or
    // installed anew by then.
    new command.local.Command(
      `${name}-docker-stays`,
      {
        delete: `echo '${plan.host}: Docker stays installed; destroy does not remove it or its other data'`,
        logging: command.local.Logging.Stdout,
        addPreviousOutputInEnv: false,
      },
      { parent: this },
    );
    this.installed = install.stdout;
    this.registerOutputs({ installed: this.installed });
  }
}
