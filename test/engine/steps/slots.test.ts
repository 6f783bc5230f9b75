import { setImmediate } from "node:timers/promises";
import { Slots, type Limits } from "../../../engine/steps/slots";

/** Asks for places in this order: a step that runs on this machine, or one that waits for a host. */
async function asked(limits: Limits, steps: ("here" | "host")[]) {
  const slots = new Slots(limits);
  const running: number[] = [];
  steps.forEach((where, at) => void slots.enter(where === "here").then(() => running.push(at)));
  await setImmediate();
  const leave = async (where: "here" | "host") => {
    slots.leave(where === "here");
    await setImmediate();
  };
  return { slots, running, leave };
}

test("steps that wait for hosts do not take the places of this machine's cores", async () => {
  const steps = ["here", "here", "here", "host", "host", "host"] as const;
  const { running, leave } = await asked({ total: 4, onThisMachine: 2 }, [...steps]);
  expect(running).toEqual([0, 1, 3, 4]);
  await leave("host");
  expect(running).toEqual([0, 1, 3, 4, 5]);
  await leave("here");
  expect(running).toEqual([0, 1, 3, 4, 5, 2]);
});

test("the limit is for all steps together", async () => {
  const { running, leave } = await asked({ total: 1, onThisMachine: 8 }, ["here", "host", "here"]);
  expect(running).toEqual([0]);
  await leave("here");
  expect(running).toEqual([0, 1]);
  await leave("host");
  expect(running).toEqual([0, 1, 2]);
});

test("a limit of 0 lets one step run", async () => {
  const { running } = await asked({ total: 0, onThisMachine: 0 }, ["here", "host"]);
  expect(running).toEqual([0]);
});

test("when the run stops, nobody goes on waiting", async () => {
  const { slots, running } = await asked({ total: 1 }, ["host", "host", "here"]);
  slots.open();
  await setImmediate();
  expect(running).toEqual([0, 1, 2]);
});
