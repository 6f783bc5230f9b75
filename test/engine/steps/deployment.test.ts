import { PartialFailure } from "../../../engine/providers/provider";
import { Secret, UNKNOWN_TEXT } from "../../../engine/values/property";
import { Simulation, type Thing } from "../simulation";

const urn = (name: string): string => `urn:pulumi:s::p::fake:index:Thing::${name}`;

test("creates what is new, leaves what is the same, updates what changed, deletes what is gone", async () => {
  const sim = new Simulation();
  await sim.up([{ name: "a" }, { name: "b" }, { name: "c" }]);
  sim.world.takeLog();

  const { steps, changes } = await sim.up([{ name: "a" }, { name: "b", inputs: { value: "new" } }]);

  expect(steps).toEqual(["same a", "update b", "delete c"]);
  expect(changes).toEqual({ same: 2, update: 1, delete: 1 });
  expect(sim.world.takeLog()).toEqual(["update b", "delete c"]);
  expect(sim.names).toEqual(["a", "b"]);
});

test("a preview does nothing, and knows no outputs of what is not there yet", async () => {
  const sim = new Simulation();
  const { steps } = await sim.up([{ name: "a" }, { name: "b", from: "a" }], { preview: true });

  expect(steps).toEqual(["create a", "create b"]);
  expect(sim.world.log).toEqual([]);
  expect(sim.written).toEqual([]);
});

test("deletes dependents before what they depend on", async () => {
  const sim = new Simulation();
  await sim.up([{ name: "a" }, { name: "b", from: "a" }, { name: "c", after: ["b"] }]);
  sim.world.takeLog();

  await sim.destroy();

  expect(sim.world.takeLog()).toEqual(["delete c", "delete b", "delete a"]);
  expect(sim.snapshot.resources).toEqual([]);
});

test("a replacement is created before the original is deleted, and dependents are updated in between", async () => {
  const sim = new Simulation();
  await sim.up([
    { name: "a", inputs: { fixed: "1", value: "x" } },
    { name: "b", from: "a" },
  ]);
  sim.world.takeLog();

  const { changes } = await sim.up([
    { name: "a", inputs: { fixed: "2", value: "y" } },
    { name: "b", from: "a" },
  ]);

  expect(sim.world.takeLog()).toEqual(["create a", "update b", "delete a"]);
  expect(changes).toEqual({ same: 1, replace: 1, update: 1 });
});

test("deleteBeforeReplace deletes first, with the dependents that would be replaced", async () => {
  const sim = new Simulation();
  const program = (fixed: string) => [
    { name: "a", inputs: { fixed, first: true } },
    { name: "b", from: "a", replaceOnChanges: ["value"] },
    { name: "c", after: ["a"] },
  ];
  await sim.up(program("1"));
  sim.world.takeLog();

  await sim.up(program("2"));

  expect(sim.world.takeLog()).toEqual(["delete b", "delete a", "create a", "create b"]);
  expect(sim.snapshot.resources.filter((r) => r.pendingReplacement)).toEqual([]);
});

test("deleteBeforeReplace deletes first also what is in the resource, where it depends on it as well", async () => {
  const sim = new Simulation();
  const program = (fixed: string) => [
    { name: "a", inputs: { fixed, first: true } },
    { name: "b", from: "a", in: "a", replaceOnChanges: ["value"] },
    { name: "c", in: "a" },
  ];
  await sim.up(program("1"));
  sim.world.takeLog();

  await sim.up(program("2"));

  expect(sim.world.takeLog()).toEqual(["delete b", "delete a", "create a", "create b"]);
});

