import type { StepContext } from "../provider";
import type { Daemon } from "./daemon";
import { pollUntil } from "../poll";

/** Waits until the container's own health check passes. @throws Error after `seconds`, or where there is no check. */
export async function waitUntilHealthy(
  daemon: Daemon,
  id: string,
  seconds: number,
  ctx: StepContext,
): Promise<void> {
  await pollUntil(seconds, ctx.signal, async (last) => {
    const { State: state } = await daemon.call(`inspect container ${id}`, ctx, (docker) =>
      docker.getContainer(id).inspect(),
    );
    if (state.Health === undefined) {
      throw new Error(
        "wait: the container has no health check; add `healthcheck`, or leave `wait` out",
      );
    }
    if (state.Health.Status === "healthy") return true;
    if (!last) return false;
    const said = state.Health.Log.at(-1)?.Output.trim() ?? "";
    throw new Error(`wait: not healthy within ${seconds} s (${state.Health.Status}): ${said}`);
  });
}
