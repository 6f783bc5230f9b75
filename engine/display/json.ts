/** Shared code of the two forms of `--json`. */
import type { Redactor } from "../secrets/redact";
import { floatJson } from "../state/checkpoint";
import type { EngineEvent } from "../steps/events";
import { isStack } from "../steps/urn";
import { blind, transform, type PropertyValue } from "../values/property";

export interface JsonOptions {
  /** The configuration for display: see shownConfig. */
  config: Record<string, string>;
  redactor: Redactor;
  /** True for `up`. */
  runsProgram: boolean;
  out: { write(text: string): unknown };
}

/** A value without its secrets. Also hides secrets that an unmarked text quotes, such as a command's output. */
export function hide(
  value: PropertyValue,
  redactor: Redactor,
  /** Replaces a secret. @default "[secret]" */
  secrets: (value: PropertyValue) => PropertyValue | undefined = () => undefined,
): PropertyValue {
  return transform(blind(transform(value, secrets)), (v) => {
    if (typeof v === "number" && !Number.isFinite(v)) return floatJson(v);
    return typeof v === "string" ? redactor.redact(v) : undefined;
  });
}

interface Diagnostic {
  urn?: string;
  prefix?: string;
  message: string;
  color: "never";
  severity: string;
  ephemeral?: true;
}

/**
 * Undefined for debug messages: the SDK logs whole inputs there, including keys. A message of the program itself has no
 * URN.
 */
export function diagnostic(event: EngineEvent & { kind: "message" }): Diagnostic | undefined {
  const { severity, text, urn, ephemeral } = event;
  if (severity === "debug") return undefined;
  return {
    ...(urn && !isStack(urn) ? { urn } : {}),
    ...(severity.startsWith("info") ? {} : { prefix: `${severity}: ` }),
    message: `${text}\n`,
    color: "never",
    severity,
    ...(ephemeral ? { ephemeral } : {}),
  };
}
