/** The events of a running operation. Displays show them; tests record them. */
import type { Severity } from "../providers/provider";
import type { ResourceState } from "../state/resource";
import type { Detailed } from "../values/diff";
import { isDefaultProvider } from "./urn";

/** The kinds of step, named as Pulumi names them. */
export type Op =
  | "same"
  | "create"
  | "update"
  | "delete"
  | "replace"
  | "create-replacement"
  | "delete-replaced"
  | "read"
  | "read-replacement"
  | "refresh"
  | "discard"
  | "discard-replaced"
  | "remove-pending-replace"
  | "import"
  | "import-replacement";

export interface Step {
  op: Op;
  urn: string;
  type: string;
  old?: ResourceState;
  new?: ResourceState;
  /** The properties that require the replacement. */
  keys?: string[];
  /** Properties that changed. */
  diffs?: string[];
  detailed?: Detailed;
  /** Default providers: they run, but are neither shown nor counted. */
  internal: boolean;
  /** False: the step is a part of a replacement that another step counts. */
  logical: boolean;
}

export type EngineEvent =
  | { kind: "begin"; step: Step }
  | { kind: "done"; step: Step; seconds: number }
  | { kind: "failed"; step: Step; seconds: number }
  /** The outputs of a component or of the stack are known. */
  | { kind: "outputs"; step: Step }
  | {
      kind: "message";
      /** `info#err`: text that the program wrote to stderr, which does not mean an error. */
      severity: Severity | "info#err";
      text: string;
      urn?: string;
      ephemeral: boolean;
    };

/** A message event, about a resource if there is a URN. */
export const said = (
  severity: Severity | "info#err",
  text: string,
  urn = "",
): EngineEvent & { kind: "message" } => ({
  ...{ kind: "message", severity, text, ephemeral: false },
  ...(urn === "" ? {} : { urn }),
});

/** False for what every run has in which nothing is to be done: resources that stay as they are, and information. */
export function isEventful(event: EngineEvent): boolean {
  if (event.kind === "message") return ["warning", "error"].includes(event.severity);
  if (event.kind === "outputs") return false;
  // Whether a refresh finds a change is known at its end.
  if (event.kind === "begin" && event.step.op === "refresh") return false;
  return event.kind === "failed" || event.step.op !== "same";
}

/** A step of an old resource, of a new one, or from one to the other. */
export function stepOf(
  op: Op,
  old: ResourceState | undefined,
  now: ResourceState | undefined,
): Step {
  const { urn, type } = (now ?? old) as ResourceState;
  return {
    ...{ op, urn, type, internal: isDefaultProvider(urn), logical: true },
    ...(old ? { old } : {}),
    ...(now ? { new: now } : {}),
  };
}

export type Sink = (event: EngineEvent) => void;
