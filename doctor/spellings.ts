import type { Observation } from "../observation/observation";
import type { Settings } from "../settings/schema";

/**
 * Lines and folders that name the registry otherwise than images do: without its port, with another port, or by its
 * host's name. containerd compares letter by letter.
 */
export function otherSpellings(
  { files, containerd }: Observation,
  { registry }: Settings,
  prefix: string,
): string[] {
  const names = [registry.address, registry.host];
  const isOther = (text: string) =>
    text !== prefix && names.some((name) => text === name || text.startsWith(`${name}:`));
  const lines = files.flatMap(({ path, content }) =>
    Buffer.from(content ?? "", "base64")
      .toString()
      .split("\n")
      .flatMap((line, index) => {
        const name = /\.mirrors\.["']([^"']+)["']\s*\]/.exec(line)?.[1];
        return name !== undefined && isOther(name) ? [`${path}:${index + 1}: ${line.trim()}`] : [];
      }),
  );
  const folders = (containerd?.hostsToml ?? []).flatMap(({ path, kind }) => {
    const folder = path.split("/").at(-2) ?? "";
    return kind === "file" && isOther(folder) ? [path] : [];
  });
  return [...lines, ...folders];
}
