import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CONTAINER_NAME } from "../helper/commands";
import { asRoot } from "../images/read-host";
import { openConnection } from "../observation/hosts";
import type { Ask, Observation } from "../observation/observation";
import { observe } from "../observation/observe";
import type { HostAccess } from "../settings/access";
import type { Connection } from "../ssh/connection";
import { type Look, parseLook } from "./look";

const PROGRAM = readFileSync(join(__dirname, "shell", "look.sh"), "utf8");

/** A host that was looked at, with its connection. The caller closes it. */
export interface Seen {
  readonly access: HostAccess;
  readonly connection: Connection;
  readonly observation: Observation;
  readonly look: Look;
}

/** The folder of containerd's images in its packages. */
const CONTAINERD_ROOT = "/var/lib/containerd";

/** Looks at a host over one connection. Changes nothing. @throws Error with the host's own words */
export async function lookAt(
  host: HostAccess,
  role: "node" | "registry",
  ask: Ask,
  registry: { address: string; port: number },
  onWaiting: (text: string) => void,
): Promise<Seen> {
  const { access, connection } = await openConnection(host, onWaiting);
  try {
    const name = role === "node" ? CONTAINERD_ROOT : CONTAINER_NAME;
    const command = asRoot(host, role, registry.address, String(registry.port), name);
    const [observation, said] = await Promise.all([
      observe(connection, ask),
      connection.exec(command, { stdin: PROGRAM }),
    ]);
    const [stdout, stderr] = [said.stdout.toString(), said.stderr.toString()];
    return { access, connection, observation, look: parseLook({ stdout, stderr }) };
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** Whether the node gets a file of the registry's, or its first part. @returns the file's path if it does not come */
export async function stuckOn(
  { access, connection }: Pick<Seen, "access" | "connection">,
  { address, port }: { address: string; port: number },
  path: string,
): Promise<string | undefined> {
  const command = asRoot(access, "fetch", address, String(port), path);
  const said = await connection.exec(command, { stdin: PROGRAM });
  return parseLook({ stdout: said.stdout.toString(), stderr: said.stderr.toString() }).stuck;
}
