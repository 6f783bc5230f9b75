import { defineLab, type RunningHost, type RunningLab, startLab } from "../../lab";
import { wouldUndo } from "../../observation/would-undo";
import {
  CONFIG,
  DAEMON_JSON,
  HOME,
  installDocker,
  invocation,
  leftovers,
  manifest,
  PatchedHost,
  succeeded,
} from "../helper/patched-host";
import { describeLab } from "../lab-only";

const REGISTRY = "10.88.103.11:5000";

jest.setTimeout(120_000);

describeLab("a preview of an undo", () => {
  let lab: RunningLab;
  let host: RunningHost;
  const patches: PatchedHost[] = [];

  beforeAll(async () => {
    lab = await startLab(defineLab({ name: "wouldundo", octet: 103, hosts: ["n1"] }));
    host = lab.host("n1");
  }, 300_000);
  afterAll(async () => {
    for (const one of patches) one.close();
    await lab?.down();
  }, 60_000);

  function patch(daemon: "containerd" | "docker", user = "root"): PatchedHost {
    const patched = new PatchedHost(lab, host, { daemon, registry: REGISTRY, user });
    patches.push(patched);
    return patched;
  }
  const would = async (patched: PatchedHost, user = "root") =>
    wouldUndo(await patched.connect(), { sudo: user !== "root", id: patched.id });
  /** Everything that a preview must not change: the daemons' files and starts, our own folder, and /run. */
  const all = async () => [
    await manifest(host),
    await host.succeed(
      `find ${HOME} -type f -exec sha256sum {} + | sort; find ${HOME} -printf '%p %m %T@\\n' | sort`,
    ),
    await host.succeed("ls /run | grep cluster-registry; true"),
    await invocation(host, "containerd"),
  ];

  test("without our lines there is nothing to undo, and nothing is left behind", async () => {
    expect(await would(patch("containerd"))).toBe("Nothing to undo.");
    expect(await leftovers(host)).toBe("");
  });

  test.each(["root", "ops"])(
    "the lines of config.toml that go, and that containerd restarts, as %s; nothing is changed by the look",
    async (user) => {
      const patched = patch("containerd", user);
      const before = await host.succeed(`cat ${CONFIG}`);
      succeeded(await patched.up());
      const applied = await all();
      const said = await would(patched, user);
      expect(said).toMatch(
        /^--- \/etc\/containerd\/config\.toml\tlive\n\+\+\+ \/etc\/containerd\/config\.toml\tafter the undo\n@@ /,
      );
      const changed = said.split("\n").filter((line) => /^[-+](?![-+])/.test(line));
      expect(changed.map((line) => line.replace(/^([-+])\s*/, "$1"))).toEqual([
        `-[plugins."io.containerd.grpc.v1.cri".registry.mirrors."${REGISTRY}"]`,
        `-endpoint = ["http://${REGISTRY}"]`,
      ]);
      expect(said.endsWith("\ncontainerd restarts; containers keep running.")).toBe(true);
      expect(await all()).toEqual(applied);

      // The undo does what the preview has shown.
      succeeded(await patched.undo());
      expect(await host.succeed(`cat ${CONFIG}`)).toBe(before);
    },
  );

  test("somebody else's credentials beside our lines are masked; edited lines are reported", async () => {
    const patched = patch("containerd");
    succeeded(await patched.up());
    await host.succeed(
      `sed -i 's|^\\( *\\)endpoint = \\["http://${REGISTRY}"\\]|&\\n\\1password = "canary"|' ${CONFIG}`,
    );
    expect(await would(patched)).not.toContain("canary");
    await host.succeed(
      `sed -i '/canary/d; s|"http://${REGISTRY}"|"http://${REGISTRY}", "http://other"|' ${CONFIG}`,
    );
    const said = await would(patched);
    expect(said).toContain("lines of this program were edited by hand. Change them by hand:");
    expect(said).toContain("The undo would fail with this error and change nothing.");
    await host.succeed(`sed -i 's|, "http://other"||' ${CONFIG}`);
    succeeded(await patched.undo());
  });

  test("daemon.json is removed as a whole, and docker reloads; a stopped docker stays stopped", async () => {
    await installDocker(host);
    await host.succeed(`rm -f ${DAEMON_JSON}; systemctl restart docker`);
    const patched = patch("docker");
    succeeded(await patched.up());
    const said = await would(patched);
    expect(said).toMatch(
      /^--- \/etc\/docker\/daemon\.json\tlive\n\+\+\+ \/dev\/null\tafter the undo\n@@ -1,\d+ \+0,0 @@\n/,
    );
    expect(said).toContain(`"${REGISTRY}"`);
    expect(said.endsWith("\ndocker reloads, without a restart.")).toBe(true);
    await host.succeed("systemctl stop docker.socket docker.service");
    expect((await would(patched)).endsWith("\nNo daemon restarts.")).toBe(true);
    await host.succeed("systemctl start docker");
    succeeded(await patched.undo());
    await host.fail(`ls ${DAEMON_JSON}`);
  });
});