test("a targeted delete-first replacement makes the dependent that had to go again, as it was", async () => {
  const sim = new Simulation();
  const program = (fixed: string, other: string): Thing[] => [
    { name: "a", inputs: { fixed, first: true, value: fixed } },
    { name: "b", from: "a", inputs: { other }, replaceOnChanges: ["value"] },
    { name: "c", after: ["b"], inputs: { other } },
  ];
  await sim.up(program("1", "x"));
  sim.world.takeLog();

  const { failed } = await sim.up(program("2", "y"), { targets: [urn("a")] });

  expect(failed).toBe(false);
  expect(sim.world.takeLog()).toEqual(["delete b", "delete a", "create a", "create b"]);
  expect(sim.state("b").inputs).toMatchObject({ other: "x", value: "1" });
  expect(sim.snapshot.resources.filter((r) => r.pendingReplacement)).toEqual([]);
  expect(sim.names).toEqual(["a", "b", "c"]);
  await sim.up(program("2", "y"));
  expect(sim.world.takeLog()).toEqual(["create b", "update c", "delete b"]);
});

test("a dependent that a delete-first replacement has deleted is not deleted again by the next run", async () => {
  const sim = new Simulation();
  const program = (fixed: string) => [
    { name: "a", inputs: { fixed, first: true } },
    { name: "b", from: "a", replaceOnChanges: ["value"] },
    { name: "c", from: "b", replaceOnChanges: ["value"] },
  ];
  for (const failing of ["delete a", "create a", "delete b", "create b"]) {
    await sim.up(program("1"));
    sim.world.failing.set(failing, new Error("busy"));
    expect((await sim.up(program("2"))).failed).toBe(true);
    sim.world.failing.clear();
    await sim.up(program("2"));
    const log = sim.world.takeLog().filter((line) => !line.endsWith("failed"));
    expect(log.slice(-6)).toEqual([
      "delete c",
      "delete b",
      "delete a",
      "create a",
      "create b",
      "create c",
    ]);
    await sim.destroy();
    sim.world.takeLog();
  }
});

test("a crash between delete and create is remembered: the next run only creates", async () => {
  const sim = new Simulation();
  const program = (fixed: string) => [{ name: "a", inputs: { fixed }, deleteBeforeReplace: true }];
  await sim.up(program("1"));
  sim.world.failing.set("create a", new Error("no space"));
  sim.world.takeLog();

  expect((await sim.up(program("2"))).failed).toBe(true);
  expect(sim.state("a").pendingReplacement).toBe(true);
  sim.world.failing.clear();
  await sim.up(program("2"));

  expect(sim.world.takeLog()).toEqual(["delete a", "create a failed", "create a"]);
  expect(sim.state("a").pendingReplacement).toBeUndefined();
});

test("an original whose delete failed is deleted by the next run", async () => {
  const sim = new Simulation();
  await sim.up([{ name: "a", inputs: { fixed: "1" } }]);
  sim.world.failing.set("delete a", new Error("busy"));
  expect((await sim.up([{ name: "a", inputs: { fixed: "2" } }])).failed).toBe(true);
  expect(sim.names).toEqual(["a", "a"]);
  sim.world.failing.clear();
  sim.world.takeLog();

  const { steps } = await sim.up([{ name: "a", inputs: { fixed: "2" } }]);

  expect(steps).toEqual(["same a", "delete-replaced a"]);
  expect(sim.world.takeLog()).toEqual(["delete a"]);
  expect(sim.names).toEqual(["a"]);
});

test("a failure stops what has not started; the state holds what was done", async () => {
  const sim = new Simulation();
  sim.world.failing.set("create b", new Error("it broke"));

  const { failed, messages } = await sim.up([
    { name: "a" },
    { name: "b", after: ["a"] },
    { name: "c", after: ["b"] },
  ]);

  expect(failed).toBe(true);
  expect(messages).toEqual(["it broke"]);
  expect(sim.world.log).toEqual(["create a", "create b failed"]);
  expect(sim.names).toEqual(["a"]);
  expect(sim.snapshot.pending).toEqual([]);
});

