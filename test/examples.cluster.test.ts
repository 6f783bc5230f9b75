import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineLab, type RunningLab, startLab } from "../lab";
import { describeLab } from "./lab-only";
import { pack } from "./program/package";
import { configManifest, daemonsOf, pushImage } from "./program/stack";
import { labSsh, UserStack } from "./program/user-stack";

jest.setTimeout(600_000);

const EXAMPLES = join(__dirname, "..", "examples");
const NOT_KNOWN = "its address is not known yet, so its plan is shown by the next preview or up";

describeLab("the examples, with the package installed in a folder of their own", () => {
  let lab: RunningLab;
  let folder: string;
  let tarball: string;
  const stacks: UserStack[] = [];
  const before = new Map<string, string>();

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "package-"));
    tarball = pack(folder);
    lab = await startLab(
      defineLab({ name: "examples", octet: 45, hosts: ["controlplane", "node01", "node02"] }),
    );
    for (const host of lab.hosts.values()) before.set(host.name, await configManifest(host));
  });
  afterAll(async () => {
    for (const stack of stacks) stack.remove();
    if (folder !== undefined) rmSync(folder, { recursive: true });
    await lab?.down();
  });

  const example = (name: string, settings: Record<string, unknown>) => {
    const stack = new UserStack(lab, tarball, join(EXAMPLES, name), settings);
    stacks.push(stack);
    return stack;
  };
  const address = (name: string) => lab.host(name).address;

  test("lesson: every node pulls what the master pushed, a second up has nothing to do, and destroy restores the files", async () => {
    const [controlplane, node01, node02] = [...lab.hosts.values()];
    if (controlplane === undefined || node01 === undefined || node02 === undefined)
      throw new Error("expected three hosts");
    const stack = example("lesson", {
      controlplane: controlplane.address,
      node01: node01.address,
      node02: node02.address,
      ssh: labSsh(lab),
    });
    await stack.succeed(stack.up());
    const image = await pushImage(controlplane, `${controlplane.address}:5000`);
    for (const host of lab.hosts.values()) await host.pullImage(image);
    await stack.succeed(stack.preview("--expect-no-changes"));
    await stack.succeed(stack.destroy());
    for (const { name } of [node01, node02])
      expect(await configManifest(lab.host(name))).toBe(before.get(name));
  });

  test("machines: the first preview says which addresses are not known, and up makes a registry that the machines pull from", async () => {
    const stack = example("machines", { createMachine: "sh machine.sh", ssh: labSsh(lab) });
    writeFileSync(
      join(stack.folder, "machine.sh"),
      `case $1 in registry) echo ${address("controlplane")} ;; *) echo $1 | sed 's/node01/${address("node01")}/; s/node02/${address("node02")}/' ;; esac`,
    );
    const preview = await stack.succeed(stack.preview());
    const said = preview.stdout + preview.stderr;
    for (const host of ["node01", "node02"]) expect(said).toContain(`${host}: ${NOT_KNOWN}`);
    expect(said).toContain(
      "registry: registry.address is not known yet, so its plan is shown by the next preview or up",
    );
    await stack.succeed(stack.up());
    const image = await pushImage(
      lab.host("controlplane"),
      `${address("controlplane")}:5000`,
      "mynginx:2.0",
    );
    for (const name of ["node01", "node02"]) await lab.host(name).pullImage(image);
    await stack.succeed(stack.preview("--expect-no-changes"));
    await stack.succeed(stack.destroy());
    for (const name of ["node01", "node02"])
      expect(await configManifest(lab.host(name))).toBe(before.get(name));
  });

  test("mirror: one node pulls from a registry that somebody else runs, and the other hosts are left alone", async () => {
    const controlplane = lab.host("controlplane");
    const registry = `${controlplane.address}:5000`;
    await controlplane.succeed("docker run -d --name own -p 5000:5000 registry");
    await controlplane.waitUntilSucceeds(`curl -sf http://${registry}/v2/`);
    await controlplane.succeed(
      `docker tag mynginx:2.0 localhost:5000/mynginx:3.0 && docker push -q localhost:5000/mynginx:3.0`,
    );
    const others = [controlplane, lab.host("node02")];
    const were = await Promise.all(others.map(daemonsOf));
    const stack = example("mirror", {
      host: { address: address("node01"), ...labSsh(lab) },
      registry,
    });
    await stack.succeed(stack.up());
    await lab.host("node01").pullImage(`${registry}/mynginx:3.0`);
    await stack.succeed(stack.preview("--expect-no-changes"));
    expect(await Promise.all(others.map(daemonsOf))).toEqual(were);
    await stack.succeed(stack.destroy());
    expect(await configManifest(lab.host("node01"))).toBe(before.get("node01"));
  });
});
