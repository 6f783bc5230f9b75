import { accessSync, constants } from "node:fs";
import { join } from "node:path";

/** Why a program cannot be run; undefined if it is on PATH. */
export function onPath(program: string): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(":");
  const found = folders.some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
  return found ? undefined : `${program} is not on PATH`;
}