test("with continueOnError all goes on but what depends on the failure", async () => {
  const sim = new Simulation();
  sim.world.failing.set("create a", new Error("it broke"));

  const { failed } = await sim.up([{ name: "a" }, { name: "b", after: ["a"] }, { name: "c" }], {
    continueOnError: true,
  });

  expect(failed).toBe(true);
  expect(sim.world.log).toEqual(["create a failed", "create c"]);
});

test("a host that cannot be reached does not keep the others from being deleted, if asked to go on", async () => {
  const sim = new Simulation();
  await sim.up([{ name: "a" }, { name: "b", after: ["a"] }, { name: "c" }]);
  sim.world.failing.set("delete b", new Error("unreachable"));
  sim.world.takeLog();

  expect((await sim.destroy({ continueOnError: true })).failed).toBe(true);

  expect(sim.world.takeLog().sort()).toEqual(["delete b failed", "delete c"]);
  expect(sim.names).toEqual(["a", "b"]);
});

test("protect refuses a delete and names the resource, and a replacement before anything is done", async () => {
  const sim = new Simulation();
  await sim.up([{ name: "a", protect: true, inputs: { fixed: "1" } }]);
  sim.world.takeLog();

  expect((await sim.destroy()).messages).toEqual([
    `resource "${urn("a")}" cannot be deleted\nbecause it is protected. To unprotect the resource, either remove the ` +
      "`protect` flag from the resource in your Pulumi program and run `npm run up`, or use the command:\n" +
      `\`npm run state -- unprotect '${urn("a")}'\``,
  ]);
  expect(
    (await sim.up([{ name: "a", protect: true, inputs: { fixed: "2" } }])).messages[0],
  ).toContain(`unable to replace resource "${urn("a")}"\nas it is currently marked for protection`);
  expect(sim.world.takeLog()).toEqual([]);
});

test("what the program only reads by the id that the stack owned is let go, and stays there", async () => {
  const sim = new Simulation();
  await sim.up([{ name: "a", inputs: { value: "x" } }, { name: "b" }]);
  const ids = { a: sim.state("a").id ?? "", b: "given" };
  sim.world.things.set("given", { name: "b", value: "y" });
  sim.world.takeLog();

  const { steps, changes } = await sim.up([
    { name: "a", read: ids.a },
    { name: "b", read: ids.b },
  ]);

  expect(steps).toEqual(["read a", "read-replacement b", "replace b", "delete-replaced b"]);
  expect(changes).toEqual({ same: 1, read: 1, replace: 1 });
  expect(sim.world.takeLog()).toEqual(["delete b"]);
  expect(sim.state("a")).toMatchObject({ id: ids.a, external: true, outputs: { value: "x" } });
  await sim.up([]);
  expect(sim.world.takeLog()).toEqual([]);
});

test("a read tells the provider what the program says of the resource, as inputs and as state", async () => {
  const sim = new Simulation();
  sim.world.things.set("given", { name: "a" });
  await sim.up([{ name: "a", read: "given", inputs: { hint: "here" } }]);
  expect(sim.world.reads).toEqual([
    { id: "given", inputs: { name: "a", hint: "here" }, outputs: { name: "a", hint: "here" } },
  ]);
});

test("a preview does not read by an id that is not known yet", async () => {
  const sim = new Simulation();
  const { steps, messages } = await sim.up([{ name: "a", read: UNKNOWN_TEXT }], { preview: true });
  expect({ steps, messages }).toEqual({ steps: ["read a"], messages: [] });
  expect(sim.world.reads).toEqual([]);
});

test("retainOnDelete and deletedWith take the resource out of the state without touching it", async () => {
  const sim = new Simulation();
  await sim.up([
    { name: "kept", retainOnDelete: true },
    { name: "host" },
    { name: "onHost", deletedWithThing: "host" },
  ]);
  sim.world.takeLog();

  await sim.up([]);

  expect(sim.world.takeLog()).toEqual(["delete host"]);
  expect(sim.names).toEqual([]);
});

