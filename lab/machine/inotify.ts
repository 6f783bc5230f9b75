import { readFileSync, writeFileSync } from "node:fs";

const LIMIT = "/proc/sys/fs/inotify/max_user_instances";
const NEEDED = 8192;

/**
 * Raises the limit of inotify instances. Every systemd holds a few, and those of all hosts count for the same user.
 * With the usual limit of 128, hosts stop booting from about the sixteenth on. The limit is never lowered.
 */
export function raiseInotifyLimit(): void {
  if (Number(readFileSync(LIMIT, "utf8")) < NEEDED) writeFileSync(LIMIT, String(NEEDED));
}
