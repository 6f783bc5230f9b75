import { commandsFor } from "../../doctor/commands";

const login = { user: "root", host: "10.0.0.12", port: 22 };

test("a command on a host goes through ssh, with what its login needs", () => {
  const { on } = commandsFor([]);
  expect(on({ login, sudo: false }, "systemctl restart containerd")).toBe(
    "ssh root@10.0.0.12 'systemctl restart containerd'",
  );
  const proxy = { user: "ops", host: "10.0.0.1", port: 2222 };
  expect(on({ login: { ...login, user: "ops", port: 2200, proxy }, sudo: true }, "a 'b'")).toBe(
    `ssh -p 2200 -J ops@10.0.0.1:2222 ops@10.0.0.12 'sudo sh -c '\\''a '\\''\\'\\'''\\''b'\\''\\'\\'''\\'''\\'''`,
  );
});

test("an npm script keeps the flags that select the stack", () => {
  expect(commandsFor([]).npm("up")).toBe("npm run up");
  expect(commandsFor(["--stack", "prod"]).npm("up")).toBe("npm run up -- --stack prod");
  expect(commandsFor(["--cwd", "my stack"]).npm("config", "set", "migrate", "true")).toBe(
    "npm run config -- set migrate true --cwd 'my stack'",
  );
});
