/** Programs that are built from Go modules, with our own go.mod and go.sum, and kept in the cache. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from "node:fs";
import { basename, join } from "node:path";
import { withLock } from "../lock";
import { must } from "../process";

export interface GoProgram {
  /**
   * A folder with go.mod, go.sum and a file that imports `packages`. Its name is also the program's name in the cache.
   */
  folder: string;
  /** Import paths of the main packages, one for each executable. */
  packages: string[];
  /** The file in the folder to use as go.mod, such as `3.0.0.mod`, with its `3.0.0.sum`. @default go.mod */
  modfile?: string;
  /** Variables for the linker, by import path and name: "example.com/version.Version". */
  variables?: Record<string, string>;
}

/** The program's folder in the cache. Another go.sum, source, package or variable gives another folder. */
export function goProgramFolder(cache: string, program: GoProgram): string {
  const hash = createHash("sha256");
  for (const file of sources(program.folder)) hash.update(readFileSync(join(program.folder, file)));
  // Without the compiler's version: a program from another compiler is just as good, also on a machine without one.
  hash.update(
    JSON.stringify([buildArguments(program), program.packages, process.platform, process.arch]),
  );
  return join(cache, `${basename(program.folder)}-${hash.digest("hex").slice(0, 12)}`);
}

function sources(folder: string): string[] {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return files.filter((file) => /\.(go|mod|sum)$/.test(file)).sort();
}

/** The version of a module that a folder's go.mod requires, on a line of its own or in a block. */
export function requiredVersion(folder: string, module: string, modfile = "go.mod"): string {
  const lines = readFileSync(join(folder, modfile), "utf8").split("\n");
  const words = lines.map((line) =>
    line
      .replace(/^require /, "")
      .trim()
      .split(" "),
  );
  const version = words.find(([name]) => name === module)?.[1];
  if (version === undefined) throw new Error(`${folder}/${modfile} does not require ${module}`);
  return version;
}

/** The reason why the program is not available here; undefined if it is built or can be built. */
export function whyNoGoProgram(cache: string, program: GoProgram): string | undefined {
  if (existsSync(goProgramFolder(cache, program))) return undefined;
  const go = spawnSync("go", ["version"], { env: process.env, encoding: "utf8" });
  if (go.status === 0) return undefined;
  return `no Go compiler on PATH to build ${basename(program.folder)} with`;
}

/** The folder with the program, which is built at the first call. The build needs access to Go's module proxy. */
export async function ensureGoProgram(
  cache: string,
  program: GoProgram,
  log: (line: string) => void,
): Promise<string> {
  const reason = whyNoGoProgram(cache, program);
  if (reason !== undefined)
    throw new Error(`${reason}: install Go, or name a cache that has it in CLUSTER_REGISTRY_CACHE`);
  const folder = goProgramFolder(cache, program);
  const name = basename(folder);
  await withLock(
    `go/${folder}`,
    () => log(`another process builds ${name}: waiting for it`),
    async () => {
      if (!existsSync(folder)) await build(program, folder, log);
    },
  );
  return folder;
}

/** The compiler's processes are short: without collecting garbage, they take an eighth less time, in 1.5 GiB each at most. */
const COMPILER = { GOGC: "off", GOMEMLIMIT: "1500MiB" };

async function build(
  program: GoProgram,
  folder: string,
  log: (line: string) => void,
): Promise<void> {
  const started = Date.now();
  log(`building ${basename(program.folder)} from Go modules (some minutes, once)`);
  mkdirSync(join(folder, ".."), { recursive: true });
  const draft = mkdtempSync(`${folder}.draft-`);
  try {
    await must("go", [...buildArguments(program), "-o", `${draft}/`, ...program.packages], {
      cwd: program.folder,
      // Settings for this machine's own builds must not affect this one.
      env: {
        ...process.env,
        ...COMPILER,
        CGO_ENABLED: "0",
        GOFLAGS: "-mod=readonly",
        GOWORK: "off",
      },
    });
    renameSync(draft, folder);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  log(`built ${basename(folder)} in ${Math.round((Date.now() - started) / 1000)} s`);
}

function buildArguments({ variables = {}, modfile }: GoProgram): string[] {
  const settings = Object.entries(variables).map(([name, value]) => ` -X ${name}=${value}`);
  const other = modfile === undefined ? [] : [`-modfile=${modfile}`];
  return [
    "build",
    ...other,
    "-buildvcs=false",
    "-trimpath",
    "-ldflags",
    `-s -w${settings.join("")}`,
  ];
}
