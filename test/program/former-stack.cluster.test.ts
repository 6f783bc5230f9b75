import { packedHelper } from "../../helper/helper-text";
import { defineLab, type RunningLab, startLab } from "../../lab";
import { describeLab } from "../lab-only";
import { before, FORMER_LAB, formerStack } from "./former-stack";
import { daemonsOf, type TestStack } from "./stack";

jest.setTimeout(400_000);

describeLab("a stack of the version before ClusterRegistry", () => {
  let lab: RunningLab;
  let stack: TestStack;
  let helper: string;

  beforeAll(async () => {
    lab = await startLab(defineLab({ name: "former", ...FORMER_LAB }));
    ({ stack, helper } = await formerStack(lab));
  });
  afterAll(async () => {
    stack?.remove();
    await lab?.down();
  });

  const daemons = () => Promise.all([...lab.hosts.values()].map(daemonsOf));
  const container = () =>
    lab.host("controlplane").succeed("docker inspect -f '{{.Id}} {{.State.StartedAt}}' registry");

  test("a preview has the component as its only new resource: nothing is replaced or deleted", async () => {
    const { stdout } = await stack.succeed(stack.preview("--json"));
    const { steps } = JSON.parse(stdout) as { steps: { op: string; urn: string }[] };
    const changes = steps
      .filter(({ op }) => op !== "same" && op !== "refresh")
      .map(({ op, urn }) => `${op} ${urn.split("::").slice(2).join("::")}`);
    // A guard brings the helper of this version, if that is another one; and a destroy has the messages of this version.
    const isGuard = (change: string) => /^update .*-guard$/.test(change);
    const isMessage = (change: string) =>
      /^update .*\$command:local:Command::.*-stays$/.test(change);
    expect(changes.filter((change) => !isGuard(change) && !isMessage(change))).toEqual([
      "create cluster-registry:index:ClusterRegistry::cluster",
    ]);
    expect(changes.filter(isGuard)).toHaveLength(helper === packedHelper() ? 0 : 3);
  });

  test("an up restarts no daemon and not the registry, and the next preview is empty", async () => {
    const [were, ran] = [await daemons(), await container()];
    await stack.succeed(stack.up());
    expect(await daemons()).toEqual(were);
    expect(await container()).toBe(ran);
    const state = stack.state();
    expect(state).toContain(
      "::cluster-registry:index:ClusterRegistry$cluster-registry:index:ContainerdMirror$command:remote:Command::cluster-node01-containerd-apply",
    );
    expect(state).not.toContain("::cluster-registry:index:ContainerdMirror::");
    await stack.succeed(stack.preview("--expect-no-changes"));
    expect(await daemons()).toEqual(were);
  });

  test("destroy puts every file back byte for byte", async () => {
    await stack.succeed(stack.destroy());
    for (const host of lab.hosts.values()) {
      expect(await host.succeed("cat /etc/containerd/config.toml")).toBe(
        before(host.name, "etc/containerd/config.toml"),
      );
      expect(await host.succeed("cat /etc/docker/daemon.json")).toBe(
        before(host.name, "etc/docker/daemon.json"),
      );
      expect(await host.succeed("ls -A /var/lib/cluster-registry 2>/dev/null; true")).toBe("");
    }
    expect(await lab.host("controlplane").succeed("docker ps -aq; docker volume ls -q")).toBe("");
  });
});
