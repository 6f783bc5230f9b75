/** One host's settings cannot be followed: which setting, and why. */
export class Refused extends Error {
  constructor(
    readonly path: string,
    message: string,
  ) {
    super(message);
  }
}

/** Runs `work`; what it throws is the fault of the setting at `path`. */
export function blaming<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof Refused ? error : new Refused(path, (error as Error).message);
  }
}
