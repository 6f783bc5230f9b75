import type { ResourceState, Snapshot } from "../../engine/state/resource";
import { Journal } from "../../engine/state/journal";
import { integrityError } from "../../engine/state/integrity";
import { Deployment } from "../../engine/steps/deployment";
import { Progress, type Registered } from "../../engine/steps/progress";
import type { EngineEvent, Op } from "../../engine/steps/events";
import { emptyGoal, type Goal } from "../../engine/steps/goal";
import { Halted, StepFailed } from "../../engine/steps/halt";
import { ProviderHost } from "../../engine/steps/provider-host";
import { refresh } from "../../engine/steps/refresh";
import { Runner } from "../../engine/steps/runner";
import { Targets } from "../../engine/steps/targets";
import type { PropertyMap } from "../../engine/values/property";
import { FakeWorld, fakePlugin } from "./fake-provider";

export interface Thing extends Partial<Omit<Goal, "inputs" | "dependencies">> {
  name: string;
  inputs?: PropertyMap;
  /** Names of things whose `echo` becomes its `value`. */
  from?: string;
  /** Names of the things that it depends on. */
  after?: string[];
  /** The name of its component. */
  in?: string;
  deletedWithThing?: string;
  /** It is only read, by this id. */
  read?: string;
}

export interface Outcome {
  /** `create a`, `same b`... for every finished step, without components and providers. */
  steps: string[];
  messages: string[];
  failed: boolean;
  changes: Partial<Record<Op, number>>;
}

/** A stack without files and processes: programs are lists of things. */
export class Simulation {
  readonly world = new FakeWorld();
  snapshot: Snapshot = { resources: [], pending: [], extra: {} };
  /** Every state that was written, with the world at that time. */
  readonly written: Snapshot[] = [];

  get names(): string[] {
    return this.snapshot.resources
      .filter((r) => r.type === "fake:index:Thing")
      .map((r) => r.urn.split("::").at(-1) ?? "");
  }

  state(name: string): ResourceState {
    const found = this.snapshot.resources.find((r) => r.urn.endsWith(`::${name}`));
    if (!found) throw new Error(`${name} is not in the state`);
    return found;
  }

  async up(things: Thing[], options: Partial<Options> = {}): Promise<Outcome> {
    return this.run(things, options);
  }

  async destroy(options: Partial<Options> = {}): Promise<Outcome> {
    return this.run(undefined, options);
  }

  private async run(things: Thing[] | undefined, given: Partial<Options>): Promise<Outcome> {
    const options: Options = {
      preview: false,
      continueOnError: false,
      parallel: 4,
      targets: [],
      targetDependents: false,
      excludes: [],
      excludeDependents: false,
      refresh: false,
      ...given,
    };
    const outcome: Outcome = { steps: [], messages: [], failed: false, changes: {} };
    const sink = (event: EngineEvent): void => record(outcome, event);
    const before = structuredSnapshot(this.snapshot);
    const journal = new Journal(before, options.preview ? undefined : (s) => this.write(s));
    const cancel = options.cancel ?? new AbortController().signal;
    const terminate = new AbortController().signal;
    const { preview, parallel, continueOnError } = options;
    const runner = new Runner(
      { preview, parallel, continueOnError, cancel, terminate },
      journal,
      sink,
    );
    const host = new ProviderHost([fakePlugin(this.world)], "/");
    const targets = new Targets(
      options.targets,
      options.targetDependents,
      options.excludes,
      options.excludeDependents,
    );
    try {
      let base: readonly ResourceState[] = before.resources;
      const unread = new Set<string>();
      if (options.refresh)
        base = await refresh(
          base,
          { host, runner, journal, sink, targets },
          things === undefined,
          unread,
        );
      const progress = new Progress(
        base,
        {
          project: "p",
          stack: "s",
          preview,
          targets,
          packageConfig: () => ({}),
          forget: () => undefined,
          unread,
        },
        host,
        runner,
        journal,
        sink,
      );
      const deployment = new Deployment(progress);
      if (!(options.refresh && things === undefined)) {
        if (things) await this.program(deployment, things);
        if (!runner.halted) await deployment.finish();
      }
    } catch (error) {
      if (!(error instanceof Halted) && !(error instanceof StepFailed))
        runner.fail(error instanceof Error ? error.message : String(error));
    }
    await runner.idle();
    await journal.flush();
    outcome.failed = runner.failed;
    return outcome;
  }

