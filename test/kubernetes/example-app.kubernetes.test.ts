import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineLab, type RunningCluster, type RunningLab, startCluster, startLab } from "../../lab";
import { describeCluster } from "../kubernetes-only";
import { offerDistribution } from "../images/registries";
import { pack } from "../program/package";
import { TestStack } from "../program/stack";
import { labSsh, UserStack } from "../program/user-stack";
import { allRunning, podsOf, spread, untilPods } from "./workloads";

const NODES = ["controlplane", "node01", "node02"];

// One story, told in order: each test goes on from where the one before it ended.
describeCluster(
  "the example app, with the package in a folder of its own, and distribution 3",
  () => {
    let lab: RunningLab;
    let cluster: RunningCluster;
    let lesson: TestStack;
    let app: UserStack;
    let folder: string;

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), "package-"));
      lab = await startLab(defineLab({ name: "app", octet: 140, hosts: NODES }));
      cluster = await startCluster(lab);
      const controlplane = lab.host("controlplane");
      await offerDistribution(lab, "3", "3.1.2");
      lesson = TestStack.lesson(lab, {
        registry: { host: "controlplane", address: controlplane.address, image: "registry:3" },
      });
      await lesson.succeed(lesson.up());
      // The lab has no internet, so two images of the lab stand in for the real nginx and php-fpm.
      const bases = join(controlplane.root, "root", "base-images");
      cpSync(join(__dirname, "base-images"), bases, { recursive: true });
      for (const name of ["nginx", "php"])
        await controlplane.succeed(`docker build -q -t lab-${name} /root/base-images/${name}`);
      app = new UserStack(lab, pack(folder), join(__dirname, "..", "..", "examples", "app"), {
        registry: `${controlplane.address}:5000`,
        host: { address: controlplane.address, ...labSsh(lab) },
        nginxBase: "lab-nginx",
        phpBase: "lab-php",
        "kubernetes:kubeconfig": cluster.kubeconfigPath,
      });
    }, 600_000);
    afterAll(async () => {
      app?.remove();
      lesson?.remove();
      if (folder !== undefined) rmSync(folder, { recursive: true });
      await lab?.down();
    });

    const url = (node: string) => `http://${lab.host(node).address}:30080/`;
    /** Pages from a node. kube-proxy follows the Pods at its own pace, so a request that fails is repeated. */
    const ask = async (node: string, times = 1): Promise<string[]> => {
      const once = `curl -sf --max-time 10 --retry 20 --retry-delay 1 --retry-all-errors ${url(node)}`;
      const said = await lab
        .host("controlplane")
        .succeed(`for i in $(seq ${times}); do ${once} || exit; done`);
      return said.trimEnd().split("\n");
    };
    const images = async () =>
      // Not the status: nginx is the same image in both versions, and a node reports one of its names.
      (await podsOf(cluster, "myapp")).flatMap(({ spec }) =>
        spec.containers.map(({ image }) => image),
      );
    const page = (from: string, to: string): void => {
      const file = join(app.folder, "php", "index.php");
      writeFileSync(file, readFileSync(file, "utf8").replace(from, to));
    };
    const tags = async (name: string) => {
      const { address } = lab.host("controlplane");
      const said = await lab
        .host("controlplane")
        .succeed(`curl -sf http://${address}:5000/v2/${name}/tags/list`);
      return (JSON.parse(said) as { tags: string[] }).tags.sort();
    };

    test("up builds and pushes both images, and 2 replicas answer through the NodePort of every node", async () => {
      await app.succeed(app.up());
      await untilPods(cluster, "myapp", allRunning(2));
      for (const node of NODES)
        expect(await ask(node)).toEqual([expect.stringMatching(/^myapp 1\.0 on myapp-/)]);
      expect(await tags("mynginx")).toEqual(["1.0"]);
      expect(await tags("myphp")).toEqual(["1.0"]);
      await app.succeed(app.preview("--expect-no-changes"));
    }, 300_000);

    test("with replicas set to 6, up scales it over nodes that never had its images", async () => {
      app.change({ replicas: 6 });
      await app.succeed(app.up());
      const pods = await untilPods(cluster, "myapp", allRunning(6));
      expect(Object.keys(spread(pods)).sort()).toEqual(NODES);
      const answered = new Set(await ask("node01", 60));
      const names = pods.map(({ metadata }) => `myapp 1.0 on ${metadata.name}`);
      expect([...answered].filter((line) => !names.includes(line))).toEqual([]);
      expect(answered.size).toBeGreaterThan(2);
    }, 300_000);

    test("the page and `npm run images` name the Pods that use an image", async () => {
      const pods = (await podsOf(cluster, "myapp")).map(({ metadata }) => metadata.name).sort();
      lesson.change({ kubernetes: { kubeconfig: cluster.kubeconfigPath } });
      const { stdout } = await lesson.succeed(lesson.run("images", "ls", "--json"));
      const rows = JSON.parse(stdout) as { repository: string; usedBy: string[] }[];
      const users = rows.find(({ repository }) => repository === "myphp")!.usedBy;
      expect(users).toEqual(expect.arrayContaining(["Deployment default/myapp"]));
      expect(users.filter((user) => user.startsWith("Pod "))).toEqual(
        pods.map((name) => `Pod default/${name}`),
      );

      const ui = await lesson.start("ui");
      await ui.says("?key=");
      const url = /^http:\S+/m.exec(ui.printed)![0];
      const login = await fetch(url, { redirect: "manual" });
      const cookie = login.headers.get("set-cookie")!.split(";")[0]!;
      const answer = await fetch(new URL("/pods.json", url), { headers: { cookie } });
      const shown = (await answer.json()) as { users: { by: string; images: string[] }[] };
      expect(
        shown.users
          .filter(({ images }) => images.includes("myphp:1.0"))
          .map(({ by }) => by)
          .sort(),
      ).toEqual(users);
      ui.signal("SIGINT");
      expect((await ui.ended).code).toBe(0);
    }, 300_000);

    test("a changed page with the old version is refused, and the Pods stay as they are", async () => {
      const before = (await podsOf(cluster, "myapp")).map(({ metadata }) => metadata.uid).sort();
      page("1.0", "1.1");
      const said = await app.up();
      expect(said.code).not.toBe(0);
      expect(said.stdout + said.stderr).toContain(
        "has myphp:1.0 with other content: bump the version",
      );
      expect((await podsOf(cluster, "myapp")).map(({ metadata }) => metadata.uid).sort()).toEqual(
        before,
      );
    }, 300_000);

    test("with the version set to 1.1, up pushes it and rolls it over all nodes", async () => {
      app.change({ version: "1.1" });
      await app.succeed(app.up());
      await untilPods(cluster, "myapp", allRunning(6));
      const registry = `${lab.host("controlplane").address}:5000`;
      expect([...new Set(await images())].sort()).toEqual([
        `${registry}/mynginx:1.1`,
        `${registry}/myphp:1.1`,
      ]);
      for (const node of NODES)
        for (const line of await ask(node, 10)) expect(line).toMatch(/^myapp 1\.1 on myapp-/);
      expect(await tags("myphp")).toEqual(["1.0", "1.1"]);
    }, 300_000);

    test("destroy deletes it all, and leaves the images in the registry", async () => {
      await app.succeed(app.destroy());
      expect(await podsOf(cluster, "myapp")).toEqual([]);
      expect(await cluster.kubectl(["get", "services", "myapp", "--ignore-not-found"])).toBe("");
      for (const node of NODES)
        await lab.host("controlplane").waitUntilSucceeds(`! curl -s --max-time 5 ${url(node)}`);
      expect(await tags("mynginx")).toEqual(["1.0", "1.1"]);
    }, 300_000);
  },
);
