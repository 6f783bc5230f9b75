import { container } from "../../../../engine/providers/docker/container";
import { diffResource } from "../../../../engine/providers/docker/changes";
import { assembleOutputs, rawStateDelta } from "../../../../engine/providers/docker/attributes";
import { UNKNOWN } from "../../../../engine/providers/provider";
import type { Props } from "../../../../engine/providers/provider";
import { fixtureResource } from "../fixture";

const urn = "urn:pulumi:dev::fixture::docker:index/container:Container::registry";
const { inputs, outputs } = fixtureResource(urn);
const diff = (news: Props, held: Props = outputs, olds: Props = inputs) =>
  diffResource(container.attributes, olds, held, news);

test("the fixture's container is as its program wants it", () => {
  expect(diff(inputs)).toEqual({ changes: "none", replaces: [], detailed: {} });
});

test("the fixture's raw state delta is what follows from its outputs", () => {
  expect(rawStateDelta(container.attributes, outputs)).toEqual(outputs["__pulumi_raw_state_delta"]);
});

test("the fixture's outputs are what the daemon says, filled up", () => {
  const reserved = ["id", "__meta", "__pulumi_raw_state_delta"];
  const properties = Object.fromEntries(
    Object.entries(outputs).filter(([key]) => !reserved.includes(key)),
  );
  expect(assembleOutputs(container.attributes, inputs, properties)).toEqual(properties);
});

test.each<[string, Props, string[], Record<string, string>]>([
  ["restart policy in place", { restart: "always" }, [], { restart: "update" }],
  ["limits in place", { memory: 64 }, [], { memory: "update" }],
  ["image by a new container", { image: "sha256:0" }, ["image"], { image: "update-replace" }],
  ["unknown image by a new container", { image: UNKNOWN }, ["image"], { image: "update-replace" }],
  [
    "ports by a new container",
    { ports: [{ internal: 5000, external: 5003, ip: "0.0.0.0", protocol: "tcp" }] },
    ["ports"],
    { ports: "update-replace" },
  ],
  ["environment by a new container", { envs: ["A=1"] }, ["envs"], { envs: "update-replace" }],
  ["what was not set before", { dns: ["9.9.9.9"] }, ["dns"], { dns: "add-replace" }],
])("changes %s", (_what, change, replaces, detailed) => {
  expect(diff({ ...inputs, ...change })).toEqual({ changes: "some", replaces, detailed });
});

test("what is empty or off is no change to what is not there", () => {
  expect(diff({ ...inputs, privileged: false, dns: [], tmpfs: {}, user: "" }).changes).toBe("none");
});

test("sets have no order, lists do", () => {
  const held = { ...outputs, envs: ["B=2", "A=1"], command: ["a", "b"] };
  const olds = { ...inputs, envs: ["B=2", "A=1"], command: ["a", "b"] };
  expect(diff({ ...olds, envs: ["A=1", "B=2"] }, held, olds).changes).toBe("none");
  expect(diff({ ...olds, command: ["b", "a"] }, held, olds).replaces).toEqual(["command"]);
});

test("what the daemon decides may be left out; what the program decided may not", () => {
  const olds = { ...inputs, hostname: "h", dns: ["9.9.9.9"] };
  const held = { ...outputs, hostname: "h", dns: ["9.9.9.9"] };
  expect(diff(inputs, held, olds)).toMatchObject({
    replaces: ["dns"],
    detailed: { dns: "delete-replace" },
  });
});

test("a port that the daemon chose, and spelled capabilities, are no change", () => {
  const port = { internal: 5000, ip: "0.0.0.0", protocol: "tcp" };
  const olds = { ...inputs, ports: [port], capabilities: { drops: ["net_raw"] } };
  const held = {
    ...outputs,
    ports: [{ ...port, external: 32768 }],
    capabilities: { adds: [], drops: ["CAP_NET_RAW"] },
  };
  expect(diff(olds, held, olds).changes).toBe("none");
});
