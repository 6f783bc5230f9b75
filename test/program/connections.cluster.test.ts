import { statSync } from "node:fs";
import { defineLab, type RunningLab, startLab } from "../../lab";
import { describeLab } from "../lab-only";
import { ENGINE, type Said, TestStack } from "./stack";

/** Only the embedded engine lends its connections to the program. */
const describeEmbedded = ENGINE === "embedded" ? describeLab : describe.skip;

describeEmbedded("a command of the embedded engine", () => {
  let lab: RunningLab;
  let stack: TestStack;

  beforeAll(async () => {
    lab = await startLab(
      defineLab({ name: "connections", octet: 172, hosts: ["controlplane", "node01"] }),
    );
    stack = TestStack.lesson(lab);
  });
  afterAll(async () => {
    stack?.remove();
    await lab?.down();
  });

  /** The logins that each host has seen while the command ran. */
  const loginsDuring = async (command: () => Promise<Said>): Promise<number[]> => {
    const count = () =>
      Promise.all(
        [...lab.hosts.values()].map(async (host) =>
          Number(
            await host.succeed("journalctl -q -o cat -u ssh | grep -c '^Accepted publickey'; true"),
          ),
        ),
      );
    const before = await count();
    await stack.succeed(command());
    const after = await count();
    return after.map((each, index) => each - before[index]!);
  };

  test("opens one connection to each host, with everything that it reads and changes there", async () => {
    expect(await loginsDuring(() => stack.preview())).toEqual([1, 1]);
    expect(await loginsDuring(() => stack.up())).toEqual([1, 1]);
    expect(await loginsDuring(() => stack.up("--expect-no-changes"))).toEqual([1, 1]);
    expect(await loginsDuring(() => stack.preview("--expect-no-changes"))).toEqual([1, 1]);
    // Nodes that were changed are no reason to run the program twice.
    stack.change({ mirrors: { "docker.io": ["https://mirror.gcr.io"] } });
    expect(await loginsDuring(() => stack.up())).toEqual([1, 1]);
    const written = statSync(stack.stateFile).mtimeMs;
    expect(await loginsDuring(() => stack.run("up", "--yes"))).toEqual([1, 1]);
    expect(statSync(stack.stateFile).mtimeMs).toBe(written);
    expect(await loginsDuring(() => stack.destroy())).toEqual([1, 1]);
  });
});
