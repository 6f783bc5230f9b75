/** Removes secrets from text before it is shown: messages of programs and providers can quote anything. */
import { isMap, isSecret, type PropertyValue } from "../values/property";

const SHORTEST = 4;
/** In a secret object, only these values are hidden from messages: a host name or a port need not be. */
const CREDENTIAL = /(password|passphrase|privatekey|token|secret)$/i;

export class Redactor {
  private readonly texts = new Set<string>();
  private longestFirst: string[] | undefined;

  /** Adds a secret text, and each of its longer lines: keys are often quoted line by line. */
  add(text: string): void {
    for (const part of [text, ...(text.includes("\n") ? text.split("\n") : [])]) {
      const trimmed = part.trim();
      if (trimmed.length < SHORTEST || this.texts.has(trimmed)) continue;
      if (part !== text && (trimmed.length < 16 || trimmed.startsWith("-----"))) continue;
      this.texts.add(trimmed);
      this.longestFirst = undefined;
    }
  }

  /** Every secret in a value. */
  addFrom(value: PropertyValue, key = "", inside = false): void {
    if (isSecret(value)) {
      if (typeof value.value === "string") this.add(value.value);
      else this.addFrom(value.value, key, true);
    } else if (typeof value === "string") {
      if (inside && CREDENTIAL.test(key)) this.add(value);
    } else if (Array.isArray(value)) value.forEach((v) => this.addFrom(v, key, inside));
    else if (isMap(value)) Object.entries(value).forEach(([k, v]) => this.addFrom(v, k, inside));
  }

  redact(text: string): string {
    this.longestFirst ??= [...this.texts].sort((a, b) => b.length - a.length);
    return this.longestFirst.reduce(
      (result, secret) => result.replaceAll(secret, "[secret]"),
      text,
    );
  }
}
