import fc from "fast-check";
import { type MirrorSpec, uniteMirrors } from "../../decision/wants";
import { defineLab, type RunningHost, type RunningLab, startLab } from "../../lab";
import { planContainerd } from "../../patch";
import { describeLab } from "../lab-only";
import {
  CONFIG,
  criIsWell,
  invocation,
  leftovers,
  manifest,
  PatchedHost,
  Pristine,
  succeeded,
} from "./patched-host";

/** PROPERTY_RUNS sets a higher number. */
const RUNS = Number(process.env["PROPERTY_RUNS"] ?? 2);

const stack = fc.constantFrom<"one" | "two">("one", "two");
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      what: fc.constant("up" as const),
      stack,
      registry: fc.constantFrom("10.88.49.11:5000", "10.88.49.11:5001"),
      mirrors: fc.constantFrom<Record<string, string[]>>(
        {},
        { "docker.io": ["https://m1.example"] },
        { "docker.io": ["https://m2.example", "https://m1.example"] },
      ),
    }),
  },
  { weight: 2, arbitrary: fc.record({ what: fc.constant("destroy" as const), stack }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("edit" as const) }) },
);

jest.setTimeout(120_000 + RUNS * 120_000);

describeLab("two stacks and an admin on one node, in any order, with real daemons", () => {
  let lab: RunningLab;
  let node: RunningHost;
  let pristine: Pristine;
  let edits = 0;

  beforeAll(async () => {
    lab = await startLab(defineLab({ name: "ownrandom", octet: 49, hosts: ["n1"] }));
    node = lab.host("n1");
    pristine = await Pristine.of(node);
  });
  afterAll(() => lab?.down());

  const read = () => node.succeed(`cat ${CONFIG}`);
  const sorted = (text: string | undefined) => text?.split("\n").sort();

  test("the node has the entries of the remaining stacks, restarts only for new bytes, and has its original bytes at the end", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 5 }), async (steps) => {
        await pristine.restore();
        const first = await manifest(node);
        let foreign = await read();
        // True if containerd has not read an edit yet, so that the next up restarts it.
        let pending = false;
        const wants = new Map<"one" | "two", MirrorSpec>();
        const patched = (name: "one" | "two", spec?: MirrorSpec) =>
          new PatchedHost(lab, node, {
            daemon: "containerd",
            registry: spec?.registry ?? "",
            stack: name,
            mirrors: (spec?.mirrors ?? {}) as Record<string, string[]>,
          });
        const destroy = async (name: "one" | "two") => {
          const host = patched(name);
          succeeded(await host.undo());
          host.close();
          wants.delete(name);
        };
        const check = async () => {
          const united = uniteMirrors([...wants].map(([id, spec]) => ({ id, spec })));
          const plan = planContainerd({
            configPath: CONFIG,
            bytes: Buffer.from(foreign),
            daemonVersion: "1.6.20",
            certsD: new Map(),
            ...united,
          });
          const desired = wants.size === 0 ? foreign : plan.files[0]?.desired?.toString();
          expect(sorted(await read())).toEqual(sorted(desired));
          await criIsWell(node);
        };
        for (const one of steps) {
          const [was, started] = [await read(), await invocation(node, "containerd")];
          if (one.what === "edit") {
            const line = `# by hand ${++edits}\n`;
            foreign += line;
            await node.succeed(`printf '${line.replace("\n", "\\n")}' >>${CONFIG}`);
            pending = true;
            continue;
          }
          if (one.what === "up") {
            const { registry, mirrors } = one;
            const endpoints = [`http://${registry}`];
            const spec = { registry, endpoints, mirrors, migrate: false };
            const host = patched(one.stack, spec);
            const done = await host.up();
            if (done !== undefined) succeeded(done);
            expect((await host.decide()).inSync).toBe(true);
            host.close();
            wants.set(one.stack, spec);
          } else await destroy(one.stack);
          await check();
          const changed = (await read()) !== was;
          if (!changed && !(pending && one.what === "up"))
            expect(await invocation(node, "containerd")).toBe(started);
          if (changed || one.what === "up") pending = false;
        }
        for (const name of ["two", "one"] as const) await destroy(name);
        expect(await read()).toBe(foreign);
        expect(await leftovers(node)).toBe("");
        const own = foreign.replace(/^# by hand \d+\n/gm, "");
        await node.succeed(`cat >${CONFIG} <<'END'\n${own}END`);
        expect(await manifest(node)).toBe(first);
      }),
      { numRuns: RUNS, endOnFailure: true },
    );
  });
});
