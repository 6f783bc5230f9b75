import type Docker from "dockerode";

/** One line of the daemon's answer to a pull, build or push. */
export interface ProgressEvent {
  id?: string;
  status?: string;
  /** A build's output. */
  stream?: string;
  error?: string;
  /** A result: `{ID}` of a built image, `{Digest}` of a pushed one. */
  aux?: { ID?: string; Digest?: string };
}

interface Modem {
  followProgress(
    stream: NodeJS.ReadableStream,
    finished: (error: Error | null) => void,
    progress: (event: ProgressEvent) => void,
  ): void;
}

/**
 * Reads the daemon's progress to its end. The daemon reports a failure in a late line, because it sent the answer's
 * status long before.
 * @param onEvent called with each line
 */
export function follow(
  docker: Docker,
  stream: NodeJS.ReadableStream,
  onEvent: (event: ProgressEvent) => void,
): Promise<void> {
  const { modem } = docker as { modem: Modem };
  return new Promise((resolve, reject) => {
    let failure: string | undefined;
    modem.followProgress(
      stream,
      (error) => {
        if (failure !== undefined) reject(new Error(failure));
        else if (error !== null) reject(error);
        else resolve();
      },
      (event) => {
        failure ??= event.error;
        onEvent(event);
      },
    );
  });
}

/** Logs each layer's steps, without the progress bar. */
export function layerSteps(log: (text: string) => void): (event: ProgressEvent) => void {
  const statuses = new Map<string, string>();
  return ({ id = "", status }) => {
    if (status === undefined || statuses.get(id) === status) return;
    statuses.set(id, status);
    log(`${id} ${status}`.trim());
  };
}
