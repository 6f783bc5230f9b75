import * as pulumi from "@pulumi/pulumi";
import { ContainerdMirror, type HostArgs } from "cluster-registry";

const config = new pulumi.Config();

const mirror = new ContainerdMirror("node01", {
  host: config.getObject<HostArgs>("host") ?? { address: "10.0.0.12", user: "root", agent: true },
  registry: config.get("registry") ?? "10.0.0.11:5000",
});

export const state = mirror.state;
