import * as pulumi from "@pulumi/pulumi";
import { chosenNodes } from "../../components/targets";
import { Targets } from "../../engine/steps/targets";

const CLUSTER =
  "urn:pulumi:test::cluster-registry::cluster-registry:index:ClusterRegistry::cluster";
const NODES = ["node01", "node02", "node10"];

async function chosen(targets?: string[], excludes?: string[], dependents = false) {
  const told = new Targets(targets ?? [], dependents, excludes ?? []).told;
  if (told !== undefined) process.env["PULUMI_EMBEDDED_TARGETS"] = told;
  try {
    return [...(await chosenNodes({ urn: pulumi.output(CLUSTER) }, "cluster", NODES))];
  } finally {
    delete process.env["PULUMI_EMBEDDED_TARGETS"];
  }
}

const urn = (type: string, name: string) =>
  `urn:pulumi:test::cluster-registry::cluster-registry:index:ClusterRegistry$cluster-registry:index:ContainerdMirror${type}::${name}`;

test("without flags, every node is chosen", async () => {
  expect(await chosen()).toEqual(NODES);
});

test.each([
  ["**node01**"],
  [urn("$command:remote:Command", "cluster-node01-containerd-apply")],
  [urn("", "cluster-node01")],
  ["urn:pulumi:test::*::**::cluster-node01-containerd-guard"],
])("the target %s chooses its node alone", async (target) => {
  expect(await chosen([target])).toEqual(["node01"]);
});

test("a target of another kind chooses no node", async () => {
  expect(await chosen(["**RegistryContainer**"])).toEqual([]);
});

test("with dependents of targets, every node may be one", async () => {
  expect(await chosen(["**node01**"], [], true)).toEqual(NODES);
});

test("an excluded node is not chosen; one whose component alone is excluded is", async () => {
  expect(await chosen([], ["**node02**"])).toEqual(["node01", "node10"]);
  expect(await chosen([], [urn("", "cluster-node02")])).toEqual(NODES);
});
