/** Pulumi.STACK.yaml: the configuration of one stack, and the salt of its secrets. Comments and order are kept. */
import * as fs from "node:fs";
import * as path from "node:path";
import { Document, isMap, parseDocument, type Node } from "yaml";
import type { Crypter } from "../secrets/passphrase";
import { writeAtomically } from "../state/files";
import { parsePath, type Path } from "../values/path";
import { plainValue, type ConfigValue } from "./project";

type Yaml = null | boolean | number | string | Yaml[] | { [key: string]: Yaml };

export class StackFile {
  private constructor(
    readonly file: string,
    private readonly document: Document<Node>,
  ) {}

  /** A file that is not there is an empty one. */
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

  /** The plain value of a key, for settings that the engine itself reads. */
  plain(key: string): unknown {
    return this.raw()[key];
  }

  hasSecrets(): boolean {
    return JSON.stringify(this.raw()).includes('"secure":');
  }

  /** Full key to value, secrets opened. `crypter` may be undefined where there are none. */
  values(crypter: Crypter | undefined): Map<string, ConfigValue> {
    return new Map(
      Object.entries(this.raw()).map(([key, value]) => [
        this.checkKey(key),
        this.open(value, crypter),
      ]),
    );
  }

  /** `secret`: the value is stored encrypted with this. A path leads into objects and lists. */
  set(key: string, value: Yaml, secret?: Crypter, intoPath?: Path): void {
    const stored = secret
      ? { secure: secret.encrypt(typeof value === "string" ? value : JSON.stringify(value)) }
      : value;
    const [first, ...rest] = intoPath ?? [];
    const at = ["config", key, ...(first === undefined ? [] : [first, ...rest])];
    if (!this.document.has("config")) this.document.set("config", this.document.createNode({}));
    for (let i = 2; i < at.length; i++) {
      const parent = at.slice(0, i);
      const node = this.document.getIn(parent);
      if (typeof node !== "object" || node === null) {
        this.document.setIn(parent, this.document.createNode(typeof at[i] === "number" ? [] : {}));
      }
    }
    // A plain scalar takes the place of the old one's value, and leaves its comment.
    this.document.setIn(at, typeof stored === "object" ? this.document.createNode(stored) : stored);
  }

  remove(key: string, intoPath?: Path): boolean {
    return this.document.deleteIn(["config", key, ...(intoPath ?? [])]);
  }

  async save(): Promise<void> {
    // Unlike state, this file is under version control: its mode is the user's.
    const mode = fs.existsSync(this.file) ? fs.statSync(this.file).mode & 0o777 : 0o644;
    await writeAtomically(this.file, this.document.toString({ lineWidth: 0 }));
    fs.chmodSync(this.file, mode);
  }

  private raw(): { [key: string]: Yaml } {
    const config = (this.document.toJS() as { config?: { [key: string]: Yaml } | null }).config;
    return config ?? {};
  }

  private checkKey(key: string): string {
    if (!key.includes(":"))
      throw new Error(
        `${this.file}: configuration key '${key}' must be of the form '<project>:<name>'`,
      );
    return key.replace(/^([^:]+):config:/, "$1:");
  }

  private open(value: Yaml, crypter: Crypter | undefined): ConfigValue {
    const secrets: string[] = [];
    const opened = mapLeaves(value, (ciphertext) => {
      const text = this.decrypt(ciphertext, crypter);
      secrets.push(text);
      return text;
    });
    return { ...plainValue(opened ?? ""), secret: secrets.length > 0, secrets };
  }

  private decrypt(text: string, crypter: Crypter | undefined): string {
    if (!crypter) throw new Error(`${this.file} holds secrets, and no encryptionsalt`);
    return crypter.decrypt(text);
  }
}

function isSecure(value: Yaml): value is { secure: string } {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    Object.keys(value).length === 1 &&
    typeof value["secure"] === "string"
  );
}

function mapLeaves(value: Yaml, open: (ciphertext: string) => string): Yaml {
  if (isSecure(value)) return open(value.secure);
  if (Array.isArray(value)) return value.map((v) => mapLeaves(v, open));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, mapLeaves(v, open)]));
}

/** `name`, `project:name`, or with `--path` `name.key[0]`: the full key, and the way into its value. */
export function splitKey(
  project: string,
  text: string,
  isPath: boolean,
): { key: string; path?: Path } {
  const colon = text.indexOf(":");
  const namespace = colon < 0 ? project : text.slice(0, colon);
  const name = colon < 0 ? text : text.slice(colon + 1);
  if (!isPath) return { key: `${namespace}:${name}` };
  const [first, ...rest] = parsePath(name);
  return { key: `${namespace}:${String(first)}`, path: rest };
}
