import { join } from "node:path";
import { dev, whyNoLab } from "../lab";
import { wholeJob } from "./whole-job";

const USAGE = "usage: npm start   (no options: it boots the lab and runs the stack dev on it)";

/**
 * `npm start`: the whole job of the lesson for real, from nothing, on hosts of this machine's own. A second run finds
 * everything in place, changes no host, and pulls the image afresh.
 */
export async function main(args: string[]): Promise<void> {
  const reason = whyNoLab();
  if (args.length > 0 || reason !== undefined) {
    console.error(
      args.length > 0
        ? `unknown: ${args.join(" ")}\n${USAGE}`
        : `npm start makes real hosts on this machine: ${reason}`,
    );
    process.exitCode = 1;
    return;
  }
  try {
    const job = { lab: dev, folder: join(__dirname, ".."), stack: "dev", env: process.env };
    process.exitCode = await wholeJob(job, console.log);
  } catch (error) {
    console.error(`error: ${(error as Error).message}`);
    process.exitCode = 1;
  }
}
