import { measurePatch } from "../bench/patch";

const USAGE = "usage: npm run bench   (no options)";

/**
 * `npm run bench`: the cost of our own work compared with other programs in the same run. The results are ratios,
 * because machines differ.
 */
export function main(args: string[]): void {
  if (args.length > 0) {
    console.error(`unknown: ${args.join(" ")}\n${USAGE}`);
    process.exitCode = 1;
    return;
  }
  const { parse, plan, planInSync, ratio } = measurePatch();
  const micro = (value: number) => `${value.toFixed(0)} us`;
  console.log("patch: containerd's default file of 270 lines, fastest of the rounds");
  console.log(`  smol-toml parse        ${micro(parse)}`);
  console.log(`  plan, something to do  ${micro(plan)}   ${ratio.toFixed(2)} parses`);
  console.log(
    `  plan, in sync          ${micro(planInSync)}   ${(planInSync / parse).toFixed(2)} parses`,
  );
}
