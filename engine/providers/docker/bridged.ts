import { deepEquals } from "../../values/property";
import { UNKNOWN } from "../provider";
import type {
  CheckFailure,
  CheckResult,
  CreateContext,
  Diff,
  Outputs,
  Props,
  StepContext,
  Value,
} from "../provider";
import { checkSchema, isProps, notTaken } from "../schema";
import { assembleOutputs, inputFields, rawStateDelta } from "./attributes";
import type { Attributes } from "./attributes";
import { diffResource } from "./changes";
import type { Daemon } from "./daemon";

/** One resource type: its properties, and its operations at the daemon. Everything else is the same for all types. */
export interface ResourceType {
  attributes: Attributes;
  /** The old resource must be deleted before the new one is created, because a name can be used only once. */
  deleteBeforeReplace: boolean;
  /** The `__meta` of the state: the schema's version and the timeouts. */
  meta: object;
  /** Creates the resource and returns its id. If it fails half-way, it removes what it created before it throws. */
  create(daemon: Daemon, inputs: Props, ctx: StepContext): Promise<string>;
  /** The current properties, without those that only the program knows. Undefined: the resource is gone. */
  read(
    daemon: Daemon,
    id: string,
    held: Props,
    ctx: StepContext,
  ): Promise<{ id: string; properties: Props } | undefined>;
  /** Changes the properties that can be changed in place. */
  update(daemon: Daemon, id: string, old: Props, inputs: Props, ctx: StepContext): Promise<void>;
  delete(daemon: Daemon, id: string, held: Props, ctx: StepContext): Promise<void>;
}

/** A resource type that behaves as in a bridged provider. */
export class BridgedResource {
  constructor(
    private readonly type: ResourceType,
    private readonly daemon: Daemon,
  ) {}

  check(news: Props): CheckResult {
    const { attributes } = this.type;
    const { inputs, failures } = checkSchema(inputFields(attributes), news, true);
    return { inputs, failures: [...failures, ...refusals(attributes, inputs, "")] };
  }

  diff(oldInputs: Props, oldOutputs: Props, news: Props): Diff {
    const diff = diffResource(this.type.attributes, oldInputs, oldOutputs, news);
    const { deleteBeforeReplace } = this.type;
    return diff.replaces.length === 0 ? diff : { ...diff, deleteBeforeReplace };
  }

  async create(inputs: Props, ctx: CreateContext): Promise<{ id: string } & Outputs> {
    if (ctx.preview) return { id: "", outputs: this.preview(inputs) };
    const id = await this.type.create(this.daemon, inputs, ctx);
    const made = await this.type.read(this.daemon, id, inputs, ctx);
    if (made === undefined) throw new Error(`${id} was created but no longer exists`);
    return { id: made.id, outputs: this.outputs(made.id, inputs, made.properties) };
  }

  async update(id: string, old: Props, news: Props, ctx: CreateContext): Promise<Outputs> {
    if (ctx.preview) return { outputs: { ...old, ...omit(news, ["__defaults"]) } };
    await this.type.update(this.daemon, id, old, news, ctx);
    const now = await this.type.read(this.daemon, id, { ...old, ...news }, ctx);
    if (now === undefined)
      throw new Error(`${id} no longer exists: run a refresh, and the next run recreates it`);
    return { outputs: this.outputs(now.id, news, now.properties) };
  }

  async read(
    id: string,
    inputs: Props = {},
    outputs: Props = inputs,
    ctx: StepContext,
  ): Promise<({ id: string; inputs: Props } & Outputs) | undefined> {
    const now = await this.type.read(this.daemon, id, outputs, ctx);
    if (now === undefined) return undefined;
    // Leaves out the entries that are not properties of the resource itself.
    const held = omit(outputs, ["__meta", "__pulumi_raw_state_delta", "__defaults", "id"]);
    return { id: now.id, inputs, outputs: this.outputs(now.id, held, now.properties, true) };
  }

  delete(id: string, outputs: Props, ctx: StepContext): Promise<void> {
    return this.type.delete(this.daemon, id, outputs, ctx);
  }

  private outputs(id: string, inputs: Props, read: Props, refreshed = false): Props {
    const { attributes, meta } = this.type;
    const properties = assembleOutputs(attributes, inputs, read, refreshed);
    return {
      ...properties,
      id,
      __meta: JSON.stringify(meta),
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

/** The inputs that only the real provider supports, each with the names that are supported here. */
function refusals(attributes: Attributes, inputs: Props, at: string): CheckFailure[] {
  const taken = Object.entries(attributes).filter(([, { input, refused }]) => input && !refused);
  const reason = notTaken(taken.map(([name]) => name));
  const byName = Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1));
  return byName.flatMap(([name, { refused, elements, input }]) => {
    const value = inputs[name];
    if (refused && !isOff(value) && !deepEquals(value, input?.default))
      return [{ property: `${at}${name}`, reason }];
    if (elements === undefined || !Array.isArray(value)) return [];
    return value.flatMap((item, i) =>
      isProps(item) ? refusals(elements, item, `${at}${name}[${i}].`) : [],
    );
  });
}

function isOff(value: Value | undefined): boolean {
  if (value === undefined || value === null || value === false || value === "") return true;
  return Array.isArray(value) && value.length === 0;
}

function omit(props: Props, names: readonly string[]): Props {
  return Object.fromEntries(Object.entries(props).filter(([name]) => !names.includes(name)));
}
