/** Pulumi.yaml: the project, its program and the types of its configuration. */
import * as fs from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";

interface ConfigType {
  type?: string;
  items?: ConfigType;
  secret?: boolean;
  default?: unknown;
  value?: unknown;
}

export interface Project {
  name: string;
  /** The folder that contains Pulumi.yaml. */
  folder: string;
  /** The program, as `main` names it: relative paths start in `folder`, and `entry` is `.` or a file in it. */
  program: { folder: string; entry: string };
  /** Each full key (`project:name`) with its declared type. */
  config: Map<string, ConfigType>;
  /** `options.refresh: always`. */
  refreshAlways: boolean;
  /** `stackConfigDir`: the folder of the Pulumi.STACK.yaml files. */
  configFolder: string;
  /** `backend.url` */
  backendUrl?: string;
}

/**
 * Finds Pulumi.yaml in `folder` or a folder above. Throws if there is none, or if it names something that does not
 * exist.
 */
export function loadProject(folder: string): Project {
  const file = findUp(path.resolve(folder));
  if (!file)
    throw new Error(`no Pulumi.yaml project file found in ${path.resolve(folder)} or above`);
  const yaml = (parse(fs.readFileSync(file, "utf8")) ?? {}) as Record<string, unknown>;
  const { name, runtime } = yaml;
  if (typeof name !== "string" || name === "")
    throw new Error(`${file} is missing a 'name' attribute`);
  const runtimeName =
    typeof runtime === "string" ? runtime : (runtime as { name?: string } | undefined)?.name;
  if (runtimeName !== "nodejs") {
    throw new Error(
      `${file} has the runtime ${JSON.stringify(runtimeName)}; the embedded engine runs nodejs programs only`,
    );
  }
  for (const unsupported of ["plugins", "packages", "template_plugins"]) {
    if (yaml[unsupported])
      throw new Error(`${file}: ${unsupported} is not supported by the embedded engine`);
  }
  const root = path.dirname(file);
  const declared = (yaml["config"] ?? {}) as Record<string, unknown>;
  const config = new Map<string, ConfigType>();
  for (const [key, value] of Object.entries(declared)) {
    const full = key.includes(":") ? key : `${name}:${key}`;
    config.set(full, isTyped(value) ? value : { [key.includes(":") ? "value" : "default"]: value });
  }
  const options = (yaml["options"] ?? {}) as { refresh?: string };
  const backend = (yaml["backend"] as { url?: string } | undefined)?.url;
  return {
    name,
    folder: root,
    program: programAt(path.resolve(root, typeof yaml["main"] === "string" ? yaml["main"] : ".")),
    config,
    refreshAlways: options.refresh === "always",
    configFolder: path.resolve(
      root,
      typeof yaml["stackConfigDir"] === "string" ? yaml["stackConfigDir"] : ".",
    ),
    ...(backend === undefined ? {} : { backendUrl: backend }),
  };
}

/**
 * The folder itself if there is no `main`, or if `main` does not exist: the SDK reports that when it runs the program.
 */
function programAt(main: string): Project["program"] {
  const isFile = fs.statSync(main, { throwIfNoEntry: false })?.isFile() === true;
  return isFile
    ? { folder: path.dirname(main), entry: path.basename(main) }
    : { folder: main, entry: "." };
}

function isTyped(value: unknown): value is ConfigType {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    ["type", "default", "value", "secret", "description"].some((key) => key in value)
  );
}

function findUp(folder: string): string | undefined {
  for (const name of ["Pulumi.yaml", "Pulumi.yml"]) {
    const file = path.join(folder, name);
    if (fs.existsSync(file)) return file;
  }
  const parent = path.dirname(folder);
  return parent === folder ? undefined : findUp(parent);
}

/** Checks values against their declared types, and fills in declared defaults. Throws as the CLI does. */
export function applyConfigTypes(
  project: Project,
  stack: string,
  values: Map<string, ConfigValue>,
): void {
  const missing: string[] = [];
  const short = (key: string): string =>
    key.startsWith(`${project.name}:`) ? key.slice(project.name.length + 1) : key;
  for (const [key, declared] of [...project.config].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const value = values.get(key);
    if (value) checkType(stack, short(key), declared, value);
    else if (fallbackOf(declared) === null && key.startsWith(`${project.name}:`))
      missing.push(short(key));
  }
  if (missing.length > 0) throw new Error(missingText(stack, missing));
  fillDefaults(project, values);
}

/** Adds the defaults of Pulumi.yaml for keys that the stack does not set. */
export function fillDefaults(project: Project, values: Map<string, ConfigValue>): void {
  for (const [key, declared] of project.config) {
    const fallback = fallbackOf(declared);
    if (!values.has(key) && fallback !== null) values.set(key, plainValue(fallback));
  }
}

const fallbackOf = (declared: ConfigType): unknown => declared.default ?? declared.value ?? null;

/** One setting as the program gets it: a string as it is, anything else as JSON. */
export interface ConfigValue {
  text: string;
  secret: boolean;
  /** True: `text` is the JSON of an object or a list. */
  object: boolean;
  /** The secret strings in it. */
  secrets: string[];
}

export function plainValue(value: unknown): ConfigValue {
  const object = typeof value === "object" && value !== null;
  return {
    text: typeof value === "string" ? value : JSON.stringify(value),
    secret: false,
    object,
    secrets: [],
  };
}

function checkType(stack: string, key: string, declared: ConfigType, value: ConfigValue): void {
  const problem = (text: string): Error =>
    new Error(`Stack '${stack}' with configuration key '${key}' must be ${text}`);
  if (declared.secret && !value.secret) throw problem("encrypted as it's secret");
  if (declared.type === undefined) return;
  const content: unknown = value.object ? JSON.parse(value.text) : value.text;
  if (!fits(declared, content)) throw problem(`of type '${typeName(declared)}'`);
}

function fits(declared: ConfigType, value: unknown): boolean {
  switch (declared.type) {
    case "string":
      return typeof value === "string";
    case "integer":
      return typeof value === "number" ? Number.isInteger(value) : /^[+-]?\d+$/.test(String(value));
    case "boolean":
      return typeof value === "boolean" || value === "true" || value === "false";
    case "array":
      return Array.isArray(value) && value.every((item) => fits(declared.items ?? {}, item));
    case "object":
      return typeof value === "object" && value !== null && !Array.isArray(value);
    default:
      return true;
  }
}

function typeName(declared: ConfigType): string {
  return declared.type === "array"
    ? `array<${typeName(declared.items ?? {})}>`
    : (declared.type ?? "any");
}

function missingText(stack: string, keys: string[]): string {
  const quoted = keys.map((key) => `'${key}'`);
  const last = quoted.pop() ?? "";
  const names = quoted.length === 0 ? last : `${quoted.join(", ")} and ${last}`;
  return `Stack '${stack}' is missing configuration ${keys.length > 1 ? "values" : "value"} ${names}`;
}
