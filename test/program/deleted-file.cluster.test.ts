import { defineLab, type RunningHost, type RunningLab, startLab } from "../../lab";
import { criIsWell, installDocker, undoAll } from "../helper/patched-host";
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
    await undoAll(host);
    await host.exec(
      `rm -rf ${HOME}; docker rm -f registry; cp -a /root/first/config.toml ${CONFIG}; cp -a /root/first/daemon.json ${DAEMON_JSON}; ` +
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

  test("with recreateDeleted both are written from nothing, and destroy takes them away again", async () => {
    await remove();
    for (const said of [await stack.preview(), await stack.up()]) {
      expect(said.code).not.toBe(0);
      for (const path of [CONFIG, DAEMON_JSON])
        expect(text(said)).toContain(`${path}: expected the file of `);
      expect(text(said)).toContain("or set recreateDeleted: true, to start from nothing");
    }
    await host.fail(`test -e ${CONFIG} || test -e ${DAEMON_JSON}`);
    stack.change({ recreateDeleted: true });
    await stack.succeed(stack.up());
    const [config, daemonJson] = await texts();
    expect(config).toBe(
      'version = 2\n\n[plugins."io.containerd.grpc.v1.cri".registry]\n  config_path = "/etc/containerd/certs.d"\n',
    );
    expect(JSON.parse(daemonJson ?? "")).toEqual({ "insecure-registries": [registry] });
    await criIsWell(host);
    await stack.succeed(stack.preview("--expect-no-changes"));
    await stack.succeed(stack.destroy());
    await host.fail(`test -e ${CONFIG} || test -e ${DAEMON_JSON}`);
    await gone();
  });

  test("the refusal says how large each was, where its last bytes are, and the command that puts it back with our lines", async () => {
    const ours = await texts();
    const started = await host.succeed("systemctl show -p InvocationID containerd docker");
    await remove();
    for (const said of [await stack.preview(), await stack.up()]) {
      expect(said.code).not.toBe(0);
      for (const [at, path] of [CONFIG, DAEMON_JSON].entries()) {
        const kept = `${HOME}/files/${path.replaceAll("/", "%2F")}/text`;
        expect(await host.succeed(`cat ${kept}`)).toBe(ours[at]);
        expect(text(said)).toContain(
          `controlplane: ${path}: expected the file of ${ours[at]?.length} bytes that was there; found it deleted`,
        );
        expect(text(said)).toContain(
          `its last text is kept in ${kept} on this host: put it back with \`sudo sh ${HOME}/helper restore ${path}\`, or another one of your own; or set recreateDeleted: true, to start from nothing`,
        );
      }
    }
    const [, ...commands] = text(await stack.preview()).split("put it back with `");
    const command = [...new Set(commands.map((one) => one.split("`")[0]))];
    expect(command).toHaveLength(2);
    for (const one of command) await host.succeed(one ?? "");
    expect(await texts()).toEqual(ours);
    await stack.succeed(stack.preview("--expect-no-changes"));
    await stack.succeed(stack.up());
    expect(await host.succeed("systemctl show -p InvocationID containerd docker")).toBe(started);
    await criIsWell(host);
    await stack.succeed(stack.destroy());
    expect(await texts()).toEqual(first);
    await gone();
  });

  test("a destroy leaves them deleted, and says that their last text goes", async () => {
    const sizes = (await texts()).map(({ length }) => length);
    await remove();
    const said = text(await stack.succeed(stack.destroy()));
    for (const [at, path] of [CONFIG, DAEMON_JSON].entries())
      expect(said).toContain(
        `${path}: the file was deleted and is not restored; its last text of ${sizes[at]} bytes, which was kept on this host, is deleted.`,
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
