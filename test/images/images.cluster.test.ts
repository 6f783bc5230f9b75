import { connect } from "node:net";
import type { RunningHost, RunningLab } from "../../lab";
import { shellWord } from "../../helper/shell-word";
import { program } from "../../images/read-host";
import { readOnlyConfig } from "../../images/read-only";
import { buildImage, buildIndex, type ContainerImage } from "../../oci/image";
import { push } from "../../oci/push";
import { type Said, TestStack } from "../program/stack";
import { canPull, describeRegistries, imageOf, startHosts } from "./registries";

jest.setTimeout(300_000);

const UNIT = "cluster-registry-gc-session.service";

const versions = [
  { version: "2.8", host: "old", image: "registry:2" },
  { version: "3.1", host: "new", image: "registry:3" },
];

let lab: RunningLab;

describeRegistries("a registry that people live with", () => {
  beforeAll(async () => {
    lab = await startHosts({ name: "images", octet: 146 });
  }, 900_000);
  afterAll(() => lab?.down());

  describe.each(versions)("distribution $version", ({ host: name, image, version }) => {
    let host: RunningHost;
    let stack: TestStack;
    let prefix: string;

    const via = () => ({ createConnection: () => connect(5000, host.address) });
    const put = (repository: string, tags: string[], content: ContainerImage) =>
      push(via, repository, tags, content);
    const run = (command: string, ...flags: string[]): Promise<Said> =>
      stack.run(command, ...flags);
    const ls = async () =>
      (
        JSON.parse((await stack.succeed(run("images", "ls", "--json"))).stdout) as {
          repository: string;
          tag: string;
        }[]
      ).map(({ repository, tag }) => `${repository}:${tag}`);
    /** Whether a container runtime pulls it: the judge is containerd, not our client. */
    const pulls = (reference: string) => canPull(host, `${prefix}/${reference}`);
    /** As if everything had been pushed two hours ago. */
    const age = () =>
      host.succeed(
        "find $(docker volume inspect -f '{{.Mountpoint}}' registry-data) \\( -name link -o -path '*/_uploads/*' \\) -exec touch -d '2 hours ago' {} +",
      );
    /** Something for gc to do: a tag that was pushed twice. */
    const garbage = async (text: string) => {
      await put("app/garbage", ["1"], imageOf(text));
      await put("app/garbage", ["1"], imageOf(`${text} again`));
      await age();
    };
    const container = () => host.succeed("docker inspect -f '{{.Id}}' registry");
    const takesPushes = async () => {
      await put("later/push", ["1"], imageOf("later"));
      return pulls("later/push:1");
    };
    const configFile = version === "2.8" ? "/etc/docker/registry" : "/etc/distribution";
    const config = () => host.succeed(`docker cp registry:${configFile}/config.yml - | tar -xO`);

    beforeAll(async () => {
      host = lab.host(name);
      prefix = `${host.address}:5000`;
      stack = TestStack.lesson(lab, {
        registry: { host: name, address: host.address, image },
        nodes: [{ name, address: host.address, role: "master" }],
      });
      await stack.succeed(stack.up());
    });
    afterAll(() => stack?.remove());

    test("ls shows tags with their platforms and sizes, words before versions, and versions in their order", async () => {
      const both = buildIndex({
        amd64: buildImage([[{ path: "a", contents: Buffer.from("a") }]], {}, "amd64"),
        arm64: buildImage([[{ path: "b", contents: Buffer.from("b") }]], {}, "arm64"),
      });
      await put("app/web", ["1.9", "1.10", "stable"], imageOf("web", 300));
      await put("app/multi", ["1"], both);
      const { stdout } = await stack.succeed(run("images", "ls"));
      const lines = stdout.split("\n").map((line) => line.split(/ {2,}/));
      expect(lines.map(([first]) => first)).toEqual([
        "IMAGE",
        `${prefix}/app/multi:1`,
        `${prefix}/app/web:stable`,
        `${prefix}/app/web:1.9`,
        `${prefix}/app/web:1.10`,
        "",
      ]);
      expect(lines[1]!.slice(2, 4)).toEqual(["index", "linux/amd64,linux/arm64"]);
      expect(lines[2]!.slice(2)).toEqual([
        "image",
        "linux/amd64",
        expect.stringMatching(/^3\d\d kB$/),
        "2020-01-01",
      ]);
    });

    test("rm removes one tag, and the others of its digest stay", async () => {
      const said = await stack.succeed(run("images", "rm", `${prefix}/app/web:1.9`, "--yes"));
      expect(said.stdout).toBe("removed app/web:1.9; to free the space, run: npm run gc\n");
      expect(said.stderr).toContain("    the same image stays as 1.10, stable\n");
      expect(await ls()).toEqual(["app/multi:1", "app/web:stable", "app/web:1.10"]);
      expect(await pulls("app/web:stable")).toBe(true);
      expect(await pulls("app/web:1.9")).toBe(false);
    });

    test("rm of something unknown names it, and removes nothing", async () => {
      const said = await run("images", "rm", "app/web:1.10", "app/web:7", "Nonsense", "--yes");
      expect(said).toEqual({
        code: 1,
        stdout: "",
        stderr: [
          "error: Nonsense: expected NAME:TAG such as app/web:1.0",
          "app/web:7 is not in the registry; `npm run images -- ls` lists what is",
          "",
        ].join("\n"),
      });
      expect(await ls()).toContain("app/web:1.10");
    });

    test("usage says what takes the space", async () => {
      const { stdout } = await stack.succeed(run("images", "usage"));
      expect(stdout).toContain(`${prefix} (distribution ${version}`);
      expect(stdout).toMatch(/^app\/web +2 +3\d\d kB$/m);
      expect(stdout).toMatch(/^Free: .* of .*\.$/m);
      // Answers such as 404 are errors of clients.
      expect(stdout).toContain("The registry logged no errors in the last 24 hours.\n");
    });

    test("a dry run changes nothing, and gc then removes just that", async () => {
      await put("app/old", ["1"], imageOf("old-1", 200));
      await put("app/old", ["1"], imageOf("old-2", 100)); // Overwrites the tag: the first manifest has none now.
      await put("app/gone", ["1"], imageOf("gone", 400));
      await stack.succeed(run("images", "rm", "app/gone:1", "--yes"));
      await age();
      const before = await container();
      const text = await config();
      const dry = await stack.succeed(run("gc", "--dry-run"));
      expect(dry.stdout).toMatch(
        /^To remove: 0 tags, 2 manifests without a tag, \d+ blobs, 6\d\d kB; free now: /m,
      );
      const again = await stack.succeed(run("gc", "--dry-run"));
      expect(again.stdout.replace(/; free now.*/, "")).toBe(dry.stdout.replace(/; free now.*/, ""));
      const said = await stack.succeed(run("gc", "--yes"));
      expect(said.stderr).toMatch(/^garbage collected: \d+ blobs$/m);
      expect(said.stderr).toMatch(/^pulled .*, which was kept, byte for byte$/m);
      const after = await stack.succeed(run("gc", "--dry-run"));
      expect(after.stdout).toMatch(/^To remove: 0 tags, 0 manifests without a tag, 0 blobs, 0 B;/m);
      expect(await ls()).toEqual(["app/multi:1", "app/old:1", "app/web:stable", "app/web:1.10"]);
      for (const kept of ["app/multi:1", "app/old:1", "app/web:stable"])
        expect(await pulls(kept)).toBe(true);
      expect(await container()).toBe(before);
      expect(await config()).toBe(text);
      // What was collected can be pushed again.
      await put("app/gone", ["1"], imageOf("gone", 400));
      expect(await pulls("app/gone:1")).toBe(true);
      await stack.succeed(stack.preview("--expect-no-changes"));
    });

    test("retention removes tags by rule, and a preview names them before", async () => {
      for (const tag of ["1", "2", "3", "v1"]) {
        await put("team/app", [tag], imageOf(`team-${tag}`));
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      stack.change({ retention: [{ repositories: "team/*", keepLast: 1, keepTags: "^3$" }] });
      const preview = await stack.succeed(stack.preview("--expect-no-changes"));
      expect(preview.stdout + preview.stderr).toContain(
        `${name}: by the setting retention, \`npm run gc\` removes 2 tags: team/app:1, team/app:2; it is not known whether Pods use one of them`,
      );
      const dry = await stack.succeed(run("gc", "--dry-run"));
      expect(dry.stdout).toContain(
        "- team/app:1  (rule for team/*)\n- team/app:2  (rule for team/*)\n",
      );
      expect(dry.stdout).toContain(
        "No cluster is configured, so it is not known whether a Pod uses these tags",
      );
      await stack.succeed(run("gc", "--yes"));
      expect((await ls()).filter((each) => each.startsWith("team/"))).toEqual([
        "team/app:v1",
        "team/app:3",
      ]);
      expect(await pulls("team/app:3")).toBe(true);
      const after = await stack.succeed(stack.preview("--expect-no-changes"));
      expect(after.stdout + after.stderr).not.toContain("retention");
    });

    test("pulls go on during gc, and a push is refused and loses nothing", async () => {
      await put("app/kept", ["1"], imageOf("kept"));
      await garbage("during");
      const statuses = new Set<number>();
      let pulled = 0;
      const running = await stack.start("gc", "--yes", "--now");
      let over = false;
      void running.ended.then(() => (over = true));
      while (!over) {
        const upload = await fetch(`http://${prefix}/v2/push/now/blobs/uploads/`, {
          method: "POST",
        }).catch(() => undefined);
        if (upload !== undefined) statuses.add(upload.status);
        const read = await fetch(`http://${prefix}/v2/app/kept/manifests/1`).catch(() => undefined);
        if (read?.ok === true && upload?.status === 405) pulled++;
      }
      expect((await running.ended).code).toBe(0);
      expect([...statuses].sort()).toEqual([202, 405]);
      expect(pulled).toBeGreaterThan(0);
      expect(await takesPushes()).toBe(true);
    });

    test("gc that is killed at any step leaves a registry that takes pushes", async () => {
      const text = await config();
      for (const step of [
        "To remove:",
        "the registry is read-only",
        "garbage collected",
        "takes pushes again",
      ]) {
        await garbage(step);
        const running = await stack.start("gc", "--yes", "--now");
        await running.says(step);
        running.signal("SIGKILL");
        await running.ended;
        await host.waitUntilSucceeds(
          `test "$(systemctl show --property=ActiveState --value ${UNIT})" = inactive`,
        );
        expect(await host.succeed("ls /var/lib/cluster-registry")).not.toContain("gc");
        expect(await config()).toBe(text);
        expect(await takesPushes()).toBe(true);
      }
    });

    test("a clean-up that is killed on the host is undone there", async () => {
      const text = await config();
      await garbage("killed");
      const running = await stack.start("gc", "--yes", "--now");
      await host.waitUntilSucceeds(
        "test -e /var/lib/cluster-registry/gc/changed || test -e /var/lib/cluster-registry/gc/restart",
      );
      await host.succeed(`systemctl kill --signal=SIGKILL ${UNIT}`);
      expect((await running.ended).code).toBe(1);
      await host.waitUntilSucceeds(
        `test "$(systemctl show --property=ActiveState --value ${UNIT})" = inactive`,
      );
      expect(await config()).toBe(text);
      expect(await takesPushes()).toBe(true);
    });

    test("Ctrl-C ends gc after the step that runs, and gc waits until the registry takes pushes", async () => {
      const text = await config();
      await garbage("interrupted");
      const running = await stack.start("gc", "--yes", "--now");
      await running.says("the registry is read-only");
      running.signal("SIGINT");
      const said = await running.ended;
      expect(said.code).toBe(8);
      expect(said.stderr).toContain("^C received; waiting for the host to end the step that runs");
      expect(said.stderr).toContain(
        "error: clean-up interrupted; the registry takes pushes again\n",
      );
      expect(await host.succeed("ls /var/lib/cluster-registry")).not.toContain("gc");
      expect(await config()).toBe(text);
      expect(await takesPushes()).toBe(true);
    });

    test("nothing is collected if somebody else restarts the registry during a clean-up", async () => {
      const text = await config();
      const files = Object.entries({
        "gc.sh": program("gc.sh"),
        "config.expected": text,
        "config.readonly": readOnlyConfig(text),
      }).map(([file, content]) => `printf %s ${shellWord(content)} >/tmp/gc/${file}`);
      const args = `registry ${configFile}/config.yml "$(docker volume inspect -f '{{.Mountpoint}}' registry-data)"`;
      const said = await host.succeed(
        [
          "mkdir /tmp/gc",
          ...files,
          "{ echo read-only",
          "until grep -q done /tmp/gc/out; do sleep 0.1; done",
          "docker restart -t 1 registry >/dev/null",
          `echo collect; } | sh /tmp/gc/gc.sh run ${args} >/tmp/gc/out || true`,
          "cat /tmp/gc/out",
          `sh /tmp/gc/gc.sh restore ${args}`,
        ].join("\n"),
      );
      expect(said.trim().split("\n")).toEqual([
        "done",
        "refused somebody else restarted the registry, so it takes pushes; nothing more was removed; run the command again",
      ]);
      expect(await config()).toBe(text);
      expect(await takesPushes()).toBe(true);
    });

    test("tags with the names of the registry's folders stay", async () => {
      await put("app/tags", ["_layers", "_uploads"], imageOf("tags"));
      await garbage("folders");
      await stack.succeed(run("gc", "--yes"));
      expect(await pulls("app/tags:_layers")).toBe(true);
      expect(await pulls("app/tags:_uploads")).toBe(true);
    });

    test("a registry whose last tag was removed can be cleaned up, and takes pushes then", async () => {
      await put("app/last", ["1"], imageOf("last"));
      await stack.succeed(run("images", "rm", ...(await ls()), "--yes"));
      await age();
      await stack.succeed(run("gc", "--yes"));
      const dry = await stack.succeed(run("gc", "--dry-run"));
      expect(dry.stdout).toMatch(/^To remove: 0 tags, 0 manifests without a tag, 0 blobs, 0 B;/m);
      expect(await takesPushes()).toBe(true);
    });

    if (version === "2.8") return;

    test("with deletes off, 3.0.0 deletes a tag anyway, and a preview warns; the newest version refuses", async () => {
      const deletes = () => fetch(`http://${prefix}/v2/app/cve/manifests/1`, { method: "DELETE" });
      const warning = `${name}: registry.deleteEnabled is false, but this registry (distribution 3.0.0) deletes tags all the same (CVE-2026-41888): set registry.image to an image of 3.1.1 or later`;
      const previewed = async () => {
        const { stdout, stderr } = await stack.succeed(stack.preview());
        return stdout + stderr;
      };
      const settings = { host: name, address: host.address, deleteEnabled: false };
      await put("app/cve", ["1"], imageOf("cve"));
      stack.change({ registry: { ...settings, image: "registry:3.0.0" } });
      await stack.succeed(stack.up());
      expect(await previewed()).toContain(warning);
      expect((await deletes()).status).toBe(202);
      stack.change({ registry: { ...settings, image } });
      await stack.succeed(stack.up());
      expect(await previewed()).not.toContain("CVE");
      await put("app/cve", ["1"], imageOf("cve"));
      expect((await deletes()).status).toBe(405);
    });
  });
});
