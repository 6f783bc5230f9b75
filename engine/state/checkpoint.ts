/** Converts Pulumi's checkpoint, version 3, to a snapshot and back, with Pulumi's key order and encrypted secrets. */
import { randomUUID } from "node:crypto";
import type { Crypter } from "../secrets/passphrase";
import {
  SECRET_SIGNATURE,
  SIGNATURE,
  Secret,
  isMap,
  isSecret,
  sortedKeys,
  withPackageVersion,
  type Json,
  type PropertyMap,
  type PropertyValue,
} from "../values/property";
import { sharedText } from "../values/shared-text";
import { UNKNOWN } from "../providers/provider";
import {
  bareState,
  type PendingOperation,
  type PendingType,
  type ResourceState,
  type Snapshot,
} from "./resource";

type JsonMap = { [key: string]: Json };

/** Fields of a resource in the order in which Pulumi writes them. */
const FIELDS = [
  ...["urn", "custom", "delete", "id", "type", "inputs", "outputs", "parent", "protect", "taint"],
  ...["external", "dependencies", "initErrors", "provider", "propertyDependencies"],
  ...["pendingReplacement", "additionalSecretOutputs", "aliases", "customTimeouts", "importID"],
  ...["retainOnDelete", "deletedWith", "replaceWith", "created", "modified", "sourcePosition"],
  ...["stackTrace", "ignoreChanges", "hideDiff", "replaceOnChanges", "replacementTrigger"],
  ...["refreshBeforeUpdate", "viewOf", "resourceHooks", "extensionRef", "snippetID"],
];
/** Features of a resource that change how an update works, and that this engine does not support. */
const REFUSED = [
  "replaceWith",
  "replacementTrigger",
  "viewOf",
  "resourceHooks",
  "extensionRef",
  "snippetID",
];
const DEPLOYMENT_FIELDS = [
  "manifest",
  "secrets_providers",
  "resources",
  "pending_operations",
  "metadata",
];

/** A checkpoint whose secrets are still encrypted. */
export interface RawCheckpoint {
  stack: string;
  salt?: string;
  /** When it was written, RFC 3339. */
  time?: string;
  resourceCount: number;
  /** The deployment as in the file. */
  deployment: object;
  open(crypter: Crypter | undefined): { snapshot: Snapshot };
}

/** `file` is for messages. Throws, by name, for any field that this engine does not know. */
export function parseCheckpoint(text: string, file: string): RawCheckpoint {
  let json: JsonMap;
  try {
    json = JSON.parse(text, shared) as JsonMap;
  } catch (cause) {
    throw new Error(`${file} is not a state file (invalid JSON); its backup is ${file}.bak`, {
      cause,
    });
  }
  if (json["version"] !== 3) {
    throw new Error(
      `${file} has checkpoint version ${JSON.stringify(json["version"])}, expected 3; use --engine pulumi for this stack`,
    );
  }
  const checkpoint = json["checkpoint"] as JsonMap;
  return openable(checkpoint["stack"] as string, (checkpoint["latest"] ?? {}) as JsonMap, file);
}

const shared = (_key: string, value: unknown): unknown =>
  typeof value === "string" ? sharedText(value) : value;

/** The same for the `deployment` of an exported stack. */
export function openable(stack: string, latest: JsonMap, file: string): RawCheckpoint {
  const provider = latest["secrets_providers"] as JsonMap | undefined;
  if (provider && provider["type"] !== "passphrase") {
    throw new Error(
      `${file} uses the secrets provider ${JSON.stringify(provider["type"])}; the embedded engine has "passphrase" only, ` +
        "use --engine pulumi for this stack",
    );
  }
  for (const field of ["snippets", "extensions"]) {
    if (field in latest)
      throw new Error(`${file} holds ${field}, which the embedded engine does not support`);
  }
  const salt = (provider?.["state"] as JsonMap | undefined)?.["salt"] as string | undefined;
  const time = (latest["manifest"] as JsonMap | undefined)?.["time"];
  return {
    stack,
    ...(salt === undefined ? {} : { salt }),
    ...(typeof time === "string" ? { time } : {}),
    deployment: latest,
    resourceCount: ((latest["resources"] ?? []) as Json[]).length,
    open(crypter) {
      const reader = new Reader(crypter, file);
      const resources = ((latest["resources"] ?? []) as JsonMap[]).map((r) => reader.resource(r));
      const pending = ((latest["pending_operations"] ?? []) as JsonMap[]).map(
        (op): PendingOperation => ({
          resource: reader.resource(op["resource"] as JsonMap),
          type: op["type"] as PendingType,
        }),
      );
      const extra = without(latest, ["secrets_providers", "resources", "pending_operations"]);
      return { snapshot: { resources, pending, extra } };
    },
  };
}

class Reader {
  constructor(
    private readonly crypter: Crypter | undefined,
    private readonly file: string,
  ) {}

