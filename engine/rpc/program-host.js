// Runs one program through the SDK's own cmd/run, in a separate process. Loading the SDK takes most of a run's time, so
// the engine starts this process first, and then reads the state and derives the key. The program itself waits for the
// message with the monitor's address.
//
// TypeScript is transpiled here, with swc: the SDK's own way loads the TypeScript compiler, which takes longer than
// everything else together. The SDK handles projects of ES modules.
"use strict";

const { existsSync, readFileSync } = require("node:fs");
const Module = require("node:module");
const path = require("node:path");
const { installSourceMaps, registerTypeScript } = require("../typescript");
const { speedUpText } = require("./wire-text");

const { createRequire } = Module;

// The program's own SDK, wherever it is installed.
const fromProgram = createRequire(path.join(process.cwd(), "package.json"));
const fromSdk = createRequire(fromProgram.resolve("@pulumi/pulumi"));

/** With `main: src`, the program's package.json can be in a folder above. */
function isModuleProject(folder = process.cwd()) {
  const manifest = path.join(folder, "package.json");
  if (existsSync(manifest)) return JSON.parse(readFileSync(manifest, "utf8")).type === "module";
  return path.dirname(folder) !== folder && isModuleProject(path.dirname(folder));
}

/** compilerOptions of a tsconfig.json, including those that it extends. */
function compilerOptions(file) {
  const { parse } = require("jsonc-parser");
  const config = parse(readFileSync(file, "utf8"), [], { allowTrailingComma: true }) ?? {};
  const bases = [config.extends ?? []].flat().map((base) => {
    const resolve = (name) => createRequire(file).resolve(name);
    const [found] = [base, `${base}.json`].filter((name) => {
      try {
        return existsSync(resolve(name));
      } catch {
        return false;
      }
    });
    return found === undefined ? {} : compilerOptions(resolve(found));
  });
  return Object.assign({}, ...bases, config.compilerOptions);
}

/**
 * True if a class field without a value is defined, as undefined, after the resource's outputs were set. As in
 * TypeScript, the target decides: the SDK sets it to ES2020 if the project has none.
 */
function definesClassFields() {
  const file = path.resolve(process.env.PULUMI_NODEJS_TSCONFIG_PATH ?? "tsconfig.json");
  const { useDefineForClassFields, target = "ES2020" } = existsSync(file)
    ? compilerOptions(file)
    : {};
  return useDefineForClassFields ?? /^(es20(2[2-9]|[3-9]\d)|esnext)$/i.test(target);
}

/**
 * What the SDK loads at its start, and few programs use, by the file or folder that asks for it: npm's dependency solver and
 * the TypeScript compiler only serialize functions, the Automation API runs other programs, and the rest sends traces to a
 * collector. Together they take most of the loading time.
 */
const LATE = {
  "runtime/closure": [
    "@npmcli/arborist",
    "../../typescript-shim",
    "normalize-package-data",
    "fdir",
  ],
  "index.js": ["./automation"],
  "cmd/run/tracing.js": [
    "@opentelemetry/resources",
    "@opentelemetry/sdk-trace-base",
    "@opentelemetry/exporter-zipkin",
    "@opentelemetry/instrumentation-grpc",
    "@opentelemetry/sdk-trace-node",
    "@opentelemetry/instrumentation",
  ],
};

/** A module that is loaded when something of it is used. */
function lateModule(load) {
  let loaded;
  const get = () => (loaded ??= load());
  return new Proxy(
    {},
    {
      get(_target, name) {
        // A compiled `import` reads this first, which does not count as a use of the module.
        if (name === "__esModule") return true;
        return name === "default" && !get().__esModule ? get() : get()[name];
      },
      has: (_target, name) => name in get(),
      ownKeys: () => Reflect.ownKeys(get()),
      getOwnPropertyDescriptor(_target, name) {
        const found = Reflect.getOwnPropertyDescriptor(get(), name);
        return found && { ...found, configurable: true };
      },
    },
  );
}

/** Runs `load` with stubs for the modules of LATE. */
function withoutLateModules(load) {
  const sdk = path.dirname(fromProgram.resolve("@pulumi/pulumi/package.json"));
  const late = (request, asker = "") =>
    Object.entries(LATE).some(([place, requests]) => {
      const from = path.join(sdk, place);
      return (asker === from || path.dirname(asker) === from) && requests.includes(request);
    });
  const { _load } = Module;
  Module._load = function (request, parent, ...rest) {
    if (!late(request, parent?.filename)) return _load.call(this, request, parent, ...rest);
    return lateModule(() => parent.require(request));
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

// The SDK shows an error by util.inspect in colour. On Node 20 that takes twenty seconds, and then fails, if a frame of
// the stack is in node_modules. Colour codes also do not belong in a log.
function inspectWithoutColor() {
  const util = require("node:util");
  const { inspect } = util;
  const plain = (value, options, ...rest) =>
    inspect(value, typeof options === "object" ? { ...options, colors: false } : options, ...rest);
  util.inspect = Object.assign(plain, inspect);
}

inspectWithoutColor();
if (isModuleProject()) process.env.PULUMI_NODEJS_TYPESCRIPT = "true";
// Must run now: the SDK installs its own hook, which would hide a later one, and reads the resources' positions from
// stacks.
else installSourceMaps(registerTypeScript(definesClassFields()), fromSdk("source-map-support"));
withoutLateModules(() => {
  fromProgram("@pulumi/pulumi");
  fromProgram("@pulumi/pulumi/cmd/run/tracing");
});
speedUpText(fromSdk("google-protobuf"));
// The SDK connects the process to its own debugger, which slows everything down. Only the serializer needs that, and
// connects when it is used.
fromProgram("@pulumi/pulumi/runtime/closure/v8Hooks").isInitializedAsync = () => Promise.resolve();
if (!process.env.PULUMI_DEBUG_PROMISE_LEAKS) sparePromiseTraces();
// Skips five messages for each resource, one after the other, that the engine would not show.
fromProgram("@pulumi/pulumi/log").debug = () => Promise.resolve();

/**
 * Lets the program run commands over the engine's SSH connections, so that each host has one for both: see ssh/borrow.ts.
 * The program finds this by the symbol, and works without it.
 */
function offerConnections() {
  const { channel } = process;
  globalThis[Symbol.for("cluster-registry.ssh.1")] = {
    send: (message) => process.send(message, () => undefined),
    listen: (listener) => {
      process.on("message", listener);
      channel.unref();
    },
    hold: (isAwaited) => (isAwaited ? channel.ref() : channel.unref()),
  };
}

process.once("message", ({ args, env, lends }) => {
  if (lends) {
    offerConnections();
    // Else the channel would keep the process alive after the program's end.
    process.channel.unref();
  } else {
    process.removeListener("disconnect", leave);
    process.disconnect();
  }
  Object.assign(process.env, env);
  process.argv = [process.argv[0], fromProgram.resolve("@pulumi/pulumi/cmd/run"), ...args];
  fromProgram("@pulumi/pulumi/cmd/run");
});

// The engine is gone, and no request will come.
function leave() {
  process.exit(1);
}
process.once("disconnect", leave);
