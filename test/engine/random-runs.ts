import * as fc from "fast-check";
import type { Thing } from "./simulation";

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
export const program = fc
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

export const run = fc.record({
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
export type Run = typeof run extends fc.Arbitrary<infer T> ? T : never;
