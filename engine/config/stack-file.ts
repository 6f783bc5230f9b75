/** Pulumi.STACK.yaml: the configuration of one stack, and the salt of its secrets. Writing keeps comments and order. */
import * as fs from "node:fs";
import * as path from "node:path";
import { Document, isMap, isSeq, parseDocument, type Node } from "yaml";
import type { Crypter } from "../secrets/passphrase";
import { writeAtomically } from "../state/files";
import { joinPath, parsePath, type Path } from "../values/path";
import { sortedKeys, type Json } from "../values/property";
import { plainValue, type ConfigValue } from "./project";

/** Turns a secret into text: decrypts it, or masks it. */
export type Opener = Pick<Crypter, "decrypt">;

/** Masks each secret, so no passphrase is needed. */
export const MASKED: Opener = { decrypt: () => "[secret]" };

export class StackFile {
  private constructor(
    readonly file: string,
    private readonly document: Document<Node>,
  ) {}

  /** A missing file counts as an empty one. */
  static load(folder: string, stack: string): StackFile {
    const file = path.join(folder, `Pulumi.${stack}.yaml`);
    const document: Document<Node> = parseDocument(
      fs.existsSync(file) ? fs.readFileSync(file, "utf8") : "",
    );
    const [problem] = document.errors;
    if (problem) throw new Error(`${file} is not valid YAML: ${problem.message}`);
    if (document.contents !== null && !isMap(document.contents))
      throw new Error(`${file} must hold a map`);
    const stackFile = new StackFile(file, document.contents === null ? new Document({}) : document);
    stackFile.refuseUnsupported();
    return stackFile;
  }

  private refuseUnsupported(): void {
    const provider = this.document.get("secretsprovider");
    if (provider !== undefined && provider !== "passphrase") {
      throw new Error(
        `${this.file} names the secrets provider ${JSON.stringify(provider)}; the embedded engine has "passphrase" only`,
      );
    }
    if (this.document.has("environment")) {
      throw new Error(`${this.file} uses environments, which the embedded engine does not support`);
    }
  }

  get salt(): string | undefined {
    const salt = this.document.get("encryptionsalt");
    return typeof salt === "string" ? salt : undefined;
  }

  set salt(salt: string) {
    this.document.set("encryptionsalt", salt);
  }

  /** The plain value of a key. The engine reads its own settings with it. */
  plain(key: string): unknown {
    return this.raw()[key];
  }

  /** Each full key with its value, secrets decrypted. The opener can be undefined if there are no secrets. */
  values(opener: Opener | undefined): Map<string, ConfigValue> {
    return new Map(
      Object.entries(this.raw()).map(([key, value]) => [key, this.open(value, opener)]),
    );
  }

  /** One value. The opener is called only for a secret: a plain value needs no passphrase. */
  async find(
    key: string,
    path: Path,
    opener: () => Promise<Opener>,
  ): Promise<ConfigValue | undefined> {
    const found = path.reduce<Json | undefined>(
      (value, part) =>
        typeof value === "object" && value !== null && !isSecure(value)
          ? (value as { [key: string]: Json })[part]
          : undefined,
      this.raw()[key],
    );
    if (found === undefined || found === null) return undefined;
    return this.open(found, holdsSecret(found) ? await opener() : undefined);
  }

  hasSecrets(): boolean {
    return holdsSecret(this.raw());
  }

  /** If `secret` is given, the value is stored encrypted with it. `intoPath` points into objects and lists. */
  set(key: string, value: Json, secret?: Crypter, intoPath: Path = []): void {
    const stored = secret
      ? { secure: secret.encrypt(typeof value === "string" ? value : JSON.stringify(value)) }
      : value;
    const at = ["config", key, ...intoPath];
    if (!isMap(this.document.get("config"))) {
      this.document.set("config", this.document.createNode({}));
    }
    for (let i = 2; i < at.length; i++) this.makeRoom(at.slice(0, i), at[i] ?? "");
    // A plain scalar replaces the old value and keeps its comment.
    this.document.setIn(at, typeof stored === "object" ? this.document.createNode(stored) : stored);
  }

