import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { dockerInstall, helperText } from "../hosts";

/** Arguments of {@link DockerHost}. */
export interface DockerHostArgs {
  /** How the host is reached, see `connectionArgs`. */
  connection: pulumi.Input<command.types.input.remote.ConnectionArgs>;
  /** Whether commands go through `sudo -n`. @default false */
  sudo?: boolean;
  /** The host's enrolment id: on another host Docker is looked for again. */
  enrolled: pulumi.Input<string>;
  /**
   * Where Docker comes from: `apt` installs the distribution's docker.io unless Docker is there, `{packages: FOLDER}`
   * does so from a folder of .deb files on the host, `present` takes what is there and never installs.
   * @default apt
   */
  source?: "apt" | "present" | { packages: string };
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
    const install = new command.remote.Command(
      `${name}-install`,
      {
        connection: args.connection,
        triggers: [args.enrolled],
        logging: command.remote.Logging.None,
        addPreviousOutputInEnv: false,
        create: dockerInstall({ sudo: args.sudo ?? false, source: args.source ?? "apt" }),
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
        delete: `echo '${name}: Docker stays installed; destroy does not remove it or its other data'`,
        logging: command.local.Logging.Stdout,
        addPreviousOutputInEnv: false,
      },
      { parent: this },
    );
    this.installed = install.stdout;
    this.registerOutputs({ installed: this.installed });
  }
}
