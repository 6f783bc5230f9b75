import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { connect } from "node:net";
import type { RunningHost, RunningLab } from "../../lab";
import { buildImage, buildIndex, type ContainerImage } from "../../oci/image";
import { push } from "../../oci/push";
import { canPull, describeRegistries, imageOf, noise, startHosts } from "../images/registries";
import { about, TestStack } from "./stack";

jest.setTimeout(300_000);

const SERVICE = "cluster-registry-gc.service";
const TIMER = "cluster-registry-gc.timer";
const FOLDER = "/var/lib/cluster-registry-gc";
const OCI = "application/vnd.oci.image.manifest.v1+json";
const TIMED = { gcTimer: { onCalendar: "Sun 03:00" } };

const layerOf = ({ blobs }: ContainerImage) => blobs.at(-1)!.digest;

/** A manifest that names another one as its subject, as a signature does. */
function signatureOf(subject: ContainerImage["manifest"]) {
  const config = Buffer.from("{}");
  const empty = {
    mediaType: "application/vnd.oci.empty.v1+json",
    digest: `sha256:${createHash("sha256").update(config).digest("hex")}`,
    size: config.length,
  };
  const text = JSON.stringify({
    schemaVersion: 2,
    mediaType: OCI,
    artifactType: "application/vnd.example.signature",
    config: empty,
    layers: [empty],
    subject: { mediaType: subject.mediaType, digest: subject.digest, size: subject.bytes.length },
  });
  const bytes = Buffer.from(text);
  const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  return {
    manifest: { bytes, digest, mediaType: OCI },
    blobs: [{ digest: empty.digest, bytes: config }],
  } as unknown as ContainerImage;
}

let lab: RunningLab;

