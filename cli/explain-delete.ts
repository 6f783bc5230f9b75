import { loginOf } from "../ssh/connection-input";
import type { Explain } from "../engine/steps/progress";
import { unwrapMap } from "../engine/values/property";
import { undoNote } from "../survey/leaving";
import { guardOf } from "../survey/past";

/**
 * What a preview of destroy says of a resource: a destroy runs no program, so what the program would show of the hosts is
 * looked at here. Of a patch, the lines that it takes out again and the daemon that restarts; of a volume, that it stays.
 */
export const explainDelete: Explain = async ({ urn, type, outputs, retainOnDelete }) => {
  const plain = unwrapMap(outputs);
  const { name } = plain;
  if (type === "docker:index/volume:Volume" && retainOnDelete === true && typeof name === "string")
    return { severity: "info", text: `the volume ${name} and its images are kept` };
  const guard = guardOf(urn, plain);
  if (guard === undefined) return undefined;
  const { known, text } = await undoNote(guard, loginOf(guard.connection));
  return { severity: known ? "info" : "warning", text };
};
