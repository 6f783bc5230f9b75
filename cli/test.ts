import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";

const root = join(__dirname, "..");

/** What each suite runs: jest projects, lab hosts one file at a time since the machine is theirs. */
const SUITES: Record<string, { projects: string[]; flags: string[] }> = {
  unit: { projects: ["unit"], flags: ["--maxWorkers=2"] },
  lab: { projects: ["lab"], flags: ["--runInBand"] },
  faults: { projects: ["fault"], flags: ["--runInBand"] },
  daemons: { projects: ["matrix"], flags: ["--runInBand"] },
};

/**
 * `npm test`: the unit and the lab suite; `npm run test:faults` and its like: the one suite named. What else is given goes to jest.
 * Each suite's results are left in .results/ for the count at the end of `.ci/run`.
 */
export function main(args: string[]): void {
  const named = args[0]?.startsWith("--suite=")
    ? [args[0].slice("--suite=".length)]
    : ["unit", "lab"];
  const rest = args.filter((arg) => !arg.startsWith("--suite="));
  mkdirSync(join(root, ".results"), { recursive: true });
  for (const name of named) {
    const suite = SUITES[name];
    if (suite === undefined) {
      console.error(`unknown suite ${name}; expected one of ${Object.keys(SUITES).join(", ")}`);
      process.exitCode = 1;
      return;
    }
    const results = join(root, ".results", `${name}.json`);
    rmSync(results, { force: true });
    const jest = spawnSync(
      process.execPath,
      [
        join(root, "node_modules", "jest", "bin", "jest.js"),
        "--selectProjects",
        ...suite.projects,
        ...suite.flags,
        "--json",
        `--outputFile=${results}`,
        "--passWithNoTests",
        ...rest,
      ],
      { cwd: root, stdio: ["ignore", "ignore", "inherit"], env: process.env },
    );
    if (jest.status !== 0) process.exitCode = 1;
  }
}
