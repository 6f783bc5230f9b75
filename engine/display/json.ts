/** What both forms of `--json` have in common. */
import type { Redactor } from "../secrets/redact";
import { floatJson } from "../state/checkpoint";
import type { EngineEvent } from "../steps/events";
import { isStack } from "../steps/urn";
import { blind, transform, type PropertyValue } from "../values/property";

export interface JsonOptions {
  /** As it may be shown: see shownConfig. */
  config: Record<string, string>;
  redactor: Redactor;
  /** True for `up`. */
  runsProgram: boolean;
  out: { write(text: string): unknown };
}

/** A value without its secrets, also those that an unmarked text quotes, as the output of a command does. */
export function hide(
  value: PropertyValue,
  redactor: Redactor,
  /** @default secrets as "[secret]" */
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

/** Undefined for debug messages: the SDK logs whole inputs there, keys among them. What is the program's own has no URN. */
export function diagnostic(event: EngineEvent & { kind: "message" }): Diagnostic | undefined {
  const { severity, text, urn, ephemeral } = event;
  if (severity === "debug") return undefined;
  return {
    ...(urn && !isStack(urn) ? { urn } : {}),
    ...(severity === "info" ? {} : { prefix: `${severity}: ` }),
    message: `${text}\n`,
    color: "never",
    severity,
    ...(ephemeral ? { ephemeral } : {}),
  };
}
