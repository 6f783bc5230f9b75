import { parseDocument } from "yaml";

/** The folder of the volume in the container. */
const FOLDER = "/var/lib/registry";

/**
 * The configuration of a registry with pushes and deletes switched off, and everything else as it was. A setting by
 * environment would not do: REGISTRY_STORAGE_MAINTENANCE_READONLY_ENABLED=true ends distribution with a panic
 * (distribution#2974), and a container's environment cannot be changed.
 *
 * @throws Error if the text is not the configuration of a registry
 */
export function readOnlyConfig(text: string): string {
  const document = parseDocument(text);
  const error = document.errors[0];
  if (error !== undefined) throw new Error(`the registry's configuration: ${error.message}`);
  const root = document.getIn(["storage", "filesystem", "rootdirectory"]);
  if (root !== FOLDER)
    throw new Error(
      `the registry's configuration: expected storage.filesystem.rootdirectory to be ${FOLDER}, found ${JSON.stringify(root) ?? "none"}; ` +
        "a clean-up knows the files of a registry with its images in the volume only",
    );
  document.setIn(["storage", "maintenance", "readonly", "enabled"], true);
  return document.toString();
}
