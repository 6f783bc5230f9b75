import { spawnSync } from "node:child_process";
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(__dirname, "..");

/** What `npm pack` runs first: JavaScript and types of the components, and the helper that they bring to hosts. */
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