test("ignoreChanges keeps the old value, also of a property that the program no longer has", async () => {
  const sim = new Simulation();
  await sim.up([{ name: "a", inputs: { value: "1", other: "1" } }]);

  const { steps } = await sim.up([
    { name: "a", inputs: { value: "2" }, ignoreChanges: ["value", "other"] },
  ]);

  expect(steps).toEqual(["same a"]);
  expect(sim.state("a").inputs).toEqual({ name: "a", kind: "default", value: "1", other: "1" });
});

test("ignoreChanges below a secret keeps the old value, and keeps it secret", async () => {
  const sim = new Simulation();
  await sim.up([{ name: "a", inputs: { login: new Secret({ password: "canary" }) } }]);

  await sim.up([
    { name: "a", inputs: { login: { password: "new" } }, ignoreChanges: ["login.password"] },
  ]);

  expect(sim.state("a").inputs["login"]).toEqual({ password: new Secret("canary") });
  expect(sim.state("a").outputs["login"]).toEqual(new Secret({ password: "canary" }));
});

test("ignoreChanges that cannot be followed are named, and the change is made", async () => {
  const sim = new Simulation();
  await sim.up([{ name: "a", inputs: { l: [{ k: "1", v: "1" }] } }]);

  const { steps, messages } = await sim.up([
    {
      name: "a",
      inputs: {
        l: [
          { k: "2", v: "2" },
          { k: "2", v: "2" },
        ],
      },
      ignoreChanges: ["l[*].k", "l[5].k", "l[b", "nothing.below"],
    },
  ]);

  expect(steps).toEqual(["update a"]);
  expect(sim.state("a").inputs["l"]).toEqual([
    { k: "1", v: "2" },
    { k: "2", v: "2" },
  ]);
  expect(messages).toEqual([
    'ignoreChanges: property path "l[b" is not readable at "[b"; changes there are not ignored',
    'cannot ignore changes in added or removed elements of the path: "l[*].k, l[5].k"',
  ]);
});

test("replaceOnChanges makes a replacement of an update", async () => {
  const sim = new Simulation();
  await sim.up([{ name: "a", inputs: { value: ["1", "2"] }, replaceOnChanges: ["value[*]"] }]);
  sim.world.takeLog();
  await sim.up([{ name: "a", inputs: { value: ["1", "3"] }, replaceOnChanges: ["value[*]"] }]);
  expect(sim.world.takeLog()).toEqual(["create a", "delete a"]);
});

test("an alias carries the state over, and its children's", async () => {
  const sim = new Simulation();
  await sim.up([
    { name: "old", custom: false },
    { name: "old-child", in: "old" },
  ]);
  sim.world.takeLog();

  const { steps } = await sim.up([
    { name: "new", custom: false, aliases: [{ name: "old" }] },
    { name: "new-child", in: "new", inputs: { name: "old-child" } },
  ]);

  expect(steps).toEqual(["same new-child"]);
  expect(sim.world.takeLog()).toEqual([]);
  expect(sim.snapshot.resources.map((r) => r.urn.split("::").at(-1))).toEqual([
    "p-s",
    "default_1_0_0",
    "new",
    "new-child",
  ]);
});

test("a resource that was made outside is adopted by its id, and updated to what the program says", async () => {
  const sim = new Simulation();
  sim.world.things.set("given", { name: "a", value: "there" });

  const { steps } = await sim.up([{ name: "a", inputs: { value: "wanted" }, importId: "given" }]);

  expect(steps).toEqual(["import a", "update a"]);
  expect(sim.state("a")).toMatchObject({ id: "given", importID: "given" });
  expect((await sim.up([{ name: "b", importId: "nothing" }])).messages).toEqual([
    "resource 'nothing' does not exist",
  ]);
});

