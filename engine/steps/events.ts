/** What an operation tells while it runs. Displays listen; tests record. */
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
  /** Properties for whose sake the resource is replaced. */
  keys?: string[];
  /** Properties that changed. */
  diffs?: string[];
  detailed?: Detailed;
  /** Default providers: run, but neither shown nor counted. */
  internal: boolean;
  /** False: part of a replacement that another step stands for; not counted. */
  logical: boolean;
}

export type EngineEvent =
  | { kind: "begin"; step: Step }
  | { kind: "done"; step: Step; seconds: number }
  | { kind: "failed"; step: Step; seconds: number }
  /** A component's, or the stack's, outputs are known. */
  | { kind: "outputs"; step: Step }
  | {
      kind: "message";
      /** `info#err`: what the program wrote on stderr, which is no judgement on it. */
      severity: Severity | "info#err";
      text: string;
      urn?: string;
      ephemeral: boolean;
    };

/** Something to be said, of a resource where there is a URN. */
export const said = (
  severity: Severity | "info#err",
  text: string,
  urn = "",
): EngineEvent & { kind: "message" } => ({
  ...{ kind: "message", severity, text, ephemeral: false },
  ...(urn === "" ? {} : { urn }),
});

/** A step of an old resource, a new one, or from the one to the other. */
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
