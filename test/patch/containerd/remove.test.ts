import { CONFIG, HOSTS, planFor, refusalOf, textOf } from "./plan";

const V2 = 'plugins."io.containerd.grpc.v1.cri".registry';

describe("present: false", () => {
  it("takes the registry's table out of mirrors", () => {
    const config = `version = 2\n[${V2}.mirrors]\n[${V2}.mirrors.a]\nendpoint = ["http://a"]\n`;
    const added = textOf(planFor(config), CONFIG);
    const plan = planFor(added, { present: false });
    expect(textOf(plan, CONFIG)).toBe(config);
    expect(plan.activate).toBe("restart");
  });

  it("takes only our endpoint out of a list with others", () => {
    const config = (list: string) =>
      `version = 2\n[${V2}.mirrors."172.30.1.2:5000"]\nendpoint = ${list}\n`;
    const after = (list: string) => textOf(planFor(config(list), { present: false }), CONFIG);
    expect(after('["http://172.30.1.2:5000", "https://x"]')).toBe(config('["https://x"]'));
    expect(after('["https://x", "http://172.30.1.2:5000"]')).toBe(config('["https://x"]'));
    expect(after('[\n  "https://x",\n  "http://172.30.1.2:5000", # ours\n]')).toBe(
      config('[\n  "https://x",\n]'),
    );
  });

  it("keeps other keys in our entry: only the list is removed", () => {
    const entry = `version = 2\n[${V2}.mirrors."172.30.1.2:5000"]\n`;
    const list = 'endpoint = ["http://172.30.1.2:5000"]\n';
    const rewrite = `[${V2}.mirrors."172.30.1.2:5000".rewrite]\n"^a" = "b"\n`;
    const plan = planFor(entry + list + rewrite, { present: false });
    expect(textOf(plan, CONFIG)).toBe(entry + rewrite);
    expect(planFor(textOf(plan, CONFIG), { present: false }).activate).toBe("none");
  });

  it("removes an inline and a dotted entry as well", () => {
    const after = (config: string) => textOf(planFor(config, { present: false }), CONFIG);
    expect(
      after(
        `version = 2\n[${V2}]\nmirrors = { a = { }, "172.30.1.2:5000" = { endpoint = ["http://172.30.1.2:5000"] } }\n`,
      ),
    ).toBe(`version = 2\n[${V2}]\nmirrors = { a = { } }\n`);
    expect(
      after(
        `version = 2\n[${V2}]\nmirrors."172.30.1.2:5000".endpoint = ["http://172.30.1.2:5000"]\n`,
      ),
    ).toBe(`version = 2\n[${V2}]\n`);
  });

  it("removes a hosts.toml of ours without a restart; config_path stays, with a note", () => {
    const config = `version = 2\n[${V2}]\nconfig_path = "/etc/containerd/certs.d"\n`;
    const written = textOf(planFor(config), HOSTS) ?? "";
    const other = "/etc/containerd/certs.d/quay.io/hosts.toml";
    const certsD = new Map([
      [HOSTS, Buffer.from(written)],
      [other, Buffer.from("")],
    ]);
    const plan = planFor(config, { present: false, certsD });
    expect(
      plan.files.map(({ path, desired, edits }) => [path, desired?.length, edits.length]),
    ).toEqual([
      [HOSTS, undefined, 1],
      [CONFIG, config.length, 0],
    ]);
    expect(plan.activate).toBe("none");
    expect(plan.notes).toEqual([
      `${CONFIG}: config_path = "/etc/containerd/certs.d" stays, since a file does not say who set it; without a hosts.toml it changes nothing`,
    ]);
  });

  it("keeps the file of somebody else, with a note", () => {
    const certsD = new Map([[HOSTS, Buffer.from('[host."http://172.30.1.2:5000"]\n')]]);
    const plan = planFor("version = 2\n", { present: false, certsD });
    expect(plan.files.every(({ edits }) => edits.length === 0)).toBe(true);
    expect(plan.notes).toEqual([`${HOSTS}: stays, somebody else wrote it`]);
    expect(planFor("version = 2\n", { present: false }).notes).toEqual([
      `${CONFIG}: nothing of the registry is in it`,
    ]);
    const set = `version = 2\n[${V2}]\nconfig_path = "/srv/certs.d"\n`;
    expect(planFor(set, { present: false }).notes).toEqual([
      `${CONFIG}: nothing of the registry is in it`,
      `${CONFIG}: config_path = "/srv/certs.d" stays, since a file does not say who set it; without a hosts.toml it changes nothing`,
    ]);
  });

  it("leaves a config_path, even one that was set for the registry", () => {
    for (const config of [undefined, `version = 2\n[${V2}]\nconfig_path = ""\nx = 1\n`]) {
      const added = planFor(config);
      const certsD = new Map([[HOSTS, Buffer.from(textOf(added, HOSTS) ?? "")]]);
      const plan = planFor(textOf(added, CONFIG), { certsD, present: false });
      expect(plan.files.find(({ path }) => path === HOSTS)?.desired).toBeUndefined();
      expect(textOf(plan, CONFIG)).toBe(textOf(added, CONFIG));
      expect(plan.activate).toBe("none");
    }
  });

  it("keeps lists of public registries, because it is not known who added their endpoints", () => {
    const config = `version = 2\n[${V2}.mirrors."docker.io"]\nendpoint = ["https://a"]\n`;
    const plan = planFor(config, { present: false, mirrors: { "docker.io": ["https://a"] } });
    expect(textOf(plan, CONFIG)).toBe(config);
    expect(plan.notes[0]).toBe(
      `${CONFIG}: the mirrors of docker.io stay, because the file does not show who added them`,
    );
  });

  describe("a fault that was there without us does not keep the registry in the file:", () => {
    const ours = `[${V2}.mirrors."172.30.1.2:5000"]\n  endpoint = ["http://172.30.1.2:5000"]\n`;
    it.each([
      ['[debug]\nlevel = "verbose"\n', '5: stays as it is: "verbose"'],
      ['oom_score = "0"\n', "2: stays as it is: a string"],
      ['disabled_plugins = ["restart"]\n', '2: stays as it is: "restart"'],
      ['disabled_plugins = ["io.containerd.grpc.v1.cri"]\n', "2: stays as it is: disabled_plugins"],
      [`[${V2.replace(".registry", "")}]\nsystemd_cgroup = true\n`, "5: stays as it is: one"],
      [`[${V2}]\nconfig_path = "/srv/certs.d"\n`, undefined],
      ['[plugins."io.containerd.cri.v1.images".registry]\nconfig_path = "/a"\n', undefined],
    ])("%j", (fault, note) => {
      const isRoot = !fault.startsWith("[");
      const config = (mirror: string): string =>
        isRoot ? `version = 2\n${fault}${mirror}` : `version = 2\n${mirror}${fault}`;
      expect(refusalOf(() => planFor(config(ours)))).not.toBe("");
      const plan = planFor(config(ours), { present: false });
      expect(textOf(plan, CONFIG)).toBe(config(""));
      if (note === undefined) return;
      expect(plan.notes.some((one) => one.startsWith(`${CONFIG}:${note}`))).toBe(true);
    });
  });
});
