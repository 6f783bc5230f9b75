import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { must } from "../process";

/** The public registries for which the hub is a stand-in. All hosts resolve them to the hub's address. */
export const HUB_NAMES = ["mirror.gcr.io", "docker-mirror.killer.sh", "registry-1.docker.io"];

/** Files of the lab's certificate authority, and of the hub's certificate. */
export interface Certificates {
  ca: string;
  certificate: string;
  key: string;
}

/**
 * The lab's certificates in the cache, created at the first call. All labs with the same cache share them, because the
 * images trust the CA.
 */
export async function ensureCertificates(cache: string): Promise<Certificates> {
  const digest = createHash("sha256").update(HUB_NAMES.join()).digest("hex").slice(0, 12);
  const folder = join(cache, `certificates-${digest}`);
  const files = (at: string) => ({
    ca: join(at, "ca.crt"),
    certificate: join(at, "hub.crt"),
    key: join(at, "hub.key"),
  });
  if (existsSync(folder)) return files(folder);

  const draft = `${folder}.draft`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { recursive: true, mode: 0o700 });
  const { ca, certificate, key } = files(draft);
  const caKey = join(draft, "ca.key");
  const request = [
    "req",
    "-x509",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:prime256v1",
    "-nodes",
    "-days",
    "3650",
  ];
  await must("openssl", [
    ...request,
    "-subj",
    "/CN=cluster-registry lab CA",
    "-keyout",
    caKey,
    "-out",
    ca,
    "-addext",
    "basicConstraints=critical,CA:TRUE",
    "-addext",
    "keyUsage=critical,keyCertSign,cRLSign",
  ]);
  const csr = join(draft, "hub.csr");
  const extensions = join(draft, "hub.ext");
  writeFileSync(
    extensions,
    `subjectAltName=${HUB_NAMES.map((name) => `DNS:${name}`).join(",")}\nbasicConstraints=CA:FALSE\n`,
  );
  await must("openssl", [
    "req",
    "-new",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:prime256v1",
    "-nodes",
    "-subj",
    "/CN=cluster-registry lab hub",
    "-keyout",
    key,
    "-out",
    csr,
  ]);
  await must("openssl", [
    "x509",
    "-req",
    "-in",
    csr,
    "-CA",
    ca,
    "-CAkey",
    caKey,
    "-CAcreateserial",
    "-days",
    "3650",
    "-extfile",
    extensions,
    "-out",
    certificate,
  ]);
  renameSync(draft, folder);
  return files(folder);
}

/** Identifies a CA: each image is built for one. */
export const fingerprint = (certificates: Certificates) =>
  createHash("sha256").update(readFileSync(certificates.ca)).digest("hex");
