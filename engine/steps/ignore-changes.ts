/** `ignoreChanges`: these properties keep their old values, whatever the program sets. */
import type { StepContext } from "../providers/provider";
import { parsePath, resetPath } from "../values/path";
import type { PropertyMap } from "../values/property";

/** Logs the paths that could not be resolved, with the reason: changes there are not ignored. */
export function ignoreChanges(
  news: PropertyMap,
  olds: PropertyMap,
  paths: readonly string[],
  ctx: Pick<StepContext, "log">,
): PropertyMap {
  const unfit: string[] = [];
  let inputs = news;
  for (const text of paths) {
    try {
      const { news: kept, ok } = resetPath(inputs, olds, parsePath(text));
      if (!ok) unfit.push(text);
      inputs = kept;
    } catch (error) {
      const { message } = error as Error;
      ctx.log("warning", `ignoreChanges: ${message}; changes there are not ignored`);
    }
  }
  if (unfit.length > 0) {
    const quoted = JSON.stringify(unfit.join(", "));
    ctx.log("info", `cannot ignore changes in added or removed elements of the path: ${quoted}`);
  }
  return inputs;
}
