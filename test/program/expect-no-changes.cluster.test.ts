import { defineLab, type RunningLab, startLab } from "../../lab";
import { describeLab } from "../lab-only";
import { about, TestStack } from "./stack";

const CONFIG_TOML = "/etc/containerd/config.toml";

describeLab("--expect-no-changes", () => {
  let lab: RunningLab;
  let stack: TestStack;

  beforeAll(async () => {
    lab = await startLab(defineLab({ name: "expect", octet: 99, hosts: ["host"] }));
    stack = TestStack.lesson(lab);
    await stack.succeed(stack.up());
  });
  afterAll(async () => {
    stack?.remove();
    await lab?.down();
  });

  const refresh = () => stack.run("refresh", "--yes", "--skip-preview", "--expect-no-changes");

  test("of a refresh, as of a preview, sees drift of a host, and changes nothing there", async () => {
    const host = lab.host("host");
    expect((await refresh()).code).toBe(0);
    await host.succeed(
      `cp ${CONFIG_TOML} /root/ours.toml && sed -i '/${host.address}/d' ${CONFIG_TOML}`,
    );
    const drifted = await host.succeed(`sha256sum ${CONFIG_TOML}`);

    for (const seen of [await refresh(), await stack.preview("--expect-no-changes")]) {
      expect(seen.code).toBe(7);
      expect(seen.stdout).toMatch(about("host", "drift on the host"));
      expect(seen.stderr).toContain("error: no changes were expected but changes were proposed\n");
    }

    expect(await host.succeed(`sha256sum ${CONFIG_TOML}`)).toBe(drifted);
    await host.succeed(`cp /root/ours.toml ${CONFIG_TOML}`);
    expect((await refresh()).code).toBe(0);
  });
});
