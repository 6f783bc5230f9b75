/** What an operation tells while it runs. Displays listen; tests record. */
import type { Severity } from "../providers/provider";
import type { ResourceState } from "../state/resource";
import type { Detailed } from "../values/diff";

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

export type Sink = (event: EngineEvent) => void;
