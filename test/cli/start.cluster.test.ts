import { wholeJob } from "../../cli/whole-job";
import { defineLab, type RunningLab, startLab } from "../../lab";
import { describeLab } from "../lab-only";
import { configManifest, daemonsOf, recordsOf, TestStack } from "../program/stack";

describeLab("npm start, on a lab of its own", () => {
  const definition = defineLab({
    name: "start",
    octet: 98,
    hosts: ["controlplane", "node01", "node02"],
  });
  let lab: RunningLab;
  let stack: TestStack;

  beforeAll(async () => {
    lab = await startLab(definition);
    stack = TestStack.lesson(lab);
  });
  afterAll(async () => {
    stack?.remove();
    await lab?.down();
  });

  async function start(): Promise<string> {
    const said: string[] = [];
    const code = await wholeJob(
      { lab: definition, folder: stack.folder, stack: stack.name, env: stack.env, quiet: true },
      (text) => said.push(text),
    );
    expect(code).toBe(0);
    return said.join("\n");
  }

  const facts = () =>
    Promise.all(
      [...lab.hosts.values()].flatMap((host) => [
        configManifest(host),
        daemonsOf(host),
        recordsOf(host),
      ]),
    );

  test("from nothing it ends with an image that node01 and node02 pulled, and left there", async () => {
    const image = `${lab.host("controlplane").address}:5000/mynginx:1.0`;
    await expect(lab.host("node01").pullImage(image)).rejects.toThrow("connection refused");
    const said = await start();
    for (const name of ["node01", "node02"]) {
      expect(said).toContain(`${name}: CRI PullImage ${image} (`);
      expect(await lab.host(name).imagePresent(image)).toBe(true);
    }
    expect(said).toContain(`npm run preview -- --stack ${stack.name} --diff`);
  });

  test("a second one changes no host, and pulls that one image afresh", async () => {
    const before = await facts();
    const node = lab.host("node01");
    const gets = async () =>
      (await lab.host("controlplane").succeed("docker logs registry 2>&1"))
        .split("\n")
        .filter((line) => line.startsWith(`${node.address} `) && line.includes("GET /v2/mynginx/"))
        .length;
    const pulled = await gets();
    await start();
    expect(await facts()).toEqual(before);
    expect(await gets()).toBeGreaterThan(pulled);
  });
});
