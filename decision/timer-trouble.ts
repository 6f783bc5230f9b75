import { GC_TIMER } from "../helper/commands";
import type { ObservedTimer } from "../observation/timer";

/** Why the timer does not start a clean-up at its times; undefined if it does, or if it is not there. */
export function timerTrouble(timer: ObservedTimer | undefined): string | undefined {
  if (timer === undefined || !timer.loaded) return undefined;
  if (!timer.active)
    return `${GC_TIMER} is ${timer.enabled ? "" : "disabled and "}stopped: \`up\` ${timer.enabled ? "starts" : "enables and starts"} it`;
  if (!timer.enabled)
    return `${GC_TIMER} is disabled, so it is gone after a boot: \`up\` enables it`;
  if (timer.needsReload)
    return `systemd has not read the files of ${GC_TIMER} as they are: \`up\` makes it read them`;
  return undefined;
}