  resource(json: JsonMap): ResourceState {
    for (const field of REFUSED) {
      const value = json[field];
      if (value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0)) {
        throw new Error(
          `${this.file}: ${JSON.stringify(json["urn"])} uses ${field}, which the embedded engine does not support`,
        );
      }
    }
    const { urn, type, custom } = json;
    const state = bareState(urn as string, type as string, custom === true);
    for (const [field, value] of Object.entries(json)) {
      if (field === "inputs" || field === "outputs")
        state[field] = this.value(value ?? {}) as PropertyMap;
      else if (PLAIN.has(field) || field in state) {
        if (value !== null) Object.assign(state, { [field]: value });
      } else state.extra[field] = value;
    }
    return state;
  }

  /** `opened`: the value was inside a secret, so a secret inside it is not encrypted a second time. */
  private value(json: Json, opened = false): PropertyValue {
    if (Array.isArray(json)) return json.map((v) => this.value(v, opened));
    if (typeof json !== "object" || json === null) return json;
    if (json[SIGNATURE] === SECRET_SIGNATURE) return this.secret(json, opened);
    if (json[SIGNATURE] === FLOAT_SIGNATURE) return readFloat(json["value"] as string);
    return withPackageVersion(
      Object.fromEntries(Object.entries(json).map(([k, v]) => [k, this.value(v, opened)])),
    );
  }

  private secret(json: JsonMap, opened: boolean): Secret {
    if (typeof json["plaintext"] === "string")
      return new Secret(this.value(JSON.parse(json["plaintext"]) as Json, opened));
    const ciphertext = json["ciphertext"] as string;
    if (opened) return new Secret(this.value(JSON.parse(ciphertext) as Json, true));
    if (!this.crypter) throw new Error(`${this.file} holds secrets, and names no encryption salt`);
    const plaintext = this.crypter.decrypt(ciphertext);
    return new Secret(this.value(JSON.parse(plaintext) as Json, true), ciphertext);
  }
}

/** Marks numbers that JSON does not have: NaN and the infinities, as the hexadecimal bits of a double. */
const FLOAT_SIGNATURE = "8ad145fe-0d11-4827-bfd7-1abcbf086f5c";

export function floatJson(value: number): JsonMap {
  const bits = Buffer.alloc(8);
  bits.writeDoubleBE(value);
  // NaN has many bit patterns. This is the one in the SDK's messages.
  const hex = Number.isNaN(value) ? "7fffffffffffffff" : bits.toString("hex");
  return { [SIGNATURE]: FLOAT_SIGNATURE, value: hex };
}

const readFloat = (hex: string): number => Buffer.from(hex, "hex").readDoubleBE();

const PLAIN = new Set([
  ...["delete", "id", "parent", "protect", "taint", "external", "provider", "pendingReplacement"],
  ...["importID", "retainOnDelete", "deletedWith", "created", "modified", "sourcePosition"],
]);

function without(json: JsonMap, fields: string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(json).filter(([key]) => !fields.includes(key)));
}

/** From this length on, the bytes of a text in a resource are kept apart from the resource's: many have the same text. */
const LONG = 10_000;
/** Stands in a resource's JSON for a long text. No other text has it. */
const MARK = randomUUID();
const MARKED = new RegExp(`"${MARK}:(\\d+)"`);

/**
 * Converts states to bytes. Keeps those of unchanged resources, so that the cost of a write depends only on the changes,
 * and has those of a long text once.
 */
export class Writer {
  private readonly parts = new WeakMap<ResourceState, readonly Buffer[]>();
  private readonly longTexts: { readonly text: string; readonly bytes: Buffer }[] = [];
  private readonly longIndex = new Map<string, number>();

  constructor(
    private readonly stack: string,
    private readonly crypter: Crypter,
    /** True: secrets in plain text, for `stack export --show-secrets`. */
    private readonly showSecrets = false,
  ) {}

  /** Call it when a resource was changed in place. */
  forget(state: ResourceState): void {
    this.parts.delete(state);
  }

  /** The file in pieces. Later changes of the resources do not change them. */
  checkpoint(snapshot: Snapshot): Buffer[] {
    return [
      Buffer.from(`{"version":3,"checkpoint":{"stack":${JSON.stringify(this.stack)},"latest":`),
      ...this.deployment(snapshot),
      Buffer.from("}}"),
    ];
  }

