import { planInsecureRegistry, planMirror } from "../../decision/plan";
import { parsePayload } from "../../helper/payload";
import { settingsOn } from "../../settings/node";
import { parseSettings } from "../../settings/parse";
import { file, managed, observation, service } from "../helper/observations";

const ID = "p.s.containerd-node01";
const REGISTRY = 'plugins."io.containerd.grpc.v1.cri".registry';
const mirrors = `version = 2
[${REGISTRY}.mirrors."docker.io"]
  endpoint = ["https://mirror.gcr.io"]
`;
const both = `${mirrors}[${REGISTRY}]\n  config_path = "/etc/containerd/certs.d"\n`;

function plan(
  config: string,
  asked: Record<string, unknown>,
  records: object[] = [],
  baseline?: string,
) {
  const settings = parseSettings({
    registry: { host: "node01", address: "10.0.0.2" },
    nodes: [{ name: "node01", address: "10.0.0.2", role: "worker", ...(asked["node"] as object) }],
    migrate: asked["migrate"] ?? false,
    mirrors: asked["mirrors"] ?? {},
    caches: asked["caches"] ?? [],
  });
  const host = observation({
    files: [file("/etc/containerd/config.toml", config)],
    containerd: { version: "1.7.28", service: service(), hostsToml: [] },
    records: records as never,
    ...(baseline !== undefined && {
      managed: [managed(file("/etc/containerd/config.toml", config), baseline, [ID])],
    }),
  });
  return planMirror(host, settingsOn(settings, "node01"), ID);
}

const moved = (decision: ReturnType<typeof plan>): unknown[] => [
  decision.diff.includes('-  endpoint = ["https://mirror.gcr.io"]'),
  (JSON.parse(parsePayload(decision.payload).spec) as { migrate: boolean }).migrate,
];

describe("migrate: true", () => {
  it("moves the mirrors of a node that mixes both ways", () => {
    expect(moved(plan(both, { migrate: true }))).toEqual([true, true]);
  });

  it("changes nothing for a node that does not mix both ways", () => {
    const decision = plan(mirrors, { migrate: true });
    expect(moved(decision)).toEqual([false, false]);
    expect(decision.payload).toBe(plan(mirrors, {}).payload);
  });

  it("moves the mirrors if only hosts.toml files can express the settings", () => {
    const asked = { mirrors: { "docker.io": [{ url: "https://mirror.gcr.io", ca: "/ca.crt" }] } };
    expect(() => plan(mirrors, asked)).toThrow("set migrate: true");
    expect(moved(plan(mirrors, { ...asked, migrate: true }))).toEqual([true, true]);
  });

  it("for one node overrides the value for all nodes", () => {
    expect(moved(plan(both, { node: { migrate: true } }))).toEqual([true, true]);
    expect(() => plan(both, { node: { migrate: false }, migrate: true })).toThrow(
      "either mirrors or config_path",
    );
  });

  it("stays in the record after the node was moved, so that the next preview is empty", () => {
    const first = plan(both, { migrate: true });
    const records = [{ id: ID, enrolled: first.enrolled, payload: first.payload }];
    const config = `version = 2\n[${REGISTRY}]\n  config_path = "/etc/containerd/certs.d"\n`;
    const again = plan(config, { migrate: true }, records, both);
    expect(moved(again)[1]).toBe(true);
    expect(again.why).not.toBe("settings changed");
    expect(plan(config, {}, records).why).toBe("settings changed");
  });

  it("does not hide another refusal", () => {
    expect(() => plan("version = = 2\n", { migrate: true })).toThrow("expected valid TOML");
  });
});

describe("caches", () => {
  const caches = [{ upstream: "https://registry-1.docker.io", port: 5001 }];
  const added = ({ diff }: { diff: string }): string[] =>
    diff.split("\n").filter((line) => /^[+-](?![+-])/.test(line));

  it("come first in a list of mirrors, before those of the settings and of an admin", () => {
    const asked = { caches, mirrors: { "docker.io": ["https://m.lan"] } };
    expect(added(plan(mirrors, asked))).toEqual(
      expect.arrayContaining([
        '-  endpoint = ["https://mirror.gcr.io"]',
        '+  endpoint = ["http://10.0.0.2:5001", "https://m.lan", "https://mirror.gcr.io"]',
      ]),
    );
  });

  it("have the registry itself behind them in hosts.toml", () => {
    const lines = added(plan("version = 2\n", { caches })).join("\n");
    expect(lines).toContain(`\
+server = "https://registry-1.docker.io"
+
+[host."http://10.0.0.2:5001"]
+  capabilities = ["pull", "resolve"]`);
  });

  it("of a registry over plain HTTP have it behind them over HTTP, in both ways", () => {
    const plainly = [{ upstream: "http://10.9.0.5:5000", port: 5001 }];
    expect(added(plan("version = 2\n", { caches: plainly })).join("\n")).toContain(`\
+server = "http://10.9.0.5:5000"
+
+[host."http://10.0.0.2:5001"]
+  capabilities = ["pull", "resolve"]`);
    expect(added(plan(mirrors, { caches: plainly })).join("\n")).toContain(
      'endpoint = ["http://10.0.0.2:5001", "http://10.9.0.5:5000"]',
    );
  });

  it("of Docker Hub are in the record of daemon.json; others, and none, are not", () => {
    const spec = (given: object[]): unknown => {
      const settings = parseSettings({
        registry: { host: "node01", address: "10.0.0.2" },
        nodes: [{ name: "node01", address: "10.0.0.2", role: "worker" }],
        caches: given,
      });
      const host = observation({
        files: [file("/etc/docker/daemon.json", "{}")],
        docker: { version: "26.1.5", service: service(), loginReachesSocket: true },
      });
      const { payload } = planInsecureRegistry(host, settings, "p.s.daemon-json");
      const { spec: text, claims, mirrors: wanted } = parsePayload(payload);
      return [JSON.parse(text), claims, wanted];
    };
    const plainly = { upstream: "http://10.9.0.5:5000", port: 5002 };
    const own = ["10.0.0.2:5000"];
    const url = "http://10.0.0.2:5001";
    expect(spec([plainly, ...caches])).toEqual([
      { insecureRegistries: own, registryMirrors: [url] },
      [...own, url],
      [url],
    ]);
    for (const given of [[], [plainly]])
      expect(spec(given)).toEqual([{ insecureRegistries: own }, own, []]);
  });
});
