import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { defineLab, nginxImage, type RunningLab, startLab } from "../../lab";
import { cacheFolder } from "../../lab/paths";
import { describeLab } from "../lab-only";
import { about, configManifest, daemonsOf, TestStack } from "./stack";

jest.setTimeout(400_000);

const COMPONENTS = join(__dirname, "..", "..", "components");

/** A program of a user's, on the lab's hosts. */
function program(lab: RunningLab, text: string): TestStack {
  const stack = new TestStack(lab, {});
  const file = join(stack.folder, "Pulumi.yaml");
  writeFileSync(
    file,
    `${readFileSync(file, "utf8").replace(/^config:[^]*/m, "")}`.replace(
      /^main: .*$/m,
      `main: ${join(stack.folder, "index.ts")}`,
    ),
  );
  const ssh = {
    user: "root",
    privateKeyPath: lab.privateKeyPath,
    knownHostsPath: lab.knownHostsPath,
    config: "none",
    wait: "0",
  };
  writeFileSync(
    join(stack.folder, "index.ts"),
    `import * as pulumi from "@pulumi/pulumi";
import * as command from "@pulumi/command";
import { ClusterRegistry, ContainerdMirror, DaemonJsonPatch, DockerHost, RegistryContainer, RegistryUi } from ${JSON.stringify(COMPONENTS)};
const ssh = ${JSON.stringify(ssh)};
${text}`,
  );
  return stack;
}

describeLab("components in a program of a user's own", () => {
  let lab: RunningLab;
  const before = new Map<string, string>();
  const stacks: TestStack[] = [];
  const start = (text: string): TestStack => {
    const stack = program(lab, text);
    stacks.push(stack);
    return stack;
  };

  beforeAll(async () => {
    lab = await startLab(defineLab({ name: "alone", octet: 46, hosts: ["cp", "node01"] }));
    await lab.offer("library/nginx", ["latest"], await nginxImage(cacheFolder(), console.error));
    for (const host of lab.hosts.values()) before.set(host.name, await configManifest(host));
  });
  afterAll(async () => {
    for (const stack of stacks) stack.remove();
    await lab?.down();
  });

  test("the five of the lesson, each with its host and no more, make a registry that the node pulls from; destroy restores both hosts", async () => {
    const [cp, node] = [lab.host("cp"), lab.host("node01")];
    const stack = start(`
const cp = { address: "${cp.address}", ...ssh };
const docker = new DockerHost("cp", { host: cp });
const json = new DaemonJsonPatch("cp", { host: cp, registry: "${cp.address}:5000" }, { dependsOn: [docker] });
const registry = new RegistryContainer("cp", { host: cp }, { dependsOn: [json] });
export const page = new RegistryUi("cp", { host: cp, registry: registry.imagePrefix, readOnly: true }).url;
export const mirror = new ContainerdMirror("node01", { host: { address: "${node.address}", ...ssh }, registry: registry.imagePrefix }).state;
`);
    const first = await stack.succeed(stack.preview());
    expect(first.stdout + first.stderr).toMatch(
      about("node01", "registry is not known yet, so its plan is shown by the next preview or up"),
    );
    await stack.succeed(stack.up());
    expect(await node.succeed("cat /etc/containerd/config.toml")).toContain(
      `endpoint = ["http://${cp.address}:5000"]`,
    );
    expect(await node.succeed(`curl -s http://${cp.address}:5000/v2/`)).toBe("{}");
    expect(await node.succeed(`curl -s http://${cp.address}:8080/v2/`)).toBe("{}");
    expect(await node.succeed(`curl -s http://${cp.address}:8080/ui.json`)).toContain(
      `"registry":"${cp.address}:5000","readOnly":true`,
    );
    const daemons = await daemonsOf(node);
    await stack.succeed(stack.preview("--expect-no-changes"));
    await node.succeed(`sed -i '/${cp.address}:5000/d' /etc/containerd/config.toml`);
    const drift = await stack.preview("--expect-no-changes", "--diff");
    expect(drift.code).toBe(7);
    expect(drift.stdout + drift.stderr).toMatch(about("node01", "drift on the host"));
    await stack.succeed(stack.up());
    expect(await daemonsOf(node)).not.toBe(daemons);
    await stack.succeed(stack.destroy());
    expect(await configManifest(node)).toBe(before.get("node01"));
    expect(await cp.succeed("docker ps -aq")).toBe("");
  });

  test("every mistake of one component is reported in one error, and no host is changed", async () => {
    const stack = start(
      `new ContainerdMirror("node01", { host: { address: "10.0.0", user: "a b" }, registry: "10.0.0.11", mirror: {} } as any);`,
    );
    const { code, stdout, stderr } = await stack.up();
    expect(code).not.toBe(0);
    const said = stdout + stderr;
    expect(said).toContain("ContainerdMirror node01 has 4 problems; no host was changed:");
    expect(said).toContain("  host.address: expected an IP address or a host name, found");
    expect(said).toContain("  registry: expected an address and a port as image names begin with");
    expect(said).toContain("  mirror: unknown key (known here: host, registry, role");
  });

  test("an address that comes from another resource is not known in the first preview, which shows the other host; up then uses it, and a preview logs in to a node once", async () => {
    const [cp, node] = [lab.host("cp"), lab.host("node01")];
    const stack = start(`
const machine = new command.local.Command("machine", { create: "echo ${node.address}" });
const cluster = new ClusterRegistry("mine", {
  ssh,
  registry: { host: "cp", address: "${cp.address}" },
  nodes: [
    { name: "cp", address: "${cp.address}", role: "master" },
    { name: "node01", address: machine.stdout, role: "worker" },
  ],
});
export const url = cluster.registryUrl;
`);
    const first = await stack.succeed(stack.preview("--diff"));
    const said = first.stdout + first.stderr;
    expect(said).toMatch(
      about(
        "node01",
        "its address is not known yet, so its plan is shown by the next preview or up",
      ),
    );
    expect(said).toMatch(about("cp", "first apply"));
    expect(said).not.toMatch(about("node01", "first apply"));
    await stack.succeed(stack.up());
    expect(await node.succeed("cat /etc/containerd/config.toml")).toContain(
      `endpoint = ["http://${cp.address}:5000"]`,
    );
    const logins = () =>
      node.succeed("journalctl -u ssh --no-pager -o cat | grep -c '^Accepted publickey'; true");
    const had = Number(await logins());
    await stack.succeed(stack.preview("--expect-no-changes"));
    expect(Number(await logins()) - had).toBe(1);
    await stack.succeed(stack.destroy());
    expect(await configManifest(node)).toBe(before.get("node01"));
  });
});
