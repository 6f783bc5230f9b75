import { formerName, renamedNote, underName } from "../../decision/renamed";
import type { Surveyed } from "../../observation/hosts";
import type { Past, PastGuard, PastRegistry } from "../../observation/past";
import type { Settings } from "../../settings/schema";

const settings = { registry: { host: "master1" } } as unknown as Settings;
const guard = (host: string, more: Partial<PastGuard> = {}): PastGuard => ({
  host,
  daemon: "docker",
  id: "p.s.daemon-json",
  cluster: "cluster",
  sudo: false,
  connection: { host: "10.0.0.1", port: 22 },
  inputs: { create: "sh -c '... sh $t guard p.s.daemon-json ab12 docker; c=$?'" },
  ...more,
});
const ran = (host: string): PastRegistry => ({
  host,
  claimed: true,
  container: { id: "c1", labels: {} },
});
const past: Past = { registries: [ran("cp1")], guards: [guard("cp1")] };

interface Found {
  address?: string;
  hostId?: string;
  enrolled?: string;
  containers?: string[];
}
const surveyed = (hosts: Record<string, Found>) =>
  new Map(
    Object.entries(hosts).map(([name, found]): [string, Surveyed] => [
      name,
      {
        access: { login: { host: found.address ?? "10.0.0.9", port: 22 } },
        observation: {
          hostId: found.hostId ?? "fresh",
          records: found.enrolled === undefined ? [] : [{ enrolled: found.enrolled }],
          docker: { containers: (found.containers ?? []).map((id) => ({ id })) },
        },
      } as unknown as Surveyed,
    ]),
  );
const former = (hosts: Record<string, Found>, last = past) =>
  formerName(settings, surveyed(hosts), last);

describe("the registry's host has another name now", () => {
  test("if it has the id that it was enrolled with, the registry's container, or its address", () => {
    expect(former({ master1: { enrolled: "ab12" } })).toBe("cp1");
    expect(former({ master1: { containers: ["c1"] } })).toBe("cp1");
    expect(former({ master1: { address: "10.0.0.1" } })).toBe("cp1");
  });

  test("not if it is another machine, or if nothing is known of it", () => {
    expect(former({ master1: { enrolled: "cd34", containers: ["c2"] } })).toBeUndefined();
    expect(former({})).toBeUndefined();
    const lost = new Map([["master1", { error: new Error("no answer") }]]);
    expect(formerName(settings, lost, past)).toBeUndefined();
  });

  test("not if it has the same address behind another bastion", () => {
    const behind = guard("cp1", {
      connection: { host: "10.0.0.1", port: 22, proxy: { host: "bastion" } },
    });
    const last = { registries: [], guards: [behind] };
    expect(former({ master1: { address: "10.0.0.1" } }, last)).toBeUndefined();
  });

  test("not if the machine still has its name, and another one took its address", () => {
    const hosts = { master1: { address: "10.0.0.1" }, cp1: { enrolled: "ab12" } };
    expect(former(hosts)).toBeUndefined();
  });

  test("also if the former name belongs to another machine now", () => {
    expect(former({ master1: { enrolled: "ab12" }, cp1: { enrolled: "cd34" } })).toBe("cp1");
  });

  test("not in a first run, under the same name, or if two hosts had it", () => {
    const here = { master1: { enrolled: "ab12" } };
    expect(former(here, { registries: [], guards: [] })).toBeUndefined();
    expect(
      former(here, { registries: [ran("master1")], guards: [guard("master1")] }),
    ).toBeUndefined();
    expect(
      former(here, { registries: [ran("cp1"), ran("cp2")], guards: [guard("cp1")] }),
    ).toBeUndefined();
    const node = guard("cp1", { daemon: "containerd" });
    expect(former(here, { registries: [], guards: [node] })).toBeUndefined();
  });

  test("also if an interrupted run has left some resources under the present name", () => {
    const half = { registries: [ran("cp1")], guards: [guard("master1")] };
    expect(former({ master1: { containers: ["c1"] } }, half)).toBe("cp1");
  });
});

test("the last run is that of the present name, except for the node's own mirror", () => {
  const mirror = guard("cp1", { daemon: "containerd", id: "p.s.containerd-cp1" });
  const last: Past = {
    registries: [ran("cp1")],
    pages: [ran("cp1")],
    caches: [ran("cp1-cache-5001"), ran("cp1-other-cache-5001")],
    guards: [guard("cp1"), mirror],
  };
  expect(underName(last, "cp1", "master1")).toEqual({
    registries: [ran("master1")],
    pages: [ran("master1")],
    caches: [ran("master1-cache-5001"), ran("cp1-other-cache-5001")],
    guards: [guard("master1"), mirror],
  });
});

test("what an interrupted run has left under both names is one container", () => {
  const registries = [
    { host: "master1", claimed: true },
    { ...ran("cp1"), claimed: false },
  ];
  expect(underName({ registries, guards: [] }, "cp1", "master1").registries).toEqual([
    ran("master1"),
  ]);
});

test("a preview says that the registry and its images stay", () => {
  expect(renamedNote("cp1", "master1")).toBe(
    "master1: this is the registry's host that was called cp1. The registry and its images stay where they are",
  );
});
