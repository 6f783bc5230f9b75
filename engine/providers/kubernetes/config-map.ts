/**
 * kubernetes:core/v1:ConfigMap, with the inputs, outputs and ids of pulumi-kubernetes 4.34 in its default mode: created by
 * POST, so that nobody else's object is taken over, and updated by server-side apply, so that nobody else's fields are.
 */
import { randomBytes } from "node:crypto";
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
import { pollUntil } from "../poll";
import { checkSchema, isProps, type Fields } from "../schema";
import { ApiError, type ApiServer } from "./api-server";
import { asReplace, changesBetween, pruneLike } from "./live";

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

/** Who the API server is told writes the object when it is made; an apply is then by a name of the object's own. */
const CREATOR = "pulumi-kubernetes";
const AUTONAMED = "pulumi.com/autonamed";
/** How long a deleted object may still be there: somebody's finalizer holds it. */
const GONE_SECONDS = 600;

export class ConfigMaps {
  /** @param mutable  `enableConfigMapMutable`: another `data` is an update, not a replacement */
  constructor(
    private readonly api: ApiServer,
    private readonly mutable: boolean,
  ) {}

  check(urn: string, olds: Props | undefined, news: Props): CheckResult {
    const { inputs, failures } = checkSchema(FIELDS, news);
    const metadata = inputs["metadata"];
    if (isProps(metadata) && metadata["name"] === undefined) {
      const before = isProps(olds?.["metadata"]) ? olds["metadata"] : undefined;
      metadata["name"] = (isAutonamed(before) && before?.["name"]) || madeUpName(urn);
      const annotations = isProps(metadata["annotations"]) ? metadata["annotations"] : {};
      metadata["annotations"] = { ...annotations, [AUTONAMED]: "true" };
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
      const another = this.isAnother(path, live);
      detailed[path] = another ? asReplace(change) : change;
      if (another) replaces.push(path);
    }
    return {
      changes: Object.keys(detailed).length === 0 ? "none" : "some",
      replaces,
      // An object of the same name cannot be there twice.
      deleteBeforeReplace: replaces.length > 0 && idOf(live) === idOf(news),
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
      const manager = `${CREATOR}-${randomBytes(4).toString("hex")}`;
      return { id: idOf(live), outputs: checkpoint(live, inputs, manager) };
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 409) throw error;
      throw new Error(
        `${error.message}; somebody else made it: take it away, or take it into the stack with the import option (${idOf(inputs)})`,
        { cause: error },
      );
    }
  }

  async update(oldOutputs: Props, news: Props, ctx: CreateContext): Promise<Outputs> {
    if (ctx.preview) return { outputs: { ...oldOutputs, ...news } };
    const manager = managerOf(oldOutputs);
    await this.takeOver(news, manager, ctx);
    const live = await this.api.request({
      method: "PATCH",
      path: objectPath(news),
      query: { fieldManager: manager, force: "false" },
      // JSON is YAML: the type names the kind of patch.
      contentType: "application/apply-patch+yaml",
      body: news,
      signal: ctx.signal,
    });
    return { outputs: checkpoint(live, news, manager) };
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
      // 404: gone meanwhile; 409: gone, and made anew by somebody else.
      if (!(error instanceof ApiError) || ![404, 409].includes(error.status)) throw error;
    }
    await pollUntil(ctx.timeoutSeconds ?? GONE_SECONDS, ctx.signal, async (last) => {
      const still = await this.find(object, ctx);
      if (still === undefined || uidOf(still) !== uidOf(gone)) return true;
      if (last) throw new Error(`${id} is still there: a finalizer holds it`);
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

  /** The fields that were ours by creation become ours by apply; else the apply would conflict with ourselves. */
  private async takeOver(object: Props, manager: string, ctx: StepContext): Promise<void> {
    const live = await this.find(object, ctx);
    const metadata = isProps(live?.["metadata"]) ? live["metadata"] : {};
    const managers = Array.isArray(metadata["managedFields"]) ? metadata["managedFields"] : [];
    const own = managers.filter(isProps);
    const created = own.findIndex(
      (each) => each["manager"] === CREATOR && each["operation"] === "Update",
    );
    if (created < 0 || own.some((each) => each["manager"] === manager)) return;
    const at = `/metadata/managedFields/${created}`;
    await this.api.request({
      method: "PATCH",
      path: objectPath(object),
      contentType: "application/json-patch+json",
      body: [
        { op: "test", path: "/metadata/resourceVersion", value: metadata["resourceVersion"] },
        { op: "replace", path: `${at}/manager`, value: manager },
        { op: "replace", path: `${at}/operation`, value: "Apply" },
      ],
      signal: ctx.signal,
    });
  }

  private isAnother(path: string, live: Props): boolean {
    if (path === "metadata.name" || path === "metadata.namespace") return true;
    const fixed = !this.mutable || live["immutable"] === true;
    return fixed && /^(data|binaryData)\b/.test(path);
  }
}

/** What the state holds: the live object, with what was asked for and by whom. */
function checkpoint(live: Props, inputs: Props, manager: string): Props {
  return { ...live, __inputs: inputs, __initialApiVersion: "v1", __fieldManager: manager };
}

function managerOf(outputs: Props): string {
  const manager = outputs["__fieldManager"];
  return typeof manager === "string" ? manager : CREATOR;
}

/** What a program would write to get this object: for one that is read for the first time. */
function inputsOf(live: Props): Props {
  const metadata = isProps(live["metadata"]) ? live["metadata"] : {};
  const own = ["name", "namespace", "labels", "annotations"];
  const inputs: Props = { metadata: pick(metadata, own) };
  return { ...pick(live, ["apiVersion", "kind", "data", "binaryData", "immutable"]), ...inputs };
}

function pick(props: Props, names: readonly string[]): Props {
  return Object.fromEntries(Object.entries(props).filter(([name]) => names.includes(name)));
}

function metadataOf(object: Props): { name: string; namespace: string; uid: Value | undefined } {
  const metadata = isProps(object["metadata"]) ? object["metadata"] : {};
  const { name, namespace, uid } = metadata;
  return {
    name: typeof name === "string" ? name : "",
    namespace: typeof namespace === "string" && namespace !== "" ? namespace : "default",
    uid,
  };
}

const uidOf = (object: Props): Value => metadataOf(object).uid ?? null;

function idOf(object: Props): string {
  const { name, namespace } = metadataOf(object);
  return `${namespace}/${name}`;
}

function fromId(id: string): Props {
  const [namespace = "", name] = id.includes("/") ? id.split("/") : ["default", id];
  return { metadata: { namespace, name: name ?? "" } };
}

function withNamespace(object: Props): Props {
  const metadata = isProps(object["metadata"]) ? object["metadata"] : {};
  return { ...object, metadata: { ...metadata, namespace: metadataOf(object).namespace } };
}

function collection(object: Props): string {
  return `/api/v1/namespaces/${encodeURIComponent(metadataOf(object).namespace)}/configmaps`;
}

function objectPath(object: Props): string {
  return `${collection(object)}/${encodeURIComponent(metadataOf(object).name)}`;
}

function isAutonamed(metadata: Props | undefined): boolean {
  const annotations = metadata?.["annotations"];
  return isProps(annotations) && annotations[AUTONAMED] === "true";
}

function madeUpName(urn: string): string {
  const name = urn.slice(urn.lastIndexOf("::") + 2).toLowerCase();
  return `${name}-${randomBytes(4).toString("hex")}`;
}
