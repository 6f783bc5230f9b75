import { onPath } from "../../lab/machine/tools";

/** Why a program cannot be run; undefined if it is on PATH. */
export const whyNotOnPath = (program: string): string | undefined =>
  onPath(program) ? undefined : `${program} is not on PATH`;
