import { defineLab, type RunningHost, type RunningLab, startLab } from "../../lab";
import { HOME } from "../helper/patched-host";
import { describeLab } from "../lab-only";
import { configManifest, ENGINE, pushImage, type Said, TestStack } from "./stack";

const HOSTS = ["old", "new", "node01"];

/** The CLI reads the containers first, and stops if it cannot: its way out is --refresh=false. */
const describeEmbedded = ENGINE === "embedded" ? describeLab : describe.skip;

describeEmbedded("the registry's host is gone for good", () => {
  let lab: RunningLab;
  let stack: TestStack;
  let before: string[];

  beforeAll(async () => {
    lab = await startLab(defineLab({ name: "deadregistry", octet: 179, hosts: HOSTS }));
    before = await files();
    stack = TestStack.lesson(lab);
    await stack.succeed(stack.up());
    await lab.host("old").cutPower();
  });

  afterAll(async () => {
    stack?.remove();
    await lab?.down();
  });

  const living = (): RunningHost[] => HOSTS.slice(1).map((name) => lab.host(name));
  const files = () => Promise.all(living().map(configManifest));
  const text = ({ stdout, stderr }: Said) => stdout + stderr;

  test("as long as the settings name it, up refuses and changes no host", async () => {
    const was = await files();
    const said = await stack.up();
    expect(said.code).toBe(1);
    expect(text(said)).toContain("No host was changed");
    expect(await files()).toEqual(was);
  });

  test("with another host in the settings, preview shows the move, and that the old host does not answer", async () => {
    const nodes = stack.current["nodes"] as { name: string }[];
    stack.change({
      registry: { host: "new", address: lab.host("new").address },
      nodes: nodes.filter(({ name }) => name !== "old"),
    });
    const said = text(await stack.succeed(stack.preview()));
    expect(said).toContain("This run takes the resources there to be as they are in the state");
    expect(said).toContain("the registry will be empty: it moves here from old");
  });

  test("up moves every node, then fails by what the dead host has; one command and one up end it", async () => {
    const said = await stack.up();
    expect(said.code).toBe(1);
    const image = await pushImage(lab.host("new"), `${lab.host("new").address}:5000`);
    for (const host of living()) await host.pullImage(image);
    const found = [
      ...text(said).matchAll(/npm run state -- delete '([^']+)' --target-dependents --yes/g),
    ].map(([, urn]) => urn ?? "");
    expect([...new Set(found)]).toEqual([expect.stringMatching(/::cluster-old-install$/)]);
    await stack.succeed(stack.run("state delete", found[0] ?? "", "--target-dependents", "--yes"));
    await stack.succeed(stack.up());
    expect(stack.state()).not.toContain("cluster-old");
    await stack.succeed(stack.preview("--expect-no-changes"));
    await stack.succeed(stack.destroy());
    // On the new host, Docker stays.
    expect((await files())[1]).toBe(before[1]);
    for (const host of living())
      expect(await host.succeed(`ls -A ${HOME} 2>/dev/null; true`)).toBe("");
  });
});
