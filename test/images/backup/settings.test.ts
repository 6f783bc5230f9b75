import { settingsDifference, withoutSecrets } from "../../../images/backup/settings";

test("secret values are left out and named, wherever they are", () => {
  const values = {
    registry: { host: "cp", port: 5000 },
    ssh: { user: "root", password: "in plain text" },
    nodes: [{ name: "cp", ssh: { privateKey: "PRIVATE KEY-----", user: "one" } }],
    token: "marked",
    list: ["a", "marked"],
    whole: { a: 1 },
  };
  expect(withoutSecrets(values, new Set(["marked", '{"a":1}']))).toEqual({
    settings: {
      registry: { host: "cp", port: 5000 },
      ssh: { user: "root" },
      nodes: [{ name: "cp", ssh: { user: "one" } }],
      list: ["a", null],
    },
    secretsLeftOut: ["ssh.password", "nodes[0].ssh.privateKey", "token", "list[1]", "whole"],
  });
});

test("a difference names each path with both values", () => {
  const then = { registry: { host: "a", port: 5000 }, nodes: [{ name: "a" }, { name: "b" }] };
  const now = { registry: { host: "b", port: 5000 }, nodes: [{ name: "a" }], migrate: true };
  expect(settingsDifference(then, now)).toEqual([
    "migrate: not set in the backup, true now",
    'nodes[1].name: "b" in the backup, not set now',
    'registry.host: "a" in the backup, "b" now',
  ]);
  expect(settingsDifference(then, then)).toEqual([]);
});
