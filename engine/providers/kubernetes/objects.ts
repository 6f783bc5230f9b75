/**
 * The objects of one kind in a cluster, with the inputs, outputs and ids of pulumi-kubernetes 4.34 in its default mode.
 * An object is created by POST, so that an existing one is never taken over, and updated by server-side apply, so that
 * other managers keep their fields.
 */
import { randomBytes } from "node:crypto";
import { ApiError, withHint } from "../../../kube/api-error";
import type { ApiServer } from "../../../kube/api-server";
import { pollUntil } from "../poll";
import { PartialFailure } from "../provider";
import type {
  CheckResult,
  CreateContext,
  Diff,
  Outputs,
  PropertyChange,
  Props,
  StepContext,
  Value,
} from "../provider";
import { checkSchema, isProps, type Fields } from "../schema";
import { isAwaited, refusedAnnotations, secondsToWait, AUTONAMED } from "./annotations";
import { managersAfterTakeover } from "./field-managers";
import type { Kind, ProviderSettings } from "./kinds";
import { asReplace, changesBetween, pruneLike } from "./live";
import {
  collection,
  finalizersOf,
  fromId,
  idOf,
  metadataIn,
  metadataOf,
  objectPath,
  uidOf,
  withNamespace,
} from "./metadata";
import { type List, REVISION } from "./pods";
import { untilReady } from "./wait";

/** The field manager of a create. An apply uses the object's own name for it. */
const CREATOR = "pulumi-kubernetes";
/** Annotations that are no inputs: kubectl's, with the last applied object, and those of the controllers. */
const NO_INPUTS = [
  "kubectl.kubernetes.io/last-applied-configuration",
  "deprecated.daemonset.template.generation",
  REVISION,
];
/** How often the update is tried again after another change to the object. */
const TAKEOVER_TRIES = 5;

export class Objects {
  private readonly fields: Fields;

  constructor(
    private readonly api: ApiServer,
    private readonly kind: Kind,
    private readonly settings: ProviderSettings,
  ) {
    this.fields = fieldsOf(kind);
  }

  check(urn: string, olds: Props | undefined, news: Props): CheckResult {
    const { inputs: checked, failures } = checkSchema(this.fields, withoutNulls(news));
    const inputs = withoutEmptyMaps(checked);
    const metadata = inputs["metadata"];
    if (isProps(metadata)) {
      failures.push(...refusedAnnotations(metadata));
      if (!metadata["name"]) {
        const before = isProps(olds?.["metadata"]) ? olds["metadata"] : undefined;
        metadata["name"] = (isAutonamed(before) && before?.["name"]) || madeUpName(urn);
        const annotations = isProps(metadata["annotations"]) ? metadata["annotations"] : {};
        metadata["annotations"] = { ...annotations, [AUTONAMED]: "true" };
      }
      if (this.kind.namespaced && !metadata["namespace"])
        metadata["namespace"] = this.settings.namespace;
    }
    return { inputs, failures };
  }

  diff(oldInputs: Props, oldOutputs: Props, news: Props): Diff {
    const held = oldOutputs["__inputs"];
    const live = pruneLike(oldOutputs, isProps(held) ? held : oldInputs);
    const detailed: Record<string, PropertyChange> = {};
    const replaces: string[] = [];
    for (const [path, change] of Object.entries(
      changesBetween(withNamespace(this.kind, live), withNamespace(this.kind, news)),
    )) {
      const another = this.isAnother(path, oldOutputs, news);
      detailed[path] = another ? asReplace(change) : change;
      if (another) replaces.push(path);
    }
    return {
      changes: Object.keys(detailed).length === 0 ? "none" : "some",
      replaces,
      // Two objects cannot have the same name at once. A generated name is generated again.
      deleteBeforeReplace:
        replaces.length > 0 &&
        idOf(this.kind, live) === idOf(this.kind, news) &&
        !isAutonamed(metadataIn(news)),
      detailed,
    };
  }

