/**
 * kubernetes:core/v1:ConfigMap, with the inputs, outputs and ids of pulumi-kubernetes 4.34 in its default mode. It is
 * created by POST, so that an existing object is never taken over, and updated by server-side apply, so that other
 * managers keep their fields.
 */
import { randomBytes } from "node:crypto";
import { joinPath } from "../../values/path";
import type {
  CheckFailure,
  CheckResult,
  CreateContext,
  Diff,
  Outputs,
  PropertyChange,
  Props,
  StepContext,
  Value,
} from "../provider";
import { pollUntil } from "../poll";
import { checkSchema, isProps, type Fields } from "../schema";
import { ApiError, withHint } from "../../../kube/api-error";
import type { ApiServer } from "../../../kube/api-server";
import { asReplace, changesBetween, pruneLike } from "./live";
import { managersAfterTakeover } from "./field-managers";
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

const FIELDS: Fields = {
  apiVersion: { shape: { oneOf: ["v1"] }, default: "v1" },
  kind: { shape: { oneOf: ["ConfigMap"] }, default: "ConfigMap" },
  metadata: {
    shape: {
      object: {
        name: { shape: "string" },
        namespace: { shape: "string" },
        labels: { shape: { mapOf: "string" } },
        annotations: { shape: { mapOf: "string" } },
      },
    },
    default: {},
  },
  data: { shape: { mapOf: "string" } },
  binaryData: { shape: { mapOf: "string" } },
  immutable: { shape: "boolean" },
};

/** The field manager of a create. An apply uses the object's own name for it. */
const CREATOR = "pulumi-kubernetes";
const AUTONAMED = "pulumi.com/autonamed";
/** Annotations that are settings of the real provider: how to wait, whether to force an apply, or a manager's name. */
const SETTINGS = "pulumi.com/";
/** kubectl's annotation with the last applied object. It is not an input. */
const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";
/** How long a deleted object can still exist, because of a finalizer. */
const GONE_SECONDS = 600;
/** How often the update is tried again after another change to the object. */
const TAKEOVER_TRIES = 5;

export interface ConfigMapSettings {
  /** `enableConfigMapMutable`: a change to `data` is an update, not a replacement. */
  mutable: boolean;
  /** The namespace of objects that name none. */
  namespace: string;
}

export class ConfigMaps {
  constructor(
    private readonly api: ApiServer,
    private readonly settings: ConfigMapSettings,
  ) {}

