import { defineLab, type RunningHost, type RunningLab, startLab } from "../../lab";
import { describeLab } from "../lab-only";
import {
  CONFIG,
  criIsWell,
  leftovers,
  manifest,
  PatchedHost,
  Pristine,
  succeeded,
} from "./patched-host";

const REGISTRY = "10.88.44.11:5000";

/** `npm run test:soak` sets many more. */
const ROUNDS = Number(process.env["SOAK_ROUNDS"] ?? 16);
const SEED = Number(process.env["SOAK_SEED"] ?? Date.now() % 1_000_000);

/** Longer than a whole change takes: some blows fall after its end. */
const LONGEST_MS = 900;

jest.setTimeout(60_000 + ROUNDS * 20_000);

describeLab("a fault at a random moment", () => {
  let lab: RunningLab;
  let node: RunningHost;
  let pristine: Pristine;

  beforeAll(async () => {
    lab = await startLab(defineLab({ name: "hosts-random", octet: 44, hosts: ["n1"] }));
    node = lab.host("n1");
    pristine = await Pristine.of(node);
  }, 300_000);
  afterAll(() => lab?.down(), 60_000);

  const blows: Record<string, (patched: PatchedHost) => Promise<void>> = {
    "the change is killed": async () => {
      await node.exec(
        "systemctl kill --signal=KILL 'cluster-registry-apply-*.service' 'cluster-registry-undo-*.service'",
      );
    },
    "its main process is killed": async () => {
      await node.exec(
        "systemctl kill --kill-whom=main --signal=KILL 'cluster-registry-apply-*.service' 'cluster-registry-undo-*.service'",
      );
    },
    "it is stopped as at a shutdown": async () => {
      await node.exec(
        "systemctl stop 'cluster-registry-apply-*.service' 'cluster-registry-undo-*.service'",
      );
    },
    "the connection goes": (patched) => Promise.resolve(patched.close()),
    "containerd is killed": async () => {
      await node.exec("systemctl kill --signal=KILL containerd.service");
    },
    "the power goes": async (patched) => {
      await node.cutPower();
      patched.close();
      await node.start();
    },
  };

  test(`${ROUNDS} of them, seed ${SEED} (SOAK_SEED): old files or new ones, CRI well, up completes, destroy gives all back`, async () => {
    const random = generator(SEED);
    const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
    for (let round = 0; round < ROUNDS; round++) {
      const twoFiles = random() < 0.5;
      const undoing = random() < 0.4;
      const blow = pick(Object.keys(blows));
      const after = Math.floor(random() * LONGEST_MS);
      const what = `round ${round}: ${blow} ${after} ms into ${undoing ? "an undo" : "an apply"} of ${twoFiles ? "two files" : "one"}`;
      try {
        await survive(twoFiles, undoing, blows[blow]!, after);
      } catch (error) {
        throw new Error(`${what} (seed ${SEED}): ${(error as Error).message}`, { cause: error });
      }
    }
  });

  async function survive(
    twoFiles: boolean,
    undoing: boolean,
    blow: (patched: PatchedHost) => Promise<void>,
    afterMs: number,
  ): Promise<void> {
    if (twoFiles)
      await node.succeed(
        `sed -i '/registry.mirrors/,+1d' ${CONFIG} && systemctl reset-failed containerd; systemctl restart containerd`,
      );
    const start = await manifest(node);
    const patched = new PatchedHost(lab, node, {
      daemon: "containerd",
      registry: REGISTRY,
      health: { waitSeconds: 15, watchdogSeconds: 30 },
    });
    succeeded(await patched.guard());
    const decision = await patched.decide();
    if (undoing) succeeded(await patched.apply(decision));
    const applied = undoing ? await manifest(node) : undefined;

    const change = (undoing ? patched.undo() : patched.apply(decision)).catch(
      (error: Error) => error,
    );
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    await blow(patched);
    const result = await change;
    // Whatever is still to end ends by itself.
    await node.waitUntilSucceeds(
      "test -z \"$(systemctl list-units --plain --no-legend 'cluster-registry-apply-*' 'cluster-registry-undo-*')\"",
    );
    await node.waitUntilSucceeds("systemctl is-active containerd");
    await criIsWell(node);
    const text = await node.succeed(`cat ${CONFIG}`);
    expect(text.endsWith("\n")).toBe(true);
    // Success is never said of a change that did not come to its end.
    if (!(result instanceof Error) && result.code === 0) {
      if (undoing) expect(await manifest(node)).toBe(start);
      else expect((await patched.decide()).inSync).toBe(true);
    }
    if (applied !== undefined && (await manifest(node)) === start)
      expect(await leftovers(node)).not.toContain("next");

    const again = await patched.up();
    if (again !== undefined) succeeded(again);
    expect((await patched.decide()).inSync).toBe(true);
    succeeded(await patched.undo());
    expect(await manifest(node)).toBe(start);
    expect(await leftovers(node)).toBe("");
    await criIsWell(node);
    patched.close();
    await pristine.restore();
  }
});

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
