import { defineLab, type RunningHost, type RunningLab, startLab } from "../../lab";
import { criIsWell, installDocker } from "../hosts/patched-host";
import { describeLab } from "../lab-only";
import { about, type Said, TestStack } from "./stack";

const CONFIG = "/etc/containerd/config.toml";
const DAEMON_JSON = "/etc/docker/daemon.json";
const HOME = "/var/lib/cluster-registry";

jest.setTimeout(400_000);

describeLab("configuration files that somebody has deleted", () => {
  let lab: RunningLab;
  let host: RunningHost;
  let stack: TestStack;
  let registry: string;
  let first: string[];

  beforeAll(async () => {
    lab = await startLab(defineLab({ name: "deleted", octet: 65, hosts: ["controlplane"] }));
    host = lab.host("controlplane");
    registry = `${host.address}:5000`;
    await installDocker(host);
    await host.succeed(`printf '{\\n  "debug": true,\\n  "mtu": 1454\\n}\\n' >${DAEMON_JSON}`);
    await host.succeed("systemctl restart docker; rm -rf /root/first; mkdir /root/first");
    await host.succeed(`cp -a ${CONFIG} ${DAEMON_JSON} /root/first`);
    first = await texts();
  });

  beforeEach(async () => {
    stack = TestStack.lesson(lab);
    await stack.succeed(stack.up());
    await host.succeed(
      `rm -rf /root/ours; mkdir /root/ours; cp -a ${CONFIG} ${DAEMON_JSON} /root/ours`,
    );
  });

  afterEach(async () => {
    await host.exec(
      `for r in ${HOME}/records/*/; do test -d $r && sh ${HOME}/helper undo $(basename $r); done; rm -rf ${HOME}; ` +
        `docker rm -f registry; cp -a /root/first/config.toml ${CONFIG}; cp -a /root/first/daemon.json ${DAEMON_JSON}; ` +
        "systemctl reset-failed; systemctl restart containerd docker",
    );
    stack.remove();
  });

  afterAll(() => lab?.down());

  const texts = () => Promise.all([CONFIG, DAEMON_JSON].map((path) => host.succeed(`cat ${path}`)));
  const text = ({ stdout, stderr }: Said) => stdout + stderr;
  const gone = async () => expect(await host.succeed(`ls -A ${HOME} 2>/dev/null; true`)).toBe("");
  const remove = () => host.succeed(`rm ${CONFIG} ${DAEMON_JSON}`);
  const restored = (folder: string) =>
    host.succeed(
      `cp -a ${folder}/config.toml ${CONFIG}; cp -a ${folder}/daemon.json ${DAEMON_JSON}`,
    );

  test("a destroy leaves them deleted, and says that their last text goes", async () => {
    const sizes = (await texts()).map(({ length }) => length);
    await remove();
    const said = text(await stack.succeed(stack.destroy()));
    for (const [at, path] of [CONFIG, DAEMON_JSON].entries())
      expect(said).toContain(
        `${path}: somebody has deleted it, and it stays so; its last text of ${sizes[at]} bytes, which was kept on this host, goes.`,
      );
    await host.fail(`test -e ${CONFIG} || test -e ${DAEMON_JSON}`);
    await gone();
  });

  test("a backup with our lines: nothing is to be done, and destroy takes them out", async () => {
    const started = await host.succeed("systemctl show -p InvocationID containerd docker");
    await remove();
    await restored("/root/ours");
    await stack.succeed(stack.preview("--expect-no-changes"));
    await stack.succeed(stack.up());
    expect(await host.succeed("systemctl show -p InvocationID containerd docker")).toBe(started);
    await stack.succeed(stack.destroy());
    expect(await texts()).toEqual(first);
    await gone();
  });

  test("a backup without our lines: up writes them again, and destroy takes them out", async () => {
    const ours = await texts();
    await remove();
    await restored("/root/first");
    expect(text(await stack.succeed(stack.preview()))).toMatch(
      about("controlplane", "drift on the host"),
    );
    await stack.succeed(stack.up());
    expect(await texts()).toEqual(ours);
    await stack.succeed(stack.preview("--expect-no-changes"));
    await stack.succeed(stack.destroy());
    expect(await texts()).toEqual(first);
    await gone();
  });

  test("an older backup with other lines of the admin's: up adds ours, and destroy leaves theirs", async () => {
    await host.succeed(
      "rm -rf /root/older; cp -a /root/first /root/older; cd /root/older; " +
        'sed -i \'1i # older\' config.toml; sed -i \'s/"mtu": 1454/"log-level": "warn"/\' daemon.json',
    );
    await remove();
    await restored("/root/older");
    const older = await texts();
    expect(older).not.toEqual(first);
    await stack.succeed(stack.up());
    const [config = "", daemonJson = ""] = await texts();
    expect(config).toMatch(/^# older\n/);
    expect(config).toContain(`endpoint = ["http://${registry}"]`);
    expect(JSON.parse(daemonJson)).toEqual({
      debug: true,
      "log-level": "warn",
      "insecure-registries": [registry],
    });
    await criIsWell(host);
    await stack.succeed(stack.preview("--expect-no-changes"));
    await stack.succeed(stack.destroy());
    expect(await texts()).toEqual(older);
    await gone();
  });
});