  deployment(snapshot: Snapshot): Buffer[] {
    const { resources, pending, extra } = snapshot;
    const manifest = extra["manifest"] ?? {
      time: new Date().toISOString(),
      magic: "",
      version: "",
    };
    const parts: Record<string, readonly Buffer[] | undefined> = {
      manifest: [json(manifest)],
      secrets_providers: [json({ type: "passphrase", state: { salt: this.crypter.salt } })],
      resources: list(resources.map((r) => this.resource(r))),
      pending_operations: list(
        pending.map(({ resource, type }) => [
          Buffer.from('{"resource":'),
          ...this.bytes(resource),
          Buffer.from(`,"type":${JSON.stringify(type)}}`),
        ]),
      ),
      metadata: [json(extra["metadata"] ?? {})],
    };
    for (const [key, value] of Object.entries(extra)) parts[key] ??= [json(value)];
    const order = [
      ...DEPLOYMENT_FIELDS,
      ...Object.keys(extra).filter((k) => !DEPLOYMENT_FIELDS.includes(k)),
    ];
    const fields = order.flatMap((key) =>
      parts[key] === undefined ? [] : [[Buffer.from(`"${key}":`), ...parts[key]]],
    );
    return enclosed("{", fields, "}");
  }

  private resource(state: ResourceState): readonly Buffer[] {
    const bytes = this.parts.get(state) ?? this.bytes(state);
    this.parts.set(state, bytes);
    return bytes;
  }

  /** Not kept while an operation can still change the resource. */
  private bytes(state: ResourceState): Buffer[] {
    const text = JSON.stringify(resourceJson(state, (v) => this.value(v)));
    // Every second piece is the number of a long text.
    return text
      .split(MARKED)
      .map((piece, index) =>
        index % 2 === 0
          ? Buffer.from(escapeLineSeparators(piece))
          : this.longTexts[Number(piece)]!.bytes,
      );
  }

  private longText(text: string): string {
    let index = this.longIndex.get(text);
    if (index === undefined) {
      index = this.longTexts.length;
      this.longTexts.push({ text, bytes: Buffer.from(escapeLineSeparators(JSON.stringify(text))) });
      this.longIndex.set(text, index);
    }
    return `${MARK}:${index}`;
  }

  /** `opened`: the value is inside a secret, whose encryption covers the secrets inside it, as in the CLI. */
  private value(value: PropertyValue, opened = false): Json {
    if (!opened && typeof value === "string" && value.length >= LONG) return this.longText(value);
    if (!isSecret(value)) return valueJson(value, (v) => this.value(v, opened));
    const plaintext = JSON.stringify(this.value(value.value, true));
    if (this.showSecrets) return { [SIGNATURE]: SECRET_SIGNATURE, plaintext };
    if (opened) return { [SIGNATURE]: SECRET_SIGNATURE, ciphertext: plaintext };
    value.ciphertext ??= this.crypter.encrypt(plaintext);
    return { [SIGNATURE]: SECRET_SIGNATURE, ciphertext: value.ciphertext };
  }
}

function valueJson(value: PropertyValue, inner: (v: PropertyValue) => Json): Json {
  if (value === UNKNOWN || isSecret(value))
    throw new Error("an unknown or open secret value cannot be stored");
  if (typeof value === "number" && !Number.isFinite(value)) return floatJson(value);
  if (Array.isArray(value)) return value.map(inner);
  if (!isMap(value)) return value;
  return Object.fromEntries(sortedKeys(value).map((key) => [key, inner(value[key] ?? null)]));
}

/** A resource as JSON, without empty fields. `inner` converts a property value to JSON. */
export function resourceJson(state: ResourceState, inner: (v: PropertyValue) => Json): JsonMap {
  const fields = { ...state.extra, ...state } as unknown as Record<string, PropertyValue>;
  const json: JsonMap = {};
  const order = [...FIELDS, ...Object.keys(state.extra).filter((field) => !FIELDS.includes(field))];
  for (const field of order) {
    const value = fields[field];
    if (field !== "custom" && isEmpty(value)) continue;
    if (field === "inputs" || field === "outputs") json[field] = inner(value ?? {});
    else if (field === "propertyDependencies")
      json[field] = valueJson(value ?? {}, (v) => v as Json);
    else json[field] = value as Json;
  }
  return json;
}

function isEmpty(value: PropertyValue | undefined): boolean {
  if (value === undefined || value === null || value === "" || value === false) return true;
  if (Array.isArray(value)) return value.length === 0;
  return isMap(value) && Object.keys(value).length === 0;
}

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

function list(items: readonly (readonly Buffer[])[]): Buffer[] | undefined {
  return items.length === 0 ? undefined : enclosed("[", items, "]");
}

const COMMA = Buffer.from(",");

function enclosed(start: string, items: readonly (readonly Buffer[])[], end: string): Buffer[] {
  const separated = items.flatMap((item, index) => (index === 0 ? item : [COMMA, ...item]));
  return [Buffer.from(start), ...separated, Buffer.from(end)];
}

/** Go's encoder escapes these two characters, JSON.stringify does not. */
function escapeLineSeparators(text: string): string {
  return text.replace(/\u2028/g, "\\u2028").replace(/\u2029/g, "\\u2029");
}
