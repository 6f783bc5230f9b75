/**
 * The providers of one operation: finds them by name, configures them, and closes them at the end. Manages provider
 * resources itself.
 */
import * as crypto from "node:crypto";
import type { ConnectionPool } from "../../ssh/pool";
import type { Diff, ProviderInstance, ProviderPlugin } from "../providers/provider";
import { isProviderType, parseReference, type ResourceState } from "../state/resource";
import {
  UNKNOWN_TEXT,
  deepEquals,
  hasUnknown,
  markLike,
  unwrapMap,
  type PropertyMap,
} from "../values/property";
import { PluginManager, unconfigured, type Checked, type Manager } from "./manager";
import { urnType } from "./urn";

interface Running {
  plugin: ProviderPlugin;
  instance?: ProviderInstance;
  manager: Manager;
}

export class ProviderHost implements Manager {
  private readonly running = new Map<string, Promise<Running>>();
  /** Providers that a later configuration has replaced. They are closed with the others. */
  private readonly former: Promise<Running>[] = [];

  constructor(
    private readonly plugins: readonly ProviderPlugin[],
    private readonly folder: string,
    /** For SSH. @default each provider has its own */
    private readonly connections?: ConnectionPool,
  ) {}

  /** The manager of a resource. Throws, by name, if the provider or its type does not exist. */
  async managerOf(type: string, reference: string | undefined): Promise<Manager> {
    if (isProviderType(type)) return this;
    if (!reference) throw new Error(`resource type ${type} names no provider`);
    const running = await this.running.get(reference);
    if (!running) throw new Error(`unknown provider '${reference}' for a resource of type ${type}`);
    if (!running.plugin.types.includes(type)) {
      const { name, types } = running.plugin;
      throw new Error(
        `the embedded engine's ${name} provider has no resource type ${type} (it has ${types.join(", ") || "none"}); ` +
          "use --engine pulumi for this program",
      );
    }
    return running.manager;
  }

  /** A function of a provider. Throws, by name, if it does not exist. */
  async invoke(reference: string, token: string): Promise<NonNullable<ProviderInstance["invoke"]>> {
    const instance = (await this.running.get(reference))?.instance;
    if (!instance?.invoke) {
      throw new Error(
        `the function ${token} is not supported by the embedded engine; use --engine pulumi for this program`,
      );
    }
    return instance.invoke.bind(instance);
  }

  /** Starts the provider that a resource of the state names, once for all callers. Resolves when it runs. */
  async ensure(reference: string | undefined, resources: readonly ResourceState[]): Promise<void> {
    if (!reference) return;
    const running = this.running.get(reference);
    if (running) return void (await running);
    const { urn, id } = parseReference(reference);
    const state = resources.find((r) => r.urn === urn && r.id === id);
    if (!state) throw new Error(`provider ${reference} is not in the state`);
    await this.start(state);
  }

  /** Configures the provider that `state` describes, and replaces one of the same name. */
  async start(state: ResourceState): Promise<void> {
    const reference = `${state.urn}::${state.id ?? ""}`;
    const before = this.running.get(reference);
    if (before) this.former.push(before);
    const running = this.configure(state);
    this.running.set(reference, running);
    await running;
  }

  async close(): Promise<void> {
    const all = await Promise.allSettled([...this.former, ...this.running.values()]);
    const instances = all.flatMap((r) =>
      r.status === "fulfilled" && r.value.instance ? [r.value.instance] : [],
    );
    await Promise.allSettled(instances.map((instance) => instance.close()));
  }

  private async configure(state: ResourceState): Promise<Running> {
    const plugin = this.find(state.type, state.inputs);
    const inputs = publicInputs(state.inputs);
    if (hasUnknown(inputs)) return { plugin, manager: unconfigured };
    const instance = await plugin.configure(unwrapMap(inputs), this.folder, this.connections);
    return { plugin, instance, manager: new PluginManager(instance) };
  }

  private find(type: string, inputs: PropertyMap): ProviderPlugin {
    const name = type.split(":")[2] ?? "";
    const plugin = this.plugins.find((p) => p.name === name);
    if (!plugin) {
      const names = this.plugins.map((p) => p.name).join(", ");
      throw new Error(
        `the embedded engine has no provider '${name}' (it has ${names}); use --engine pulumi for this program`,
      );
    }
    for (const key of ["pluginDownloadURL", "name", "parameterization", "envVarMappings"]) {
      const internal = inputs["__internal"] as PropertyMap | undefined;
      if (internal?.[key] !== undefined)
        throw new Error(`provider option ${key} is not supported by the embedded engine`);
    }
    const version = inputs["version"];
    if (typeof version === "string" && major(version) !== major(plugin.version)) {
      throw new Error(
        `the embedded engine's ${name} provider is compatible with version ${plugin.version}, not with ${version}; ` +
          "use --engine pulumi for this program",
      );
    }
    return plugin;
  }

  async check(
    state: ResourceState,
    _olds: PropertyMap | undefined,
    news: PropertyMap,
  ): Promise<Checked> {
    const { inputs, failures } = await this.find(state.type, news).checkConfig(
      unwrapMap(publicInputs(news)),
    );
    const checked = markLike(inputs, news);
    if (news["version"] !== undefined) checked["version"] ??= news["version"];
    if (news["__internal"] !== undefined) checked["__internal"] = news["__internal"];
    return { inputs: checked, failures };
  }

  diff(old: ResourceState, news: PropertyMap): Promise<Diff> {
    return this.diffConfig(old.inputs, old.type, news);
  }

  diffConfig(oldInputs: PropertyMap, type: string, news: PropertyMap): Promise<Diff> {
    const olds = publicInputs(oldInputs);
    const wanted = publicInputs(news);
    if (deepEquals(olds, wanted)) return Promise.resolve({ changes: "none", replaces: [] });
    return this.find(type, news).diffConfig(unwrapMap(olds), unwrapMap(wanted));
  }

  async create(state: ResourceState, ctx: { preview: boolean }): Promise<void> {
    state.id = ctx.preview ? UNKNOWN_TEXT : crypto.randomUUID();
    await this.start(state);
    state.outputs = publicInputs(state.inputs);
  }

  async update(old: ResourceState, state: ResourceState): Promise<void> {
    if (old.id !== undefined) state.id = old.id;
    await this.start(state);
    state.outputs = publicInputs(state.inputs);
  }

  read(state: ResourceState): Promise<ResourceState> {
    return Promise.resolve(state);
  }

  delete(): Promise<void> {
    return Promise.resolve();
  }
}

function publicInputs(inputs: PropertyMap): PropertyMap {
  return Object.fromEntries(Object.entries(inputs).filter(([key]) => key !== "__internal"));
}

const major = (version: string): string => version.replace(/^v/, "").split(".")[0] ?? "";

/** The package of a resource type or a function. */
export function packageOf(token: string): string {
  return isProviderType(token) ? (token.split(":")[2] ?? "") : (token.split(":")[0] ?? "");
}

export const providerPackage = (urn: string): string => packageOf(urnType(urn));
