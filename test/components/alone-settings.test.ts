import { aloneSettings } from "../../components/alone-settings";
import { SettingsError } from "../../settings/problem";

const host = { address: "10.0.0.11", user: "root" };

function problemsOf(args: Record<string, unknown>): string[] {
  try {
    aloneSettings("page", args, "cp");
  } catch (error) {
    if (error instanceof SettingsError)
      return error.problems.map(({ path, reason }) => `${path}: ${reason}`);
    throw error;
  }
  return [];
}

test("a page alone has the settings of a cluster with this one registry, and no node", () => {
  const settings = aloneSettings(
    "page",
    { host, registry: "10.0.0.11:5001", readOnly: true },
    "cp",
  );
  expect(settings.ui).toEqual({ port: 8080, readOnly: true, image: "nginx", bind: "0.0.0.0" });
  expect(settings.registry).toMatchObject({ host: "cp", address: "10.0.0.11", port: 5001 });
  expect(settings.nodes).toEqual([]);
});

test("a timer alone has the settings of a cluster with this one registry", () => {
  const args = { host, registry: "10.0.0.11:5001", onCalendar: "daily" };
  const settings = aloneSettings("timer", args, "cp");
  expect(settings.gcTimer).toEqual({ onCalendar: "daily", untaggedDays: 7 });
  expect(settings.registry).toMatchObject({ host: "cp", address: "10.0.0.11", port: 5001 });
});

test("the mistakes of a page alone are told at its own arguments", () => {
  expect(problemsOf({ host, registry: "10.0.0.11:5000", port: 0, retainVolume: true })).toEqual([
    "retainVolume: unknown key (known here: host, registry, port, readOnly, image, bind, health)",
    "port: expected a port from 1 to 65535, found 0",
  ]);
});