describeRegistries("the registry's timer", () => {
  beforeAll(async () => {
    lab = await startHosts({ name: "gctimer", octet: 174 });
  }, 900_000);
  afterAll(() => lab?.down());

  describe.each([
    { version: "2.8", name: "old", image: "registry:2" },
    { version: "3.1", name: "new", image: "registry:3" },
  ])("distribution $version", ({ version, name, image }) => {
    let host: RunningHost;
    let stack: TestStack;
    let prefix: string;

    const via = () => ({ createConnection: () => connect(5000, host.address) });
    const put = (repository: string, tags: string[], content: ContainerImage) =>
      push(via, repository, tags, content);
    /** Whether skopeo, which is not of this project, finds the manifest. */
    const has = (reference: string) => {
      const args = ["inspect", "--raw", "--tls-verify=false", `docker://${prefix}/${reference}`];
      return spawnSync("skopeo", args).status === 0;
    };
    /** Whether a container runtime pulls it. */
    const pulls = (reference: string) => canPull(host, `${prefix}/${reference}`);
    const volume = async () =>
      (await host.succeed("docker volume inspect -f '{{.Mountpoint}}' registry-data")).trim();
    const holds = async (digest: string) =>
      (
        await host.succeed(
          `ls ${await volume()}/docker/registry/v2/blobs/sha256/${digest.slice(7, 9)}`,
        )
      ).includes(digest.slice(7));
    /** As if everything had been pushed long ago. */
    const age = async () =>
      host.succeed(`find ${await volume()} -type f -exec touch -d '30 days ago' {} +`);
    const said = async () =>
      (await host.succeed("journalctl -q -t cluster-registry-gc -n 1 -o cat")).trim();
    const state = async (property: string, unit = SERVICE) =>
      (await host.succeed(`systemctl show -p ${property} --value ${unit}`)).trim();
    const folder = version === "2.8" ? "/etc/docker/registry" : "/etc/distribution";
    const config = () => host.succeed(`docker cp registry:${folder}/config.yml - | tar -xO`);
    /** What is of this program on the host. */
    const ours = () =>
      host.succeed("find /etc/systemd /run /var/lib -xdev -name '*cluster-registry*'");
    const previewed = async (...flags: string[]) => {
      const { stdout, stderr } = await stack.succeed(stack.preview(...flags));
      return stdout + stderr;
    };

    beforeAll(() => {
      host = lab.host(name);
      prefix = `${host.address}:5000`;
      stack = TestStack.lesson(lab, {
        registry: { host: name, address: host.address, image },
        nodes: [{ name, address: host.address, role: "master" }],
        ...TIMED,
      });
    });
    afterAll(() => stack?.remove());

    test("up enables and starts the timer, and a second preview finds nothing to do", async () => {
      await stack.succeed(stack.up());
      expect(await state("ActiveState", TIMER)).toBe("active");
      expect(await state("UnitFileState", TIMER)).toBe("enabled");
      await previewed("--expect-no-changes");
      const { stdout } = await stack.succeed(stack.run("images", "usage"));
      expect(stdout).toMatch(/^The timer has not run yet\. Next run: Sun .* 03:00:00 UTC\.$/m);
      const report = await stack.succeed(stack.run("report"));
      expect(report.stdout).toMatch(/ timer +- +in sync /);
    });

    test("a run frees an old image without a tag, and keeps what tags lead to", async () => {
      const lost = imageOf("lost", 50);
      const kept = imageOf("kept", 20);
      const old = imageOf("old", 20);
      const signature = signatureOf(kept.manifest);
      const multi = buildIndex({
        amd64: buildImage([[{ path: "a", contents: noise("a", 1) }]], {}, "amd64"),
        arm64: buildImage([[{ path: "b", contents: noise("b", 1) }]], {}, "arm64"),
      });
      await put("app/web", ["1"], lost);
      await put("app/web", ["1"], kept);
      await put("app/web", [signature.manifest.digest], signature);
      await put("app/multi", ["1"], multi);
      await put("app/only", [old.manifest.digest], old);
      await age();
      const young = imageOf("young", 20);
      await put("app/young", [young.manifest.digest], young);
      await host.succeed(`find ${await volume()} -name data -exec touch -d '1 day ago' {} +`);

      const text = await config();
      await host.succeed(`systemctl start ${SERVICE}`);
      expect(await said()).toMatch(
        /^removed 2 manifests without a tag and \d+ blobs; the registry takes pushes$/,
      );
      expect(await config()).toBe(text);
      expect([
        has(`app/web@${lost.manifest.digest}`),
        has(`app/only@${old.manifest.digest}`),
      ]).toEqual([false, false]);
      expect([await holds(layerOf(lost)), await holds(layerOf(old))]).toEqual([false, false]);
      expect(has(`app/web@${signature.manifest.digest}`)).toBe(true);
      for (const { manifest } of multi.parts ?? [])
        expect(await pulls(`app/multi@${manifest.digest}`)).toBe(true);
      expect(await pulls("app/multi:1")).toBe(true);
      expect(await pulls("app/web:1")).toBe(true);
      expect(await pulls(`app/young@${young.manifest.digest}`)).toBe(true);
      // What was collected can be pushed again.
      await put("app/web", ["2"], lost);
      expect(await pulls("app/web:2")).toBe(true);
      const { stdout } = await stack.succeed(stack.run("images", "usage"));
      expect(stdout).toMatch(
        /^The timer ran \S+ \S+ \S+ UTC: removed 2 manifests without a tag and \d+ blobs; the registry takes pushes\. Next run: Sun /m,
      );
      await age();
      const container = await state("ExecMainStartTimestampMonotonic");
      const started = () => host.succeed("docker inspect -f '{{.State.StartedAt}}' registry");
      const since = await started();
      await put("app/young", ["1"], young);
      await host.succeed(`find ${await volume()} -type f -exec touch -d '2 minutes ago' {} +`);
      await host.succeed(`systemctl start ${SERVICE}`);
      expect(await said()).toBe("nothing to remove");
      expect(await started()).toBe(since);
      expect(await state("ExecMainStartTimestampMonotonic")).not.toBe(container);
    });

    test("a run is skipped during a push, during `npm run gc`, and while the registry does not run", async () => {
      const garbage = imageOf("garbage");
      await put("app/garbage", [garbage.manifest.digest], garbage);
      await age();
      const begun = await fetch(`http://${prefix}/v2/app/push/blobs/uploads/`, { method: "POST" });
      expect(begun.status).toBe(202);
      await host.succeed(`systemctl start ${SERVICE}`);
      expect(await said()).toBe("skipped: an image is being pushed");
      await age();
      await host.succeed("systemd-run --quiet --unit=cluster-registry-gc-session sleep 60");
      await host.succeed(`systemctl start ${SERVICE}`);
      expect(await said()).toBe("skipped: somebody cleans up with `npm run gc` at this moment");
      await host.succeed("systemctl stop cluster-registry-gc-session; docker stop -t 1 registry");
      await host.succeed(`systemctl start ${SERVICE}`);
      expect(await said()).toBe("skipped: the registry does not run");
      await host.succeed("docker start registry");
      expect(await holds(layerOf(garbage))).toBe(true);
    });

    test("a run that is killed leaves a registry that takes pushes; a preview says that it failed", async () => {
      const text = await config();
      await host.succeed(`systemctl start --no-block ${SERVICE}`);
      await host.waitUntilSucceeds(
        `test -e ${FOLDER}/work/changed -o -e ${FOLDER}/work/restart || { journalctl -q -u ${SERVICE} -n 5; exit 1; }`,
      );
      await host.succeed(`systemctl kill --signal=SIGSTOP ${SERVICE}`);
      const gc = await stack.run("gc", "--yes");
      expect(gc.code).toBe(1);
      expect(gc.stderr).toContain("the registry's timer cleans up on this host at this moment");
      await host.succeed(`systemctl kill --signal=SIGKILL ${SERVICE}`);
      await host.waitUntilSucceeds(
        `test "$(systemctl show -p ActiveState --value ${SERVICE})" = failed`,
      );
      expect(await config()).toBe(text);
      expect(await host.succeed(`ls ${FOLDER}`)).not.toContain("work");
      await put("later/push", ["1"], imageOf("later"));
      expect(await pulls("later/push:1")).toBe(true);
      expect(await previewed("--expect-no-changes")).toMatch(
        about(name, "the last clean-up by the registry's timer failed ("),
      );
      await age();
      await host.succeed(`systemctl start ${SERVICE}`);
      expect(await said()).toMatch(/^removed 1 manifests without a tag/);
      expect(await previewed("--expect-no-changes")).not.toContain("failed");
    });

    if (version === "2.8") {
      test("another server has the images, and the timer cleans it up", async () => {
        const registry = { ...(stack.current["registry"] as object), image: "registry:3" };
        stack.change({ registry });
        expect(await previewed()).toContain(
          `the registry's server changes from registry:2 to registry:3. docker on ${name} pulls the new image first`,
        );
        await stack.succeed(stack.up());
        expect(await pulls("app/web:1")).toBe(true);
        const garbage = imageOf("after the change");
        await put("app/garbage", [garbage.manifest.digest], garbage);
        await age();
        await host.succeed(`systemctl start ${SERVICE}`);
        expect(await said()).toMatch(/^removed 1 manifests without a tag/);
        expect(await previewed("--expect-no-changes")).not.toContain("the registry's server");
      });
      // The rest does not depend on the registry's version.
      return;
    }

    test("a time that systemd does not understand is refused before anything is touched", async () => {
      stack.change({ gcTimer: { onCalendar: "Someday" } });
      const { code, stdout, stderr } = await stack.up();
      expect(code).not.toBe(0);
      expect(stdout + stderr).toContain(
        'gcTimer.onCalendar: expected a time that this host\'s systemd understands, such as "Sun 03:00"; found "Someday": Failed to parse calendar',
      );
      expect(await state("NextElapseUSecRealtime", TIMER)).toContain("03:00:00");
      stack.change(TIMED);
    });

    test("an edited unit and a stopped timer are drift, and up repairs them", async () => {
      const unit = `/etc/systemd/system/${TIMER}`;
      const text = await host.succeed(`cat ${unit}`);
      await host.succeed(`sed -i s/Sun/Mon/ ${unit}; systemctl disable --now ${TIMER}`);
      const shown = await previewed();
      expect(shown).toMatch(about(name, "drift on the host"));
      expect(shown).toContain("-OnCalendar=Mon 03:00");
      expect(shown).toContain(`${TIMER} is disabled and stopped: \`up\` enables and starts it`);
      await stack.succeed(stack.up());
      expect(await host.succeed(`cat ${unit}`)).toBe(text);
      await host.succeed(`systemctl disable --now ${TIMER}`);
      expect(await previewed()).toMatch(about(name, "not running"));
      await stack.succeed(stack.up());
      expect(await state("ActiveState", TIMER)).toBe("active");
      expect(await state("UnitFileState", TIMER)).toBe("enabled");
      await previewed("--expect-no-changes");
    });

    test("without the setting the timer goes; with it and a destroy, nothing stays", async () => {
      const { gcTimer, ...others } = stack.current as { gcTimer: unknown };
      stack.configure(others);
      const shown = await previewed();
      expect(shown).toMatch(about(name, "changes to the registry's timer that will be undone:"));
      expect(shown).toContain(`${FOLDER}/timer.sh: removed.`);
      expect(shown).toContain(`${TIMER} is stopped and disabled.`);
      await stack.succeed(stack.up());
      expect(await state("LoadState", TIMER)).toBe("not-found");
      expect(await ours()).not.toContain("cluster-registry-gc");
      stack.change({ gcTimer });
      await stack.succeed(stack.up());
      expect(await state("ActiveState", TIMER)).toBe("active");
      await stack.succeed(stack.destroy());
      expect(await ours()).toBe("");
      expect(await state("LoadState", TIMER)).toBe("not-found");
    });
  });
});
