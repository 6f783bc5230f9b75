import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CONTAINER_NAME } from "../helper/commands";
import { shellWord } from "../helper/shell-word";
import type { HostAccess } from "../settings/access";
import type { CommandRunner } from "../ssh/connection";
import type { ExecResult } from "../ssh/exec";
import { type Listing, parseListing } from "./listing";

/** One of the programs in images/shell. */
export const program = (name: string) => readFileSync(join(__dirname, "shell", name), "utf8");

/** A command for any login shell that runs the program on its standard input as root. */
export const asRoot = ({ sudo }: Pick<HostAccess, "sudo">, ...args: string[]) =>
  [...(sudo ? ["sudo", "-n"] : []), "sh", "-s", "--", ...args.map(shellWord)].join(" ");

/** The error of a program that failed on a host. */
export function refusedByHost(
  { name }: Pick<HostAccess, "name">,
  { code, stderr }: Pick<ExecResult, "code" | "stderr">,
): Error {
  const said = stderr.toString().trim() || `exit code ${code}`;
  return new Error(
    said.startsWith("sudo: ")
      ? `${name}: expected sudo without a password; found: ${said}; allow it in sudoers with NOPASSWD, or log in as root`
      : `${name}: ${said}`,
  );
}

/**
 * Reads the registry's files on its host, as root. Changes nothing.
 * @throws Error that names the host, with what it said
 */
export async function readHost(connection: CommandRunner, host: HostAccess): Promise<Listing> {
  const command = asRoot(host, CONTAINER_NAME);
  const { code, stdout, stderr } = await connection.exec(command, { stdin: program("list.sh") });
  if (code !== 0) throw refusedByHost(host, { code, stderr });
  return parseListing(stdout.toString());
}
