import { defineLab, type RunningHost, type RunningLab, startLab } from "../../lab";
import { describeLab } from "../lab-only";
import { TestStack } from "../program/stack";

const policy = (host: RunningHost) => host.succeed("iptables -S FORWARD | head -n 1");

describeLab("docker on a node, and what the kernel forwards", () => {
  let lab: RunningLab;
  let node: RunningHost;
  let stack: TestStack;

  beforeAll(async () => {
    lab = await startLab(defineLab({ name: "forward", octet: 123, hosts: ["node"] }));
    node = lab.host("node");
    stack = TestStack.lesson(lab);
  });
  afterAll(async () => {
    stack?.remove();
    await lab?.down();
  });

  test("up installs no docker on a node that forwards nothing: it would drop what Pods send each other", async () => {
    await node.succeed("sysctl -qw net.ipv4.ip_forward=0");
    const refused = await stack.up();
    expect(refused.code).not.toBe(0);
    expect(refused.stdout + refused.stderr).toContain(
      "node: expected net.ipv4.ip_forward = 1, as on every node, found 0: docker would turn it on",
    );
    await node.fail("command -v dockerd");
  });

  test("after what the error says was run, docker leaves the policy of FORWARD as it is, and a boot too", async () => {
    await node.succeed(
      "echo 'net.ipv4.ip_forward = 1' > /etc/sysctl.d/k8s.conf && sysctl --system",
    );
    const said = await stack.succeed(stack.up());
    expect(said.stdout + said.stderr).not.toContain("ip_forward");
    expect(await policy(node)).toBe("-P FORWARD ACCEPT\n");
    await node.reboot();
    await node.waitUntilSucceeds("docker version");
    expect(await policy(node)).toBe("-P FORWARD ACCEPT\n");
  });

  test("a node that does not forward after its next boot is named before it, and docker drops then", async () => {
    await node.succeed("echo 'net.ipv4.ip_forward = 0' > /etc/sysctl.d/k8s.conf");
    const said = await stack.succeed(stack.preview());
    expect(said.stdout + said.stderr).toContain(
      "node: the files of sysctl set it to 0: net.ipv4.ip_forward is 0 when docker starts at the next boot.",
    );
    await node.reboot();
    await node.waitUntilSucceeds("docker version");
    expect(await policy(node)).toBe("-P FORWARD DROP\n");
  });
});
