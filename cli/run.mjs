// Starts every npm script: installs missing packages first (a fresh clone has none), then runs the TypeScript command
// of that name. It is plain JavaScript, because no packages may be installed yet when it runs.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const [command, ...args] = process.argv.slice(2);

const major = Number(process.versions.node.split(".")[0]);
if (major < 20) {
  console.error(`cluster-registry needs Node.js 20 or later; this is ${process.version}`);
  process.exit(1);
}

/** npm records what it has installed. A lock file newer than that record means that packages are missing. */
function packagesAreInstalled() {
  const record = join(root, "node_modules", ".package-lock.json");
  if (!existsSync(record)) return false;
  const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  const installed = JSON.parse(readFileSync(record, "utf8"));
  if (statSync(record).mtimeMs >= statSync(join(root, "package-lock.json")).mtimeMs) return true;
  return Object.entries(lock.packages).every(
    ([path, { version, optional }]) =>
      path === "" || optional || installed.packages[path]?.version === version,
  );
}

/** True: this process may install. Two npm ci at once would each delete what the other has just written. */
function takeTheLock(lock) {
  try {
    writeFileSync(lock, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
  }
  try {
    process.kill(Number(readFileSync(lock, "utf8")), 0);
  } catch (error) {
    // The holder of the lock is dead (ESRCH), or has just released it (ENOENT). Another user's process (EPERM) lives.
    if (error.code === "ESRCH") rmSync(lock, { force: true });
    else if (error.code !== "ENOENT" && error.code !== "EPERM") throw error;
  }
  return false;
}

function install() {
  console.error("Installing packages (npm ci) ...");
  const npm = spawnSync(
    "npm",
    ["ci", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error"],
    {
      cwd: root,
      stdio: ["ignore", process.stderr, process.stderr],
    },
  );
  if (npm.status === 0) return;
  console.error("npm ci failed: see its output above");
  process.exit(1);
}

while (!packagesAreInstalled()) {
  const lock = join(root, ".installing");
  if (!takeTheLock(lock)) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    continue;
  }
  process.once("exit", () => rmSync(lock, { force: true }));
  if (!packagesAreInstalled()) install();
  rmSync(lock);
}

// A reader such as `head` closes the pipe when it has enough. That is no error. The command goes on, because a change of
// hosts must not end half way. Other errors belong to the command: if it does not listen for them, they end it.
for (const stream of [process.stdout, process.stderr])
  stream.on("error", (error) => {
    if (error.code !== "EPIPE" && stream.listenerCount("error") === 1) throw error;
  });

// Loading takes a moment, and a terminal without output looks as if the program hung.
const terminal = process.stderr.isTTY && process.env.TERM !== "dumb";
if (terminal) process.stderr.write("Loading ...");
const require = createRequire(import.meta.url);
const { registerTypeScript, mapStackTraces } = require("../engine/typescript.js");
mapStackTraces(registerTypeScript(), () => require("source-map-support"));
const isOurs = existsSync(join(root, "cli", `${command}.ts`));
const { main } = require(isOurs ? `./${command}.ts` : "./pulumi.ts");
if (terminal) process.stderr.write("\r\x1b[2K");
await main(isOurs ? args : [command, ...args]);