  async create(inputs: Props, ctx: CreateContext): Promise<{ id: string } & Outputs> {
    if (ctx.preview) return { id: "", outputs: { ...inputs } };
    const manager = newManager();
    let live: Props;
    try {
      live = await this.api.request({
        method: "POST",
        path: collection(this.kind, inputs),
        query: this.query({ fieldManager: CREATOR }),
        body: inputs,
        signal: ctx.signal,
      });
    } catch (error) {
      throw withHint(error, {
        AlreadyExists: `it already exists: delete it, or import it with the import option (${idOf(this.kind, inputs)})`,
        NotFound: `create the namespace ${metadataOf(inputs).namespace} first`,
      });
    }
    return {
      id: idOf(this.kind, live),
      outputs: await this.ready(live, inputs, manager, ctx),
    };
  }

  async update(oldOutputs: Props, news: Props, ctx: CreateContext): Promise<Outputs> {
    if (ctx.preview) return { outputs: { ...oldOutputs, ...news } };
    const manager = managerOf(oldOutputs);
    const managers = await this.takeOver(news, manager, ctx);
    // An apply would also create the object, and would take over an object that somebody else has created since.
    if (managers === undefined) return this.create(news, ctx);
    let live: Props;
    try {
      live = await this.api.request({
        method: "PATCH",
        path: objectPath(this.kind, news),
        // Fields without a known manager can be taken by anyone.
        query: this.query({ fieldManager: manager, force: String(managers.length === 0) }),
        // JSON is valid YAML: the content type selects the kind of patch.
        contentType: "application/apply-patch+yaml",
        body: news,
        signal: ctx.signal,
      });
    } catch (error) {
      throw withHint(error, {
        Conflict: `take what is there now (written in the program, or by ignoreChanges), have the others give the fields up, or delete ${idOf(this.kind, news)}; then up with --refresh`,
      });
    }
    return { outputs: await this.ready(live, news, manager, ctx) };
  }

  async read(
    id: string,
    inputs: Props | undefined,
    outputs: Props | undefined,
    ctx: StepContext,
  ): Promise<ReadResult | undefined> {
    const live = await this.find(fromId(this.kind, id), ctx);
    if (live === undefined) return undefined;
    const known = inputs !== undefined && isProps(inputs["metadata"]);
    const now = known ? pruneLike(live, inputs) : inputsOf(live, this.fields);
    return {
      id,
      inputs: now,
      outputs: this.checkpoint(live, now, managerOf(outputs ?? {})),
      initErrors: await this.missing(live, ctx),
    };
  }

  async delete(id: string, inputs: Props, ctx: StepContext): Promise<void> {
    const object = fromId(this.kind, id);
    const gone = await this.find(object, ctx);
    if (gone === undefined) return;
    try {
      await this.api.request({
        method: "DELETE",
        path: objectPath(this.kind, object),
        body: { propagationPolicy: this.kind.propagation, preconditions: { uid: uidOf(gone) } },
        signal: ctx.signal,
      });
    } catch (error) {
      // 404: the object is gone; 409: it is gone, and another one has its name.
      if (!(error instanceof ApiError) || ![404, 409].includes(error.status)) throw error;
    }
    if (this.kind.skipsDeletion && !isAwaited(inputs)) return;
    let told = "";
    await pollUntil(ctx.timeoutSeconds ?? secondsToWait(inputs), ctx.signal, async (last) => {
      const still = await this.find(object, ctx);
      if (still === undefined || uidOf(still) !== uidOf(gone)) return true;
      const why = whyStill(still);
      if (last) throw new Error(`${id} is still there: ${why}`);
      // Somebody must remove a finalizer, but the server itself removes what belongs to the object.
      if (why !== told) ctx.log("info", `${id}: ${why}`, finalizersOf(still) === "");
      told = why;
      return false;
    });
  }

