import { SshError } from "../../ssh/error";
import { NotRunning } from "../providers/provider";

/** Whether no server answered at the host's address. A refused login or a wrong host key is an answer. */
export function isSilent(error: unknown): error is SshError {
  return error instanceof SshError && ["unreachable", "timeout"].includes(error.kind);
}

/**
 * Why a resource cannot be read for now, although that says nothing of the resource: its service does not run, or its
 * host does not answer. The operation can be about to start the one, or to leave the other. Undefined: the read has
 * failed.
 */
export function whyUnread(error: unknown): string | undefined {
  if (error instanceof NotRunning) return error.message;
  if (!isSilent(error)) return undefined;
  return `${error.message}\nThis run takes the resources there to be as they are in the state`;
}
