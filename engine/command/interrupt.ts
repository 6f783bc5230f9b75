/** Handles Ctrl-C and SIGTERM. The first signal lets running steps finish; the second does not wait for them. */

export interface Interrupts {
  cancel: AbortSignal;
  terminate: AbortSignal;
  dispose(): void;
}

/**
 * Signals within this many milliseconds count as one Ctrl-C: the terminal sends it to every foreground process, and npm
 * passes on its own copy. A person needs longer to press the keys again.
 */
const SAME_PRESS = 500;

export function listenForInterrupts(print: (text: string) => void): Interrupts {
  const cancel = new AbortController();
  const terminate = new AbortController();
  let first = 0;
  const onSignal = (): void => {
    if (!cancel.signal.aborted) {
      first = performance.now();
      print(
        "^C received; waiting for the running steps to finish. Press ^C again to end without waiting.",
      );
      cancel.abort();
    } else if (performance.now() - first < SAME_PRESS) {
      return;
    } else if (!terminate.signal.aborted) {
      print("^C received; terminating now. The state records the interrupted steps as pending.");
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
