import { NotRunning } from "../../../engine/providers/provider";
import { SshError } from "../../../ssh/error";
import { Simulation } from "../simulation";

/** A stack of a starter and of a thing that cannot be read until the starter was updated in this run. */
async function asleep() {
  const sim = new Simulation();
  const program = (value: string) => [
    { name: "starter", inputs: { value } },
    { name: "thing", inputs: { value: "1" }, after: ["starter"] },
    { name: "user", from: "thing" },
  ];
  await sim.up(program("1"));
  let runs = false;
  sim.world.during = (operation) => {
    if (operation === "update starter") runs = true;
    if (operation.startsWith("read ") && operation.endsWith("::thing") && !runs)
      throw new NotRunning("it does not run");
  };
  sim.world.takeLog();
  return { sim, program };
}

const gone = (sim: Simulation): void => {
  sim.world.things.delete(sim.state("thing").id ?? "");
};

test("what cannot be read since it does not run is no failure, and is read once it does", async () => {
  const { sim, program } = await asleep();
  const { failed, messages, steps } = await sim.up(program("2"), { refresh: true });
  expect({ failed, messages, steps: steps.slice(-3) }).toEqual({
    failed: false,
    messages: ["it does not run"],
    steps: ["update starter", "same thing", "same user"],
  });
});

test("a thing that was gone all the while is made by the same run, once", async () => {
  const { sim, program } = await asleep();
  gone(sim);
  const { failed, steps } = await sim.up(program("2"), { refresh: true });
  expect({ failed, steps: steps.slice(-3) }).toEqual({
    failed: false,
    steps: ["update starter", "create thing", "same user"],
  });
  expect(sim.names).toEqual(["starter", "thing", "user"]);
  expect(sim.world.takeLog()).toEqual(["update starter", "create thing"]);
});

test("a preview takes it to be as it was", async () => {
  const { sim, program } = await asleep();
  gone(sim);
  const { failed, steps } = await sim.up(program("2"), { refresh: true, preview: true });
  expect({ failed, steps: steps.slice(-3) }).toEqual({
    failed: false,
    steps: ["update starter", "same thing", "same user"],
  });
});

test("an update that does not start it fails by its words, and keeps the state", async () => {
  const { sim, program } = await asleep();
  const { failed, messages } = await sim.up(program("1"), { refresh: true });
  expect({ failed, messages }).toEqual({
    failed: true,
    messages: ["it does not run", "it does not run"],
  });
  expect(sim.names).toEqual(["starter", "thing", "user"]);
});

test("a refresh by itself fails, since it has nothing else to do", async () => {
  const { sim } = await asleep();
  expect((await sim.destroy({ refresh: true })).failed).toBe(true);
  expect(sim.names).toEqual(["starter", "thing", "user"]);
});

describe("a host that does not answer", () => {
  /** A stack of a thing on a host that is off, and one that uses it. */
  async function off(kind: "unreachable" | "timeout" | "authentication" = "unreachable") {
    const sim = new Simulation();
    await sim.up([{ name: "thing" }, { name: "user", after: ["thing"] }]);
    const error = new SshError(kind, "cp (root@10.0.0.1:22): no answer");
    sim.world.failing.set("delete thing", error);
    sim.world.during = (operation) => {
      if (operation.startsWith("read ") && operation.endsWith("::thing")) throw error;
    };
    sim.world.takeLog();
    return sim;
  }
  const WARNING =
    "cp (root@10.0.0.1:22): no answer\nThis run takes the resources there to be as they are in the state";

  test.each(["unreachable", "timeout"] as const)(
    "is no failure (%s): a preview shows what leaves it",
    async (kind) => {
      const sim = await off(kind);
      const { failed, messages, steps } = await sim.up(
        [{ name: "other" }, { name: "user", after: ["other"] }],
        { refresh: true, preview: true },
      );
      expect({ failed, messages, steps: steps.slice(-3) }).toEqual({
        failed: false,
        messages: [WARNING],
        steps: ["create other", "same user", "delete thing"],
      });
    },
  );

  test("fails a run that leaves it only at the end, by what is left there", async () => {
    const sim = await off();
    const { failed, messages, steps } = await sim.up(
      [{ name: "other" }, { name: "user", after: ["other"] }],
      { refresh: true },
    );
    expect(failed).toBe(true);
    expect(messages[0]).toBe(WARNING);
    expect(messages).toHaveLength(2);
    expect(steps.slice(-2)).toEqual(["create other", "same user"]);
    expect(sim.names).toEqual(["other", "user", "thing"]);
  });

  test("fails a run that still needs it, and its state stays", async () => {
    const sim = await off();
    const things = [{ name: "thing" }, { name: "user", after: ["thing"] }];
    expect((await sim.up(things, { refresh: true, preview: true })).failed).toBe(false);
    const { failed, messages } = await sim.up(things, { refresh: true });
    expect({ failed, messages }).toEqual({
      failed: true,
      messages: [WARNING, "cp (root@10.0.0.1:22): no answer"],
    });
    expect(sim.names).toEqual(["thing", "user"]);
  });

  test("fails a refresh by itself, and one that refuses the login fails any run", async () => {
    expect((await (await off()).destroy({ refresh: true })).failed).toBe(true);
    const sim = await off("authentication");
    const { failed, messages } = await sim.up([], { refresh: true });
    expect({ failed, messages }).toEqual({
      failed: true,
      messages: ["cp (root@10.0.0.1:22): no answer"],
    });
    expect(sim.names).toEqual(["thing", "user"]);
  });
});
