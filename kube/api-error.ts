/** An error answer of the API server: its HTTP status, its reason and its message. */
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

/** The reason and message of a Status object, in one line. Any other text is shortened. */
export function statusOf(text: string): { reason: string; message: string } {
  try {
    const { reason, message } = JSON.parse(text) as { reason?: unknown; message?: unknown };
    if (typeof message === "string")
      return { reason: typeof reason === "string" ? reason : "", message: inOneLine(message) };
  } catch {
    // This is not an answer of the API server, but for example a proxy's page.
  }
  return { reason: "", message: text.slice(0, 200).trim() || "no reason given" };
}

/** Adds to the error what to do about it, if `hints` has an entry for its reason. */
export function withHint(error: unknown, hints: Record<string, string>): unknown {
  const hint = error instanceof ApiError ? hints[error.reason] : undefined;
  return hint === undefined
    ? error
    : new Error(`${(error as Error).message}; ${hint}`, { cause: error });
}

/** A conflict of several fields has a list of them below each manager's name. */
function inOneLine(message: string): string {
  return message.replace(/:\n- /g, ": ").replace(/\n- /g, ", ").replace(/\n/g, "; ");
}
