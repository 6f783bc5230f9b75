import { Secret } from "../../engine/values/property";
import type { Operation } from "./engines";
import type { Thing } from "./thing-program";

const up = (things: Thing[], more: Partial<Operation> = {}): Operation => ({
  kind: "up",
  things,
  ...more,
});
const preview = (things: Thing[], more: Partial<Operation> = {}): Operation => ({
  kind: "preview",
  things,
  ...more,
});
const destroy = (more: Partial<Operation> = {}): Operation => ({ kind: "destroy", ...more });
const refresh = (more: Partial<Operation> = {}): Operation => ({ kind: "refresh", ...more });
const urn = (name: string): string => `urn:pulumi:s::p::fake:index:Thing::${name}`;

const fixed = (name: string, value: string, more: Partial<Thing> = {}): Thing => ({
  name,
  inputs: { fixed: value, value },
  ...more,
});

/** Runs one after the other on one stack, by what they are about. */
export const SCENARIOS: Record<string, Operation[]> = {
  "creates, leaves, updates and deletes": [
    up([{ name: "a" }, { name: "b" }, { name: "c" }]),
    up([{ name: "a" }, { name: "b", inputs: { value: "new" } }]),
    up([{ name: "a" }, { name: "b", inputs: { value: "new" } }]),
    destroy(),
  ],
  "previews what is new, changed, replaced and gone": [
    preview([{ name: "a" }, { name: "b", from: "a" }]),
    up([fixed("a", "1"), { name: "b", from: "a" }, { name: "c" }]),
    preview([fixed("a", "2"), { name: "b", from: "a" }]),
    preview([
      { name: "a", inputs: { fixed: "1", value: "other" } },
      { name: "b", from: "a" },
    ]),
  ],
  "replaces, and updates dependents in between": [
    up([fixed("a", "1"), { name: "b", from: "a" }]),
    up([fixed("a", "2"), { name: "b", from: "a" }]),
  ],
  "deletes first, with the dependents that would be replaced": [
    up(dependents("1")),
    up(dependents("2")),
  ],
  "deletes first by option, with children": [
    up([
      { name: "g", custom: false },
      fixed("a", "1", { in: "g", deleteBeforeReplace: true }),
      { name: "b", from: "a", in: "g", replaceOnChanges: ["value"] },
    ]),
    up([
      { name: "g", custom: false },
      fixed("a", "2", { in: "g", deleteBeforeReplace: true }),
      { name: "b", from: "a", in: "g", replaceOnChanges: ["value"] },
    ]),
  ],
  "takes up a delete-first replacement whose create failed": [
    up([fixed("a", "1", { deleteBeforeReplace: true })]),
    up([fixed("a", "2", { deleteBeforeReplace: true })], { failing: ["create a"] }),
    up([fixed("a", "2", { deleteBeforeReplace: true })]),
  ],
  "takes up a delete-first replacement whose create failed, with dependents": [
    up(dependents("1")),
    up(dependents("2"), { failing: ["create a"] }),
    up(dependents("2")),
    up(dependents("2")),
  ],
  "goes on after a delete that failed within a replacement": [
    up([fixed("a", "1")]),
    up([fixed("a", "2")], { failing: ["delete a"] }),
    up([fixed("a", "2")]),
  ],
  "stops at a failure": [
    up([{ name: "a" }, { name: "b", after: ["a"] }, { name: "c", after: ["b"] }], {
      failing: ["create b"],
    }),
    up([{ name: "a" }, { name: "b", after: ["a"] }, { name: "c", after: ["b"] }]),
    destroy({ failing: ["delete b"] }),
    destroy(),
  ],
  "goes on after failures where asked to": [
    up([{ name: "a" }, { name: "b", after: ["a"] }, { name: "c" }], {
      failing: ["create a"],
      continueOnError: true,
    }),
    up([{ name: "a" }, { name: "b", after: ["a"] }, { name: "c" }]),
    up([{ name: "a", inputs: { value: "x" } }, { name: "b", after: ["a"] }, { name: "c" }], {
      failing: ["update a"],
      continueOnError: true,
    }),
    destroy({ failing: ["delete b"], continueOnError: true }),
    destroy(),
  ],
  "keeps what came about by half, and tries again": [
    up([{ name: "a" }], { half: ["create a"] }),
    preview([{ name: "a" }]),
    up([{ name: "a" }]),
    up([{ name: "a", inputs: { value: "2" } }], { half: ["update a"] }),
    up([{ name: "a", inputs: { value: "2" } }]),
    up([{ name: "a", inputs: { value: "3" } }], { half: ["update a"] }),
    refresh(),
    up([{ name: "a", inputs: { value: "3" } }]),
  ],
  "refuses to delete or replace what is protected": [
    up([fixed("a", "1", { protect: true })]),
    destroy(),
    up([fixed("a", "2", { protect: true })]),
    up([]),
  ],
  "retains on delete, and leaves what goes with another": [
    up([
      { name: "kept", retainOnDelete: true },
      { name: "host" },
      { name: "onHost", deletedWithThing: "host" },
    ]),
    up([]),
  ],
  "ignores changes of properties, new and old": [
    up([{ name: "a", inputs: { value: "1", other: "1", nested: { x: "1", y: "1" } } }]),
    up([
      {
        name: "a",
        inputs: { value: "2", nested: { x: "2", y: "2" } },
        ignoreChanges: ["value", "other", "nested.x"],
      },
    ]),
    preview([
      { name: "a", inputs: { value: "3", fixed: "3" }, ignoreChanges: ["value", "fixed", "other"] },
    ]),
  ],
  "ignores changes in lists": [
    up([{ name: "a", inputs: { list: [{ k: "1" }, { k: "2" }] } }]),
    up([
      {
        name: "a",
        inputs: { list: [{ k: "x" }, { k: "y" }] },
        ignoreChanges: ["list[*].k"],
      },
    ]),
    up([
      {
        name: "a",
        inputs: { list: [{ k: "x" }, { k: "y" }] },
        ignoreChanges: ["list[0]"],
      },
    ]),
  ],
  "ignores changes below a secret": [
    up([{ name: "a", inputs: { nested: new Secret({ x: "s3cret", y: "1" }) } }]),
    up([
      {
        name: "a",
        inputs: { nested: new Secret({ x: "other", y: "2" }) },
        ignoreChanges: ["nested.x"],
      },
    ]),
  ],
  "replaces on changes": [
    up([{ name: "a", inputs: { value: ["1", "2"] }, replaceOnChanges: ["value[*]"] }]),
    up([{ name: "a", inputs: { value: ["1", "3"] }, replaceOnChanges: ["value[*]"] }]),
  ],
  "carries a name over by an alias, and its children": [
    up([
      { name: "old", custom: false },
      { name: "old-child", in: "old" },
    ]),
    up([
      { name: "new", custom: false, aliases: [{ name: "old" }] },
      {
        name: "new-child",
        in: "new",
        inputs: { name: "old-child" },
        aliases: [{ name: "old-child" }],
      },
    ]),
  ],
  "imports, and updates to what the program says": [
    up([{ name: "a", inputs: { value: "wanted" }, importId: "given" }], {
      before: (world) => world.things.set("given", { name: "a", kind: "default", value: "wanted" }),
    }),
    up([{ name: "a", inputs: { value: "wanted" } }]),
    up([
      { name: "b", importId: "nothing" },
      { name: "a", inputs: { value: "wanted" } },
    ]),
  ],
  "imports what differs": [
    up([{ name: "a", inputs: { value: "wanted" }, importId: "given" }], {
      before: (world) => world.things.set("given", { name: "a", value: "there" }),
    }),
    up([{ name: "a", inputs: { value: "wanted" } }]),
  ],
  "reads what others own": [
    up(
      [
        { name: "r", read: "given" },
        { name: "b", from: "r" },
      ],
      {
        before: (world) =>
          world.things.set("given", { name: "r", kind: "default", value: "there" }),
      },
    ),
    preview([
      { name: "r", read: "given" },
      { name: "b", from: "r" },
    ]),
    up(
      [
        { name: "r", read: "given" },
        { name: "b", from: "r" },
      ],
      {
        before: (world) => world.things.set("given", { name: "r", kind: "default", value: "new" }),
      },
    ),
    refresh(),
    destroy(),
  ],
  "reads what is not there": [up([{ name: "r", read: "nothing" }])],
  "reads what the stack owned": [
    up([{ name: "a", inputs: { value: "1" } }]),
    preview([{ name: "a", read: "a-1" }]),
    up([{ name: "a", read: "a-1" }]),
    destroy(),
  ],
  "seals secrets, of inputs and by option": [
    up([
      {
        name: "a",
        inputs: { value: new Secret("s3cret"), nested: { x: new Secret("deep"), y: "plain" } },
        additionalSecretOutputs: ["echo"],
      },
      { name: "b", from: "a" },
    ]),
    preview([
      {
        name: "a",
        inputs: { value: new Secret("other"), nested: { x: new Secret("deep"), y: "plain" } },
        additionalSecretOutputs: ["echo"],
      },
      { name: "b", from: "a" },
    ]),
    up([
      { name: "a", inputs: { value: "s3cret", nested: { x: "deep", y: "plain" } } },
      { name: "b", from: "a" },
    ]),
    refresh(),
  ],
  "refuses bad inputs": [
    up([{ name: "a", inputs: { value: "bad" } }]),
    preview([{ name: "a", inputs: { value: "bad" } }]),
  ],
  "refuses a name that is there twice": [up([{ name: "a" }, { name: "a" }])],
  "touches the target only": [
    up([
      { name: "a", inputs: { value: "1" } },
      { name: "b", inputs: { value: "1" } },
      { name: "gone" },
    ]),
    up(
      [
        { name: "a", inputs: { value: "2" } },
        { name: "b", inputs: { value: "2" } },
      ],
      { targets: [urn("a")] },
    ),
    up(
      [
        { name: "a", inputs: { value: "3" } },
        { name: "b", inputs: { value: "3" } },
        { name: "new" },
      ],
      { targets: [urn("b")] },
    ),
  ],
  "targets with dependents": [
    up([{ name: "a", inputs: { value: "1" } }, { name: "b", from: "a" }, { name: "c" }]),
    up(
      [
        { name: "a", inputs: { value: "2" } },
        { name: "b", from: "a" },
        { name: "c", inputs: { value: "2" } },
      ],
      { targets: [urn("a")], targetDependents: true },
    ),
    up([{ name: "a", inputs: { value: "3" } }, { name: "b", from: "a" }, { name: "c" }], {
      targets: [urn("a")],
    }),
  ],
  "replaces a target delete-first, its dependents not being targets": [
    up(dependents("1")),
    up(dependents("2"), { targets: [urn("a")] }),
    up(dependents("2")),
  ],
  "destroys targets, with and without dependents": [
    up([{ name: "a" }, { name: "b", after: ["a"] }, { name: "c" }]),
    destroy({ targets: [urn("a")] }),
    destroy({ targets: [urn("a")], targetDependents: true }),
    destroy({ targets: [urn("nothing")] }),
  ],
  "needs what is not a target": [
    up([{ name: "a" }, { name: "b", after: ["a"] }], { targets: [urn("b")] }),
  ],
  "names targets by patterns": [
    up([{ name: "ab" }, { name: "ac" }, { name: "b", from: "ab" }]),
    up(
      ["ab", "ac", "b"].map((name) => ({ name, inputs: { value: "2" } })),
      { targets: ["**::a*"] },
    ),
    destroy({ targets: ["urn:pulumi:*::*::fake:index:Thing::ac"] }),
  ],
  "excludes, with and without dependents": [
    up([{ name: "a" }, { name: "b", from: "a" }, { name: "c" }]),
    up(
      ["a", "c"]
        .map((name): Thing => ({ name, inputs: { value: "2" } }))
        .concat({ name: "b", from: "a" }),
      { excludes: [urn("a")] },
    ),
    up(
      [
        ...[
          { name: "a", inputs: { value: "3" } },
          { name: "b", from: "a" },
        ],
        ...[{ name: "c", inputs: { value: "2" } }, { name: "new" }],
      ],
      {
        excludes: ["**::a"],
        excludeDependents: true,
      },
    ),
    destroy({ excludes: [urn("a")] }),
    destroy({ excludes: [urn("b")] }),
    destroy(),
  ],
  "excludes one, and registers another no more": [
    up([{ name: "a" }, { name: "b", from: "a" }, { name: "c" }]),
    up([{ name: "a" }, { name: "b", from: "a" }], { excludes: [urn("a")] }),
  ],
  "excludes one with its dependents, and registers others no more": [
    up([{ name: "z" }, { name: "a" }, { name: "b", from: "a" }, { name: "c" }]),
    up([{ name: "a" }, { name: "b", from: "a" }], { excludes: ["**::a"], excludeDependents: true }),
    preview([{ name: "a" }], { excludes: [urn("a")], excludeDependents: true }),
    up([{ name: "a" }, { name: "c" }], { excludes: [urn("a")], excludeDependents: true }),
    refresh({ excludes: [urn("a")], excludeDependents: true }),
    up([{ name: "b" }], { excludes: ["**::none"], excludeDependents: true }),
  ],
  "excludes one with its dependents, and replaces another": [
    up([{ name: "a" }, fixed("c", "1"), fixed("d", "1", { deleteBeforeReplace: true })]),
    up([{ name: "a" }, fixed("c", "2"), fixed("d", "2", { deleteBeforeReplace: true })], {
      excludes: ["**::a"],
      excludeDependents: true,
    }),
    up([{ name: "a" }, fixed("c", "2"), fixed("d", "2", { deleteBeforeReplace: true })]),
  ],
  "moves a child to another parent, by an alias with the former one": [
    up([
      { name: "g", custom: false },
      { name: "h", custom: false },
      { name: "child", in: "g" },
      { name: "other", from: "child" },
    ]),
    up([
      { name: "g", custom: false },
      { name: "h", custom: false },
      { name: "child", in: "h", aliases: [{ parent: "urn:pulumi:s::p::p:index:Group::g" }] },
      { name: "other", from: "child" },
    ]),
    up([
      { name: "h", custom: false },
      {
        name: "child",
        aliases: [{ parent: "urn:pulumi:s::p::p:index:Group::h" }],
      },
    ]),
  ],
  "replaces what is deleted with another that is replaced": [
    up([fixed("host", "1"), { name: "on", deletedWithThing: "host" }]),
    up([fixed("host", "2"), { name: "on", deletedWithThing: "host" }]),
    up([fixed("host", "2", { retainOnDelete: true }), { name: "on", deletedWithThing: "host" }]),
    up([fixed("host", "3", { retainOnDelete: true }), { name: "on", deletedWithThing: "host" }]),
    destroy(),
  ],
  "imports with inputs that the provider refuses, and what another of the stack has": [
    up([{ name: "a", inputs: { value: "bad" }, importId: "given" }], {
      before: (world) => world.things.set("given", { name: "a", value: "there" }),
    }),
    up([{ name: "a", inputs: { value: "there" }, importId: "given" }]),
    up([{ name: "a", inputs: { value: "there" }, importId: "other" }], {
      before: (world) => world.things.set("other", { name: "a", value: "there" }),
    }),
    up([fixed("a", "1", { importId: "other" })]),
  ],
  "replaces on changes, of all and of what is below": [
    up([{ name: "a", inputs: { nested: { x: "1", y: "1" } }, replaceOnChanges: ["nested.x"] }]),
    up([{ name: "a", inputs: { nested: { x: "1", y: "2" } }, replaceOnChanges: ["nested.x"] }]),
    up([{ name: "a", inputs: { nested: { x: "2", y: "2" } }, replaceOnChanges: ["nested.x"] }]),
    up([{ name: "a", inputs: { nested: { x: "2", y: "3" } }, replaceOnChanges: ["*"] }]),
    up([{ name: "a", inputs: { value: "new" }, replaceOnChanges: ["nested"] }]),
  ],
  "refreshes: gone, changed, and as it was": [
    up([{ name: "a" }, { name: "b", from: "a" }, { name: "c" }]),
    refresh({
      before: (world) => {
        world.things.delete("a-1");
        world.things.set("b-2", { name: "b", kind: "default", value: "drifted" });
      },
    }),
    up([{ name: "a" }, { name: "b", from: "a" }, { name: "c" }]),
  ],
  "refreshes within an update, a preview and a destroy": [
    up([
      { name: "a", inputs: { value: "1" } },
      { name: "b", from: "a" },
    ]),
    preview(
      [
        { name: "a", inputs: { value: "1" } },
        { name: "b", from: "a" },
      ],
      {
        refresh: true,
        before: (world) =>
          world.things.set("a-1", { name: "a", kind: "default", value: "drifted" }),
      },
    ),
    up(
      [
        { name: "a", inputs: { value: "1" } },
        { name: "b", from: "a" },
      ],
      { refresh: true },
    ),
    destroy({ refresh: true, before: (world) => world.things.delete("b-2") }),
  ],
  "changes the order of dependencies": [
    up([{ name: "a" }, { name: "b", from: "a" }]),
    up([{ name: "b" }, { name: "a", from: "b" }]),
  ],
  "changes the order of dependencies, with a target": [
    up([{ name: "a" }, { name: "b", from: "a" }]),
    up([{ name: "b" }, { name: "a", inputs: { value: "2" } }], { targets: ["**::a"] }),
  ],
};

function dependents(value: string): Thing[] {
  return [
    { name: "a", inputs: { fixed: value, value, first: true } },
    { name: "b", from: "a", replaceOnChanges: ["value"] },
    { name: "c", after: ["a"] },
  ];
}
