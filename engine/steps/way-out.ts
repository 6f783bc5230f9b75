/** What a person can do about the deletes that fail because a host is gone for good. */
import { dependenciesOf, isProviderType, parseReference } from "../state/resource";
import type { ResourceState } from "../state/resource";
import { unwrap } from "../values/property";
import { isSilent } from "./unread";

/**
 * Adds the way out to a delete's error: the resources of a host that is gone for good stay in the state until somebody
 * removes them. Other errors are returned as they are.
 *
 * @param present the resources that the state has now
 * @param isCondemned whether this run deletes a resource
 */
export function withWayOut(
  error: unknown,
  failed: ResourceState,
  present: readonly ResourceState[],
  isCondemned: (urn: string) => boolean,
): unknown {
  if (!isSilent(error)) return error;
  const urn = firstOfHost(failed, present, isCondemned);
  const command = `npm run state -- delete '${urn}' --target-dependents --yes`;
  return new Error(
    `${error.message}\nIf the host no longer exists, delete its resources from the state: ${command}`,
    { cause: error },
  );
}

/**
 * The resource of the same host on which all others there depend, so that one command is enough. If something of
 * another host depends on it too, this is the failed resource itself: nothing there may go without its delete.
 */
function firstOfHost(
  failed: ResourceState,
  present: readonly ResourceState[],
  isCondemned: (urn: string) => boolean,
): string {
  const states = new Map(present.map((state) => [state.urn, state]));
  const host = hostOf(failed, states);
  if (host === undefined) return failed.urn;
  const needed = closure([failed.urn], (urn) => {
    const state = states.get(urn);
    return state === undefined ? [] : [...dependenciesOf(state)];
  });
  const first = present.find(
    (one) => needed.has(one.urn) && isCondemned(one.urn) && hostOf(one, states) === host,
  );
  if (first === undefined) return failed.urn;
  // The state lists dependencies first.
  const gone = new Set([first.urn]);
  for (const state of present)
    if ([...dependenciesOf(state)].some((urn) => gone.has(urn))) gone.add(state.urn);
  const isOfHost = (state: ResourceState): boolean =>
    isCondemned(state.urn) && (isBound(state) ? hostOf(state, states) === host : true);
  return present.filter(({ urn }) => gone.has(urn)).every(isOfHost) ? first.urn : failed.urn;
}

/** Whether the delete of a resource changes something outside of this machine. */
const isBound = ({ custom, type }: ResourceState): boolean =>
  custom && !isProviderType(type) && !type.startsWith("command:local:");

/** Where a Command logs in, or where the daemon of a Docker resource is; undefined for other resources. */
function hostOf(
  { type, inputs, provider }: ResourceState,
  states: ReadonlyMap<string, ResourceState>,
): string | undefined {
  if (type.startsWith("command:remote:")) {
    const connection = unwrap(inputs["connection"] ?? null) as { host?: string } | null;
    return connection?.host;
  }
  if (!type.startsWith("docker:") || !provider) return undefined;
  const address = unwrap(states.get(parseReference(provider).urn)?.inputs["host"] ?? null);
  return typeof address === "string" && URL.canParse(address)
    ? new URL(address).hostname.replace(/^\[|\]$/g, "")
    : undefined;
}

function closure(start: readonly string[], next: (urn: string) => readonly string[]): Set<string> {
  const found = new Set(start);
  for (const urn of found) next(urn).forEach((other) => found.add(other));
  return found;
}
