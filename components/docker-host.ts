import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { dockerInstall } from "../helper/commands";
import { packedHelper } from "../helper/helper-text";
import { dockerAlone } from "./alone";
import type { DockerArgs, HostArgs } from "./args";
import { planOf } from "./planned";
import type { DockerHostPlan } from "./plans";

/** Arguments of {@link DockerHost}. */
export interface DockerHostArgs {
  /** The host, and how to log in to it. */
  host: pulumi.Input<HostArgs>;
  /**
   * The source of Docker: `apt` installs the distribution's docker.io unless Docker is present, `{packages: FOLDER}`
   * installs it from a folder of .deb files on the host, `present` uses the existing Docker and never installs.
   * @default apt
   */
  docker?: pulumi.Input<DockerArgs>;
}

/**
 * Docker on the host that runs the registry, installed and started at boot. It refuses an installation that would
 * remove or upgrade packages that the node's containerd needs. Destroying the component leaves the package installed.
 */
export class DockerHost extends pulumi.ComponentResource {
  /**
   * The Docker that was found or installed, e.g. `installed docker.io 20.10.24`. Every resource that needs Docker
   * depends on it.
   */
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
        stdin: packedHelper(),
      },
      // A new helper does not require another check for Docker.
      { parent: this, ignoreChanges: ["stdin"] },
    );
    // A destroy does not run the program, so a resource has to print the message. It needs no connection, since the
    // host may be gone or reinstalled by then.
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
