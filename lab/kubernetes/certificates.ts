import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { must } from "../process";

/**
 * The owner of a certificate. For a client of the cluster's API, the name is the user's and the organizations are the
 * groups.
 */
export interface Subject {
  user: string;
  group?: string;
  /** Names and addresses of a server. */
  names?: string[];
  addresses?: string[];
}

/** A certificate and its private key, in PEM. */
export interface Pair {
  certificate: string;
  key: string;
}

const EC = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "3650"];

/** The certificate authority of one cluster. Its key and all issued certificates are in a folder on this machine. */
export class Authority {
  private constructor(private readonly folder: string) {}

  static async open(folder: string): Promise<Authority> {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const authority = new Authority(folder);
    if (!existsSync(authority.path("ca.crt"))) {
      await authority.request(
        "ca",
        ["-subj", "/CN=cluster-registry lab cluster"],
        ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign"],
      );
    }
    return authority;
  }

  get certificate(): string {
    return readFileSync(this.path("ca.crt"), "utf8");
  }

  /** The pair with this name, created at the first call. */
  async issue(name: string, subject: Subject): Promise<Pair> {
    if (!existsSync(this.path(`${name}.crt`))) {
      const { user, group, names = [], addresses = [] } = subject;
      const organization = group === undefined ? "" : `/O=${group}`;
      const alternatives = [
        ...names.map((one) => `DNS:${one}`),
        ...addresses.map((one) => `IP:${one}`),
      ];
      await this.request(
        name,
        [
          "-CA",
          this.path("ca.crt"),
          "-CAkey",
          this.path("ca.key"),
          "-subj",
          `${organization}/CN=${user}`,
        ],
        [
          "basicConstraints=critical,CA:FALSE",
          "extendedKeyUsage=clientAuth,serverAuth",
          ...(alternatives.length > 0 ? [`subjectAltName=${alternatives.join(",")}`] : []),
        ],
      );
    }
    return {
      certificate: readFileSync(this.path(`${name}.crt`), "utf8"),
      key: readFileSync(this.path(`${name}.key`), "utf8"),
    };
  }

  private async request(name: string, args: string[], extensions: string[]): Promise<void> {
    const files = ["-keyout", this.path(`${name}.key`), "-out", this.path(`${name}.crt`)];
    const added = extensions.flatMap((extension) => ["-addext", extension]);
    await must("openssl", ["req", "-x509", ...EC, ...args, ...files, ...added]);
  }

  private path(file: string): string {
    return join(this.folder, file);
  }
}
