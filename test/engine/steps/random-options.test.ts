import * as fc from "fast-check";
import { integrityError } from "../../../engine/state/integrity";
import { program, run, type Run } from "../random-runs";
import { killedAt, Simulation, type Thing } from "../simulation";

jest.setTimeout(120_000);

async function go(sim: Simulation, { program, failing, half, destroy, options }: Run) {
  failing.forEach((operation) => sim.world.failing.set(operation, new Error("failed")));
  half.forEach((operation) => sim.world.half.add(operation));
  try {
    return await (destroy ? sim.destroy(options) : sim.up(program, options));
  } finally {
    sim.world.failing.clear();
    sim.world.half.clear();
  }
}

/** `t3` of whatever was ever named so: a thing that is renamed keeps its id. */
const slot = (name: string): string => name.slice(0, 2);

/** What may be gone with another thing is not deleted by itself, and so it may be left over in this world. */
const mayBeLeftOver = (program: Thing[]): string[] =>
  program.filter((t) => t.deletedWithThing !== undefined).map((t) => slot(t.name));

/** Ids of things that the state does not know, and that nothing accounts for. */
function strangers(sim: Simulation, accounted: ReadonlySet<string>): string[] {
  const known = new Set(sim.snapshot.resources.map((r) => r.id));
  return [...sim.world.things.keys()].filter((id) => !known.has(id) && !accounted.has(slot(id)));
}

function checkWritten(sim: Simulation): void {
  for (const { resources } of sim.written.splice(0)) {
    const broken = integrityError(resources);
    if (broken) throw new Error(broken);
  }
}

/** Nothing is protected any more, and what is wanted is there, all of it and nothing else. */
async function converge(sim: Simulation, wanted: Thing[], accounted: ReadonlySet<string>) {
  sim.world.failing.clear();
  sim.world.half.clear();
  for (const resource of sim.snapshot.resources) resource.protect = false;
  const free = wanted.map((thing) => ({ ...thing, protect: false }));
  const outcome = await sim.up(free, { refresh: true });
  if (outcome.failed) throw new Error(outcome.messages.join("\n"));
  const names = free.filter((t) => t.custom !== false).map((t) => t.name);
  expect(sim.names.sort()).toEqual(names.sort());
  for (const { type, id } of sim.snapshot.resources) {
    if (type === "fake:index:Thing") expect(sim.world.things.has(id ?? "")).toBe(true);
  }
  expect(strangers(sim, accounted)).toEqual([]);
  sim.world.takeLog();
  const again = await sim.up(free);
  expect(Object.keys(again.changes)).toEqual(["same"]);
  expect(sim.world.takeLog()).toEqual([]);
}

test("with components, aliases, protect, deletedWith, targets, refreshes and half successes too, every written state is valid and knows all that exists, and the next whole run converges", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(run, { minLength: 1, maxLength: 4 }),
      program,
      async (sequence, wanted) => {
        const sim = new Simulation();
        const accounted = new Set<string>();
        for (const one of sequence) {
          mayBeLeftOver(one.program).forEach((name) => accounted.add(name));
          await go(sim, one);
          checkWritten(sim);
          expect(sim.snapshot.pending).toEqual([]);
          expect(strangers(sim, accounted)).toEqual([]);
        }
        mayBeLeftOver(wanted).forEach((name) => accounted.add(name));
        await converge(sim, wanted, accounted);
      },
    ),
    { numRuns: 150 },
  );
});

test("killed between any two steps, the state is valid and names all that exists or was under way, and the next run converges", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(run, { minLength: 1, maxLength: 3 }),
      program,
      fc.integer({ min: 1, max: 60 }),
      async (sequence, wanted, moment) => {
        const sim = new Simulation();
        const accounted = new Set<string>();
        for (const one of sequence) {
          mayBeLeftOver(one.program).forEach((name) => accounted.add(name));
          await killedAt(moment, sim, () => go(sim, one));
          sim.world.failing.clear();
          sim.world.half.clear();
          checkWritten(sim);
          // Whether it was made is for a person to say.
          for (const { resource, type } of sim.snapshot.pending)
            if (type === "creating") accounted.add(slot(resource.urn.split("::").at(-1) ?? ""));
          expect(strangers(sim, accounted)).toEqual([]);
        }
        mayBeLeftOver(wanted).forEach((name) => accounted.add(name));
        await converge(sim, wanted, accounted);
      },
    ),
    { numRuns: 150 },
  );
});
