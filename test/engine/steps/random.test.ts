import * as fc from "fast-check";
import { integrityError } from "../../../engine/state/integrity";
import { Simulation, type Thing } from "../simulation";

jest.setTimeout(120_000);

interface Shape {
  kind: number;
  value: number;
  fixed: number;
  first: boolean;
  replaceOnValue: boolean;
  parentless: boolean;
}

const shape = fc.record<Shape>({
  kind: fc.integer({ min: 0, max: 3 }),
  value: fc.integer({ min: 0, max: 2 }),
  fixed: fc.integer({ min: 0, max: 1 }),
  first: fc.boolean(),
  replaceOnValue: fc.boolean(),
  parentless: fc.boolean(),
});

/** One entry for each of t0..t5: absent, or a thing that takes a value from, or comes after, one before it. */
const program = fc
  .array(fc.option(fc.tuple(shape, fc.nat(), fc.nat())), { minLength: 6, maxLength: 6 })
  .map((entries) => {
    const things: Thing[] = [];
    entries.forEach((entry, i) => {
      if (!entry) return;
      const [{ kind, value, fixed, first, replaceOnValue }, source, other] = entry;
      const names = things.map((t) => t.name);
      const thing: Thing = {
        name: `t${i}`,
        inputs: { value: `v${value}`, fixed: `f${fixed}`, first },
      };
      if (names.length > 0 && kind >= 2) thing.from = names[source % names.length];
      if (names.length > 0 && kind === 1) thing.after = [names[other % names.length] as string];
      if (replaceOnValue) thing.replaceOnChanges = ["value"];
      things.push(thing);
    });
    return things;
  });

const operations = ["create", "update", "delete"];
const failures = fc.array(
  fc.tuple(fc.constantFrom(...operations), fc.integer({ min: 0, max: 5 })),
  { maxLength: 3 },
);

const runs = fc.array(
  fc.record({
    program,
    failures,
    destroy: fc.boolean(),
    continueOnError: fc.boolean(),
    parallel: fc.integer({ min: 1, max: 5 }),
  }),
  { minLength: 1, maxLength: 4 },
);

test("whatever fails in whatever program, every written state is valid and knows all that exists", async () => {
  await fc.assert(
    fc.asyncProperty(runs, async (sequence) => {
      const sim = new Simulation();
      for (const run of sequence) {
        for (const [operation, i] of run.failures)
          sim.world.failing.set(`${operation} t${i}`, new Error("failed"));
        const options = { continueOnError: run.continueOnError, parallel: run.parallel };
        const outcome = run.destroy
          ? await sim.destroy(options)
          : await sim.up(run.program, options);
        sim.world.failing.clear();
        const unexpected = outcome.messages.filter((m) => m !== "failed");
        if (unexpected.length > 0) throw new Error(unexpected.join("\n"));
        for (const { resources } of sim.written.splice(0)) {
          const broken = integrityError(resources);
          if (broken) throw new Error(broken);
        }
        expect(sim.snapshot.pending).toEqual([]);
        everythingIsInTheState(sim);
      }
    }),
    { numRuns: 300 },
  );
});

test("dependents are never deleted after what they depend on", async () => {
  await fc.assert(
    fc.asyncProperty(runs, async (sequence) => {
      const sim = new Simulation();
      sim.world.during = (operation) => refuseOrphans(sim, operation);
      for (const run of sequence) {
        for (const [operation, i] of run.failures)
          sim.world.failing.set(`${operation} t${i}`, new Error("failed"));
        // What is replaced delete-first goes before dependents that can stay, as Pulumi does it.
        const things = run.program.map((t) => ({ ...t, inputs: { ...t.inputs, first: false } }));
        const options = { continueOnError: run.continueOnError, parallel: run.parallel };
        const { messages } = run.destroy
          ? await sim.destroy(options)
          : await sim.up(things, options);
        sim.world.failing.clear();
        expect(messages.filter((m) => m !== "failed")).toEqual([]);
      }
    }),
    { numRuns: 200 },
  );
});

test("after any failures, the next run without them converges, and the one after that changes nothing", async () => {
  await fc.assert(
    fc.asyncProperty(runs, program, async (sequence, wanted) => {
      const sim = new Simulation();
      for (const run of sequence) {
        for (const [operation, i] of run.failures)
          sim.world.failing.set(`${operation} t${i}`, new Error("failed"));
        await sim.up(run.program, { continueOnError: run.continueOnError, parallel: run.parallel });
        sim.world.failing.clear();
      }
      const converging = await sim.up(wanted);
      if (converging.failed) throw new Error(converging.messages.join("\n"));
      expect(sim.names.sort()).toEqual(wanted.map((t) => t.name).sort());
      expect(sim.world.things.size).toBe(wanted.length);
      sim.world.takeLog();

      const again = await sim.up(wanted);
      expect(Object.keys(again.changes)).toEqual(["same"]);
      expect(sim.world.takeLog()).toEqual([]);

      await sim.destroy();
      expect(sim.world.things.size).toBe(0);
      expect(sim.snapshot.resources).toEqual([]);
    }),
    { numRuns: 200 },
  );
});

/** Nothing may be deleted while something that depends on it is still there. */
function refuseOrphans(sim: Simulation, operation: string): void {
  const [what, name = ""] = operation.split(" ");
  if (what !== "delete") return;
  const { resources, pending } = sim.snapshot;
  for (const { type, resource } of pending) {
    if (type !== "deleting" || !resource.urn.endsWith(`::${name}`)) continue;
    // Of two with one URN, the newer one is what dependents stand on.
    if (resources.find((r) => r.urn === resource.urn)?.id !== resource.id) continue;
    for (const dependent of resources.filter((r) => r.dependencies.includes(resource.urn))) {
      if (sim.world.things.has(dependent.id ?? ""))
        throw new Error(`${name} is deleted before ${dependent.urn}`);
    }
  }
}

/** No thing exists in the world that the state does not know. */
function everythingIsInTheState(sim: Simulation): void {
  const known = new Set(sim.snapshot.resources.map((r) => r.id));
  for (const id of sim.world.things.keys()) {
    if (!known.has(id)) throw new Error(`${id} exists, and the state does not know it`);
  }
}
