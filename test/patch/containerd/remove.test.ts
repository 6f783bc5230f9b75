import { readFileSync } from "node:fs";
import { join } from "node:path";

import { CONFIG, HOSTS, planFor, textOf } from "./plan";

const V2 = 'plugins."io.containerd.grpc.v1.cri".registry';

function defaultFile(version: string): string {
  const folder = join(__dirname, "../../fixtures/containerd");
  return readFileSync(join(folder, `containerd-${version}-default.toml`), "utf8");
}

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

  it("leaves what else is in our entry: only the list goes", () => {
    const entry = `version = 2\n[${V2}.mirrors."172.30.1.2:5000"]\n`;
    const list = 'endpoint = ["http://172.30.1.2:5000"]\n';
    const rewrite = `[${V2}.mirrors."172.30.1.2:5000".rewrite]\n"^a" = "b"\n`;
    const plan = planFor(entry + list + rewrite, { present: false });
    expect(textOf(plan, CONFIG)).toBe(entry + rewrite);
    expect(planFor(textOf(plan, CONFIG), { present: false }).activate).toBe("none");
  });

  it("takes an inline and a dotted entry out as well", () => {
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

  it("removes a hosts.toml of ours without a restart; config_path stays for others, and that is said", () => {
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
      `${CONFIG}: config_path = "/etc/containerd/certs.d" stays, for ${other}; without a hosts.toml it changes nothing`,
    ]);
  });

  it("leaves what somebody else wrote, and says so", () => {
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
      `${CONFIG}: config_path = "/srv/certs.d" stays, since others set it, too; without a hosts.toml it changes nothing`,
    ]);
  });

  describe("takes out config_path where nothing else needs it:", () => {
    /** Plans a file and takes the result out again, with the hosts.toml that was written. */
    const roundTrip = (config: string | undefined, daemonVersion = "1.7.28") => {
      const added = planFor(config, { daemonVersion });
      const certsD = new Map([[HOSTS, Buffer.from(textOf(added, HOSTS) ?? "")]]);
      const asked = { daemonVersion, certsD, present: false };
      const plan = planFor(textOf(added, CONFIG), asked);
      const left = plan.files.find(({ path }) => path === CONFIG);
      expect(plan.files.find(({ path }) => path === HOSTS)?.desired).toBeUndefined();
      const again = { daemonVersion, present: false };
      expect(planFor(left?.desired?.toString(), again).activate).toBe("none");
      return { text: left?.desired?.toString(), notes: plan.notes, activate: plan.activate };
    };

    it.each([
      ["a value, in the daemon's own default file", defaultFile("1.7.28"), "1.7.28"],
      ["a value, in the default file of 2.2", defaultFile("2.2.3"), "2.2.3"],
      ["a value, among others", `version = 2\n[${V2}]\nconfig_path = ""\nx = 1\n`, "1.7.28"],
      ["a table of its own", "version = 2\n[grpc]\ngid = 0\n\n[debug]\nlevel = ''\n", "1.7.28"],
      ["a line of dotted keys", `version = 2\n[${V2.slice(0, -9)}]\nregistry.x = 1\n`, "1.7.28"],
    ])("%s", (_, config, daemonVersion) => {
      const { text, activate } = roundTrip(config, daemonVersion);
      expect(text).toBe(config);
      expect(activate).toBe("restart");
    });

    it("the file, where all of it is ours", () => {
      expect(roundTrip(undefined).text).toBeUndefined();
      expect(roundTrip(undefined, "2.2.3").notes).toEqual([
        `${CONFIG}: config_path = "/etc/containerd/certs.d" goes, as it is what adding a registry sets, and no hosts.toml of another one was seen there`,
      ]);
    });

    it("a line in a table of before becomes an empty value, which means the same as none", () => {
      const { text, notes } = roundTrip(`version = 2\n[${V2}]\nx = 1\n`);
      expect(text).toBe(`version = 2\n[${V2}]\nconfig_path = ""\nx = 1\n`);
      expect(notes).toEqual([
        `${CONFIG}: config_path = "/etc/containerd/certs.d" is emptied, as it is what adding a registry sets, and no hosts.toml of another one was seen there`,
      ]);
    });
  });

  it("leaves lists of public registries: whose endpoints they are cannot be told", () => {
    const config = `version = 2\n[${V2}.mirrors."docker.io"]\nendpoint = ["https://a"]\n`;
    const plan = planFor(config, { present: false, mirrors: { "docker.io": ["https://a"] } });
    expect(textOf(plan, CONFIG)).toBe(config);
    expect(plan.notes[0]).toBe(
      `${CONFIG}: the mirrors of docker.io stay: whose they are cannot be told`,
    );
  });
});
