import { pageFiles } from "../../components/page-files";
import { parseSettings } from "../../settings/parse";

const listenOf = async (ui: { bind?: string; port?: number }) => {
  const settings = parseSettings({
    registry: { host: "cp", address: "10.0.0.1" },
    nodes: [{ name: "cp", address: "10.0.0.1", role: "master" }],
    ui,
  });
  const [conf] = await pageFiles(settings, "test");
  return /listen .*/.exec(conf!.contents)?.[0];
};

test.each([
  [{}, "listen 0.0.0.0:8080;"],
  [{ bind: "127.0.0.1", port: 8081 }, "listen 127.0.0.1:8081;"],
  [{ bind: "fd00::5" }, "listen [fd00::5]:8080;"],
])("with %j, nginx has the line %s", async (ui, line) => {
  expect(await listenOf(ui)).toBe(line);
});

test("bound to ::, nginx listens on all IPv4 addresses too", async () => {
  expect(await listenOf({ bind: "::" })).toBe("listen [::]:8080 ipv6only=off;");
});
