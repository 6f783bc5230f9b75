import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const TESTS = join(__dirname, "..");

/** Test files that bring up labs. Two of one suite, or of suites side by side, may be up at the same time. */
const files = readdirSync(TESTS, { recursive: true, encoding: "utf8" }).filter((name) =>
  /\.(lab|cluster|fault|matrix|pulumi|kubernetes)\.test\.ts$/.test(name),
);

test("no two test files bring up labs with the same addresses", () => {
  const users = new Map<string, string[]>();
  for (const file of files) {
    const text = readFileSync(join(TESTS, file), "utf8");
    for (const octet of new Set([...text.matchAll(/\boctet: (\d+)/g)].map(([, octet]) => octet!)))
      users.set(octet, [...(users.get(octet) ?? []), file]);
  }
  expect(users.size).toBeGreaterThan(40);
  expect([...users].filter(([, names]) => names.length > 1)).toEqual([]);
});
