import { randomBytes } from "node:crypto";
import { UNKNOWN } from "../provider";
import type {
  CheckResult,
  CreateContext,
  Diff,
  Outputs,
  Props,
  StepContext,
  Value,
} from "../provider";
import { checkSchema } from "../schema";
import { assembleOutputs, inputFields, rawStateDelta } from "./attributes";
import type { Attributes } from "./attributes";
import { diffResource } from "./changes";
import type { Daemon } from "./daemon";

/** One resource type: its properties, and what is done at the daemon. All else is the same for all. */
export interface ResourceType {
  attributes: Attributes;
  /** A name is made up where the program gives none. */
  namesItself: boolean;
  /** The old one must go before the new one can come, whatever its name. */
  deleteBeforeReplace: boolean;
  /** The `__meta` of the state: the version of the schema, and its timeouts. */
  meta: string;
  /** Properties that the real provider would take and this one does not, each with its reason. */
  refusals?(inputs: Props): { property: string; reason: string }[];
  /** Makes it, and answers its id. What was half made is taken away again before the error is thrown. */
  create(daemon: Daemon, inputs: Props, ctx: StepContext): Promise<string>;
  /** The properties as they are now, without those that only the program knows. Undefined: it is gone. */
  read(
    daemon: Daemon,
    id: string,
    held: Props,
    ctx: StepContext,
  ): Promise<{ id: string; properties: Props } | undefined>;
  /** Changes what can be changed in place. */
  update(daemon: Daemon, id: string, old: Props, inputs: Props, ctx: StepContext): Promise<void>;
  delete(daemon: Daemon, id: string, held: Props, ctx: StepContext): Promise<void>;
}

/** A resource type with the habits of a bridged provider. */
export class BridgedResource {
  constructor(
    private readonly type: ResourceType,
    private readonly daemon: () => Daemon,
  ) {}

  check(urn: string, olds: Props | undefined, news: Props): CheckResult {
    const { attributes, namesItself } = this.type;
    const { inputs, failures } = checkSchema(inputFields(attributes), news, true);
    for (const [property, { refused }] of Object.entries(attributes)) {
      if (refused === undefined || isOff(inputs[property])) continue;
      failures.push({ property, reason: refused });
    }
    failures.push(...(this.type.refusals?.(inputs) ?? []));
    if (namesItself && inputs["name"] === undefined) {
      inputs["name"] = (wasMadeUp(olds) ? olds?.["name"] : undefined) ?? madeUpName(urn);
      inputs["__defaults"] = [...(inputs["__defaults"] as string[]), "name"].sort();
    }
    return { inputs, failures };
  }

  diff(oldInputs: Props, oldOutputs: Props, news: Props): Diff {
    const diff = diffResource(this.type.attributes, oldInputs, oldOutputs, news);
    if (diff.replaces.length === 0) return diff;
    // A name that the program chose can be had only once.
    const named = this.type.namesItself && !wasMadeUp(news);
    return { ...diff, deleteBeforeReplace: this.type.deleteBeforeReplace || named };
  }

  async create(inputs: Props, ctx: CreateContext): Promise<{ id: string } & Outputs> {
    if (ctx.preview) return { id: "", outputs: this.preview(inputs) };
    const id = await this.type.create(this.daemon(), inputs, ctx);
    const made = await this.type.read(this.daemon(), id, inputs, ctx);
    if (made === undefined) throw new Error(`${id} was created but no longer exists`);
    return { id: made.id, outputs: this.outputs(made.id, inputs, made.properties) };
  }

  async update(id: string, old: Props, news: Props, ctx: CreateContext): Promise<Outputs> {
    if (ctx.preview) return { outputs: { ...old, ...withoutDefaults(news) } };
    await this.type.update(this.daemon(), id, old, news, ctx);
    const now = await this.type.read(this.daemon(), id, { ...old, ...news }, ctx);
    if (now === undefined)
      throw new Error(`${id} no longer exists: run a refresh, and the next run recreates it`);
    return { outputs: this.outputs(now.id, news, now.properties) };
  }

  async read(
    id: string,
    inputs: Props | undefined,
    outputs: Props | undefined,
    ctx: StepContext,
  ): Promise<({ id: string; inputs: Props } & Outputs) | undefined> {
    const held = { ...outputs, ...(outputs === undefined ? inputs : {}) };
    const now = await this.type.read(this.daemon(), id, held, ctx);
    if (now === undefined) return undefined;
    return {
      id: now.id,
      inputs: inputs ?? {},
      outputs: this.outputs(now.id, withoutReserved(held), now.properties, true),
    };
  }

  delete(id: string, outputs: Props, ctx: StepContext): Promise<void> {
    return this.type.delete(this.daemon(), id, outputs, ctx);
  }

  private outputs(id: string, inputs: Props, read: Props, refreshed = false): Props {
    const { attributes, meta } = this.type;
    const properties = assembleOutputs(attributes, inputs, read, refreshed);
    return {
      ...properties,
      id,
      __meta: meta,
      __pulumi_raw_state_delta: rawStateDelta(attributes, properties, refreshed),
    };
  }

  private preview(inputs: Props): Props {
    const { attributes } = this.type;
    const known = assembleOutputs(attributes, inputs, {});
    for (const [name, { computed }] of Object.entries(attributes)) {
      if (computed === true && (inputs[name] ?? undefined) === undefined) known[name] = UNKNOWN;
    }
    return known;
  }
}

function madeUpName(urn: string): string {
  const name = urn.slice(urn.lastIndexOf("::") + 2);
  return `${name}-${randomBytes(4).toString("hex").slice(0, 7)}`;
}

function wasMadeUp(inputs: Props | undefined): boolean {
  const defaults = inputs?.["__defaults"];
  return Array.isArray(defaults) && defaults.includes("name");
}

function isOff(value: Value | undefined): boolean {
  if (value === undefined || value === null || value === false || value === "") return true;
  return Array.isArray(value) && value.length === 0;
}

function withoutDefaults(inputs: Props): Props {
  return omit(inputs, ["__defaults"]);
}

/** Outputs without what is no property of the thing itself. */
function withoutReserved(outputs: Props): Props {
  return omit(outputs, ["__meta", "__pulumi_raw_state_delta", "__defaults", "id"]);
}

function omit(props: Props, names: readonly string[]): Props {
  return Object.fromEntries(Object.entries(props).filter(([name]) => !names.includes(name)));
}