test("a resource that is there but not as wanted stays in the state, and the next run tries again", async () => {
  const sim = new Simulation();
  sim.world.failing.set("create a", new PartialFailure("half", { name: "a" }, ["half done"]));
  expect((await sim.up([{ name: "a" }])).messages).toEqual(["half done"]);
  expect(sim.state("a")).toMatchObject({
    id: "half",
    initErrors: ["half done"],
    created: expect.any(String) as string,
  });
  sim.world.failing.clear();

  expect((await sim.up([{ name: "a" }])).steps).toEqual(["update a"]);
  expect(sim.state("a").initErrors).toEqual([]);
});

test("an output is secret where its input is, and where the program says so", async () => {
  const sim = new Simulation();
  await sim.up([
    { name: "a", inputs: { value: new Secret("s3cret") }, additionalSecretOutputs: ["echo"] },
  ]);
  const { outputs, inputs } = sim.state("a");
  expect(inputs["value"]).toBeInstanceOf(Secret);
  expect(outputs["value"]).toBeInstanceOf(Secret);
  expect(outputs["echo"]).toBeInstanceOf(Secret);
  expect(outputs["name"]).toBe("a");
});

test("inputs that the provider does not accept are refused with property and reason, and nothing is done", async () => {
  const sim = new Simulation();
  const { messages } = await sim.up([{ name: "a", inputs: { value: "bad" } }]);
  expect(messages).toEqual([
    "fake:index:Thing resource 'a' has a problem: property value value has a problem: is bad",
  ]);
  expect(sim.world.log).toEqual([]);
});

test("the same name twice is refused", async () => {
  const sim = new Simulation();
  expect((await sim.up([{ name: "a" }, { name: "a" }])).messages).toEqual([
    `Duplicate resource URN '${urn("a")}'; try giving it a unique name`,
  ]);
});

test("with a target only that is touched, and what it needs", async () => {
  const sim = new Simulation();
  await sim.up([
    { name: "a", inputs: { value: "1" } },
    { name: "b", inputs: { value: "1" } },
    { name: "gone" },
  ]);
  sim.world.takeLog();

  const { failed, messages } = await sim.up(
    [
      { name: "a", inputs: { value: "2" } },
      { name: "b", inputs: { value: "2" } },
    ],
    { targets: [urn("a")] },
  );

  expect([failed, messages]).toEqual([false, []]);
  expect(sim.world.takeLog()).toEqual(["update a"]);
  expect(sim.names.sort()).toEqual(["a", "b", "gone"]);
});

test("what is excluded is not touched, nor deleted, nor what it needs; its dependents only if asked for", async () => {
  const sim = new Simulation();
  const program = (value: string): Thing[] => [
    { name: "a", inputs: { value } },
    { name: "b", inputs: { value }, after: ["a"] },
    { name: "c", inputs: { value }, after: ["b"] },
    { name: "d", inputs: { value } },
  ];
  await sim.up(program("1"));
  sim.world.takeLog();

  await sim.up(program("2"), { excludes: [urn("b")] });
  expect(sim.world.takeLog().sort()).toEqual(["update a", "update c", "update d"]);
  await sim.up(program("3"), { excludes: ["**::b"], excludeDependents: true });
  expect(sim.world.takeLog().sort()).toEqual(["update a", "update d"]);
  await sim.destroy({ excludes: [urn("b")] });
  expect(sim.world.takeLog().sort()).toEqual(["delete c", "delete d"]);
  expect(sim.names).toEqual(["a", "b"]);
  expect((await sim.up([{ name: "new" }, { name: "b" }], { excludes: ["**::new"] })).failed).toBe(
    false,
  );
  expect(sim.world.takeLog()).toEqual(["update b", "delete a"]);
});

test("what is left alone stays behind what it depends on, also where the program has changed their order", async () => {
  const sim = new Simulation();
  await sim.up([{ name: "a" }, { name: "b", from: "a" }]);
  const outcome = await sim.up([{ name: "b" }, { name: "a", inputs: { value: "2" } }], {
    targets: ["**::a"],
  });
  expect(outcome.messages).toEqual([]);
  expect(outcome.steps).toContain("update a");
  expect(sim.names).toEqual(["a", "b"]);
});

