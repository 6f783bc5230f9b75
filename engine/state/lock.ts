/** Locks in the layout of Pulumi's file backend, so that both engines respect them. */
import * as crypto from "node:crypto";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { listFolder, readIfThere } from "../../ssh/local-files";
import { writeAtomically } from "./files";

interface Holder {
  pid: number;
  username: string;
  hostname: string;
  timestamp: string;
}

export class StackLocked extends Error {}

/** Throws StackLocked with the holder of the lock and a way out. Resolves to the function that releases the lock. */
export async function lockStack(folder: string, cancelHint: string): Promise<() => Promise<void>> {
  const mine = path.join(folder, `${crypto.randomUUID()}.json`);
  refuseIfHeld(folder, mine, cancelHint);
  const holder: Holder = {
    pid: process.pid,
    username: os.userInfo().username,
    hostname: os.hostname(),
    timestamp: new Date().toISOString(),
  };
  await writeAtomically(mine, JSON.stringify(holder));
  const release = async (): Promise<void> => fs.rm(mine, { force: true });
  try {
    // Checks again: if two started at once, each now sees the other's file, and both give way.
    refuseIfHeld(folder, mine, cancelHint);
  } catch (error) {
    await release();
    throw error;
  }
  return release;
}

/** Removes every lock of the stack, for `cancel`. Returns their number. */
export async function breakLocks(folder: string): Promise<number> {
  const files = lockFiles(folder);
  for (const file of files) await fs.rm(file, { force: true });
  return files.length;
}

function refuseIfHeld(folder: string, mine: string, cancelHint: string): void {
  const held: string[] = [];
  for (const file of lockFiles(folder)) {
    if (file === mine) continue;
    const text = readIfThere(file);
    if (text === undefined) continue;
    held.push(`\n  ${file}: ${describe(text)}`);
  }
  if (held.length === 0) return;
  throw new StackLocked(
    `the stack is currently locked by ${held.length} lock(s). Either wait for the other process(es) to end, or, if they ` +
      `are gone, delete the lock with \`${cancelHint}\`.${held.join("")}`,
  );
}

function describe(text: string): string {
  let holder: Partial<Holder>;
  try {
    holder = JSON.parse(text) as Partial<Holder>;
  } catch {
    return "its content is not readable";
  }
  const { username, hostname, pid, timestamp } = holder;
  const who = `created by ${username}@${hostname} (pid ${pid}) at ${timestamp}`;
  if (hostname !== os.hostname() || pid === undefined) return who;
  return `${who}; that process ${isAlive(pid) ? "is running" : "no longer exists"}`;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function lockFiles(folder: string): string[] {
  return listFolder(folder)
    .filter((n) => n.endsWith(".json") && !n.startsWith("."))
    .map((n) => path.join(folder, n));
}
