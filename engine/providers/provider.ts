/**
 * The contract between the engine's core and its providers.
 *
 * A provider sees plain values: the engine unwraps secrets before each call. Afterwards it marks as secret every output
 * whose input of the same name held a secret (also below an output `__inputs`), `additionalSecretOutputs`, and the
 * `secretOutputs` of a result.
 */

import type { ConnectionPool } from "../../ssh/pool";

/** A placeholder, in a preview, for a value that only the real run can know. */
export const UNKNOWN: unique symbol = Symbol("unknown");

/** A property value. */
export type Value =
  null | boolean | number | string | Value[] | { [key: string]: Value } | typeof UNKNOWN;

export type Props = { [key: string]: Value };

export type Severity = "debug" | "info" | "warning" | "error";

/** The context of a step: everything that a provider gets beside the properties. */
export interface StepContext {
  urn: string;
  /** Aborted by the second Ctrl-C, and when `timeoutSeconds` are over. Providers stop waiting, and reject. */
  signal: AbortSignal;
  /** Shows `text` with the resource. Ephemeral lines are live progress: the closing diagnostics do not repeat them. */
  log(severity: Severity, text: string, ephemeral?: boolean): void;
  /** The resource's customTimeouts for this operation, in seconds. Undefined: the provider's own default. */
  timeoutSeconds?: number;
}

export interface CreateContext extends StepContext {
  /** True: change nothing, and return the outputs as far as they are known, UNKNOWN elsewhere. */
  preview: boolean;
}

export type PropertyChange =
  "add" | "delete" | "update" | "add-replace" | "delete-replace" | "update-replace";

/** How the inputs differ from the existing resource. */
export interface Diff {
  changes: "none" | "some";
  /** Property names that cannot change in place. If not empty, the resource is replaced. */
  replaces: string[];
  /** The old resource must be deleted before the new one is created, because both cannot exist at once. */
  deleteBeforeReplace?: boolean;
  /** Property path to kind of change, for display. Undefined: the engine compares the inputs itself. */
  detailed?: Record<string, PropertyChange>;
}

/** An invalid input. It is shown with the resource before anything is changed. */
export interface CheckFailure {
  property: string;
  reason: string;
}

export interface CheckResult {
  /** The inputs with defaults filled in, as they are stored. */
  inputs: Props;
  failures: CheckFailure[];
  /**
   * Paths of inputs that the provider's schema marks as secret, outer ones first: "connection",
   * "connection.privateKey". They are stored encrypted, and so are the outputs of the same names.
   */
  secretInputs?: string[];
}

/**
 * Outputs of a step. `secretOutputs` names more top-level outputs that are secret, in addition to those that the engine
 * finds.
 */
export interface Outputs {
  outputs: Props;
  secretOutputs?: string[];
}

/** Thrown by create or update if the resource exists but is not as requested: the state keeps it, with the reasons. */
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
 * Thrown by read if the host answers, but the service that has the resource does not run there. Nothing is known of the
 * resource, and this same operation may be about to start the service. So a refresh keeps the state, and the resource
 * is read when its turn comes.
 */
export class NotRunning extends Error {}

/** A configured provider: one for each provider resource of the program. If it throws, the step fails. */
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
  /**
   * The resource as it is now; undefined: it is gone. An unreachable host is an error, never "gone". `initErrors`: why it
   * is not ready. They keep the reasons of an earlier PartialFailure alive, so that the next up waits for it again.
   */
  read(
    type: string,
    id: string,
    inputs: Props | undefined,
    outputs: Props | undefined,
    ctx: StepContext,
  ): Promise<({ id: string; inputs: Props; initErrors?: string[] } & Outputs) | undefined>;
  delete(type: string, id: string, inputs: Props, outputs: Props, ctx: StepContext): Promise<void>;
  /** Calls a function of the provider (`docker.getNetwork`). If absent, every invoke is refused by name. */
  invoke?(
    token: string,
    args: Props,
    signal: AbortSignal,
  ): Promise<{ result: Props; failures: CheckFailure[] }>;
  /** Closes connections. Called once, after the last step. */
  close(): Promise<void>;
}

/** A provider that the program can request, for example `command` 1.2.1. */
export interface ProviderPlugin {
  /** The package, as in `pulumi:providers:NAME`. */
  readonly name: string;
  /** The version of the real provider whose inputs, outputs and ids this one has. Other versions are refused. */
  readonly version: string;
  /** Every supported resource type (`command:remote:Command`). Others are refused by name. */
  readonly types: readonly string[];
  /** Those of `types` whose steps run on this machine instead of waiting for a host. @default none */
  readonly typesHere?: readonly string[];
  /** `news` is what the program passed (with `version`). The result is stored as the provider resource's inputs. */
  checkConfig(news: Props): Promise<CheckResult>;
  diffConfig(oldInputs: Props, news: Props): Promise<Diff>;
  /**
   * Never called in a preview if an input is UNKNOWN: resources are then previewed without the provider.
   * @param folder the program's folder, where relative paths start.
   * @param connections used for SSH, and not closed. @default connections of its own, until `close`
   */
  configure(inputs: Props, folder: string, connections?: ConnectionPool): Promise<ProviderInstance>;
}
