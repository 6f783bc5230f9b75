import * as pulumi from "@pulumi/pulumi";
import { setTimeout as sleep } from "node:timers/promises";
import type { Batches } from "../decision/rollout";
import { durationSeconds } from "../settings/formats";
import { isKnown } from "./known-inputs";
import { refusal } from "./refusal";

/**
 * Lets each batch of nodes start once the one before it has succeeded. The batches are promises and not dependencies of
 * resources: they differ from run to run, and the state would differ with them.
 */
export class Rollout {
  private readonly states = new Map<string, pulumi.Output<unknown>>();
  private readonly turns: Promise<void>[] = [];

  /** @param pause the time after each batch, as in the settings */
  constructor(
    private readonly batches: Batches,
    private readonly pause: string,
  ) {}

  /** Says which nodes are first. @param ready known when nodes may change */
  start(ready: pulumi.Output<unknown> | undefined): void {
    if (ready === undefined || this.batches.length < 2 || pulumi.runtime.isDryRun()) return;
    isKnown(ready).then(
      (known) => known && this.tell(0),
      // The nodes that wait for it report the error.
      () => undefined,
    );
  }

  /** Resolves when the node may change; undefined: at once. */
  turnOf(node: string): Promise<void> | undefined {
    const at = this.batches.findIndex((batch) => batch.includes(node));
    return at < 1 || pulumi.runtime.isDryRun() ? undefined : this.turn(at);
  }

  /** To be called for each node of a batch before the program awaits anything. @param state known once the node is changed */
  follow(node: string, state: pulumi.Output<unknown>): void {
    this.states.set(node, state);
  }

  private turn(at: number): Promise<void> {
    return (this.turns[at] ??= this.after(at));
  }

  private async after(at: number): Promise<void> {
    await Promise.resolve(); // Every node is declared first.
    if (at > 1) await this.turn(at - 1);
    const failed = await this.failedOf(at - 1);
    const remaining = this.batches.slice(at).flat();
    if (failed.length > 0)
      throw refusal(
        `the rollout stopped after ${failed.join(", ")}; not changed: ${remaining.join(", ")}. What was changed stays. Resolve the problem, then run up again: it goes on from there`,
      );
    const seconds = durationSeconds(this.pause) ?? 0;
    if (seconds > 0) {
      void pulumi.log.info(
        `pausing ${this.pause} before batch ${at + 1} of ${this.batches.length}`,
      );
      await sleep(seconds * 1000);
    }
    this.tell(at);
  }

  /** Not as an ephemeral message: on a terminal, the next one would take its place. */
  private tell(at: number): void {
    const batch = this.batches[at] ?? [];
    void pulumi.log.info(`batch ${at + 1} of ${this.batches.length}: ${batch.join(", ")}`);
  }

  /** The nodes of a batch that were not changed. */
  private async failedOf(at: number): Promise<string[]> {
    const batch = this.batches[at] ?? [];
    const done = await Promise.all(batch.map((node) => isChanged(this.states.get(node))));
    return batch.filter((_, index) => done[index] !== true);
  }
}

/** If the engine goes on after a failure, the outputs of the resource that failed stay unknown. */
async function isChanged(state: pulumi.Output<unknown> | undefined): Promise<boolean> {
  return state !== undefined && (await isKnown(state).catch(() => false));
}
