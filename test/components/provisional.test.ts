import * as pulumi from "@pulumi/pulumi";
import { knownInputs } from "../../components/known-inputs";
import { provisional } from "../../components/provisional";
import { waitingNote } from "../../components/waiting";
import { parseSettings } from "../../settings/parse";

const unknown = () => pulumi.output(pulumi.unknown as unknown as string);

test("inputs are plain values, and what is not known yet is left out and named by its path", async () => {
  const found = await knownInputs({
    nodes: [
      { name: "a", address: pulumi.output("10.0.0.1") },
      { name: "b", address: unknown() },
    ],
    mirrors: pulumi.output({ "docker.io": [unknown()] }),
    ssh: Promise.resolve({ password: pulumi.secret("pw"), user: undefined }),
  });
  expect(found).toEqual({
    values: {
      nodes: [{ name: "a", address: "10.0.0.1" }, { name: "b" }],
      mirrors: { "docker.io": [undefined] },
      ssh: { password: "pw" },
    },
    unknown: ["nodes[1].address", 'mirrors["docker.io"][0]'],
  });
});

test("required values that are not known stand in for themselves, so that all else is checked", () => {
  const values = {
    registry: { host: "a" },
    nodes: [{ name: "a", role: "master" }, { name: "b" }],
    mirrors: { "docker.io": [undefined] },
  };
  const paths = ["registry.address", "nodes[0].address", "nodes[1].address", "nodes[1].role"];
  const filled = provisional(values, [...paths, 'mirrors["docker.io"][0]', "ssh.privateKey"]);
  expect(parseSettings(filled)).toMatchObject({ nodes: [{ name: "a" }, { name: "b" }] });
  expect(() => parseSettings(provisional({ ...values, nods: [] }, paths))).toThrow(
    "nods: unknown key",
  );
});

test("the upstream of a cache can be a registry that does not exist yet", () => {
  const values = {
    registry: { host: "a", address: "10.0.0.1" },
    nodes: [{ name: "a", address: "10.0.0.1", role: "master" }],
    caches: [{ port: 5001 }],
  };
  expect(parseSettings(provisional(values, ["caches[0].upstream"])).caches).toEqual([
    { port: 5001, upstream: "http://not-known-yet-0.invalid" },
  ]);
});

test("a name must be known from the start", () => {
  expect(() =>
    parseSettings(provisional({ registry: { host: "a", address: "10.0.0.1" } }, ["nodes"])),
  ).toThrow("nodes: missing: expected a list of nodes");
});

test("a preview says what a host waits for", () => {
  expect(waitingNote("b", "nodes[1].address")).toBe(
    "b: its address is not known yet, so its plan is shown by the next preview or up",
  );
  expect(waitingNote("b", "registry.address")).toContain("b: registry.address is not known yet,");
  expect(waitingNote("b", undefined)).toContain("b: a resource that it depends on is not there");
});
