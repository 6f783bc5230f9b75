import type { FlagSpec } from "../../../engine/command/flags";
import { refuseWhatNpmTook } from "../../../engine/command/npm-flags";

const SPECS: Record<string, FlagSpec> = {
  stack: { kind: "value", help: "" },
  target: { kind: "list", help: "" },
  yes: { kind: "switch", help: "" },
  color: { kind: "value", help: "" },
  "expect-no-changes": { kind: "switch", help: "" },
};
const check = (env: NodeJS.ProcessEnv, rest: string[] = [], flags = {}) =>
  refuseWhatNpmTook("up", { flags, rest }, SPECS, { npm_lifecycle_event: "up", ...env });

// What npm 11 leaves of: npm run up --stack dev --yes --expect-no-changes, and so on.
test.each<[NodeJS.ProcessEnv, string[], string]>([
  [
    { npm_config_stack: "true", npm_config_yes: "true", npm_config_expect_no_changes: "true" },
    ["dev"],
    "npm consumed --stack, --yes, --expect-no-changes; pass flags after two dashes: " +
      "npm run up -- --stack dev --yes --expect-no-changes",
  ],
  [
    { npm_config_stack: "dev", npm_config_target: "true" },
    ["**node 2**"],
    "npm consumed --stack, --target; pass flags after two dashes: " +
      "npm run up -- --stack=dev --target '**node 2**'",
  ],
  [
    { npm_config_stack: "true", npm_config_target: "true" },
    ["a", "b"],
    "npm consumed --stack, --target; pass flags after two dashes: " +
      "npm run up -- a b --stack STACK --target TARGET",
  ],
])("of %j and %j it is said what to type", (env, rest, text) => {
  expect(() => check(env, rest)).toThrow(text);
});

test("nothing is said of what npm did not take, of npm's own settings, and of another script's", () => {
  check({ npm_config_yes: "", npm_config_color: "always", npm_config_stack: "false" });
  check({ npm_config_stack: "true" }, [], { stack: "dev" });
  check({ npm_config_stack: "true", npm_lifecycle_event: "test" });
});
