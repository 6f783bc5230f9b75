/** Pulumi's file backend: one folder of stacks, with their backups and locks. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { listFolder, readIfThere } from "../../ssh/local-files";
import { inChunks, writeAtomically } from "./files";
import { parseCheckpoint, type RawCheckpoint } from "./checkpoint";
import { lockStack, breakLocks } from "./lock";

export class Backend {
  /** `root`: the folder that contains `.pulumi`. */
  constructor(readonly root: string) {}

  /** The backend at PULUMI_BACKEND_URL, or in the project folder. Throws for any URL other than `file://`. */
  static at(url: string | undefined, projectFolder: string): Backend {
    if (!url) return new Backend(projectFolder);
    if (!url.startsWith("file://")) {
      throw new Error(
        `the embedded engine keeps state in files only; PULUMI_BACKEND_URL is ${JSON.stringify(url)}: ` +
          "use --engine pulumi, or a file:// URL",
      );
    }
    const rest = decodeURI(url.slice("file://".length)).split("?")[0] ?? "";
    if (rest === "" || rest.startsWith("~")) {
      return new Backend(path.join(process.env["HOME"] ?? "/", rest.slice(1)));
    }
    return new Backend(
      rest.startsWith("/") ? fileURLToPath(`file://${encodeURI(rest)}`) : path.resolve(rest),
    );
  }

  get url(): string {
    return `file://${this.root}`;
  }

  stackFile(project: string, stack: string): string {
    return path.join(this.root, ".pulumi", "stacks", project, `${stack}.json`);
  }

  private lockFolder(project: string, stack: string): string {
    return path.join(this.root, ".pulumi", "locks", "organization", project, stack);
  }

  stacks(project: string): string[] {
    this.layoutIsKnown();
    return listFolder(path.dirname(this.stackFile(project, "any")))
      .filter((n) => n.endsWith(".json"))
      .map((n) => n.slice(0, -".json".length))
      .sort();
  }

  /** Undefined: there is no such stack. */
  async read(project: string, stack: string): Promise<RawCheckpoint | undefined> {
    this.layoutIsKnown();
    const file = this.stackFile(project, stack);
    const text = readIfThere(file);
    if (text !== undefined) return parseCheckpoint(text, file);
    for (const compressed of [`${file}.gz`, `${file}.zst`]) {
      if (await fs.stat(compressed).catch(() => undefined))
        throw new Error(`${compressed} is compressed, which the embedded engine does not read`);
    }
    return undefined;
  }

  /** Keeps the previous state as `.bak`. */
  async write(project: string, stack: string, pieces: readonly Buffer[]): Promise<void> {
    if (!this.layoutIsKnown()) await writeAtomically(this.metaFile, "version: 1\n");
    const file = this.stackFile(project, stack);
    await writeAtomically(file, inChunks(pieces), true);
  }

  /** Keeps the removed state as `.bak`, unless `backupsToo` is true. */
  async remove(project: string, stack: string, backupsToo = false): Promise<void> {
    const file = this.stackFile(project, stack);
    await fs.rename(file, `${file}.bak`);
    if (backupsToo) await fs.rm(`${file}.bak`);
    for (const kind of backupsToo ? ["history", "backups"] : ["history"]) {
      const folder = path.join(this.root, ".pulumi", kind, project, stack);
      await fs.rm(folder, { recursive: true, force: true });
    }
  }

  private get metaFile(): string {
    return path.join(this.root, ".pulumi", "meta.yaml");
  }

  /**
   * False: nothing exists yet. Throws for an older layout: marking it as the present one would hide its stacks without
   * projects from the Pulumi CLI.
   */
  private layoutIsKnown(): boolean {
    const meta = readIfThere(this.metaFile);
    const { version } = (meta === undefined ? {} : (parse(meta) ?? {})) as { version?: unknown };
    if (version === 1) return true;
    const found = listFolder(path.join(this.root, ".pulumi", "stacks"));
    const old = found.filter((name) => /\.json(\.gz|\.zst)?$/.test(name));
    if (meta === undefined && old.length === 0) return false;
    const problem =
      meta === undefined || version === 0
        ? `has Pulumi's old layout, without projects (${old.join(", ")}); upgrade it with \`pulumi state upgrade\``
        : `has the version ${JSON.stringify(version)} in ${this.metaFile}, expected 1: it is of a newer Pulumi`;
    throw new Error(`the state in ${this.url} ${problem}, or use --engine pulumi`);
  }

  /** See lockStack. `cancelHint`: the command that removes a stale lock. */
  lock(project: string, stack: string, cancelHint: string): Promise<() => Promise<void>> {
    return lockStack(this.lockFolder(project, stack), cancelHint);
  }

  breakLocks(project: string, stack: string): Promise<number> {
    return breakLocks(this.lockFolder(project, stack));
  }
}
