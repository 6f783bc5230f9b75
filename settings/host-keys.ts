import type { ClientOptions } from "../ssh/client-config";
import { knownHostsName } from "../ssh/known-hosts";
import { findKeys } from "../ssh/known-keys";
import type { Login } from "../ssh/login";
import { blaming, Refused } from "./refused";
import type { BastionSettings } from "./schema";
import type { Surroundings } from "../ssh/surroundings";

/** The accepted keys of one host, and the files that hold them. */
export interface HostKeys {
  readonly login: Pick<Login, "hostKeys" | "hostKeyPolicy" | "revokedHostKeys">;
  readonly files: {
    readonly knownHostsFiles: readonly string[];
    readonly globalKnownHostsFiles?: readonly string[];
    readonly revokedHostKeysFile?: string;
  };
  readonly inFiles: boolean;
  readonly learn: boolean;
}

/** @throws Refused if the host is not known, or if all of its keys are revoked */
export function hostKeysOf(
  ssh: BastionSettings,
  options: ClientOptions,
  { host, port }: { host: string; port: number },
  path: string,
  around: Surroundings,
): HostKeys {
  const found = blaming(path, () => findKeys(options, { host, port }, around, ssh.knownHostsPath));
  const { user, global, revokedFile, name } = found;
  const files = {
    knownHostsFiles: user,
    ...(options.globalKnownHostsFiles !== undefined && { globalKnownHostsFiles: global }),
    ...(revokedFile !== undefined && { revokedHostKeysFile: revokedFile }),
  };
  const revoked = found.revoked.length === 0 ? {} : { revokedHostKeys: found.revoked };
  const notes = found.notes.map((note) => ` (${note})`).join("");

  if (ssh.hostKey !== undefined) {
    const key = bareKey(ssh.hostKey);
    if (found.revoked.includes(key))
      throw new Refused(
        `${path}.hostKey`,
        `expected a key that is not revoked, found one that is${notes}`,
      );
    const inFiles = found.keys.includes(key);
    return { login: { hostKeys: [key], ...revoked }, files, inFiles, learn: false };
  }
  if (found.keys.length > 0)
    return { login: { hostKeys: found.keys, ...revoked }, files, inFiles: true, learn: false };

  const policy = ssh.strictHostKeyChecking ?? options.strictHostKeyChecking;
  if (policy === "accept-new") {
    const [first] = user;
    if (first === undefined || first === "/dev/null")
      throw new Refused(
        path,
        `expected a known_hosts file to keep the key of ${name} in (accept-new), found UserKnownHostsFile ${first ?? "none"} in the ssh config: set knownHostsPath`,
      );
    return {
      login: { hostKeyPolicy: "accept-any", ...revoked },
      files,
      inFiles: false,
      learn: true,
    };
  }
  const there = [...user, ...global.filter((file) => around.read(file) !== undefined)];
  throw new Refused(
    path,
    `expected the host key of ${knownHostsName(name, found.port)} in ${there.join(" or ")}, found none${notes}. ` +
      `Log in once with ssh and compare the key, or set hostKey, or strictHostKeyChecking: accept-new`,
  );
}

/** Type and key, without the comment. */
function bareKey(line: string): string {
  return line.split(/\s+/).slice(0, 2).join(" ");
}
