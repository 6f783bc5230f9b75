/** The states of a row, the ones that need a person first. */
export const STATES = [
  "unreachable",
  "refused",
  "missing",
  "not running",
  "drifted",
  "edited by others",
  "in sync",
] as const;

/**
 * - `unreachable`: the host does not answer, or refuses the login
 * - `refused`: it answers, but `up` would refuse it; the details say why
 * - `missing`: the program, the file or the container is not there, or this stack has never configured it
 * - `not running`: the daemon or the container does not run
 * - `drifted`: it differs from the settings, and `up` changes it
 * - `edited by others`: somebody has edited lines of this program; `up` keeps the edits
 * - `in sync`: as the settings have it
 */
export type State = (typeof STATES)[number];

/** How many rows have each state; states without a row are left out. */
export function countStates(rows: readonly { readonly state: State }[]): [State, number][] {
  return STATES.map((state): [State, number] => [
    state,
    rows.filter((row) => row.state === state).length,
  ]).filter(([, count]) => count > 0);
}

/** Whether nothing needs an `up` or a person. */
export const isInSync = (rows: readonly { readonly state: State }[]) =>
  rows.every(({ state }) => state === "in sync");

/** The class of a state in the page, such as `not-running`. */
export const classOf = (state: State) => state.replaceAll(" ", "-");
