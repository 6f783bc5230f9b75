import { timerFiles } from "../../components/timer-files";
import { calendarProblem, planTimer, timerNotes } from "../../decision/timer";
import { parsePayload } from "../../helper/payload";
import type { Surveyed } from "../../observation/hosts";
import type { Observation } from "../../observation/observation";
import { parseSettings } from "../../settings/parse";
import { file, managed, observation } from "../helper/observations";

const ID = "p.s.gc-timer";
const settings = parseSettings({
  registry: { host: "cp", address: "10.0.0.2" },
  nodes: [{ name: "cp", address: "10.0.0.2", role: "master" }],
  gcTimer: { onCalendar: "Sun 03:00" },
});
const FILES = timerFiles(settings, false);
const WELL = {
  loaded: true,
  active: true,
  enabled: true,
  needsReload: false,
  running: false,
  result: "success",
};

/** The host after an apply, with this timer. */
function hostWith(timer: Partial<NonNullable<Observation["timer"]>>): Observation {
  const { payload } = planTimer(observation({}), settings, ID, FILES, false);
  return observation({
    records: [{ id: ID, enrolled: "ab12", payload }] as never,
    managed: FILES.map(({ path, contents }) =>
      managed({ ...file(path, contents), mode: 0o644, uid: 0, gid: 0 }, undefined, [ID]),
    ),
    timer: { ...WELL, ...timer },
  });
}
const planned = (host: Observation) => planTimer(host, settings, ID, FILES, false);

describe("planTimer", () => {
  test("writes three programs and two units, and restarts no daemon", () => {
    const { daemon, activate, files } = parsePayload(planned(observation({})).payload);
    expect({ daemon, activate }).toEqual({ daemon: "timer", activate: "none" });
    expect(files.map(({ path }) => path)).toEqual([
      "/var/lib/cluster-registry-gc/timer.sh",
      "/var/lib/cluster-registry-gc/untagged.sh",
      "/var/lib/cluster-registry-gc/gc.sh",
      "/etc/systemd/system/cluster-registry-gc.service",
      "/etc/systemd/system/cluster-registry-gc.timer",
    ]);
  });

  test("is in sync with a host whose timer waits", () => {
    expect(planned(hostWith({}))).toMatchObject({ inSync: true, warnings: [] });
  });

  test.each([
    [{ active: false }, "cluster-registry-gc.timer is stopped: `up` starts it"],
    [
      { active: false, enabled: false },
      "cluster-registry-gc.timer is disabled and stopped: `up` enables and starts it",
    ],
    [
      { enabled: false },
      "cluster-registry-gc.timer is disabled, so it is gone after a boot: `up` enables it",
    ],
    [
      { needsReload: true },
      "systemd has not read the files of cluster-registry-gc.timer as they are: `up` makes it read them",
    ],
  ])("a timer with %j is drift", (timer, warning) => {
    expect(planned(hostWith(timer))).toMatchObject({
      inSync: false,
      why: "not running",
      warnings: [warning],
    });
  });

  test("says that with a cluster all manifests stay", () => {
    const { notes } = planTimer(observation({}), settings, ID, timerFiles(settings, true), true);
    expect(notes.join()).toMatch(/^with a cluster, the timer removes no manifest: /);
    expect(planned(observation({})).notes).toEqual([]);
  });

  test("another stack's timer is refused", () => {
    const other = timerFiles(
      { ...settings, gcTimer: { onCalendar: "daily", untaggedDays: 1 } },
      false,
    );
    expect(() => planTimer(hostWith({}), settings, "p.two.gc-timer", other, false)).toThrow(
      "expected no timer of another stack on this host, found that of p.s.gc-timer: one registry host has one timer; remove `gcTimer` there or here",
    );
  });
});

test("a time that systemd does not understand is told with its own words", () => {
  const timer = { ...WELL, calendarProblem: "Failed to parse calendar expression" };
  expect(calendarProblem(settings, { timer })).toBe(
    'gcTimer.onCalendar: expected a time that this host\'s systemd understands, such as "Sun 03:00"; found "Sun 03:00": Failed to parse calendar expression; try it there with `systemd-analyze calendar`',
  );
  expect(calendarProblem(settings, { timer: WELL })).toBeUndefined();
});

describe("timerNotes", () => {
  const notes = (timer: Partial<NonNullable<Observation["timer"]>>) =>
    timerNotes(settings, new Map([["cp", { observation: hostWith(timer) } as Surveyed]]));

  test("say that the last run failed, when, and its last line", () => {
    expect(
      notes({ result: "exit-code", lastRun: "Sun 2026-11-22 03:00:01 UTC", said: "failed: x" }),
    ).toEqual([
      "cp: the last clean-up by the registry's timer failed (Sun 2026-11-22 03:00:01 UTC): exit-code; its last line: failed: x; see `journalctl -u cluster-registry-gc.service` there",
    ]);
  });

  test("say nothing of a run that went well, or goes on", () => {
    expect(notes({})).toEqual([]);
    expect(notes({ result: "exit-code", running: true })).toEqual([]);
  });
});
