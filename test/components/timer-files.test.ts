import { timerFiles } from "../../components/timer-files";
import { parseSettings } from "../../settings/parse";

const settings = parseSettings({
  registry: { host: "cp", address: "10.0.0.2" },
  nodes: [{ name: "cp", address: "10.0.0.2", role: "master" }],
  gcTimer: { onCalendar: "Sun 03:00" },
});

test("the units start the clean-up of this registry at this time", () => {
  const text = (end: string, usesCluster: boolean) =>
    timerFiles(settings, usesCluster).find(({ path }) => path.endsWith(end))?.contents;
  expect(text(".timer", false)).toContain("\nOnCalendar=Sun 03:00\n");
  const run =
    "\nExecStart=/bin/sh /var/lib/cluster-registry-gc/timer.sh run registry 10.0.0.2 5000";
  expect(text(".service", false)).toContain(`${run} 7\n`);
  expect(text(".service", true)).toContain(`${run} never\n`);
});

test("there are no files without the setting", () => {
  expect(timerFiles({ ...settings, gcTimer: undefined }, false)).toEqual([]);
});
