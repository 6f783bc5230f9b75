import { readFileSync } from "node:fs";
import { join } from "node:path";

import { main as helper } from "../../cli/helper";
import { main as lab } from "../../cli/lab";
import { main as start } from "../../cli/start";
import { main as tests } from "../../cli/test";

const { scripts } = JSON.parse(
  readFileSync(join(__dirname, "..", "..", "package.json"), "utf8"),
) as { scripts: Record<string, string> };

const commands: [string, string[], (args: string[]) => void | Promise<void>][] = [
  ["helper", ["--help"], helper],
  ["lab", ["--help"], lab],
  ["lab", ["up", "--help"], lab],
  ["start", ["-h"], start],
  ["test", ["--help"], tests],
  ["test", ["--suite=faults", "-h"], tests],
];

describe.each(commands)("npm run %s -- %j", (_, args, main) => {
  let printed: string;
  beforeEach(async () => {
    const log = jest.spyOn(console, "log").mockImplementation(() => undefined);
    process.exitCode = 0;
    await main(args);
    printed = log.mock.calls.flat().join("\n");
    log.mockRestore();
  });

  it("prints how it is used, with examples, and does nothing else", () => {
    expect(process.exitCode).toBe(0);
    expect(printed).toMatch(/^usage: npm /);
    expect(printed).toMatch(/\n\n(Examples?|Afterwards):\n {2}\S/);
    for (const line of printed.split("\n")) expect(line.length).toBeLessThan(121);
  });

  it("names only scripts that there are", () => {
    const named = [...printed.matchAll(/npm run (?:-s )?([\w:-]+)/g)].map(
      (match) => match[1] ?? "",
    );
    expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
  });
});
