import { spawnSync } from "node:child_process";
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(__dirname, "..");

/** The first step of `npm pack`: builds JavaScript and types of the components, and copies the helper for the hosts. */
export function main(): void {
  const dist = join(ROOT, "dist");
  rmSync(dist, { recursive: true, force: true });
  const compiler = require.resolve("typescript/bin/tsc");
  const { status } = spawnSync(process.execPath, [compiler, "-p", "tsconfig.package.json"], {
    cwd: ROOT,
    stdio: ["ignore", process.stderr, process.stderr],
  });
  if (status !== 0) process.exit(status ?? 1);
  cpSync(join(ROOT, "hosts", "helper"), join(dist, "hosts", "helper"), { recursive: true });
}
