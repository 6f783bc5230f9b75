/**
 * The contract between the engine's core and its providers.
 *
 * A provider sees plain values: secrets are unwrapped before it is called and marked again afterwards, on every output
 * whose input of the same name held a secret (below an output `__inputs` too), on `additionalSecretOutputs`, and on the
 * `secretOutputs` of a result.
 */

/** Stands, in a preview, for a value that only the real run can know. */
export const UNKNOWN: unique symbol = Symbol("unknown");

/** A property value. */
export type Value =
  null | boolean | number | string | Value[] | { [key: string]: Value } | typeof UNKNOWN;

export type Props = { [key: string]: Value };

export type Severity = "debug" | "info" | "warning" | "error";

/** What a step gives its provider beside the properties. */
export interface StepContext {
  urn: string;
  /** Aborted by the second Ctrl-C, and when `timeoutSeconds` are over. Providers stop waiting, and reject. */
  signal: AbortSignal;
  /** Shows `text` with the resource. Ephemeral lines are live progress: not repeated in the closing diagnostics. */
  log(severity: Severity, text: string, ephemeral?: boolean): void;
  /** The resource's customTimeouts for this operation, in seconds. Undefined: the provider's own default. */
  timeoutSeconds?: number;
}

export interface CreateContext extends StepContext {
  /** True: touch nothing; answer with the outputs as far as they are known, UNKNOWN elsewhere. */
  preview: boolean;
}

export type PropertyChange =
  "add" | "delete" | "update" | "add-replace" | "delete-replace" | "update-replace";

/** How the wanted inputs differ from the resource that is there. */
export interface Diff {
  changes: "none" | "some";
  /** Property names that cannot change in place. Not empty: the resource is replaced. */
  replaces: string[];
  /** The replaced resource must go first, since both cannot be there at once. */
  deleteBeforeReplace?: boolean;
  /** Property path to kind of change, for display. Undefined: the engine compares the inputs itself. */
  detailed?: Record<string, PropertyChange>;
}

/** An input that is not acceptable; shown with the resource before anything is done. */
export interface CheckFailure {
  property: string;
  reason: string;
}

export interface CheckResult {
  /** The inputs with defaults filled in, as they are stored. */
  inputs: Props;
  failures: CheckFailure[];
  /**
   * Paths of inputs that are secret by the provider's schema, outer ones first: "connection", "connection.privateKey".
   * They are stored encrypted, and so are the outputs of the same names.
   */
  secretInputs?: string[];
}

/** Outputs of a step. `secretOutputs` names top-level outputs to be kept secret beside those that the engine finds. */
export interface Outputs {
  outputs: Props;
  secretOutputs?: string[];
}

/** Thrown by create or update when the resource is there but not as wanted: the state keeps it, with the reasons. */
export class PartialFailure extends Error {
  constructor(
    readonly id: string,
    readonly outputs: Props,
    readonly reasons: string[],
    options?: ErrorOptions,
  ) {
    super(reasons.join("\n"), options);
    this.name = "PartialFailure";
  }
}

/**
 * Thrown by read where the host answers, and what has the resource does not run there: nothing is known of the resource, and
 * this very operation may be about to start it. So a refresh keeps what the state has, and it is read when its turn comes.
 */
export class NotRunning extends Error {}

/** A configured provider: one for each provider resource of the program. Errors that it throws fail the step. */
export interface ProviderInstance {
  check(type: string, urn: string, olds: Props | undefined, news: Props): Promise<CheckResult>;
  diff(
    type: string,
    urn: string,
    id: string,
    oldInputs: Props,
    oldOutputs: Props,
    news: Props,
  ): Promise<Diff>;
  create(type: string, inputs: Props, ctx: CreateContext): Promise<{ id: string } & Outputs>;
  update(
    type: string,
    id: string,
    oldInputs: Props,
    oldOutputs: Props,
    news: Props,
    ctx: CreateContext,
  ): Promise<Outputs>;
  /** The resource as it is now; undefined: it is gone. An unreachable host is an error, never "gone". */
  read(
    type: string,
    id: string,
    inputs: Props | undefined,
    outputs: Props | undefined,
    ctx: StepContext,
  ): Promise<({ id: string; inputs: Props } & Outputs) | undefined>;
  delete(type: string, id: string, inputs: Props, outputs: Props, ctx: StepContext): Promise<void>;
  /** Answers a function of the provider (`docker.getNetwork`). Not there: every invoke is refused by name. */
  invoke?(
    token: string,
    args: Props,
    signal: AbortSignal,
  ): Promise<{ result: Props; failures: CheckFailure[] }>;
  /** Lets go of connections. Called once, after the last step. */
  close(): Promise<void>;
}

/** A provider as the program asks for it, `command` 1.2.1 say. */
export interface ProviderPlugin {
  /** The package, as in `pulumi:providers:NAME`. */
  readonly name: string;
  /** The version of the real provider whose inputs, outputs and ids this one has. Other versions are refused. */
  readonly version: string;
  /** Every resource type it has (`command:remote:Command`). Others are refused by name. */
  readonly types: readonly string[];
  /** `news` as the program gave them (with `version`), to be stored as the provider resource's inputs. */
  checkConfig(news: Props): Promise<CheckResult>;
  diffConfig(oldInputs: Props, news: Props): Promise<Diff>;
  /**
   * Never called in a preview when an input is UNKNOWN: resources are then previewed without the provider.
   * @param folder the program's, which relative paths start from.
   */
  configure(inputs: Props, folder: string): Promise<ProviderInstance>;
}
