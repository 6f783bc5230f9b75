import { observeHosts } from "../../components/observe-hosts";
import { pastOf } from "../../observation/past";
import type { HostAccess, Route } from "../../settings/access";
import { parseSettings } from "../../settings/parse";
import { LENDER } from "../../ssh/borrow";

const settings = parseSettings({
  registry: { host: "cp", address: "10.0.0.1" },
  nodes: [{ name: "cp", address: "10.0.0.1", role: "master" }],
});
const route = (host: string): Route => ({
  login: { host, port: 22, user: "root" },
  knownHostsFiles: [],
  keyInFiles: true,
  learnHostKey: false,
});
const behind: HostAccess = {
  ...route("10.0.0.1"),
  ...{ name: "cp", sudo: false, waitSeconds: 0, notes: [] },
  bastion: { ...route("inner"), bastion: route("outer") },
};

test("two bastions in a row are refused where the engine's provider knows only one, before a host is read", async () => {
  expect(LENDER in globalThis).toBe(false);
  await expect(observeHosts(settings, [behind], pastOf)).rejects.toThrow(
    "cp: expected one bastion, found outer before inner. No host was changed. " +
      "With the Pulumi CLI, @pulumi/command goes through one: use the embedded engine (--engine embedded), or run this on the outer bastion",
  );
});
