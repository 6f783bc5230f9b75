import { bareState, type ResourceState } from "../../../engine/state/resource";
import { withWayOut } from "../../../engine/steps/way-out";
import { Secret, type PropertyMap } from "../../../engine/values/property";
import { SshError } from "../../../ssh/error";

const urn = (name: string): string => `urn:pulumi:s::p::t::${name}`;
const COMMAND = "command:remote:Command";
const state = (
  name: string,
  type: string,
  inputs: PropertyMap,
  ...dependencies: string[]
): ResourceState => ({
  ...bareState(urn(name), type, true),
  inputs,
  dependencies: dependencies.map(urn),
});
const on = (host: string): PropertyMap => ({ connection: new Secret({ host, user: "root" }) });

const install = state("install", COMMAND, on("10.0.0.1"));
const guard = state("guard", COMMAND, on("10.0.0.1"), "install");
const stays = state("stays", "command:local:Command", {}, "guard");
const provider = state("docker", "pulumi:providers:docker", { host: "ssh://root@10.0.0.1:22" });
const container = {
  ...state("container", "docker:index/container:Container", {}, "guard"),
  provider: `${urn("docker")}::id`,
};
const runs = state("runs", COMMAND, on("10.0.0.1"), "container");
const HOST = [install, guard, stays, provider, container, runs];
const node = state("node", COMMAND, on("10.0.0.9"), "runs");

const silent = new SshError("unreachable", "cp (root@10.0.0.1:22): no answer");
const said = (failed: ResourceState, present: ResourceState[], kept: ResourceState[] = []) =>
  (withWayOut(silent, failed, present, (one) => !kept.some((k) => k.urn === one)) as Error).message;
const words = (name: string) =>
  "cp (root@10.0.0.1:22): no answer\n" +
  "If the host no longer exists, delete its resources from the state: " +
  `npm run state -- delete '${urn(name)}' --target-dependents --yes`;

test("a host that does not answer: one command takes all of its resources out of the state", () => {
  for (const failed of [guard, container, runs]) expect(said(failed, HOST)).toBe(words("install"));
});

test("nothing that the host's resources do not need is named", () => {
  expect(said(install, HOST)).toBe(words("install"));
  expect(said(guard, HOST, [install])).toBe(words("guard"));
});

test("what another host still has in the state does not go with it", () => {
  expect(said(runs, [...HOST, node])).toBe(words("runs"));
  expect(said(node, [...HOST, node])).toBe(words("node"));
});

test("a dependent that this run keeps stays", () => {
  const other = state("other", COMMAND, on("10.0.0.1"), "guard");
  expect(said(runs, [...HOST, other], [other])).toBe(words("runs"));
});

test("a resource without a host is named itself", () => {
  const thing = state("thing", "fake:index:Thing", {}, "install");
  expect(said(thing, [...HOST, thing])).toBe(words("thing"));
});

test("another error is returned as it is", () => {
  const refused = new SshError("authentication", "login refused");
  expect(withWayOut(refused, runs, HOST, () => true)).toBe(refused);
});
