import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { whyNoLab } from "../lab";
import { ensureKubernetes, whyNoKubernetes } from "../lab/go/kubernetes";
import { whyNoPulumi } from "../lab/go/pulumi";
import { cacheFolder } from "../lab/paths";
import type * as toolchains from "../test/pulumi/toolchain";

const root = join(__dirname, "..");

interface Suite {
  project: string;
  flags: string[];
  env?: NodeJS.ProcessEnv;
}

/**
 * The command of each suite, which has one kind of test. Tests on lab hosts run one file at a time, because each needs
 * the whole machine.
 */
const SUITES: Record<string, Suite> = {
  unit: { project: "unit", flags: ["--maxWorkers=2"] },
  lab: { project: "lab", flags: ["--runInBand"] },
  processes: { project: "process", flags: ["--maxWorkers=2"] },
  cluster: { project: "cluster", flags: ["--runInBand"] },
  faults: { project: "fault", flags: ["--runInBand"] },
  daemons: { project: "matrix", flags: ["--runInBand"] },
  kubernetes: { project: "kubernetes", flags: ["--runInBand"] },
  // Compares both engines, and runs the main job with the Pulumi CLI, also on lab hosts.
  pulumi: {
    project: "pulumi",
    flags: ["--selectProjects=lab", "--runInBand", "--testPathPatterns=pulumi|main-job"],
    env: { TEST_ENGINE: "pulumi" },
  },
  soak: {
    project: "fault",
    flags: ["--runInBand", "--testPathPatterns=test/helper/random"],
    env: { SOAK_ROUNDS: process.env["SOAK_ROUNDS"] ?? "300" },
  },
};

const PATHS = "--testPathPatterns=";

/** Loaded only if needed, because it loads all providers. */
const toolchainModule = () =>
  createRequire(__filename)("../test/pulumi/toolchain") as typeof toolchains;
const HELP = `usage: npm test -- [JEST OPTIONS]
       npm run test:processes | test:cluster | test:faults | test:daemons -- [JEST OPTIONS]
       npm run test:kubernetes | test:pulumi | test:soak -- [JEST OPTIONS]

npm test runs the unit tests, then the tests on lab hosts that take a few minutes. Each of the others runs one longer
suite. All but the unit tests and test:processes need Debian and root; elsewhere they are skipped, with the reason.

  test:processes   whole commands and programs of the embedded engine
  test:cluster     the protocol on lab hosts: refusals, a fleet that changes, logins
  test:faults      kills, cuts and full disks on lab hosts
  test:daemons     every version of containerd and Docker
  test:kubernetes  a Kubernetes cluster of lab hosts; builds Kubernetes, which needs Go
  test:pulumi      both engines on the same programs; builds the Pulumi CLI, which needs Go
  test:soak        faults at random moments; SOAK_ROUNDS says how many, SOAK_SEED repeats a run

  -h, --help       print this text; all other options are jest's

Examples:
  npm test -- -t "a second up changes nothing"
  npm test -- --testPathPatterns=test/patch
  SOAK_ROUNDS=20 npm run test:soak`;

/** Suites that need no lab. */
const ANYWHERE = ["unit", "processes"];

/**
 * `npm test` runs the unit and the lab suite; `npm run test:faults` and the others run one suite each. Other arguments
 * are passed to jest. Each suite writes its results into .results/ for the count at the end of `.ci/run`.
 */
export async function main(args: string[]): Promise<void> {
  if (args.some((arg) => arg === "--help" || arg === "-h")) {
    console.log(HELP);
    return;
  }
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
    const noPulumi = name === "pulumi" ? whyNoPulumi(cacheFolder()) : undefined;
    const toolchain =
      name === "pulumi" && noPulumi === undefined
        ? await toolchainModule().makeToolchain(console.error)
        : undefined;
    const noKubernetes = name === "kubernetes" ? whyNoKubernetes(cacheFolder()) : undefined;
    // Before jest, whose tests have a time limit.
    if (name === "kubernetes" && whyNoLab() === undefined && noKubernetes === undefined)
      await ensureKubernetes(cacheFolder(), (line) => console.error(line));
    const jest = spawnSync(
      process.execPath,
      [
        join(root, "node_modules", "jest", "bin", "jest.js"),
        `--selectProjects=${suite.project}`,
        // Without the CLI, the tests that need it skip themselves. Other kinds of tests would only repeat a run with
        // the other engine.
        ...(noPulumi === undefined ? suite.flags : ["--runInBand"]).filter(
          (flag) => !(flag.startsWith(PATHS) && rest.some((given) => given.startsWith(PATHS))),
        ),
        "--json",
        `--outputFile=${results}`,
        // The selected file or test may be in any one of the suites.
        ...(rest.length > 0 ? ["--passWithNoTests", ...rest] : []),
      ],
      {
        cwd: root,
        stdio: ["ignore", "ignore", "inherit"],
        env: { ...process.env, ...suite.env, ...toolchain?.env },
      },
    );
    toolchain?.remove();
    if (jest.status !== 0) process.exitCode = 1;
    // jest counts skipped tests but does not print the reason, which is in their titles.
    const reason = ANYWHERE.includes(name) ? undefined : (noPulumi ?? whyNoLab() ?? noKubernetes);
    if (reason !== undefined) console.error(`${name} tests skipped: ${reason}`);
  }
}
