/** The annotations that are settings of the real provider: how to wait, or that a name was made up. */
import { joinPath } from "../../values/path";
import { UNKNOWN, type CheckFailure, type Props, type Value } from "../provider";
import { isProps } from "../schema";
import { metadataIn } from "./metadata";

const SETTINGS = "pulumi.com/";
export const AUTONAMED = "pulumi.com/autonamed";
/** "true": the object is taken as ready as soon as it exists. Of some kinds, it is also taken as gone once it is deleted. */
const SKIP_AWAIT = "pulumi.com/skipAwait";
/** How long to wait for the object to become ready, or to be gone, in seconds. customTimeouts go first. */
const TIMEOUT_SECONDS = "pulumi.com/timeoutSeconds";
const DEFAULT_SECONDS = 600;

export function isAwaited(object: Props): boolean {
  return annotationsOf(object)[SKIP_AWAIT] !== "true";
}

export function secondsToWait(object: Props): number {
  return Number(annotationsOf(object)[TIMEOUT_SECONDS] ?? DEFAULT_SECONDS);
}

/** Settings that the embedded engine does not have, and values that are none. */
export function refusedAnnotations(metadata: Props): CheckFailure[] {
  return Object.entries(annotationsOf({ metadata })).flatMap(([name, value]) => {
    const reason = value === UNKNOWN ? undefined : refusal(name, value);
    return reason === undefined
      ? []
      : [{ property: joinPath("metadata.annotations", name), reason }];
  });
}

function refusal(name: string, value: Value): string | undefined {
  if (!name.startsWith(SETTINGS) || name === AUTONAMED) return undefined;
  if (name === SKIP_AWAIT)
    return value === "true" || value === "false" ? undefined : 'expected "true" or "false"';
  if (name === TIMEOUT_SECONDS)
    return typeof value === "string" && /^[1-9]\d*$/.test(value)
      ? undefined
      : 'expected a number of seconds, from "1"';
  return "it is not supported by the embedded engine";
}

function annotationsOf(object: Props): Props {
  const { annotations } = metadataIn(object);
  return isProps(annotations) ? annotations : {};
}
