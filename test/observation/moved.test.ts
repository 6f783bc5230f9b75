import type { Surveyed } from "../../observation/hosts";
import { guardTriggers, moved } from "../../observation/moved";
import type { PastGuard } from "../../observation/past";
import type { Settings } from "../../settings/schema";

const settings = {
  nodes: [{ name: "n1" }, { name: "n2" }],
  registry: { host: "r" },
} as unknown as Settings;
const guard = (host: string, address: string, more: Partial<PastGuard> = {}): PastGuard => ({
  host,
  daemon: "containerd",
  id: `p.s.containerd-${host}`,
  cluster: "cluster",
  sudo: false,
  connection: { host: address, port: 22 },
  inputs: {},
  ...more,
});
const surveyed = (hosts: Record<string, { address: string; records?: string[] }>) =>
  new Map(
    Object.entries(hosts).map(([name, { address, records = [] }]): [string, Surveyed] => [
      name,
      {
        access: { login: { host: address, port: 22 } },
        observation: { records: records.map((id) => ({ id })) },
      } as unknown as Surveyed,
    ]),
  );

describe("a patch is on a previous host", () => {
  const at = (records: string[], address = "10.0.0.9") =>
    moved([guard("n1", "10.0.0.1")], settings, surveyed({ n1: { address, records } }));

  test("if its node has another address, and no host has its record", () => {
    expect(at([])).toEqual([guard("n1", "10.0.0.1")]);
    expect(at(["p.s.containerd-n2"])).toHaveLength(1);
  });

  test("not if the same host has a new address", () => {
    expect(at(["p.s.containerd-n1"])).toEqual([]);
  });

  test("not if a host was reinstalled with the same address", () => {
    expect(at([], "10.0.0.1")).toEqual([]);
  });

  test("not if another node has that host now, or the host could not be observed", () => {
    const guards = [guard("n1", "10.0.0.1")];
    const swapped = {
      n1: { address: "10.0.0.2" },
      n2: { address: "10.0.0.1", records: [guards[0]?.id ?? ""] },
    };
    expect(moved(guards, settings, surveyed(swapped))).toEqual([]);
    const lost = new Map([["n1", { error: new Error("no answer") }]]);
    expect(moved(guards, settings, lost)).toEqual([]);
  });

  test("not if the node leaves: the delete of its guard removes the lines", () => {
    expect(moved([guard("n3", "10.0.0.3")], settings, surveyed({}))).toEqual([]);
  });

  test("the registry host's daemon.json as well", () => {
    const docker = guard("r", "10.0.0.5", { daemon: "docker", id: "p.s.daemon-json" });
    expect(moved([docker], settings, surveyed({ r: { address: "10.0.0.6" } }))).toEqual([docker]);
  });
});

test("a guard keeps the triggers in the state, except in the run that replaces it", () => {
  const what = { host: "n1", daemon: "containerd" as const, enrolled: "new" };
  const was = guard("n1", "10.0.0.1", { triggers: ["old"] });
  expect(guardTriggers({ guards: [], undone: [] }, what)).toBeUndefined();
  expect(guardTriggers({ guards: [guard("n1", "10.0.0.1")], undone: [] }, what)).toBeUndefined();
  expect(guardTriggers({ guards: [was], undone: [] }, what)).toEqual(["old"]);
  expect(guardTriggers({ guards: [was], undone: [was] }, what)).toEqual(["new"]);
});
