import { planDaemonJson, Refusal } from "../../../patch";
import { DOCKERD, type ReaderFact, takes } from "../../../patch/docker/readers";

const PATH = "/etc/docker/daemon.json";
const REGISTRY = "172.30.1.2:5000";
const facts = Object.entries(DOCKERD) as [keyof typeof DOCKERD, ReaderFact][];

/**
 * Plans every example of the table as the file of a host with this dockerd. readers.matrix.test.ts uses real daemons.
 */
describe.each(["20.10.24", "26.1.5"])("dockerd %s", (dockerVersion) => {
  it.each(facts.map(([name, fact]) => [fact.does, name, fact] as const))("%s", (_, name, fact) => {
    const { example, flags = [], insecure, refusedAnyway } = fact;
    const ask = {
      path: PATH,
      bytes: Buffer.from(example),
      flags,
      registry: REGISTRY,
      dockerVersion,
    };
    // An empty file becomes one with our key, with which every dockerd starts.
    const isAccepted =
      name === "emptyFile" || (takes(name, dockerVersion) && refusedAnyway === undefined);
    if (!isAccepted) {
      expect(() => planDaemonJson(ask)).toThrow(Refusal);
      return;
    }
    const desired = planDaemonJson(ask).files[0]?.desired?.toString() ?? "";
    expect(desired).toContain(JSON.stringify(REGISTRY));
    for (const entry of insecure ?? []) {
      // Each entry that the daemon lists covers itself, so it is already present if an image name can have it.
      const again = { ...ask, bytes: Buffer.from(desired), registry: entry };
      if (/^[a-z.0-9]+:[1-9]\d*$/i.test(entry)) expect(planDaemonJson(again).activate).toBe("none");
    }
  });
});

it("the oldest dockerd counts if the version is not known", () => {
  expect(takes("byteOrderMark", undefined)).toBe(false);
  expect(takes("textBehindObject", undefined)).toBe(true);
  expect(takes("byteOrderMark", "Docker version 26.1.5+dfsg1, build a72d7cd")).toBe(true);
});
