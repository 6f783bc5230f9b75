import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";

const ROOT = join(__dirname, "..", "..");

/** Makes the package as a user does. @returns its tarball in the folder */
export function pack(folder: string): string {
  const args = ["pack", "--json", "--pack-destination", folder];
  const { status, stdout, stderr } = spawnSync("npm", args, { cwd: ROOT, encoding: "utf8" });
  if (status !== 0) throw new Error(`npm pack: exit code ${status}\n${stdout}\n${stderr}`);
  const [{ filename }] = JSON.parse(stdout) as [{ filename: string }];
  return join(folder, filename);
}

/**
 * Installs the package in a program's folder, without the network: unpacks it, and links each package that it or the
 * program names as a dependency to this project's own copy. What nobody names is not there.
 */
export function install(tarball: string, folder: string, more: readonly string[] = []): void {
  const target = join(folder, "node_modules", "cluster-registry");
  mkdirSync(target, { recursive: true });
  const words = ["-xzf", tarball, "-C", target, "--strip-components=1"];
  const { status, stderr } = spawnSync("tar", words, { encoding: "utf8" });
  if (status !== 0) throw new Error(`tar: exit code ${status}\n${stderr}`);
  const { dependencies } = JSON.parse(readFileSync(join(target, "package.json"), "utf8")) as {
    dependencies: Record<string, string>;
  };
  for (const name of new Set([...Object.keys(dependencies), ...more])) {
    const link = join(folder, "node_modules", name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(ROOT, "node_modules", name), link);
  }
}
