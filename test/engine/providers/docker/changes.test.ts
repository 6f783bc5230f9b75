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
  ["image by a new container", { image: "sha256:0" }, ["image"], { image: "update-replace" }],
  ["unknown image by a new container", { image: UNKNOWN }, ["image"], { image: "update-replace" }],
  [
    "ports by a new container",
    { ports: [{ internal: 5000, external: 5003, ip: "0.0.0.0", protocol: "tcp" }] },
    ["ports"],
    { ports: "update-replace" },
  ],
  ["environment by a new container", { envs: ["A=1"] }, ["envs"], { envs: "update-replace" }],
])("changes %s", (_what, change, replaces, detailed) => {
  expect(diff({ ...inputs, ...change })).toEqual({ changes: "some", replaces, detailed });
});

test("what is empty or off is no change to what is not there", () => {
  expect(diff({ ...inputs, privileged: false, dns: [], tmpfs: {}, user: "" }).changes).toBe("none");
});

test("sets have no order, and ports are as the daemon orders them", () => {
  const port = (internal: number) => ({
    ...{ internal, external: internal, ip: "0.0.0.0", protocol: "tcp" },
  });
  const held = { ...outputs, envs: ["B=2", "A=1"], ports: [port(1), port(2)] };
  const olds = { ...inputs, envs: ["B=2", "A=1"], ports: [port(2), port(1)] };
  expect(diff({ ...olds, envs: ["A=1", "B=2"] }, held, olds).changes).toBe("none");
  expect(diff({ ...olds, ports: [port(1), port(3)] }, held, olds).replaces).toEqual(["ports"]);
});

test("what the daemon decides may be left out; what the program decided may not", () => {
  const olds = { ...inputs, envs: ["A=1"], restart: "always" };
  const held = { ...outputs, envs: ["A=1"], restart: "always" };
  expect(diff({ ...olds, envs: null, restart: null }, held, olds)).toEqual({
    changes: "some",
    replaces: [],
    detailed: { restart: "delete" },
  });
});

test("a container that was found stopped is to be started, in place", () => {
  expect(diff(inputs, { ...outputs, mustRun: false })).toEqual({
    changes: "some",
    replaces: [],
    detailed: { mustRun: "update" },
  });
});

test("what cannot be asked for is no change, whatever the daemon says of it", () => {
  const held = { ...outputs, memory: 64, user: "registry", dns: ["9.9.9.9"], workingDir: "/x" };
  expect(diff(inputs, held).changes).toBe("none");
});
