import { timerText } from "../../images/timer";
import type { ObservedTimer } from "../../observation/timer";

const timer: ObservedTimer = {
  loaded: true,
  active: true,
  enabled: true,
  needsReload: false,
  running: false,
  result: "success",
  next: "Sun 2026-11-29 03:00:00 UTC",
};
const lastRun = "Sun 2026-11-22 03:00:01 UTC";

test.each<[Partial<ObservedTimer>, string]>([
  [{}, "The timer has not run yet. Next run: Sun 2026-11-29 03:00:00 UTC."],
  [
    { lastRun, said: "nothing to remove" },
    "The timer ran Sun 2026-11-22 03:00:01 UTC: nothing to remove. Next run: Sun 2026-11-29 03:00:00 UTC.",
  ],
  [
    { lastRun, result: "signal", said: "the registry is read-only" },
    "The timer ran Sun 2026-11-22 03:00:01 UTC: failed (signal): the registry is read-only. Next run: Sun 2026-11-29 03:00:00 UTC.",
  ],
  [
    { lastRun, running: true },
    "The timer cleans up since Sun 2026-11-22 03:00:01 UTC. Next run: Sun 2026-11-29 03:00:00 UTC.",
  ],
  [{ loaded: false }, "The timer is not on the host; `npm run up` puts it there."],
])("a timer %j", (changes, text) => {
  expect(timerText({ ...timer, ...changes })).toBe(text);
});

test("a timer that is stopped never runs", () => {
  const { next, ...stopped } = { ...timer, active: false };
  expect(next).toBeDefined();
  expect(timerText(stopped)).toBe(
    "The timer has not run yet. Next run: never: it is stopped, and `npm run up` starts it.",
  );
});
