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

const WORDS = {
  first:
    "^C received; waiting for the running steps to finish. Press ^C again to end without waiting.",
  second: "^C received; terminating now. The state records the interrupted steps as pending.",
};

/** @param words what is printed after the first and the second signal */
export function listenForInterrupts(print: (text: string) => void, words = WORDS): Interrupts {
  const cancel = new AbortController();
  const terminate = new AbortController();
  let first = 0;
  const onSignal = (): void => {
    if (!cancel.signal.aborted) {
      first = performance.now();
      print(words.first);
      cancel.abort();
    } else if (performance.now() - first < SAME_PRESS) {
      return;
    } else if (!terminate.signal.aborted) {
      print(words.second);
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
