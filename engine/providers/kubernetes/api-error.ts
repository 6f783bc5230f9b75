/** What the API server answered where it did not do what was asked: its HTTP status, its word for why and its own sentence. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly reason: string,
    message: string,
  ) {
    super(message);
    this.name = "ApiError";
  }
}

/** A Status object's reason and message, in one line; whatever else stands there, shortened. */
export function statusOf(text: string): { reason: string; message: string } {
  try {
    const { reason, message } = JSON.parse(text) as { reason?: unknown; message?: unknown };
    if (typeof message === "string")
      return { reason: typeof reason === "string" ? reason : "", message: inOneLine(message) };
  } catch {
    // Not the API server's own answer: a proxy's page, say.
  }
  return { reason: "", message: text.slice(0, 200).trim() || "no reason given" };
}

/** The error with what to do about it, where that is known of the server's reason. */
export function withHint(error: unknown, hints: Record<string, string>): unknown {
  const hint = error instanceof ApiError ? hints[error.reason] : undefined;
  return hint === undefined
    ? error
    : new Error(`${(error as Error).message}; ${hint}`, { cause: error });
}

/** Conflicts of several fields come as a list below the name of each manager. */
function inOneLine(message: string): string {
  return message.replace(/:\n- /g, ": ").replace(/\n- /g, ", ").replace(/\n/g, "; ");
}
