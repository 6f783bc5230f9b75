import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { AppImage, type HostArgs } from "cluster-registry";

const config = new pulumi.Config();
const registry = config.get("registry") ?? "172.30.1.2:5000";
const version = config.get("version") ?? "1.0";
/** The port at which every node answers. */
const nodePort = config.getNumber("nodePort") ?? 30080;
// The host that builds the images. It runs the registry, so docker there is allowed to push to it.
const host = config.getObject<HostArgs>("host") ?? {
  address: registry.replace(/:\d+$/, ""),
  user: "root",
  agent: true,
};

const nginx = new AppImage("mynginx", {
  host,
  registry,
  version,
  context: "nginx",
  buildArgs: { BASE: config.get("nginxBase") ?? "nginx" },
});
const php = new AppImage("myphp", {
  host,
  registry,
  version,
  context: "php",
  buildArgs: { BASE: config.get("phpBase") ?? "php:8-fpm" },
});

const labels = { app: "myapp" };
const deployment = new k8s.apps.v1.Deployment("myapp", {
  metadata: { name: "myapp" },
  spec: {
    replicas: config.getNumber("replicas") ?? 2,
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: {
        // The containers of a Pod share an address: nginx reaches PHP at 127.0.0.1:9000.
        containers: [
          {
            name: "nginx",
            image: nginx.reference,
            ports: [{ containerPort: 80 }],
            // The Pod gets requests once a page comes through both containers.
            readinessProbe: {
              httpGet: { path: "/", port: 80 },
              periodSeconds: 2,
              timeoutSeconds: 5,
            },
          },
          { name: "php", image: php.reference },
        ],
      },
    },
  },
});

new k8s.core.v1.Service(
  "myapp",
  {
    metadata: { name: "myapp" },
    spec: { type: "NodePort", selector: labels, ports: [{ port: 80, nodePort }] },
  },
  // If an image is refused, nothing is created.
  { dependsOn: deployment },
);

export const images = [nginx.reference, php.reference];
