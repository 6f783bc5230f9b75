import type { Explain } from "../engine/steps/progress";
import { unwrapMap } from "../engine/values/property";
import { undoNote } from "../observation/leaving";
import { guardOf } from "../observation/past";
import { loginOf } from "../ssh/connection-input";

/**
 * Describes the delete of a resource in the preview of a destroy. A destroy does not run the program, so this asks the
 * hosts instead. For a patch, it shows the lines that are removed and the daemon that restarts; for a volume, that it
 * stays.
 */
export const explainDelete: Explain = async ({ urn, type, outputs, retainOnDelete }, open) => {
  const plain = unwrapMap(outputs);
  const { name } = plain;
  if (type === "docker:index/volume:Volume" && retainOnDelete === true && typeof name === "string")
    return { severity: "info", text: `the volume ${name} and its images are kept` };
  const guard = guardOf(urn, plain);
  if (guard === undefined) return undefined;
  if (retainOnDelete === true)
    return {
      severity: "info",
      text: `${guard.host}: the changes to ${guard.daemon} are not undone: the node left the cluster, and its host did not answer`,
    };
  const { known, text } = await undoNote(guard, loginOf(guard.connection), open);
  return { severity: known ? "info" : "warning", text };
};
