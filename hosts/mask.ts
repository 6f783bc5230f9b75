import { maskSecrets } from "../patch/mask";

/** Every line of a text with its credential values as `***`. */
export function maskText(text: string): string {
  return text.split("\n").map(maskSecrets).join("\n");
}
