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
    const image = `${lab.host("controlplane").address}:5000/cluster-registry-proof:1`;
    await expect(lab.host("node01").pullImage(image)).rejects.toThrow("connection refused");
    const said = await start();
    for (const name of ["node01", "node02"]) {
      expect(said).toContain(`${name}: CRI PullImage ${image} (`);
      expect(await lab.host(name).imagePresent(image)).toBe(true);
    }
    expect(said).toContain(`npm run preview -- --stack ${stack.name} `);
  });

  test("a second one changes no host, and pulls that one image afresh", async () => {
    const before = await facts();
    const node = lab.host("node01");
    const gets = async () =>
      (await lab.host("controlplane").succeed("docker logs registry 2>&1"))
        .split("\n")
        .filter(
          (line) =>
            line.startsWith(`${node.address} `) && line.includes("GET /v2/cluster-registry-proof/"),
        ).length;
    const pulled = await gets();
    await start();
    expect(await facts()).toEqual(before);
    expect(await gets()).toBeGreaterThan(pulled);
  });

  test("an image that the user made stays as it is, under the name that the outputs suggest and under the proof's own", async () => {
    const host = lab.host("controlplane");
    const registry = `${host.address}:5000`;
    const names = [
      "mynginx:1.0",
      `${registry}/mynginx:1.0`,
      `${registry}/cluster-registry-proof:1`,
    ];
    await host.succeed(
      `mkdir -p /root/mynginx && echo mine > /root/mynginx/Dockerfile && printf 'FROM busybox\\nLABEL of=user\\n' | docker build -q -t mynginx:1.0 -` +
        names
          .slice(1)
          .map((name) => ` && docker tag mynginx:1.0 ${name} && docker push -q ${name}`)
          .join(""),
    );
    const made = async () =>
      host.succeed(
        `cat /root/mynginx/Dockerfile; docker image inspect -f '{{.Id}}' ${names.join(" ")}; ` +
          ["mynginx/manifests/1.0", "cluster-registry-proof/manifests/1"]
            .map(
              (path) =>
                `curl -sf -H 'Accept: application/vnd.docker.distribution.manifest.v2+json' http://${registry}/v2/${path}`,
            )
            .join("; "),
      );
    const before = await made();
    const said = await start();
    expect(said).toContain(`docker push ${registry}/cluster-registry-proof:2`);
    expect(await made()).toBe(before);
    // Nor where Docker on the host does not have it, and the registry does.
    await host.succeed(`docker rmi ${names[2]}`);
    expect(await start()).toContain(`docker push ${registry}/cluster-registry-proof:2`);
    expect(await made()).toBe(before);
  });
});
