import type { ApiAnswer, ApiRequest } from "./transport";

/** A registry refused a request. */
export class RegistryError extends Error {
  override readonly name = "RegistryError";

  constructor(
    message: string,
    readonly status: number,
    /** The codes of the answer, such as MANIFEST_UNKNOWN. Source: the OCI distribution specification, "Error Codes". */
    readonly codes: readonly string[],
  ) {
    super(message);
  }
}

/** The error of an answer with an unexpected status. */
export function refusedBy(request: ApiRequest, answer: ApiAnswer): RegistryError {
  const text = new TextDecoder().decode(answer.body);
  const errors = errorsOf(text);
  const said =
    errors.length > 0
      ? errors
          .map(({ code, message }) => (message === "" ? code : `${code}: ${message}`))
          .join("; ")
      : text.slice(0, 300).trim();
  return new RegistryError(
    `${request.method} ${request.path}: the registry answered ${answer.status}${said === "" ? "" : `: ${said}`}`,
    answer.status,
    errors.map(({ code }) => code),
  );
}

function errorsOf(text: string): { code: string; message: string }[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return []; // A proxy on the way answers with a page of its own.
  }
  const errors = (value as { errors?: unknown } | null)?.errors;
  if (!Array.isArray(errors)) return [];
  return errors.map((each: { code?: unknown; message?: unknown } | null) => ({
    code: typeof each?.code === "string" ? each.code : "UNKNOWN",
    message: typeof each?.message === "string" ? each.message : "",
  }));
}