  private async find(object: Props, { signal }: StepContext): Promise<Props | undefined> {
    try {
      return await this.api.request({ method: "GET", path: objectPath(this.kind, object), signal });
    } catch (error) {
      // A proxy or another server can also answer 404: only the API server's own words mean that the object is gone.
      if (error instanceof ApiError && error.status === 404 && error.reason === "NotFound")
        return undefined;
      throw error;
    }
  }

  private list({ signal }: StepContext): List {
    return async (path, labelSelector) => {
      const { items } = await this.api.request({
        method: "GET",
        path,
        query: { labelSelector },
        signal,
      });
      return (Array.isArray(items) ? (items as Value[]) : []).filter(isProps);
    };
  }

  /** A ConfigMap's fields are all checked here. What is passed through, the server must check: it drops unknown fields. */
  private query(query: Record<string, string>): Record<string, string> {
    return this.fields["spec"] ? { ...query, fieldValidation: "Strict" } : query;
  }

  /** The outputs once the object is ready. @throws PartialFailure if it does not become ready: it exists all the same */
  private async ready(
    live: Props,
    inputs: Props,
    manager: string,
    ctx: CreateContext,
  ): Promise<Props> {
    const { kind } = this;
    const { awaiter } = kind;
    if (!awaiter || !isAwaited(inputs)) return this.checkpoint(live, inputs, manager);
    const id = idOf(kind, live);
    const waiting = {
      label: `${kind.kind} ${id}`,
      awaiter,
      seconds: ctx.timeoutSeconds ?? secondsToWait(inputs),
      find: () => this.find(live, ctx),
      list: this.list(ctx),
    };
    const { live: now, reasons } = await untilReady(live, waiting, ctx);
    const outputs = this.checkpoint(now, inputs, manager);
    if (reasons.length > 0) throw new PartialFailure(id, outputs, reasons);
    return outputs;
  }

  /** Why the object is not ready now, without a wait. */
  private async missing(live: Props, ctx: StepContext): Promise<string[]> {
    const { awaiter, kind } = this.kind;
    if (!awaiter || !isAwaited(live)) return [];
    let why: string | undefined;
    try {
      why = await awaiter.missing(live, this.list(ctx));
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 403) throw error;
      // The user may read the object itself, which is what a read is for.
      const id = idOf(this.kind, live);
      ctx.log("warning", `${kind} ${id}: whether it is ready cannot be read: ${error.message}`);
      return [];
    }
    return why === undefined || why === awaiter.enough?.why
      ? []
      : [`${kind} ${idOf(this.kind, live)} is not ready: ${why}`];
  }

  /**
   * Gives this manager, by apply, the fields that the create or a later kubectl command set. Otherwise the apply would
   * conflict with them, and would leave drift in place.
   *
   * @returns the managers of the object's fields; undefined if the object is gone
   */
  private async takeOver(
    object: Props,
    manager: string,
    ctx: StepContext,
  ): Promise<Props[] | undefined> {
    for (let left = TAKEOVER_TRIES; ; left--) {
      const live = await this.find(object, ctx);
      if (live === undefined) return undefined;
      const metadata = metadataIn(live);
      const before = metadata["managedFields"];
      const managers = Array.isArray(before) ? before.filter(isProps) : [];
      const after = managersAfterTakeover(managers, manager);
      if (after === undefined) return managers;
      try {
        await this.api.request({
          method: "PATCH",
          path: objectPath(this.kind, object),
          contentType: "application/json-patch+json",
          body: [
            // A JSON patch's `test` would not do: if it fails, the server does not say why.
            {
              op: "replace",
              path: "/metadata/resourceVersion",
              value: metadata["resourceVersion"],
            },
            { op: "replace", path: "/metadata/managedFields", value: after },
          ],
          signal: ctx.signal,
        });
        return after;
      } catch (error) {
        const changedSince = error instanceof ApiError && error.reason === "Conflict";
        if (!changedSince || left === 1) throw error;
      }
    }
  }

  private isAnother(path: string, live: Props, news: Props): boolean {
    if (path === "metadata.name" || path === "metadata.namespace") return true;
    return this.kind.isFixed(path, live, news, this.settings);
  }

  /** The state's outputs: the live object, with the inputs and the field manager. */
  private checkpoint(live: Props, inputs: Props, manager: string): Props {
    const { apiVersion } = this.kind;
    return { ...live, __inputs: inputs, __initialApiVersion: apiVersion, __fieldManager: manager };
  }
}

