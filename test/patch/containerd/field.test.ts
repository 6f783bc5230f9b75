import { readFileSync } from "node:fs";
import { join } from "node:path";

import { type ContainerdInput, hunks, type Plan } from "../../../patch";
import { CONFIG, planFor, refusalOf } from "./plan";

const registry = { address: "10.0.0.11:5000", endpoints: ["http://10.0.0.11:5000"] };
const HOSTS = "/etc/containerd/certs.d/10.0.0.11:5000/hosts.toml";

const field = (name: string): string =>
  readFileSync(join(__dirname, "../../fixtures/field", name), "utf8");

function plan(config: string, daemonVersion: string, asked: Partial<ContainerdInput> = {}): Plan {
  return planFor(config, { daemonVersion, registry, ...asked });
}

/** The added and the removed lines of config.toml. */
function changed({ files }: Plan): { added: string[]; removed: string[] } {
  const main = files.find(({ path }) => path === CONFIG);
  const found = main === undefined || main.edits.length === 0 ? [] : hunks(main);
  return {
    added: found.flatMap(({ added }) => added),
    removed: found.flatMap(({ removed }) => removed),
  };
}

describe("real files of users:", () => {
  it.each(["1.7.24", "2.3.5"])("05: version 1 by default is edited as such by %s", (version) => {
    expect(changed(plan(field("05-version-1-by-default.toml"), version))).toEqual({
      added: [
        '  [plugins.cri.registry.mirrors."10.0.0.11:5000"]',
        '    endpoint = ["http://10.0.0.11:5000"]',
      ],
      removed: [],
    });
  });

  it("08: a list that the daemon honours does not change, and nothing restarts", () => {
    const config = field("08-eks-al2023-v3.toml");
    const left = plan(config, "2.1.4");
    expect(changed(left)).toEqual({ added: [], removed: [] });
    expect(left.files.map(({ path }) => path)).toEqual([HOSTS, CONFIG]);
    expect(left.activate).toBe("none");
    // For the transfer service, the same list is one directory that does not exist.
    const transfer = config.replace("discard_unpacked_layers = true", "");
    expect(changed(plan(transfer, "2.1.4")).added).toEqual([
      "config_path = '/etc/containerd/certs.d'",
    ]);
    const certificates = ["/etc/docker/certs.d/other.lan/ca.crt"];
    expect(refusalOf(() => plan(transfer, "2.1.4", { certificates }))).toContain(
      'found "/etc/containerd/certs.d:/etc/docker/certs.d", with /etc/docker/certs.d/other.lan/ca.crt',
    );
  });

  it.each([
    ["image_pull_with_sync_fs = true", 3],
    ["max_concurrent_downloads = 5", 3],
    ["use_local_image_pull = true", 3],
    ["disable_snapshot_annotations = false", 3],
    ["[plugins.'io.containerd.cri.v1.images'.registry.configs.x]", 3],
    ["max_concurrent_downloads = 5", 2],
    [
      "[plugins.'io.containerd.grpc.v1.cri'.containerd]\ndiscard_unpacked_layers = true\nruntimes = {}",
      2,
    ],
  ])("a list is honoured with %s", (setting, version) => {
    expect(planWith(setting, version).activate).toBe("none");
  });

  it.each([
    ["max_concurrent_downloads = 3", 3],
    // 2.x moves the contents of this table only if it has runtimes, and never moves use_local_image_pull.
    ["[plugins.'io.containerd.grpc.v1.cri'.containerd]\ndiscard_unpacked_layers = true", 2],
    ["use_local_image_pull = true", 2],
  ])("a list is not honoured with %s", (setting, version) => {
    expect(planWith(setting, version).activate).toBe("restart");
  });

  function planWith(setting: string, version: number) {
    const name = version === 2 ? "io.containerd.grpc.v1.cri" : "io.containerd.cri.v1.images";
    const list = "config_path = '/etc/containerd/certs.d:/srv/certs.d'";
    const own = setting.startsWith("[") ? "" : `${setting}\n`;
    const below = setting.startsWith("[") ? `${setting}\n` : "";
    const config = `version = ${version}\n[plugins.'${name}']\n${own}[plugins.'${name}'.registry]\n${list}\n${below}`;
    return plan(config, "2.2.3");
  }

  it("Docker's directory stays in use if 2.2 reads it without config_path", () => {
    const config =
      "version = 3\n[plugins.'io.containerd.cri.v1.images']\nuse_local_image_pull = true\n";
    const certificates = ["/etc/docker/certs.d/other.lan/ca.crt"];
    const left = plan(config, "2.2.3", { certificates });
    expect(changed(left).added).toEqual([]);
    expect(left.activate).toBe("none");
    expect(left.notes).toEqual([
      `${CONFIG}: without config_path, containerd looks into /etc/containerd/certs.d`,
    ]);
    expect(plan(config, "2.2.3").activate).toBe("restart");
    expect(plan(config, "2.1.4", { certificates }).activate).toBe("restart");
  });

  it("14: the error calls a template a template", () => {
    expect(refusalOf(() => plan(field("14-k3s-base-template.toml"), "1.7.24"))).toContain(
      `${CONFIG}:1:1: expected a file as the daemon reads it; found a template: \`{{ template "base" . }}\``,
    );
  });

  it("15: on 1.x the version 1 table is in force, so it is edited", () => {
    expect(changed(plan(field("15-rancher-desktop-both-names.toml"), "1.7.24")).added).toEqual([
      '[plugins.cri.registry.mirrors."10.0.0.11:5000"]',
      '  endpoint = ["http://10.0.0.11:5000"]',
    ]);
  });

  it("33: 2.x ignores tables with short plugin names, and gets its own", () => {
    expect(changed(plan(field("33-unquoted-plugin-name.toml"), "2.2.3")).added).toEqual([
      '[plugins."io.containerd.grpc.v1.cri".registry]',
      '  config_path = "/etc/containerd/certs.d"',
    ]);
  });

  it("39: TLS settings of the old way get a mirror of the old way", () => {
    const found = plan(field("39-tls-config-without-mirror.toml"), "1.7.24");
    expect(changed(found)).toEqual({
      added: [
        '[plugins."io.containerd.grpc.v1.cri".registry.mirrors."10.0.0.11:5000"]',
        '  endpoint = ["http://10.0.0.11:5000"]',
      ],
      removed: [],
    });
    expect(found.files).toHaveLength(1);
  });

  it("66: skip_verify on plain http is adopted, with a note about it", () => {
    const text = field("66-hosts-skip-verify-on-http.hosts.toml");
    const config =
      'version = 2\n[plugins."io.containerd.grpc.v1.cri".registry]\nconfig_path = "/etc/containerd/certs.d"\n';
    const found = plan(config, "2.2.3", { certsD: new Map([[HOSTS, Buffer.from(text)]]) });
    expect(found.files.flatMap(({ edits }) => edits)).toEqual([]);
    expect(found.notes).toContain(
      `${HOSTS}: skip_verify, line 5, makes containerd try TLS before it asks by http; take it out`,
    );
  });
});
