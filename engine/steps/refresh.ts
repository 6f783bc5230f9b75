/** Refresh: reads every resource, and updates the state. */
import type { StepContext } from "../providers/provider";
import type { Journal } from "../state/journal";
import { isProviderType, withReferences, type ResourceState } from "../state/resource";
import { deepEquals } from "../values/property";
import { decide, unchanged, type Decision } from "./diff";
import { said, stepOf, type Sink, type Step } from "./events";
import { Halted, StepFailed } from "./halt";
import { ignoreChanges } from "./ignore-changes";
import { stepContext } from "./context";
import { unconfigured, type Manager } from "./manager";
import type { ProviderHost } from "./provider-host";
import type { Runner } from "./runner";
import type { Targets } from "./targets";
import { whyUnread } from "./unread";

/**
 * Resolves to the resources as they are now, and updates the journal. `counted`: the refresh is the operation itself.
 * Otherwise, a service that does not run and a host that does not answer are no failures: the URNs of their resources
 * are added to `unread`.
 */
export async function refresh(
  base: readonly ResourceState[],
  parts: { host: ProviderHost; runner: Runner; journal: Journal; sink: Sink; targets: Targets },
  counted: boolean,
  unread = new Set<string>(),
): Promise<ResourceState[]> {
  const { host, runner, journal, sink, targets } = parts;
  const reported = new Set<string>();
  const postpone = (state: ResourceState, text: string): void => {
    unread.add(state.urn);
    if (reported.has(text)) return;
    reported.add(text);
    sink(said("warning", text, state.urn));
  };
  const found = new Map<ResourceState, ResourceState | undefined>();
  const one = async (state: ResourceState): Promise<void> => {
    const { urn, type } = state;
    const step: Step = { ...stepOf("refresh", state, state), logical: counted };
    if (!state.custom || isProviderType(type) || state.pendingReplacement) {
      if (!counted) return;
      sink({ kind: "begin", step: { ...step } });
      step.op = "same";
      sink({ kind: "done", step, seconds: 0 });
      return;
    }
    const work = async (): Promise<void> => {
      await host.ensure(state.provider, base);
      const manager = await host.managerOf(type, state.provider);
      const context = stepContext(urn, runner.options.terminate, sink);
      let now: ResourceState | undefined;
      try {
        now = await manager.read(state, context);
      } catch (error) {
        const why = counted ? undefined : whyUnread(error);
        if (why === undefined) throw error;
        postpone(state, why);
        step.op = "same";
        return;
      }
      found.set(state, now && keepUnchanged(state, now));
      const unready = now?.initErrors ?? [];
      if (unready.length > 0) sink(said("warning", unready.join("\n"), urn));
      if (!now) {
        delete step.new;
        step.op = "delete";
        return;
      }
      const { changes, detailed, diffs } = await differences(state, now, manager, context);
      Object.assign(step, {
        new: found.get(state),
        detailed,
        diffs,
        op: changes ? "update" : "same",
      });
    };
    await runner.run(step, undefined, work, () => undefined);
  };
  const results = await Promise.allSettled(base.filter((r) => targets.includes(r)).map(one));
  const resources = withoutGone(base, found);
  journal.rebase(resources);
  const unexpected = results.flatMap((r) => (r.status === "rejected" ? [r.reason as unknown] : []));
  const other = unexpected.find((e) => !(e instanceof StepFailed) && !(e instanceof Halted));
  if (other instanceof Error) throw other;
  if (unexpected.length > 0 && !runner.options.preview) throw new StepFailed();
  if (runner.halted) throw new Halted();
  return resources;
}

/**
 * The differences in the other direction: what the next update would restore. A resource that is only read has outputs,
 * but no inputs.
 */
async function differences(
  state: ResourceState,
  now: ResourceState,
  manager: Manager,
  ctx: StepContext,
): Promise<Decision> {
  if (state.external) return { ...unchanged, changes: !deepEquals(now.outputs, state.outputs) };
  const wanted = ignoreChanges(state.inputs, now.inputs, state.ignoreChanges, ctx);
  return decide(await manager.diff(now, wanted), wanted, now.inputs, {
    trust: manager !== unconfigured,
  });
}

/**
 * Equal values keep their objects, and so their ciphertext in the state. The errors are those that the provider finds
 * now, as with the CLI: a resource that is not ready is waited for by the next up.
 */
export function keepUnchanged(state: ResourceState, now: ResourceState): ResourceState {
  const inputs = deepEquals(now.inputs, state.inputs) ? state.inputs : now.inputs;
  const outputs = deepEquals(now.outputs, state.outputs) ? state.outputs : now.outputs;
  const same = inputs === state.inputs && outputs === state.outputs && now.id === state.id;
  if (same && state.initErrors.length === 0 && now.initErrors.length === 0) return state;
  const found: ResourceState = { ...now, inputs, outputs };
  return same ? found : { ...found, modified: new Date().toISOString() };
}

/** The list with the results, in the same order, without references to resources that are gone. */
function withoutGone(
  base: readonly ResourceState[],
  found: ReadonlyMap<ResourceState, ResourceState | undefined>,
): ResourceState[] {
  const gone = new Map<string, string>();
  for (const [state, now] of found)
    if (!now && !state.delete) gone.set(state.urn, state.parent ?? "");
  const present = base.flatMap((state) => (found.has(state) ? (found.get(state) ?? []) : [state]));
  if (gone.size === 0) return present;
  // If a parent is gone, its children move to the nearest parent that still exists.
  const parentOf = (urn: string): string => (gone.has(urn) ? parentOf(gone.get(urn) ?? "") : urn);
  return present.map((state) => {
    const copy = withReferences(state, (urn) => (gone.has(urn) ? undefined : urn));
    const parent = parentOf(state.parent ?? "");
    return parent === "" ? copy : { ...copy, parent };
  });
}