  /** Makes sure that `parent` is an object or a list that can hold `part`, as the CLI does. */
  private makeRoom(parent: Path, part: string | number): void {
    const node = this.document.getIn(parent);
    const text = parent.slice(2).reduce<string>(joinPath, String(parent[1]).replace(/^[^:]*:/, ""));
    if (isSeq(node) && typeof part !== "number")
      throw new Error(`${joinPath(text, part)}: key for an array must be an int`);
    if (isSeq(node) && Number(part) > node.items.length)
      throw new Error(`${joinPath(text, part)}: array index out of range`);
    if (isMap(node) && !node.has("secure") && typeof part === "number")
      throw new Error(`${joinPath(text, part)}: key for a map must be a string`);
    if ((!isMap(node) || node.has("secure")) && !isSeq(node)) {
      // An object can replace a whole value, but not a value inside another.
      if (parent.length > 2 && node !== undefined && node !== null)
        throw new Error(`${text}: expected ${typeof part === "number" ? "an array" : "a map"}`);
      this.document.setIn(parent, this.document.createNode(typeof part === "number" ? [] : {}));
    }
    const list = this.document.getIn(parent);
    while (isSeq(list) && list.items.length < Number(part)) list.add(null);
  }

  /** Does nothing if the key does not exist. */
  remove(key: string, intoPath: Path = []): void {
    const at = ["config", key, ...intoPath];
    if (this.document.hasIn(at)) this.document.deleteIn(at);
  }

  async save(): Promise<void> {
    // This file is under version control, unlike the state: it keeps the user's mode.
    const mode = fs.existsSync(this.file) ? fs.statSync(this.file).mode & 0o777 : 0o644;
    await writeAtomically(this.file, this.document.toString({ lineWidth: 0 }));
    fs.chmodSync(this.file, mode);
  }

  private raw(): { [key: string]: Json } {
    const { config } = this.document.toJS() as { config?: { [key: string]: Json } | null };
    return Object.fromEntries(
      Object.entries(config ?? {}).map(([key, value]) => [this.checkKey(key), value]),
    );
  }

  private checkKey(key: string): string {
    if (!key.includes(":"))
      throw new Error(
        `${this.file}: configuration key '${key}' must be of the form '<project>:<name>'`,
      );
    return key.replace(/^([^:]+):config:/, "$1:");
  }

  private open(value: Json, opener: Opener | undefined): ConfigValue {
    const secrets: string[] = [];
    const opened = mapLeaves(value, (ciphertext) => {
      if (!opener) throw new Error(`${this.file} holds secrets, and no encryptionsalt`);
      const text = opener.decrypt(ciphertext);
      secrets.push(text);
      return text;
    });
    return { ...plainValue(opened ?? ""), secret: secrets.length > 0, secrets };
  }
}

function isSecure(value: Json): value is { secure: string } {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    Object.keys(value).length === 1 &&
    typeof value["secure"] === "string"
  );
}

function holdsSecret(value: Json): boolean {
  if (typeof value !== "object" || value === null) return false;
  return isSecure(value) || Object.values(value).some(holdsSecret);
}

/** Sorts the keys, as the CLI does. */
function mapLeaves(value: Json, open: (ciphertext: string) => string): Json {
  if (isSecure(value)) return open(value.secure);
  if (Array.isArray(value)) return value.map((v) => mapLeaves(v, open));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(sortedKeys(value).map((k) => [k, mapLeaves(value[k] ?? null, open)]));
}

/** Splits `name`, `project:name`, or with `--path` `name.key[0]`, into the full key and the path inside its value. */
export function splitKey(
  project: string,
  text: string,
  isPath: boolean,
): { key: string; path: Path } {
  const parts = text.split(":");
  if (parts.length === 3 && parts[1] === "config") parts.splice(1, 1);
  const [name = "", namespace = project, ...more] = parts.reverse();
  if (more.length > 0) {
    throw new Error(
      `could not parse ${text} as a configuration key (configuration keys should be of the form \`<namespace>:<name>\`)`,
    );
  }
  if (!isPath) return { key: `${namespace}:${name}`, path: [] };
  const [first, ...rest] = parsePath(name);
  if (first === undefined) throw new Error("empty config key path");
  if (typeof first === "number")
    throw new Error("the first part of a config key path must be a name, not an index");
  return { key: `${namespace}:${first}`, path: rest };
}
