import * as pulumi from "@pulumi/pulumi";
import { ClusterRegistry, type SshArgs } from "cluster-registry";

const config = new pulumi.Config();
const controlplane = config.get("controlplane") ?? "172.30.1.2";

const cluster = new ClusterRegistry("lesson", {
  ssh: config.getObject<SshArgs>("ssh") ?? { user: "root", agent: true },
  registry: { host: "controlplane", address: controlplane },
  nodes: [
    { name: "controlplane", address: controlplane, role: "master" },
    { name: "node01", address: config.get("node01") ?? "172.30.2.2", role: "worker" },
    { name: "node02", address: config.get("node02") ?? "172.30.3.2", role: "worker" },
  ],
  mirrors: { "docker.io": ["https://mirror.gcr.io"] },
});

export const { registryUrl, imagePrefix, nodes, commands } = cluster;
