// Runs TypeScript with swc, and caches the result for each file: most starts transpile nothing, and do not even load
// swc. Types are not checked here; `npm run typecheck` does that.
"use strict";

const { createHash } = require("node:crypto");
const { mkdirSync, readFileSync, renameSync, writeFileSync } = require("node:fs");
const Module = require("node:module");
const path = require("node:path");

const options = (useDefineForClassFields) => ({
  sourceMaps: true,
  swcrc: false,
  jsc: {
    target: "es2022",
    keepClassNames: true,
    parser: { syntax: "typescript", decorators: true },
    transform: { useDefineForClassFields },
  },
  module: { type: "commonjs", ignoreDynamic: true },
});

/** The cache is in node_modules: anyone who can write there can change the code anyway. */
const CACHE = path.join(__dirname, "..", "node_modules", ".cache", "cluster-registry");

// Node.js 22 caches compiled code, including that of packages.
Module.enableCompileCache?.(CACHE);

/**
 * @param useDefineForClassFields the compiler option of that name
 * @returns the source maps by file, for stack traces; the entries are added as files are loaded
 */
function registerTypeScript(useDefineForClassFields = true) {
  const maps = new Map();
  const settings = options(useDefineForClassFields);
  require.extensions[".ts"] = (module, filename) => {
    const { code, map } = transpiled(filename, readFileSync(filename, "utf8"), settings);
    maps.set(filename, map);
    module._compile(code, filename);
  };
  return maps;
}

/**
 * Maps stack traces to lines of the sources.
 *
 * @param {Map<string, string>} maps from registerTypeScript
 * @param support the package source-map-support
 */
function installSourceMaps(maps, support) {
  support.install({
    environment: "node",
    handleUncaughtExceptions: false,
    retrieveSourceMap: (source) => {
      const map = maps.get(source.replace(/^file:\/\//, ""));
      return map ? { url: source, map } : null;
    },
  });
}

/** The same, but loads the package when the first stack trace is read: most runs have none. */
function mapStackTraces(maps, load) {
  Error.prepareStackTrace = (error, frames) => {
    installSourceMaps(maps, load());
    return Error.prepareStackTrace(error, frames);
  };
}

let compiler;

function transpiled(filename, source, settings) {
  // The inputs of the result. Reads the version without loading the compiler.
  compiler ??= require("@swc/core/package.json").version;
  const key = hash(JSON.stringify([compiler, settings, filename, source]));
  // One entry for each file, so that old ones do not pile up.
  const entry = path.join(CACHE, `${hash(filename)}.json`);
  const kept = read(entry);
  if (kept?.key === key) return kept;
  const made = require("@swc/core").transformSync(source, { filename, ...settings });
  const { code, map } = made;
  keep(entry, JSON.stringify({ key, code, map }));
  return made;
}

function read(entry) {
  try {
    return JSON.parse(readFileSync(entry, "utf8"));
  } catch {
    return undefined; // The entry does not exist, or a power failure cut it short: transpile again.
  }
}

function keep(entry, text) {
  try {
    mkdirSync(CACHE, { recursive: true });
    const beside = `${entry}.${process.pid}`;
    writeFileSync(beside, text, { flag: "wx" });
    renameSync(beside, entry);
  } catch {
    // This user cannot write to node_modules: each start transpiles.
  }
}

function hash(text) {
  return createHash("sha256").update(text).digest("hex");
}

module.exports = { installSourceMaps, mapStackTraces, registerTypeScript };
