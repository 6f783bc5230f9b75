import { type TextEdit } from "../text-edit";
import { type TomlDocument } from "../toml/document";
import { type Change } from "../toml/judged";
import { edited, withoutPath } from "../toml/remove";
import { type CriConfig } from "./config";
import { configPathStep, DEFAULT_DIRECTORY, newConfigLines } from "./hosts-way";

/** How config_path goes: with its lines, by an empty value, or with the whole file. */
export type ConfigPathRemoval =
  { kind: "file" } | { kind: "lines" | "value"; document: TomlDocument; changes: Change[] };

/**
 * Takes out a config_path that is just as adding it would have written it. Who wrote it cannot be told from
 * the file; but it changes nothing once no hosts.toml is there, and an empty one means the same as none.
 *
 * @returns undefined where it is another directory than the one that we set
 */
export function configPathRemoval(config: CriConfig): ConfigPathRemoval | undefined {
  const { document, registry } = config;
  if (config.configPath !== DEFAULT_DIRECTORY) return undefined;
  const version = Number(document.get(["version"]));
  const ownFile = newConfigLines(version, registry, DEFAULT_DIRECTORY).join("\n");
  if (document.text === `${ownFile}\n`) return { kind: "file" };

  const path = [...registry, "config_path"];
  const [line] = document.definitions(path);
  if (line === undefined || line.kind === "table") return undefined;
  // A table of this one key goes with it, if adding the key is what makes such a table.
  const alone = Object.keys(document.getTable(registry) ?? {}).length === 1;
  const dotted = line.kind === "line" && line.element.path.length > 1;
  const gone = dotted ? path : registry;
  const without = alone || dotted ? withoutPath(document, gone) : document;
  if (without !== document && addedAgain(config, without) === document.text) {
    const changes: Change[] = [{ path: gone, means: (after) => after === undefined }];
    return { kind: "lines", document: without, changes };
  }
  const { valueStart, valueEnd } = line.element;
  const quote = document.text[valueStart] === "'" ? "'" : '"';
  const edit: TextEdit = { offset: valueStart, length: valueEnd - valueStart, text: quote + quote };
  return {
    kind: "value",
    document: edited(document, [edit]),
    changes: [{ path, means: (after) => after === "" }],
  };
}

function addedAgain(config: CriConfig, without: TomlDocument): string {
  const { edits } = configPathStep({ ...config, document: without }, DEFAULT_DIRECTORY);
  return edited(without, edits).text;
}
