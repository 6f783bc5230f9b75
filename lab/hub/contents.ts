import { readFileSync } from "node:fs";
import { join } from "node:path";
import { buildImage, type ContainerImage } from "../../oci/image";
import type { TarEntry } from "../../oci/tar";

/** A registry server needs these three files to run: Debian's build of it is linked with the C library alone. */
export const C_LIBRARY = ["lib64/ld-linux-x86-64.so.2", "lib/x86_64-linux-gnu/libc.so.6"];

export const REGISTRY_CONFIG_PATH = "etc/docker/registry/config.yml";

/** The configuration that registry images bring along: storage in the volume, port 5000, everything else by environment. */
export const REGISTRY_CONFIG = `version: 0.1
log:
  fields:
    service: registry
storage:
  cache:
    blobdescriptor: inmemory
  filesystem:
    rootdirectory: /var/lib/registry
http:
  addr: :5000
  headers:
    X-Content-Type-Options: [nosniff]
health:
  storagedriver:
    enabled: true
    interval: 10s
    threshold: 3
`;

/** An image of the hub: its name there, and its tags. */
export interface Offer {
  name: string;
  tags: string[];
  image: ContainerImage;
}

/**
 * What the hub holds: busybox, and a registry server with the habits of the well-known image of that name (port 5000,
 * a volume at /var/lib/registry, settings by REGISTRY_ variables, its access log on standard output).
 *
 * @param packages folder with the unpacked docker-registry and busybox-static
 * @param rootfs   a host's root file system, for the C library
 */
export function hubImages(packages: string, rootfs: string): Offer[] {
  const path = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"];
  const busybox = readFileSync(join(packages, "bin/busybox"));
  const base: TarEntry[] = [
    { path: "bin" },
    { path: "bin/busybox", contents: busybox },
    ...APPLETS.map((name) => ({ path: `bin/${name}`, target: "busybox" })),
    { path: "etc" },
    { path: "etc/passwd", contents: text("root:x:0:0:root:/root:/bin/sh\n"), mode: 0o644 },
    { path: "etc/group", contents: text("root:x:0:\n"), mode: 0o644 },
    { path: "root", mode: 0o700 },
    { path: "tmp", mode: 0o1777 },
    { path: "var" },
  ];
  const registry: TarEntry[] = [
    { path: "lib64" },
    { path: "lib" },
    { path: "lib/x86_64-linux-gnu" },
    ...C_LIBRARY.map((file) => ({ path: file, contents: readFileSync(join(rootfs, file)) })),
    { path: "bin/registry", contents: readFileSync(join(packages, "usr/bin/docker-registry")) },
    { path: "etc/docker" },
    { path: "etc/docker/registry" },
    { path: REGISTRY_CONFIG_PATH, contents: text(REGISTRY_CONFIG), mode: 0o644 },
    { path: "var/lib" },
    { path: "var/lib/registry" },
  ];
  return [
    {
      name: "library/busybox",
      tags: ["latest"],
      image: buildImage([base], { Cmd: ["sh"], Env: path }),
    },
    {
      name: "library/registry",
      tags: ["latest", "2"],
      image: buildImage([base, registry], {
        Entrypoint: ["/bin/registry"],
        Cmd: ["serve", `/${REGISTRY_CONFIG_PATH}`],
        Env: path,
        ExposedPorts: { "5000/tcp": {} },
        Volumes: { "/var/lib/registry": {} },
      }),
    },
  ];
}

const APPLETS = [
  "cat",
  "cp",
  "df",
  "du",
  "echo",
  "find",
  "grep",
  "httpd",
  "id",
  "ls",
  "mkdir",
  "mv",
  "nc",
  "netstat",
  "ps",
  "rm",
  "sh",
  "sleep",
  "stat",
  "test",
  "touch",
  "true",
  "vi",
  "wget",
];

const text = (contents: string) => Buffer.from(contents);
