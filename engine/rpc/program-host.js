// Runs one program through the SDK's own cmd/run, in a process of its own. Loading the SDK takes most of a run's time,
// so the engine starts this process first, and only then reads the state and derives the key: the program itself waits
// for the message that says where the monitor is.
//
// TypeScript is transpiled here, with swc: the SDK's own way loads the TypeScript compiler, which takes longer than all
// else together. Projects of ES modules are left to the SDK.
"use strict";

const { existsSync, readFileSync } = require("node:fs");
const Module = require("node:module");
const path = require("node:path");
const { mapStackTraces, registerTypeScript } = require("../typescript");

const { createRequire } = Module;

// The program's own SDK, wherever it is installed.
const fromProgram = createRequire(path.join(process.cwd(), "package.json"));
const fromSdk = createRequire(fromProgram.resolve("@pulumi/pulumi"));

function isModuleProject() {
  const manifest = path.join(process.cwd(), "package.json");
  return existsSync(manifest) && JSON.parse(readFileSync(manifest, "utf8")).type === "module";
}

/**
 * Runs `load` with two modules that the SDK asks for at its start and uses only to serialize functions: npm's own
 * dependency solver and the TypeScript compiler, which take most of the time to load. They are loaded when first used.
 */
function withoutSerializer(load) {
  const sdk = path.dirname(fromProgram.resolve("@pulumi/pulumi/package.json"));
  const late = new Set(["@npmcli/arborist", "../../typescript-shim"]);
  const { _load } = Module;
  Module._load = function (request, parent, ...rest) {
    const ofSerializer = parent?.filename?.startsWith(path.join(sdk, "runtime", "closure"));
    if (!ofSerializer || !late.has(request)) return _load.call(this, request, parent, ...rest);
    let loaded;
    const get = (_target, name) =>
      // What a compiled `import * as` asks first; that alone is no use of the module.
      name === "__esModule" || (loaded ??= parent.require(request))[name];
    return new Proxy({}, { get });
  };
  try {
    return load();
  } finally {
    Module._load = _load;
  }
}

/** The SDK formats a stack trace for each of its promises, for a report that only PULUMI_DEBUG_PROMISE_LEAKS prints. */
function sparePromiseTraces() {
  const debuggable = fromProgram("@pulumi/pulumi/runtime/debuggable");
  const { debuggablePromise } = debuggable;
  debuggable.debuggablePromise = (promise, context) => {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    try {
      return debuggablePromise(promise, context);
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
    }
  };
}

// The SDK shows an error by util.inspect in colour. On Node 20 that takes twenty seconds, and then fails, where a frame of
// the stack lies in node_modules; and colour codes have no place in a log.
function inspectWithoutColor() {
  const util = require("node:util");
  const { inspect } = util;
  const plain = (value, options, ...rest) =>
    inspect(value, typeof options === "object" ? { ...options, colors: false } : options, ...rest);
  util.inspect = Object.assign(plain, inspect);
}

inspectWithoutColor();
if (isModuleProject()) process.env.PULUMI_NODEJS_TYPESCRIPT = "true";
else mapStackTraces(registerTypeScript(), () => fromSdk("source-map-support"));
withoutSerializer(() => {
  fromProgram("@pulumi/pulumi");
  fromProgram("@pulumi/pulumi/cmd/run/tracing");
  fromProgram("@pulumi/pulumi/runtime/closure/v8Hooks");
});
if (!process.env.PULUMI_DEBUG_PROMISE_LEAKS) sparePromiseTraces();
// Five messages a resource, one after the other, that the engine would not show.
fromProgram("@pulumi/pulumi/log").debug = () => Promise.resolve();

process.once("message", ({ args, env }) => {
  // The channel would keep the process alive after the program's end.
  process.removeListener("disconnect", leave);
  process.disconnect();
  Object.assign(process.env, env);
  process.argv = [process.argv[0], fromProgram.resolve("@pulumi/pulumi/cmd/run"), ...args];
  fromProgram("@pulumi/pulumi/cmd/run");
});

// The engine is gone, and nobody is going to ask for anything.
function leave() {
  process.exit(1);
}
process.once("disconnect", leave);
