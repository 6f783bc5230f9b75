// Runs TypeScript with swc, and keeps what it made of each file: most starts transpile nothing, and do not load swc either.
// Types are not checked here; `npm run typecheck` does that.
"use strict";

const { createHash } = require("node:crypto");
const { mkdirSync, readFileSync, renameSync, writeFileSync } = require("node:fs");
const path = require("node:path");

const OPTIONS = {
  sourceMaps: true,
  swcrc: false,
  jsc: {
    target: "es2022",
    keepClassNames: true,
    parser: { syntax: "typescript", decorators: true },
  },
  module: { type: "commonjs", ignoreDynamic: true },
};

/** Beside the packages: who can write there can change the code anyway. */
const CACHE = path.join(__dirname, "..", "node_modules", ".cache", "cluster-registry");

/** @returns the source maps by file, for stack traces: a text each, filled as files are loaded */
function registerTypeScript() {
  const maps = new Map();
  require.extensions[".ts"] = (module, filename) => {
    const { code, map } = transpiled(filename, readFileSync(filename, "utf8"));
    maps.set(filename, map);
    module._compile(code, filename);
  };
  return maps;
}

/**
 * Stack traces name the lines of the sources. What it takes is loaded with the first stack that is looked at: most runs
 * have none.
 *
 * @param {Map<string, string>} maps of registerTypeScript
 * @param load the package source-map-support
 */
function mapStackTraces(maps, load) {
  Error.prepareStackTrace = (error, frames) => {
    load().install({
      environment: "node",
      handleUncaughtExceptions: false,
      retrieveSourceMap: (source) => {
        const map = maps.get(source.replace(/^file:\/\//, ""));
        return map ? { url: source, map } : null;
      },
    });
    return Error.prepareStackTrace(error, frames);
  };
}

let compiler;

function transpiled(filename, source) {
  // What the answer depends on; the version without loading the compiler.
  compiler ??= require("@swc/core/package.json").version;
  const key = hash(JSON.stringify([compiler, OPTIONS, filename, source]));
  // One entry a file, so that old ones do not pile up.
  const entry = path.join(CACHE, `${hash(filename)}.json`);
  const kept = read(entry);
  if (kept?.key === key) return kept;
  const made = require("@swc/core").transformSync(source, { filename, ...OPTIONS });
  const { code, map } = made;
  keep(entry, JSON.stringify({ key, code, map }));
  return made;
}

function read(entry) {
  try {
    return JSON.parse(readFileSync(entry, "utf8"));
  } catch {
    return undefined; // not there, or cut short by a power cut: made again
  }
}

function keep(entry, text) {
  try {
    mkdirSync(CACHE, { recursive: true });
    const beside = `${entry}.${process.pid}`;
    writeFileSync(beside, text, { flag: "wx" });
    renameSync(beside, entry);
  } catch {
    // Packages that this user cannot write beside: each start transpiles.
  }
}

function hash(text) {
  return createHash("sha256").update(text).digest("hex");
}

module.exports = { mapStackTraces, registerTypeScript };
