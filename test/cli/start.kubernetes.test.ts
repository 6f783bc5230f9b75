import { wholeJob } from "../../cli/whole-job";
import { defineLab, findCluster, type RunningLab, startLab } from "../../lab";
import { describeCluster } from "../kubernetes-only";
import { TestStack } from "../program/stack";

describeCluster("npm start -- --kubernetes, on a lab of its own", () => {
  const definition = defineLab({
    name: "startkube",
    octet: 124,
    hosts: ["controlplane", "node01"],
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

  async function start(): Promise<string[]> {
    const said: string[] = [];
    const { folder, name, env } = stack;
    const code = await wholeJob(
      { lab: definition, folder, stack: name, env, quiet: true, kubernetes: true },
      (text) => said.push(text),
    );
    expect(code).toBe(0);
    return said;
  }

  test.each(["a first", "a second"])(
    "%s one ends with six Pods that run, on all nodes",
    async () => {
      const said = await start();
      const rows = said.filter((line) => /^ +cluster-registry-proof-\S+ +\S+ +\S+$/.test(line));
      const places = rows.map((row) => row.trim().split(/ +/).slice(1).join(" ")).sort();
      expect(places).toEqual([
        ...Array<string>(3).fill("controlplane Running"),
        ...Array<string>(3).fill("node01 Running"),
      ]);
      expect(said).toContain(
        "   npm run lab -- kubectl get pods -o wide                         the Pods",
      );
    },
  );

  test("the cluster is found again by its lab, and gone with it", async () => {
    const nodes = await findCluster(lab)?.get<{ metadata: { name: string } }>("nodes");
    expect(nodes?.map(({ metadata }) => metadata.name)).toEqual(["controlplane", "node01"]);
    await lab.down();
    expect(findCluster(lab)).toBeUndefined();
  });
});