  /** As in the SDK, a registration starts when its dependencies exist. */
  private async program(deployment: Deployment, things: Thing[]): Promise<void> {
    const stack = await deployment.register(emptyGoal("pulumi:pulumi:Stack", "p-s", false));
    const provider = await deployment.defaultProvider("fake:index:Thing", "1.0.0");
    const done = new Map<string, Promise<Registered>>();
    for (const thing of things) {
      const depends = [...(thing.after ?? []), ...(thing.from ? [thing.from] : [])];
      const start = async (): Promise<Registered> => {
        const ready = await Promise.all(depends.map(async (name) => done.get(name)));
        const parent = thing.in === undefined ? stack : await done.get(thing.in);
        const deletedWith =
          thing.deletedWithThing === undefined ? undefined : await done.get(thing.deletedWithThing);
        const source = ready.at(-1);
        const custom = thing.custom ?? true;
        const goal: Goal = {
          ...emptyGoal(custom ? "fake:index:Thing" : "p:index:Group", thing.name, custom),
          ...(custom ? { provider } : {}),
          ...thing,
          inputs: {
            ...(custom ? { name: thing.name } : {}),
            ...thing.inputs,
            ...(thing.from ? { value: source?.state.outputs["echo"] ?? null } : {}),
          },
          parent: parent?.state.urn ?? "",
          dependencies: ready.map((r) => r?.state.urn ?? ""),
          propertyDependencies: thing.from ? { value: [source?.state.urn ?? ""] } : {},
          deletedWith: deletedWith?.state.urn ?? "",
        };
        return thing.read === undefined
          ? deployment.register(goal)
          : deployment.read(goal, thing.read);
      };
      const running = start();
      running.catch(() => undefined);
      done.set(thing.name, running);
    }
    const results = await Promise.allSettled(done.values());
    const thrown = results.flatMap((r) => (r.status === "rejected" ? [r.reason as Error] : []))[0];
    if (thrown) throw thrown;
    await deployment.outputs.register(stack.state.urn, {});
    await deployment.outputs.finish(true);
  }

  /** Writes a state to the disk. */
  onWrite: (effect: () => void) => Promise<void> = (effect) => {
    effect();
    return Promise.resolve();
  };

  private write(snapshot: Snapshot): Promise<void> {
    const copy = structuredSnapshot(snapshot);
    const broken = integrityError(snapshot.resources);
    return this.onWrite(() => {
      this.snapshot = copy;
      this.written.push(copy);
      if (broken) throw new Error(broken);
    });
  }
}

/**
 * The engine is killed at the moment of this number: before or after a write of the state, before or after an operation
 * on the world. Nothing happens afterwards. Resolves when it is dead, or when the run ended before.
 */
export async function killedAt(
  moment: number,
  sim: Simulation,
  run: () => Promise<unknown>,
): Promise<void> {
  let left = moment;
  let die = (): void => undefined;
  const dead = new Promise<void>((resolve) => (die = resolve));
  const never = new Promise<never>(() => undefined);
  const next = (): Promise<void> | void => {
    left -= 1;
    if (left === 0) die();
    if (left <= 0) return never;
  };
  const { world } = sim;
  const write = sim.onWrite;
  Object.assign(world, { during: next, after: next });
  sim.onWrite = async (effect) => {
    await next();
    effect();
    await next();
  };
  await Promise.race([run(), dead]);
  // Operations that were already allowed come to their end.
  await new Promise((resolve) => setImmediate(resolve));
  sim.onWrite = write;
  Object.assign(world, { during: () => undefined, after: () => undefined });
}

export interface Options {
  preview: boolean;
  continueOnError: boolean;
  parallel: number;
  targets: string[];
  targetDependents: boolean;
  excludes: string[];
  excludeDependents: boolean;
  refresh: boolean;
  cancel?: AbortSignal;
}

function record(outcome: Outcome, event: EngineEvent): void {
  if (event.kind === "message") {
    if (event.severity !== "debug") outcome.messages.push(event.text);
    return;
  }
  const { step } = event;
  if (event.kind !== "done" || step.internal) return;
  if (step.logical) outcome.changes[step.op] = (outcome.changes[step.op] ?? 0) + 1;
  if (step.type === "fake:index:Thing")
    outcome.steps.push(`${step.op} ${step.urn.split("::").at(-1)}`);
}

/** A run changes states in place, so this copies what was written. Values that never change are shared. */
function structuredSnapshot(snapshot: Snapshot): Snapshot {
  const copy = (r: ResourceState): ResourceState => ({
    ...r,
    inputs: { ...r.inputs },
    outputs: { ...r.outputs },
  });
  return {
    resources: snapshot.resources.map(copy),
    pending: snapshot.pending.map((op) => ({ ...op, resource: copy(op.resource) })),
    extra: snapshot.extra,
  };
}
