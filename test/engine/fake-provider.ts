import type {
  Props,
  ProviderInstance,
  ProviderPlugin,
  Value,
} from "../../engine/providers/provider";
import { PartialFailure, UNKNOWN } from "../../engine/providers/provider";

/** The resources in the fake world, and a log of every operation. */
export class FakeWorld {
  readonly things = new Map<string, Props>();
  readonly log: string[] = [];
  /** `create NAME`, `delete NAME`...: operations that fail, each with its error. */
  readonly failing = new Map<string, Error>();
  /** Operations that succeed only in part. */
  readonly half = new Set<string>();
  /** The number of configure and close calls. */
  configured = 0;
  closed = 0;
  /** The arguments of each read. */
  readonly reads: { id: string; inputs: Props | undefined; outputs: Props | undefined }[] = [];
  /** Why things are not ready, which a read tells, by name. */
  readonly unready = new Map<string, string>();
  /** Outputs that only a read returns. */
  told: Props = {};
  /** Called during every real operation, before it takes effect. */
  during: (operation: string, signal?: AbortSignal) => Promise<void> | void = () => undefined;
  /** Called after every real operation that succeeded. */
  after: () => Promise<void> | void = () => undefined;
  private next = 1;

  async act(
    operation: string,
    name: string,
    effect: () => void,
    signal?: AbortSignal,
  ): Promise<void> {
    await this.during(`${operation} ${name}`, signal);
    const failure = this.failing.get(`${operation} ${name}`);
    if (failure) {
      this.log.push(`${operation} ${name} failed`);
      throw failure;
    }
    effect();
    this.log.push(`${operation} ${name}`);
    await this.after();
  }

  /** Throws if the thing is to be created or changed only in part. */
  refuseHalf(operation: string, name: string, id: string, outputs: Props): void {
    if (this.half.has(`${operation} ${name}`)) throw new PartialFailure(id, outputs, ["half done"]);
  }

  newId(name: string): string {
    return `${name}-${this.next++}`;
  }

  /** The operations since the last call. */
  takeLog(): string[] {
    return this.log.splice(0);
  }
}

/**
 * `fake:index:Thing`: inputs `name`, `value`, and `fixed`, a change of which replaces it; `first: true` makes that
 * replacement delete first. Outputs: the inputs, and `echo`, the value again.
 */
export function fakePlugin(world: FakeWorld): ProviderPlugin {
  const name = (inputs: Props): string => text(inputs["name"]);
  const outputsOf = (inputs: Props): Props => ({ ...inputs, echo: inputs["value"] ?? null });
  const instance: ProviderInstance = {
    check: (_type, _urn, _olds, news) =>
      Promise.resolve({
        inputs: { kind: "default", ...news },
        failures: news["value"] === "bad" ? [{ property: "value", reason: "is bad" }] : [],
      }),
    diff: (_type, _urn, _id, olds, _outputs, news) => {
      const changed = (key: string): boolean =>
        JSON.stringify(plain(olds[key])) !== JSON.stringify(plain(news[key]));
      const keys = [...new Set([...Object.keys(olds), ...Object.keys(news)])].filter(changed);
      return Promise.resolve({
        changes: keys.length > 0 ? "some" : "none",
        replaces: keys.filter((key) => key === "fixed"),
        deleteBeforeReplace: news["first"] === true,
      });
    },
    async create(_type, inputs, ctx) {
      if (ctx.preview) return { id: "", outputs: { ...inputs, echo: UNKNOWN } };
      const id = world.newId(name(inputs));
      await world.act("create", name(inputs), () => world.things.set(id, inputs), ctx.signal);
      world.refuseHalf("create", name(inputs), id, outputsOf(inputs));
      return { id, outputs: outputsOf(inputs) };
    },
    async update(_type, id, _oldInputs, _oldOutputs, news, ctx) {
      if (ctx.preview) return { outputs: { ...news, echo: UNKNOWN } };
      await world.act("update", name(news), () => world.things.set(id, news), ctx.signal);
      world.refuseHalf("update", name(news), id, outputsOf(news));
      return { outputs: outputsOf(news) };
    },
    async read(_type, id, inputs, outputs, ctx) {
      world.reads.push({ id, inputs, outputs });
      await world.during(`read ${ctx.urn}`);
      const found = world.things.get(id);
      return (
        found && {
          id,
          inputs: inputs && Object.keys(inputs).length > 0 ? { ...inputs, ...found } : found,
          outputs: { ...outputsOf(found), ...world.told },
          initErrors: [world.unready.get(name(found)) ?? []].flat(),
        }
      );
    },
    async delete(_type, id, inputs, _outputs, ctx) {
      await world.act("delete", name(inputs), () => world.things.delete(id), ctx.signal);
    },
    invoke: (token, args) =>
      token === "fake:index:double"
        ? Promise.resolve({ result: { twice: text(args["of"]).repeat(2) }, failures: [] })
        : Promise.reject(new Error(`no function ${token}`)),
    close() {
      world.closed += 1;
      return Promise.resolve();
    },
  };
  return {
    name: "fake",
    version: "1.0.0",
    types: ["fake:index:Thing"],
    checkConfig: (inputs) => Promise.resolve({ inputs, failures: [] }),
    diffConfig: (olds, news) =>
      Promise.resolve({
        changes: "some",
        replaces: olds["region"] === news["region"] ? [] : ["region"],
      }),
    async configure() {
      world.configured += 1;
      await Promise.resolve();
      return instance;
    },
  };
}

const text = (value: Value | undefined): string => (typeof value === "string" ? value : "");
const plain = (value: Value | undefined): unknown => (value === UNKNOWN ? "?" : value);
