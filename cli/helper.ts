import { helperText } from "../helper/helper-text";

const USAGE = "usage: npm run -s helper > helper";

const HELP = `${USAGE}

Prints the helper: the program that cluster-registry runs on each host. "up" installs it by itself. You only need this
command where sudo is limited to one path, since root must then put the helper there before the first "up".

  -h, --help   print this text

Example:
  npm run -s helper | ssh node01 'sudo install -D -m 0700 /dev/stdin /var/lib/cluster-registry/helper'`;

/**
 * `npm run -s helper`: prints the program that runs on the hosts. An administrator whose sudo rule allows only this
 * program installs it at /var/lib/cluster-registry/helper on each host before the first `up`, writable only by root.
 */
export function main(args: string[]): void {
  if (args.some((arg) => arg === "--help" || arg === "-h")) {
    console.log(HELP);
    return;
  }
  if (args.length > 0) {
    console.error(`unknown: ${args.join(" ")}\n${USAGE}`);
    process.exitCode = 1;
    return;
  }
  process.stdout.write(helperText());
}
