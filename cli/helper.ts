import { helperText } from "../hosts";

/**
 * `npm run -s helper`: the program that the hosts run, on stdout. For an administrator who lets sudo run nothing else: put
 * it, for root alone, at /var/lib/cluster-registry/helper on each host before the first `up`.
 */
export function main(args: string[]): void {
  if (args.length > 0) {
    console.error(`unknown: ${args.join(" ")}\nusage: npm run -s helper > helper`);
    process.exitCode = 1;
    return;
  }
  process.stdout.write(helperText());
}
