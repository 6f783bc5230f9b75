import { readTimer } from "../../observation/timer";

const TIMER = [
  "LoadState=loaded",
  "ActiveState=active",
  "UnitFileState=enabled",
  "NeedDaemonReload=no",
  "LastTriggerUSec=Sun 2026-11-22 03:00:00 UTC",
  "NextElapseUSecRealtime=Sun 2026-11-29 03:00:00 UTC",
].join("\n");
const SERVICE = [
  "ActiveState=failed",
  "Result=exit-code",
  "ExecMainStartTimestamp=Sun 2026-11-22 03:00:01 UTC",
  "NeedDaemonReload=no",
].join("\n");

test("a timer whose last run failed, with its last line", () => {
  expect(readTimer(`${TIMER}\n\n${SERVICE}\n\nfailed: no docker\n`)).toEqual({
    loaded: true,
    active: true,
    enabled: true,
    needsReload: false,
    running: false,
    lastRun: "Sun 2026-11-22 03:00:01 UTC",
    result: "exit-code",
    said: "failed: no docker",
    next: "Sun 2026-11-29 03:00:00 UTC",
  });
});

test("after the host's start, systemd knows the time of the last run only", () => {
  const service = "ActiveState=inactive\nResult=success\nExecMainStartTimestamp=";
  const { lastRun, result } = readTimer(`${TIMER}\n\n${service}\n\n`);
  expect({ lastRun, result }).toEqual({
    lastRun: "Sun 2026-11-22 03:00:00 UTC",
    result: "success",
  });
});

test("a unit that systemd has not read again, a run that goes on, and a timer that waits for nothing", () => {
  const timer = TIMER.replace("active", "inactive").replace(/Next.*/, "NextElapseUSecRealtime=");
  const service = SERVICE.replace("failed", "activating").replace("Reload=no", "Reload=yes");
  expect(readTimer(`${timer}\n\n${service}\n\n`)).toEqual({
    loaded: true,
    active: false,
    enabled: true,
    needsReload: true,
    running: true,
    lastRun: "Sun 2026-11-22 03:00:01 UTC",
    result: "exit-code",
  });
});

test("a host without the timer", () => {
  const none = "LoadState=not-found\nActiveState=inactive\nUnitFileState=\nLastTriggerUSec=n/a";
  expect(readTimer(`${none}\n\nActiveState=inactive\nResult=success\n\n`)).toEqual({
    loaded: false,
    active: false,
    enabled: false,
    needsReload: false,
    running: false,
    result: "success",
  });
});
