import * as fc from "fast-check";
import { integrityError } from "../../../engine/state/integrity";
import { killedAt, Simulation, type Thing } from "../simulation";

jest.setTimeout(120_000);

/** Programs that use what there is of options, run in every way, with operations that fail or succeed by half. */

interface Shape {
  value: number;
  fixed: number;
  source: number;
  dependsOn: boolean;
  grouped: boolean;
  protect: boolean;
  renamed: boolean;
  deletedWith: boolean;
}

const shape = fc.record<Shape>({
  value: fc.integer({ min: 0, max: 2 }),
  fixed: fc.integer({ min: 0, max: 1 }),
  source: fc.nat(),
  dependsOn: fc.boolean(),
  grouped: fc.boolean(),
  protect: fc.boolean(),
  renamed: fc.boolean(),
  deletedWith: fc.boolean(),
});

/** t0..t5, or under their other names, each perhaps in a component of its own. */
const program = fc
  .array(fc.option(shape), { minLength: 6, maxLength: 6 })
  .map((entries) => entries.flatMap((entry, i) => (entry ? thingsOf(entry, i) : [])))
  .map((things) => things.map((thing, i) => attached(thing, things.slice(0, i))));

interface Planned extends Thing {
  shape?: Shape;
}

function thingsOf(shape: Shape, i: number): Planned[] {
  const [name, other] = shape.renamed ? [`t${i}b`, `t${i}`] : [`t${i}`, `t${i}b`];
  const group = `g${i}`;
  const thing: Planned = {
    shape,
    name,
    inputs: { value: `v${shape.value}`, fixed: `f${shape.fixed}` },
    protect: shape.protect,
    aliases: [alias(other, {}), alias(other, { noParent: true }), alias(name, { noParent: true })],
    ...(shape.grouped ? { in: group } : {}),
  };
  return shape.grouped ? [{ name: group, custom: false }, thing] : [thing];
}

const alias = (name: string, more: object) =>
  ({ name, type: "", stack: "", project: "", parentUrn: "", noParent: false, ...more }) as never;

function attached({ shape, ...thing }: Planned, before: Planned[]): Thing {
  const names = before.filter((t) => t.shape).map((t) => t.name);
  const source = names[(shape?.source ?? 0) % names.length];
  if (!shape || source === undefined) return thing;
  if (shape.deletedWith) return { ...thing, deletedWithThing: source, after: [source] };
  return shape.dependsOn ? { ...thing, after: [source] } : { ...thing, from: source };
}

const someName = fc.tuple(fc.integer({ min: 0, max: 5 }), fc.constantFrom("", "b"));
const operations = fc.array(
  fc
    .tuple(fc.constantFrom("create", "update", "delete"), someName)
    .map(([operation, [i, suffix]]) => `${operation} t${i}${suffix}`),
  { maxLength: 3 },
);

const run = fc.record({
  program,
  failing: operations,
  half: operations,
  destroy: fc.boolean(),
  options: fc.record({
    continueOnError: fc.boolean(),
    parallel: fc.integer({ min: 1, max: 5 }),
    refresh: fc.boolean(),
    targets: fc.oneof(
      fc.constant([] as string[]),
      fc.array(
        someName.map(([i, suffix]) => `**::t${i}${suffix}`),
        { maxLength: 2 },
      ),
    ),
    targetDependents: fc.boolean(),
  }),
});
type Run = typeof run extends fc.Arbitrary<infer T> ? T : never;

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
