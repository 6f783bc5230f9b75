import { defineLab, type RunningHost, type RunningLab, startLab } from "../../lab";
import { wouldUndo } from "../../observation/would-undo";
import { describeLab } from "../lab-only";
import {
  CONFIG,
  criIsWell,
  failed,
  HOME,
  invocation,
  leftovers,
  manifest,
  type Patch,
  PatchedHost,
  Pristine,
  succeeded,
} from "./patched-host";

const OLD = "10.88.47.11:5001";
const NEW = "10.88.47.11:5000";

jest.setTimeout(180_000);

describeLab("several claimants of a host's files", () => {
  let lab: RunningLab;
  let node: RunningHost;
  let pristine: Pristine;
  let before: string;

  beforeAll(async () => {
    lab = await startLab(defineLab({ name: "hosts-owners", octet: 47, hosts: ["n1"] }));
    node = lab.host("n1");
    pristine = await Pristine.of(node);
    before = await manifest(node);
  }, 300_000);
  afterAll(() => lab?.down(), 60_000);
  afterEach(() => pristine.restore(), 90_000);

  const containerd = (patch: Partial<Patch> = {}) =>
    new PatchedHost(lab, node, { daemon: "containerd", registry: NEW, ...patch });
  const hostsWay = () =>
    node.succeed(`sed -i '/registry.mirrors/,+1d' ${CONFIG} && systemctl restart containerd`);

  test("a registry that moved: one write removes the old lines and adds the new ones, and the preview shows both", async () => {
    const mirrors = { "docker.io": ["https://m.example"] };
    const first = containerd({ registry: OLD, mirrors });
    succeeded(await first.up());
    const second = containerd();
    const { diff, why, activate } = await second.decide();
    expect({ why, activate }).toEqual({ why: "settings changed", activate: "restart" });
    expect(diff).toContain(`-          endpoint = ["http://${OLD}"]\n`);
    expect(diff).toContain(`+          endpoint = ["http://${NEW}"]\n`);
    succeeded(await second.up());
    const text = await node.succeed(`cat ${CONFIG}`);
    expect(text).toContain(NEW);
    expect(text).not.toContain(OLD);
    expect(text).not.toContain("m.example");
    await criIsWell(node);
    succeeded(await second.undo());
    expect(await manifest(node)).toBe(before);
    expect(await leftovers(node)).toBe("");
    first.close();
    second.close();
  });

  test("hosts.toml files of mirrors that are no longer wanted are removed without a restart", async () => {
    await hostsWay();
    const start = await manifest(node);
    const first = containerd({ mirrors: { "docker.io": ["https://m.example"] } });
    succeeded(await first.up());
    const started = await invocation(node, "containerd");
    const second = containerd();
    succeeded(await second.up());
    await node.fail("test -e /etc/containerd/certs.d/docker.io");
    expect(await invocation(node, "containerd")).toBe(started);
    succeeded(await second.undo());
    expect(await manifest(node)).toBe(start);
    first.close();
    second.close();
  });

  test("config_path stays as long as another stack uses it, and is removed with the last", async () => {
    await hostsWay();
    const start = await manifest(node);
    const one = containerd({ stack: "one" });
    const two = containerd({ stack: "two", registry: OLD });
    succeeded(await one.up());
    succeeded(await two.up());
    succeeded(await one.undo());
    expect(await node.succeed(`grep config_path ${CONFIG}`)).toContain("/etc/containerd/certs.d");
    await node.succeed(`test -f /etc/containerd/certs.d/${OLD}/hosts.toml`);
    await node.fail(`test -e /etc/containerd/certs.d/${NEW}`);
    expect((await two.decide()).inSync).toBe(true);
    succeeded(await two.undo());
    expect(await manifest(node)).toBe(start);
    expect(await leftovers(node)).toBe("");
    one.close();
    two.close();
  });

  test("config_path stays while its folder has a file of an admin, and a message says so", async () => {
    await hostsWay();
    const one = containerd();
    succeeded(await one.up());
    await node.succeed(
      "mkdir /etc/containerd/certs.d/other:5000 && touch /etc/containerd/certs.d/other:5000/ca.crt",
    );
    const started = await invocation(node, "containerd");
    const said = await wouldUndo(await one.connect(), { sudo: false, id: one.id });
    expect(said.split("\n").slice(-2)).toEqual([
      `${CONFIG}: config_path stays, since /etc/containerd/certs.d/other:5000/ca.crt is not ours.`,
      "No daemon restarts.",
    ]);
    expect(said).not.toContain("+++ /etc/containerd/config.toml");
    expect(succeeded(await one.undo())).toContain(
      `${CONFIG}: config_path stays, since /etc/containerd/certs.d/other:5000/ca.crt is not ours.`,
    );
    expect(await node.succeed(`grep config_path ${CONFIG}`)).toContain("/etc/containerd/certs.d");
    expect(await invocation(node, "containerd")).toBe(started);
    expect(await leftovers(node)).toBe("");
    one.close();
  });

  test("a host that has another node's name now: its record continues under that name, without a restart", async () => {
    const was = containerd();
    succeeded(await was.up());
    const started = await invocation(node, "containerd");
    const is = containerd({ resource: "containerd-n9" });
    const moved = await is.decide();
    expect(moved).toMatchObject({
      why: "this host had another name",
      activate: "none",
      diff: "",
    });
    succeeded(await is.up());
    expect(await node.succeed(`ls ${HOME}/records`)).toBe("test.dev.containerd-n9\n");
    expect((await is.decide()).inSync).toBe(true);
    expect(await invocation(node, "containerd")).toBe(started);
    expect(succeeded(await was.undo())).toBe("Nothing to undo.\n");
    succeeded(await is.undo());
    expect(await manifest(node)).toBe(before);
    expect(await leftovers(node)).toBe("");
    was.close();
    is.close();
  });

  test("a file that somebody has deleted is not created; the command in the error restores it", async () => {
    const one = containerd();
    succeeded(await one.up());
    const ours = await node.succeed(`cat ${CONFIG}`);
    await node.succeed(`rm ${CONFIG}`);
    const kept = `${HOME}/files/%2Fetc%2Fcontainerd%2Fconfig.toml/text`;
    const restore = `sudo sh ${HOME}/helper restore ${CONFIG}`;
    await expect(one.decide()).rejects.toThrow(
      `${CONFIG}: expected the file of ${ours.length} bytes that was there; found it deleted\n` +
        `  fix: its last text is kept in ${kept} on this host: put it back with \`${restore}\`, or another one of your own; ` +
        "or set recreateDeleted: true, to start from nothing",
    );
    expect(await node.succeed(restore)).toContain(`${CONFIG}: put back as it last was`);
    expect(await node.succeed(`cat ${CONFIG}`)).toBe(ours);
    expect((await one.decide()).inSync).toBe(true);
    expect((await node.exec(restore)).stderr.toString()).toContain("expected it to be gone");

    // An older backup of the admin, without our lines and with another line of their own.
    await node.succeed(
      `cp /root/pristine/containerd/config.toml ${CONFIG} && echo '# mine' >>${CONFIG}`,
    );
    succeeded(await one.up());
    succeeded(await one.undo());
    expect(await node.succeed(`cat ${CONFIG}`)).toBe(
      `${await node.succeed("cat /root/pristine/containerd/config.toml")}# mine\n`,
    );
    one.close();
  });

  test("an admin's edit inside our lines outlives an apply that adds; destroy stops for it, and the command in the error keeps the edited lines", async () => {
    const edited = `["http://${NEW}", "http://admin.example"]`;
    const one = containerd();
    succeeded(await one.up());
    await node.succeed(`sed -i 's#\\["http://${NEW}"\\]#${edited}#' ${CONFIG}`);
    const more = containerd({ mirrors: { "ghcr.io": ["https://more.example"] } });
    expect((await more.decide()).notes.join()).toMatch(
      /: lines of this program were edited by hand. .*\n {2}line \d+: \[plugins\..*\n {2}edited or removed: endpoint = /,
    );
    succeeded(await more.up());
    await criIsWell(node);
    expect(await node.succeed(`cat ${CONFIG}`)).toContain(edited);
    const command = `sudo sh ${HOME}/helper undo ${one.id} anyway`;
    expect(failed(await more.undo())).toContain(
      `then run again; or, to keep the edited lines, run on this host: ${command}\n`,
    );
    await node.succeed(command);
    const text = await node.succeed(`cat ${CONFIG}`);
    expect(text).toContain(edited);
    expect(text).not.toContain("more.example");
    expect(await leftovers(node)).toBe("");
    await criIsWell(node);
    one.close();
    more.close();
  });

  test("mode and owner that an admin has changed stay as they are", async () => {
    const one = containerd();
    succeeded(await one.up());
    await node.succeed(`chmod 0640 ${CONFIG} && chown 0:42 ${CONFIG}`);
    succeeded(await one.undo());
    expect(await node.succeed(`stat -c '%a %u:%g' ${CONFIG}`)).toBe("640 0:42\n");
    one.close();
  });

  test("destroy after migrate: the error has the command that restores the original files, without certs.d", async () => {
    await node.succeed(
      `sed -i 's#config_path = ""#config_path = "/etc/containerd/certs.d"#' ${CONFIG}`,
    );
    const start = await manifest(node);
    const one = containerd({ migrate: true, health: { waitSeconds: 5, watchdogSeconds: 40 } });
    succeeded(await one.up());
    await criIsWell(node);
    const command = `sudo sh ${HOME}/helper undo ${one.id} anyway`;
    expect(failed(await one.undo())).toContain(
      `To restore the original files anyway, run on this host: ${command}\n`,
    );
    await criIsWell(node);
    await node.succeed(command);
    expect(await manifest(node)).toBe(start);
    await node.fail("test -e /etc/containerd/certs.d");
    expect(await leftovers(node)).toBe("");
    one.close();
  });
});
