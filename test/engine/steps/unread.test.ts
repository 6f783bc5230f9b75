import { NotRunning } from "../../../engine/providers/provider";
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
