import { CONFIG, planFor, refusalOf } from "./plan";

const V2 = 'plugins."io.containerd.grpc.v1.cri".registry';
const V3 = "plugins.'io.containerd.cri.v1.images'.registry";

describe("what the daemon merges (containerd config dump)", () => {
  it("says that an import gives config_path: only hosts.toml is written, there", () => {
    const plan = planFor('version = 3\nimports = ["/etc/containerd/conf.d/*.toml"]\n', {
      daemonVersion: "2.2.3",
      dump: `version = 3\n[${V3}]\nconfig_path = '/srv/certs.d'\n`,
    });
    expect(plan.files.map(({ path, edits }) => [path, edits.length])).toEqual([
      ["/srv/certs.d/172.30.1.2:5000/hosts.toml", 1],
      [CONFIG, 0],
    ]);
  });

  it("says that an import has mirrors: on 2.x, which merges them, ours join them", () => {
    const plan = planFor('version = 2\nimports = ["x"]\n', {
      daemonVersion: "2.0.11",
      dump: `version = 3\n[${V3}.mirrors.a]\nendpoint = ["http://a"]\n`,
    });
    expect(plan.files[0]?.desired?.toString()).toContain(`[${V2}.mirrors."172.30.1.2:5000"]`);
  });

  it("says that an import has mirrors: on 1.x, which takes one table or the other, it is refused", () => {
    const dump = `version = 2\n[${V2}.mirrors.a]\nendpoint = ["http://a"]\n`;
    expect(refusalOf(() => planFor('version = 2\nimports = ["/x.toml"]\n', { dump }))).toContain(
      "found a mirror for a that only an imported file can have",
    );
  });

  it("shows that a mirror here is not in force: refused", () => {
    const config = `version = 2\nimports = ["/x.toml"]\n[${V2}.mirrors.a]\nendpoint = ["http://a"]\n`;
    const dump = `version = 2\n[${V2}]\nconfig_path = ""\n`;
    expect(refusalOf(() => planFor(config, { dump }))).toContain(
      `expected ${V2}.mirrors.a in force as config.toml has it; found another value, or none`,
    );
  });

  it("has the built-in list of 2.2.0 in it, which is no setting of anybody", () => {
    const dump = `version = 3\n[${V3}]\nconfig_path = '/etc/containerd/certs.d:/etc/docker/certs.d'\n`;
    const plan = planFor("version = 3\n", { daemonVersion: "2.2.0", dump });
    expect(plan.activate).toBe("restart");
  });

  it("is missing: then the plan says that imports were not looked at", () => {
    const plan = planFor('version = 2\nimports = ["/x/*.toml"]\n');
    expect(plan.notes).toEqual([`${CONFIG}: what it imports (/x/*.toml) was not looked at`]);
  });
});