test("a target that needs what is not there and not a target is refused", async () => {
  const sim = new Simulation();
  const { messages } = await sim.up([{ name: "a" }, { name: "b", after: ["a"] }], {
    targets: ["**::b"],
  });
  expect(messages).toEqual([
    `Resource '${urn("b")}' depends on '${urn("a")}' which was not specified in --target list.`,
  ]);
});

test("destroying a target takes its dependents only when they are named or asked for", async () => {
  const sim = new Simulation();
  await sim.up([{ name: "a" }, { name: "b", after: ["a"] }, { name: "c" }]);
  sim.world.takeLog();

  expect((await sim.destroy({ targets: [urn("a")] })).messages).toEqual([
    `Resource '${urn("b")}' will be destroyed but was not specified in --target list.\n` +
      "Either include resource in --target list or pass --target-dependents to proceed.",
  ]);
  await sim.destroy({ targets: [urn("a")], targetDependents: true });

  expect(sim.world.takeLog()).toEqual(["delete b", "delete a"]);
  expect(sim.names).toEqual(["c"]);
});

test("a refresh drops what is gone, with every reference to it, and takes over what is otherwise", async () => {
  const sim = new Simulation();
  await sim.up([{ name: "a" }, { name: "b", from: "a" }]);
  sim.world.things.delete(sim.state("a").id ?? "");
  sim.world.things.set(sim.state("b").id ?? "", { name: "b", kind: "default", value: "drifted" });

  const { changes } = await sim.destroy({ refresh: true });

  expect(changes).toEqual({ same: 1, delete: 1, update: 1 });
  expect(sim.names).toEqual(["b"]);
  expect(sim.state("b")).toMatchObject({
    dependencies: [],
    propertyDependencies: { value: [] },
    outputs: { value: "drifted" },
  });
});

test("a refresh counts as changed what an update would put back, and takes over the rest without a word", async () => {
  const sim = new Simulation();
  await sim.up([{ name: "a" }, { name: "b", ignoreChanges: ["value"], inputs: { value: "mine" } }]);
  const id = sim.state("b").id ?? "";
  sim.world.things.set(id, { name: "b", kind: "default", value: "theirs" });
  sim.world.told = { size: 5 };

  const { changes } = await sim.destroy({ refresh: true });

  expect(changes).toEqual({ same: 3 });
  expect(sim.state("a")).toMatchObject({ outputs: { size: 5 } });
  expect(sim.state("b")).toMatchObject({ outputs: { size: 5, value: "theirs" } });
});

test("after a cancel nothing new starts, what runs comes to its end, and the state has it", async () => {
  const sim = new Simulation();
  const cancel = new AbortController();
  sim.world.during = (operation) => {
    if (operation === "create a") cancel.abort();
  };

  await sim.up([{ name: "a" }, { name: "b", after: ["a"] }], { cancel: cancel.signal });

  expect(sim.world.log).toEqual(["create a"]);
  expect(sim.names).toEqual(["a"]);
  expect(sim.snapshot.pending).toEqual([]);
});

test("the state names an operation before it begins, and only while it runs", async () => {
  const sim = new Simulation();
  let seen: unknown;
  sim.world.during = () => {
    seen = sim.snapshot.pending.map(({ type, resource }) => `${type} ${resource.urn}`);
  };
  await sim.up([{ name: "a" }]);
  expect(seen).toEqual([`creating ${urn("a")}`]);
  expect(sim.snapshot.pending).toEqual([]);
});

