/** A setting of one host that cannot be used, and why. */
export class Refused extends Error {
  constructor(
    readonly path: string,
    message: string,
  ) {
    super(message);
  }
}

/** Runs `work`, and reports its errors as errors of the setting at `path`. */
export function blaming<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof Refused ? error : new Refused(path, (error as Error).message);
  }
}
