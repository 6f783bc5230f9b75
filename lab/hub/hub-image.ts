import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Image } from "../image/image";
import { must } from "../process";
import type { Certificates } from "./certificates";
import { C_LIBRARY, hubImages, REGISTRY_CONFIG, REGISTRY_CONFIG_PATH } from "./contents";
import { answers, push } from "../../oci/push";

/** Where the hub's certificate lies inside its root. */
export const HUB_TLS = { certificate: "/etc/hub.crt", key: "/etc/hub.key" };

/**
 * The hub's root file system in the cache, made at the first call: a registry server with the images already in its
 * storage.
 */
export async function ensureHubImage(
  cache: string,
  image: Image,
  certificates: Certificates,
  log: (line: string) => void,
): Promise<string> {
  const key = createHash("sha256");
  key.update(image.rootfs).update(readFileSync(certificates.certificate));
  for (const source of ["contents.ts", "../../oci/image.ts", "../../oci/tar.ts", "hub-image.ts"]) {
    key.update(readFileSync(join(__dirname, source)));
  }
  const folder = join(cache, `hub-${key.digest("hex").slice(0, 12)}`);
  if (existsSync(folder)) return folder;

  log("making the hub's images");
  const draft = `${folder}.draft`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { recursive: true });
  const packages = mkdtempSync(join(tmpdir(), "cluster-registry-hub-"));
  try {
    for (const name of readdirSync(image.hubPackages)) {
      await must("dpkg-deb", ["--extract", join(image.hubPackages, name), packages]);
    }
    const place = (path: string, contents: Buffer | string, mode = 0o644) => {
      mkdirSync(dirname(join(draft, path)), { recursive: true });
      writeFileSync(join(draft, path), contents, { mode });
    };
    for (const file of C_LIBRARY) place(file, readFileSync(join(image.rootfs, file)), 0o755);
    cpSync(join(packages, "usr/bin/docker-registry"), join(draft, "bin/registry"));
    place(REGISTRY_CONFIG_PATH, REGISTRY_CONFIG);
    place(HUB_TLS.certificate, readFileSync(certificates.certificate));
    place(HUB_TLS.key, readFileSync(certificates.key), 0o600);
    mkdirSync(join(draft, "run"));
    mkdirSync(join(draft, "var/lib/registry"), { recursive: true });
    await fill(draft, packages, image.rootfs);
  } finally {
    rmSync(packages, { recursive: true, force: true });
  }
  renameSync(draft, folder);
  return folder;
}

/** Pushes the images while the registry listens on a socket inside its own root: no network is involved. */
async function fill(root: string, packages: string, rootfs: string): Promise<void> {
  const env = { REGISTRY_HTTP_NET: "unix", REGISTRY_HTTP_ADDR: "/run/registry.sock" };
  const said: Buffer[] = [];
  const server = spawn("chroot", [root, "/bin/registry", "serve", `/${REGISTRY_CONFIG_PATH}`], {
    env: { PATH: process.env["PATH"], ...env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  server.stderr.on("data", (chunk: Buffer) => said.push(chunk));
  // A socket's path has at most 107 bytes, and the cache may lie deep: the short way leads through the process.
  const socket = `/proc/${server.pid}/root/run/registry.sock`;
  const onSocket = () => ({ socketPath: socket });
  try {
    for (const deadline = Date.now() + 10_000; !(await answers(onSocket));) {
      if (server.exitCode !== null || Date.now() > deadline) {
        throw new Error(
          `the hub's registry did not start:\n${Buffer.concat(said).toString().slice(-2000)}`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    for (const { name, tags, image } of hubImages(packages, rootfs))
      await push(onSocket, name, tags, image);
  } finally {
    server.kill();
    rmSync(join(root, "run/registry.sock"), { force: true });
  }
}
