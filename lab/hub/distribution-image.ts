import { readFileSync } from "node:fs";
import { buildImage, type ContainerImage } from "../../oci/image";

const CONFIG_PATH = "etc/distribution/config.yml";

/**
 * The configuration of the official image of version 3: deletes are on, and a second port has metrics. Source:
 * distribution/distribution-library-image, config-example.yml.
 */
const CONFIG = `version: 0.1
log:
  level: info
  fields:
    service: registry
storage:
  cache:
    blobdescriptor: inmemory
  filesystem:
    rootdirectory: /var/lib/registry
  delete:
    enabled: true
http:
  addr: :5000
  debug:
    addr: :5001
    prometheus:
      enabled: true
      path: /metrics
  headers:
    X-Content-Type-Options: [nosniff]
health:
  storagedriver:
    enabled: true
    interval: 10s
    threshold: 3
`;

/** A registry server's image with the habits of the official one of version 3. @param executable the built server */
export function distributionImage(executable: string): ContainerImage {
  const text = (contents: string) => Buffer.from(contents);
  return buildImage(
    [
      [
        { path: "bin" },
        { path: "bin/registry", contents: readFileSync(executable) },
        { path: "etc" },
        { path: "etc/passwd", contents: text("root:x:0:0:root:/root:/bin/sh\n"), mode: 0o644 },
        { path: "etc/distribution" },
        { path: CONFIG_PATH, contents: text(CONFIG), mode: 0o644 },
        { path: "tmp", mode: 0o1777 },
        { path: "var" },
        { path: "var/lib" },
        { path: "var/lib/registry" },
      ],
    ],
    {
      Entrypoint: ["/bin/registry"],
      Cmd: ["serve", `/${CONFIG_PATH}`],
      Env: [
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "OTEL_TRACES_EXPORTER=none",
      ],
      ExposedPorts: { "5000/tcp": {} },
      Volumes: { "/var/lib/registry": {} },
    },
  );
}
