import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { ClusterRegistry, type SshArgs } from "cluster-registry";

const config = new pulumi.Config();
const createMachine = config.get("createMachine") ?? "./create-machine";

/**
 * The address of a machine that this program creates. With a cloud, take its provider's resource here: any output will do.
 * This one runs a command, which creates the machine and prints its address.
 */
function machine(name: string): pulumi.Output<string> {
  return new command.local.Command(name, { create: `${createMachine} ${name}` }).stdout;
}

const registry = machine("registry");

const cluster = new ClusterRegistry("machines", {
  ssh: config.getObject<SshArgs>("ssh") ?? { user: "root", agent: true },
  // The registry's host is not one of the nodes: it does not pull.
  registry: { host: "registry", address: registry },
  nodes: [
    { name: "node01", address: machine("node01"), role: "master" },
    { name: "node02", address: machine("node02"), role: "worker" },
  ],
});

export const { registryUrl, commands } = cluster;