test("an operation that takes longer than its customTimeouts is stopped, and the error says whose limit it was", async () => {
  const sim = new Simulation();
  const a = { name: "a", customTimeouts: { create: 0.05, update: 0.06, delete: 0.07 } };
  const untilStopped = (_operation: string, signal?: AbortSignal): Promise<void> =>
    new Promise((_resolve, reject) => {
      signal?.addEventListener("abort", () => reject(signal.reason as Error));
    });
  const stopped = (operation: string, seconds: number): string[] => [
    `the ${operation} did not end within ${seconds} s, which is the resource's customTimeouts.${operation}, and was stopped; ` +
      "give it longer there, or see what keeps it",
  ];
  sim.world.during = untilStopped;
  expect((await sim.up([a])).messages).toEqual(stopped("create", 0.05));
  expect(sim.names).toEqual([]);
  sim.world.during = () => undefined;
  await sim.up([a]);
  sim.world.during = untilStopped;
  expect((await sim.up([{ ...a, inputs: { value: "x" } }])).messages).toEqual(
    stopped("update", 0.06),
  );
  expect((await sim.destroy()).messages).toEqual(stopped("delete", 0.07));
  expect(sim.names).toEqual(["a"]);
});

test("a customTimeouts of months is as long as it says", async () => {
  const sim = new Simulation();
  sim.world.during = (_operation, signal) =>
    new Promise((resolve, reject) => {
      signal?.addEventListener("abort", () => reject(signal.reason as Error));
      setTimeout(resolve, 50);
    });
  const { messages } = await sim.up([{ name: "a", customTimeouts: { create: 90 * 24 * 3600 } }]);
  expect(messages).toEqual([]);
  expect(sim.names).toEqual(["a"]);
});

test("what a refresh could read is as wanted again: its errors of before are gone, and nothing else changes", async () => {
  const sim = new Simulation();
  sim.world.half.add("create a");
  await sim.up([{ name: "a" }]);
  sim.world.half.clear();
  const before = sim.state("a");
  expect(before.initErrors).toEqual(["half done"]);
  expect((await sim.destroy({ refresh: true })).steps).toEqual(["same a"]);
  expect(sim.state("a")).toEqual({ ...before, initErrors: [] });
  expect((await sim.up([{ name: "a" }])).steps).toEqual(["same a"]);
});

test("never more operations at once than allowed", async () => {
  const sim = new Simulation();
  let running = 0;
  let most = 0;
  sim.world.during = async () => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setTimeout(resolve, 2));
    running -= 1;
  };
  await sim.up(
    Array.from({ length: 12 }, (_, i) => ({ name: `t${i}` })),
    { parallel: 3 },
  );
  expect(most).toBe(3);
});

test("a second run over the same program writes nothing but at its end", async () => {
  const sim = new Simulation();
  const program = [{ name: "a" }, { name: "b", from: "a" }];
  await sim.up(program);
  sim.written.length = 0;
  await sim.up(program);
  expect(sim.written).toHaveLength(1);
});

test("a provider is configured once, however many resources are read at once", async () => {
  const sim = new Simulation();
  await sim.up(["a", "b", "c", "d"].map((name) => ({ name })));
  sim.world.configured = 0;
  const { steps } = await sim.destroy({ refresh: true });
  expect(steps.sort()).toEqual(["same a", "same b", "same c", "same d"]);
  expect(sim.world.configured).toBe(1);
});

test("what a refresh finds not ready is told and kept, and the next run waits for it: as with the plugin", async () => {
  const sim = new Simulation();
  await sim.up([{ name: "a" }, { name: "b" }]);
  const before = sim.state("a");
  sim.world.unready.set("a", "no Pod is ready");
  const read = await sim.destroy({ refresh: true });
  expect(read).toMatchObject({ failed: false, messages: ["no Pod is ready"] });
  expect([...read.steps].sort()).toEqual(["same a", "same b"]);
  expect(sim.state("a")).toEqual({ ...before, initErrors: ["no Pod is ready"] });
  const { steps } = await sim.up([{ name: "a" }, { name: "b" }]);
  expect([...steps].sort()).toEqual(["same b", "update a"]);
  expect(sim.state("a").initErrors).toEqual([]);
});
