import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { buildImage, type ContainerImage } from "../../oci/image";
import type { TarEntry } from "../../oci/tar";
import { ensureFromPackages, type FromPackages } from "../image/from-packages";

/** nginx and its libraries, at their paths. */
const NGINX: FromPackages = {
  name: "nginx",
  packages: ["nginx"],
  take: join(__dirname, "nginx.sh"),
};

/** An image with Debian's nginx, and with the habits of the official one that matter here: its paths, and its user. */
export async function nginxImage(
  cache: string,
  log: (line: string) => void,
): Promise<ContainerImage> {
  const folder = await ensureFromPackages(cache, NGINX, log);
  const text = (contents: string) => Buffer.from(contents);
  const files = filesOf(folder);
  const folders = new Set(files.flatMap(parents));
  for (const path of ["etc/nginx/conf.d", "run", "tmp", "var/log/nginx", "var/lib/nginx"])
    for (const each of [...parents(path), path]) folders.add(each);
  const entries: TarEntry[] = [
    ...[...folders].sort().map((path) => ({ path })),
    ...files.map((path) => ({ path, contents: readFileSync(join(folder, path)) })),
    {
      path: "etc/passwd",
      contents: text(
        "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\nnginx:x:101:101:nginx:/:/bin/false\n",
      ),
      mode: 0o644,
    },
    {
      path: "etc/group",
      contents: text("root:x:0:\nnogroup:x:65534:\nnobody:x:65534:\nnginx:x:101:\n"),
      mode: 0o644,
    },
    {
      path: "etc/nginx/nginx.conf",
      contents: text("events {}\nhttp { include /etc/nginx/conf.d/*.conf; }\n"),
      mode: 0o644,
    },
  ];
  return buildImage([entries], {
    Entrypoint: ["/usr/sbin/nginx"],
    Cmd: ["-g", "daemon off;"],
    Env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
    ExposedPorts: { "80/tcp": {} },
  });
}

const filesOf = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();

/** The folders above a path, from the top. */
function parents(path: string): string[] {
  const parts = path.split("/").slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join("/"));
}