  check(urn: string, olds: Props | undefined, news: Props): CheckResult {
    const { inputs: checked, failures } = checkSchema(FIELDS, news);
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
      if (!metadata["namespace"]) metadata["namespace"] = this.settings.namespace;
    }
    return { inputs, failures };
  }

  diff(oldInputs: Props, oldOutputs: Props, news: Props): Diff {
    const held = oldOutputs["__inputs"];
    const live = pruneLike(oldOutputs, isProps(held) ? held : oldInputs);
    const detailed: Record<string, PropertyChange> = {};
    const replaces: string[] = [];
    for (const [path, change] of Object.entries(
      changesBetween(withNamespace(live), withNamespace(news)),
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
        replaces.length > 0 && idOf(live) === idOf(news) && !isAutonamed(metadataIn(news)),
      detailed,
    };
  }

  async create(inputs: Props, ctx: CreateContext): Promise<{ id: string } & Outputs> {
    if (ctx.preview) return { id: "", outputs: { ...inputs } };
    try {
      const live = await this.api.request({
        method: "POST",
        path: collection(inputs),
        query: { fieldManager: CREATOR },
        body: inputs,
        signal: ctx.signal,
      });
      return { id: idOf(live), outputs: checkpoint(live, inputs, newManager()) };
    } catch (error) {
      throw withHint(error, {
        AlreadyExists: `it already exists: delete it, or import it with the import option (${idOf(inputs)})`,
        NotFound: `create the namespace ${metadataOf(inputs).namespace} first`,
      });
    }
  }

  async update(oldOutputs: Props, news: Props, ctx: CreateContext): Promise<Outputs> {
    if (ctx.preview) return { outputs: { ...oldOutputs, ...news } };
    const manager = managerOf(oldOutputs);
    const managers = await this.takeOver(news, manager, ctx);
    // An apply would also create the object, and would take over an object that somebody else has created since.
    if (managers === undefined) return this.create(news, ctx);
    try {
      const live = await this.api.request({
        method: "PATCH",
        path: objectPath(news),
        // Fields without a known manager can be taken by anyone.
        query: { fieldManager: manager, force: String(managers.length === 0) },
        // JSON is valid YAML: the content type selects the kind of patch.
        contentType: "application/apply-patch+yaml",
        body: news,
        signal: ctx.signal,
      });
      return { outputs: checkpoint(live, news, manager) };
    } catch (error) {
      throw withHint(error, {
        Conflict: `take what is there now (written in the program, or by ignoreChanges), have the others give the fields up, or delete ${idOf(news)}; then up with --refresh`,
      });
    }
  }

  async read(
    id: string,
    inputs: Props | undefined,
    outputs: Props | undefined,
    ctx: StepContext,
  ): Promise<({ id: string; inputs: Props } & Outputs) | undefined> {
    const live = await this.find(fromId(id), ctx);
    if (live === undefined) return undefined;
    const known = inputs !== undefined && isProps(inputs["metadata"]);
    const now = known ? pruneLike(live, inputs) : inputsOf(live);
    return { id, inputs: now, outputs: checkpoint(live, now, managerOf(outputs ?? {})) };
  }

  async delete(id: string, ctx: StepContext): Promise<void> {
    const object = fromId(id);
    const gone = await this.find(object, ctx);
    if (gone === undefined) return;
    try {
      await this.api.request({
        method: "DELETE",
        path: objectPath(object),
        body: { propagationPolicy: "Background", preconditions: { uid: uidOf(gone) } },
        signal: ctx.signal,
      });
    } catch (error) {
      // 404: the object is gone; 409: it is gone, and another one has its name.
      if (!(error instanceof ApiError) || ![404, 409].includes(error.status)) throw error;
    }
    let reported = false;
    await pollUntil(ctx.timeoutSeconds ?? GONE_SECONDS, ctx.signal, async (last) => {
      const still = await this.find(object, ctx);
      if (still === undefined || uidOf(still) !== uidOf(gone)) return true;
      const why = `it is deleted once its finalizers are removed: ${finalizersOf(still)}`;
      if (last) throw new Error(`${id} is still there: ${why}`);
      if (!reported && finalizersOf(still) !== "") ctx.log("info", `${id}: ${why}`);
      reported = true;
      return false;
    });
  }

  private async find(object: Props, { signal }: StepContext): Promise<Props | undefined> {
    try {
      return await this.api.request({ method: "GET", path: objectPath(object), signal });
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    }
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
          path: objectPath(object),
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
    // The server does not allow this change to be undone.
    if (path === "immutable" && live["immutable"] === true) return true;
    const fixed =
      !this.settings.mutable || live["immutable"] === true || news["immutable"] === true;
    return fixed && /^(data|binaryData)\b/.test(path);
  }
}

/** The state's outputs: the live object, with the inputs and the field manager. */
function checkpoint(live: Props, inputs: Props, manager: string): Props {
  return { ...live, __inputs: inputs, __initialApiVersion: "v1", __fieldManager: manager };
}

function managerOf(outputs: Props): string {
  const manager = outputs["__fieldManager"];
  return typeof manager === "string" ? manager : newManager();
}

const newManager = (): string => `${CREATOR}-${randomBytes(4).toString("hex")}`;

/** The inputs that would produce this object, for its first read. */
function inputsOf(live: Props): Props {
  const inputs = Object.keys(FIELDS).flatMap((name) =>
    live[name] === undefined ? [] : [[name, live[name]] as const],
  );
  const metadata = without(metadataIn(live), [
    ...["creationTimestamp", "generation", "managedFields", "resourceVersion", "uid"],
  ]);
  if (isProps(metadata["annotations"]))
    metadata["annotations"] = without(metadata["annotations"], [LAST_APPLIED]);
  return { ...Object.fromEntries(inputs), metadata };
}

function without(props: Props, names: readonly string[]): Props {
  return Object.fromEntries(Object.entries(props).filter(([name]) => !names.includes(name)));
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

function refusedAnnotations(metadata: Props): CheckFailure[] {
  const annotations = isProps(metadata["annotations"]) ? metadata["annotations"] : {};
  return Object.keys(annotations)
    .filter((name) => name.startsWith(SETTINGS) && name !== AUTONAMED)
    .map((name) => ({
      property: joinPath("metadata.annotations", name),
      reason: "it is not supported by the embedded engine",
    }));
}

function isAutonamed(metadata: Props | undefined): boolean {
  const annotations = metadata?.["annotations"];
  return isProps(annotations) && annotations[AUTONAMED] === "true";
}

function madeUpName(urn: string): string {
  const name = urn.slice(urn.lastIndexOf("::") + 2).toLowerCase();
  return `${name}-${randomBytes(4).toString("hex")}`;
}
