/** Ctrl-C and SIGTERM: the first lets running steps finish, the second does not wait for them. */

export interface Interrupts {
  cancel: AbortSignal;
  terminate: AbortSignal;
  dispose(): void;
}

/**
 * What comes so soon after the first is the same Ctrl-C: a terminal sends it to every process in front, and npm passes
 * its own on to us as well. Milliseconds; a person needs longer to press it again.
 */
const SAME_PRESS = 500;

export function listenForInterrupts(tell: (text: string) => void): Interrupts {
  const cancel = new AbortController();
  const terminate = new AbortController();
  let first = 0;
  const onSignal = (): void => {
    if (!cancel.signal.aborted) {
      first = performance.now();
      tell(
        "^C received; waiting for the running steps to finish. Press ^C again to end without waiting.",
      );
      cancel.abort();
    } else if (performance.now() - first < SAME_PRESS) {
      return;
    } else if (!terminate.signal.aborted) {
      tell("^C received; terminating now. The state records the interrupted steps as pending.");
      terminate.abort();
    } else process.exit(8);
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  return {
    cancel: cancel.signal,
    terminate: terminate.signal,
    dispose() {
      process.removeListener("SIGINT", onSignal);
      process.removeListener("SIGTERM", onSignal);
    },
  };
}
