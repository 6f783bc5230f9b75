import { cacheFolder } from "../lab/paths";

/** A program that is built from Go modules into the cache. */
interface BuiltProgram {
  /** The npm script that builds it, which takes no arguments. */
  script: string;
  /** The reason why it is not available; undefined if it is built or can be built. */
  whyNot: (cache: string) => string | undefined;
  /** Builds it if necessary, and returns its path. */
  ensure: (cache: string, log: (line: string) => void) => Promise<string>;
}

/** Builds a program if necessary, and prints its path. The exit code is 1 if it cannot be built. */
export async function printBuilt(
  { script, whyNot, ensure }: BuiltProgram,
  args: string[],
): Promise<void> {
  const cache = cacheFolder();
  const missing = whyNot(cache);
  const unknown = args.length > 0 && `unknown: ${args.join(" ")}\nusage: npm run -s ${script}`;
  const refusal = unknown || (missing !== undefined && `${script}: ${missing}`);
  if (refusal) {
    console.error(refusal);
    process.exitCode = 1;
    return;
  }
  console.log(await ensure(cache, (line) => console.error(line)));
}
