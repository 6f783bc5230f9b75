import { readFileSync, writeFileSync } from "node:fs";

const LIMIT = "/proc/sys/fs/inotify/max_user_instances";
const NEEDED = 8192;

/**
 * Every systemd holds a few inotify instances, and all hosts' count for the same user: with the usual limit of 128, hosts
 * stop booting from about the sixteenth on. The limit only ever rises, and stays.
 */
export function raiseInotifyLimit(): void {
  if (Number(readFileSync(LIMIT, "utf8")) < NEEDED) writeFileSync(LIMIT, String(NEEDED));
}