type ReadResult = { id: string; inputs: Props; initErrors: string[] } & Outputs;

function fieldsOf({ apiVersion, kind, namespaced, fields }: Kind): Fields {
  return {
    apiVersion: { shape: { oneOf: [apiVersion] }, default: apiVersion },
    kind: { shape: { oneOf: [kind] }, default: kind },
    metadata: {
      shape: {
        object: {
          name: { shape: "string" },
          ...(namespaced && { namespace: { shape: "string" } }),
          labels: { shape: { mapOf: "string" } },
          annotations: { shape: { mapOf: "string" } },
        },
      },
      default: {},
    },
    ...fields,
  };
}

/** What a deleted object waits for. */
function whyStill(object: Props): string {
  const finalizers = finalizersOf(object);
  if (finalizers !== "") return `it is deleted once its finalizers are removed: ${finalizers}`;
  // A namespace tells what is left in it.
  const { conditions } = isProps(object["status"]) ? object["status"] : {};
  const messages = (Array.isArray(conditions) ? conditions : [])
    .filter(isProps)
    .flatMap(({ status, message }) =>
      status === "True" && typeof message === "string" ? [message] : [],
    );
  return messages.join("; ") || "it is deleted once everything that belongs to it is gone";
}

function managerOf(outputs: Props): string {
  const manager = outputs["__fieldManager"];
  return typeof manager === "string" ? manager : newManager();
}

const newManager = (): string => `${CREATOR}-${randomBytes(4).toString("hex")}`;

/** The inputs that would produce this object, for its first read. */
function inputsOf(live: Props, fields: Fields): Props {
  const inputs = Object.keys(fields).flatMap((name) =>
    live[name] === undefined ? [] : [[name, live[name]] as const],
  );
  const metadata = without(metadataIn(live), [
    ...["creationTimestamp", "generation", "managedFields", "resourceVersion", "uid"],
  ]);
  if (isProps(metadata["annotations"]))
    metadata["annotations"] = without(metadata["annotations"], NO_INPUTS);
  return withoutEmptyMaps({ ...Object.fromEntries(inputs), metadata });
}

function without(props: Props, names: readonly string[]): Props {
  return Object.fromEntries(Object.entries(props).filter(([name]) => !names.includes(name)));
}

/** A null means "not given" at any depth: the server drops it, so that it would be a change at every run. */
function withoutNulls(inputs: Props): Props {
  const kept = (value: Value): Value => {
    if (Array.isArray(value)) return value.filter((item) => item !== null).map(kept);
    return isProps(value) ? withoutNulls(value) : value;
  };
  return Object.fromEntries(
    Object.entries(inputs).flatMap(([key, value]) => (value === null ? [] : [[key, kept(value)]])),
  );
}

/** The server drops empty maps, so an empty map in the inputs would be a change at every run. */
function withoutEmptyMaps(inputs: Props): Props {
  const isEmpty = (value: Value): boolean => isProps(value) && Object.keys(value).length === 0;
  const kept = Object.entries(inputs).filter(([, value]) => !isEmpty(value));
  const metadata = Object.entries(metadataIn(inputs)).filter(([, value]) => !isEmpty(value));
  return {
    ...Object.fromEntries(kept),
    ...(isProps(inputs["metadata"]) && { metadata: Object.fromEntries(metadata) }),
  };
}

function isAutonamed(metadata: Props | undefined): boolean {
  const annotations = metadata?.["annotations"];
  return isProps(annotations) && annotations[AUTONAMED] === "true";
}

function madeUpName(urn: string): string {
  const name = urn.slice(urn.lastIndexOf("::") + 2).toLowerCase();
  return `${name}-${randomBytes(4).toString("hex")}`;
}
