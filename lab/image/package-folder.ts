import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { must } from "../process";

/** One package file, with what dpkg says about it. */
export interface PackageFile {
  /** The control fields, as `dpkg-deb --field` prints them. */
  control: string;
  fileName: string;
  bytes: Buffer;
}

/** The index that makes apt take a folder as a source of packages (Debian's flat repository format). */
export function packagesIndex(files: PackageFile[]): string {
  return files
    .map(({ control, fileName, bytes }) =>
      [
        control.trim(),
        `Filename: ./${fileName}`,
        `Size: ${bytes.length}`,
        `SHA256: ${createHash("sha256").update(bytes).digest("hex")}`,
        "",
      ].join("\n"),
    )
    .join("\n");
}

/** Writes the index of a folder of .deb files into that folder. */
export async function indexFolder(folder: string): Promise<void> {
  const names = readdirSync(folder)
    .filter((name) => name.endsWith(".deb"))
    .sort();
  const files = names.map(async (fileName) => ({
    fileName,
    control: await must("dpkg-deb", ["--field", join(folder, fileName)]),
    bytes: readFileSync(join(folder, fileName)),
  }));
  writeFileSync(join(folder, "Packages"), packagesIndex(await Promise.all(files)));
}
