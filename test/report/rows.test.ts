import { HostRefusal } from "../../observation/refusal";
import type { Observation } from "../../observation/observation";
import { rowsOf } from "../../report/rows";
import { observation, service } from "../helper/observations";
import {
  BEFORE,
  CONFIG,
  configured,
  container,
  DAEMON_JSON,
  freshNode,
  ids,
  node,
  OS,
  registryHost,
  seen,
  settings,
  settingsWith,
  survey,
  unseen,
} from "./facts";

const TIME = "2026-11-28T12:50:01.000Z";
const wellNode = { os: OS, what: "containerd", version: "1.6.20", way: "mirrors", files: [CONFIG] };

const rows = (cp: Observation, n1: Observation = node("n1"), of = settings) =>
  rowsOf(of, survey(seen("cp", cp), seen("n1", n1)), ids, []);
/** The row of node n1. */
const rowOf = (n1: Observation, of = settings) => rows(registryHost(), n1, of)[1]!;
/** The row of the registry's container. */
const registryRow = (...args: Parameters<typeof registryHost>) => rows(registryHost(...args))[3]!;

describe("after an up", () => {
  test("everything is in sync, with the file, the way and the time of the apply", () => {
    const applied = { state: "in sync", details: [], appliedAt: TIME };
    expect(rows(registryHost())).toEqual([
      { host: "cp", role: "master", ...wellNode, ...applied },
      { host: "n1", role: "worker", ...wellNode, ...applied },
      {
        host: "cp",
        role: "registry",
        os: OS,
        what: "docker",
        version: "20.10.24",
        files: [DAEMON_JSON],
        ...applied,
      },
      {
        host: "cp",
        role: "registry",
        os: OS,
        what: "container registry",
        files: [],
        state: "in sync",
        details: [],
        appliedAt: "2026-11-28T12:49:00.123Z",
      },
    ]);
  });

  test("a host with an earlier helper has no system and no time", () => {
    const host = node("n1");
    delete host.os;
    delete host.records[0]!.appliedAt;
    const row = rowOf(host);
    expect(Object.keys(row)).toEqual(expect.not.arrayContaining(["os", "appliedAt"]));
    expect(row.state).toBe("in sync");
  });
});

describe("a node", () => {
  test("that somebody has changed is drifted, with the lines that differ and no password", () => {
    const { state, details, diff } = rowOf(node("n1", BEFORE));
    expect({ state, details }).toEqual({ state: "drifted", details: ["drift on the host"] });
    expect(diff).toContain(`--- ${CONFIG}\tlive\n+++ ${CONFIG}\tdesired\n`);
    expect(diff).toContain('+  endpoint = ["http://10.0.0.11:5000"]\n');
    expect(diff).toContain("https://***@mirror.example");
    expect(diff).not.toContain("s3cret");
  });

  test("whose settings have changed is drifted, too", () => {
    const row = rowOf(node("n1"), settingsWith({ mirrors: { "quay.io": ["https://q.example"] } }));
    expect(row).toMatchObject({ state: "drifted", details: ["settings changed"] });
  });

  test("that this stack has never configured is missing", () => {
    const row = rowOf(freshNode());
    expect(row).toMatchObject({
      way: "mirrors",
      files: [CONFIG],
      state: "missing",
      details: ["this stack has never configured it"],
    });
    expect(row.diff).toContain("10.0.0.11:5000");
    expect(row).not.toHaveProperty("appliedAt");
  });

  test("with hosts.toml files is configured that way", () => {
    const folder = "/etc/containerd/certs.d";
    const text = BEFORE.replace(/mirrors.*\n.*\n$/, "").replace(
      /\[.*$/,
      `[plugins."io.containerd.grpc.v1.cri".registry]\n  config_path = "${folder}"\n`,
    );
    expect(rowOf(freshNode(text))).toMatchObject({
      way: "hosts.toml",
      files: [`${folder}/10.0.0.11:5000/hosts.toml`],
    });
  });

  test("without containerd is missing", () => {
    const containerd = { service: service({ installed: false }), hostsToml: [] };
    const row = rowOf(observation({ os: OS, files: [], containerd }));
    expect(row).toMatchObject({
      files: [CONFIG],
      state: "missing",
      details: ["containerd is not installed: install it first, or remove the host from nodes"],
    });
    expect(row).not.toHaveProperty("way");
  });

  test("whose file was deleted is missing, with the command that restores it", () => {
    const gone = { kind: "absent", content: undefined } as never;
    const row = rowOf(node("n1", "", { file: gone }));
    expect(row.state).toBe("missing");
    expect(row.details[0]).toBe(
      `${CONFIG}: expected the file of ${BEFORE.length} bytes that was there; found it deleted`,
    );
    expect(row.details[1]).toContain(`sudo sh /var/lib/cluster-registry/helper restore ${CONFIG}`);
  });

  test("whose containerd has stopped is not running, also if its file has drifted", () => {
    const stopped = { service: service({ active: "failed", sub: "failed" }) };
    const warning = "containerd.service is not running (failed, failed): `up` starts it";
    expect(rowOf(node("n1", undefined, stopped))).toMatchObject({
      state: "not running",
      details: [warning],
    });
    const drifted = rowOf(node("n1", BEFORE, stopped));
    expect(drifted).toMatchObject({
      state: "not running",
      details: ["drift on the host", warning],
    });
    expect(drifted.diff).toContain("10.0.0.11:5000");
  });

  test("on which lines of this program were edited, and stay so, is edited by others", () => {
    const line = configured("n1")
      .split("\n")
      .find((one) => one.includes('"http://10.0.0.11:5000"'))!;
    const row = rowOf(node("n1", undefined, { edited: `  take out: ${line}\n` }));
    expect(row.state).toBe("edited by others");
    expect(row.details[0]).toBe(
      `${CONFIG}: lines of this program were edited by hand. up keeps the edits; destroy stops until they are removed:`,
    );
    expect(row).not.toHaveProperty("diff");
  });

  test("whose file cannot be edited with certainty is refused, with the place", () => {
    const row = rowOf(node("n1", "version = = 2\n"));
    expect(row.state).toBe("refused");
    expect(row.details.join("\n")).toContain(`${CONFIG}:1`);
    expect(row).not.toHaveProperty("diff");
  });
});

describe("a host that was not read", () => {
  test("is unreachable in every row, and only the first says why", () => {
    const error = new Error("cp: no answer\nfrom 10.0.0.11:22");
    const found = rowsOf(settings, survey(unseen("cp", error), seen("n1", node("n1"))), ids, []);
    const state = "unreachable";
    expect(found).toEqual([
      {
        host: "cp",
        role: "master",
        what: "containerd",
        files: [CONFIG],
        state,
        details: ["cp: no answer", "from 10.0.0.11:22"],
      },
      expect.objectContaining({ host: "n1", state: "in sync" }),
      { host: "cp", role: "registry", what: "docker", files: [DAEMON_JSON], state, details: [] },
      { host: "cp", role: "registry", what: "container registry", files: [], state, details: [] },
    ]);
  });

  test("is refused if it answers but does not permit the look", () => {
    const error = new HostRefusal("expected sudo without a password for ops");
    const found = rowsOf(
      settings,
      survey(seen("cp", registryHost()), unseen("n1", error)),
      ids,
      [],
    );
    expect(found[1]).toMatchObject({ state: "refused", details: [error.message] });
  });
});

describe("the registry host", () => {
  test.each([
    ["there is none", [], "missing", ["there is no container registry"]],
    [
      "it was made by hand",
      [container({ labels: {} })],
      "missing",
      ["the container registry was made by hand (sha256:12ab)"],
    ],
    [
      "it is that of another stack",
      [container({ labels: { "io.cluster-registry.owner": "p.other.registry" } })],
      "missing",
      ["the container registry is that of p.other.registry"],
    ],
    ["it was renamed", [container({ name: "old" })], "drifted", ["it was renamed to old"]],
    [
      "it has exited",
      [container({ status: "exited", running: false, exitCode: 137 })],
      "not running",
      ["exited with code 137"],
    ],
    ["it is paused", [container({ status: "paused" })], "not running", ["paused"]],
    [
      "it crashes again and again",
      [container({ status: "restarting", exitCode: 2 })],
      "not running",
      ["it keeps restarting (exit code 2)"],
    ],
    [
      "it does not let clients delete, which the settings do",
      [container({ deleteEnabled: false })],
      "drifted",
      ["expected deleteEnabled true, found false"],
    ],
    [
      "it has other ports and volumes",
      [
        container({
          ports: ["127.0.0.1:5000->5000/tcp"],
          mounts: [{ type: "bind", source: "/srv", destination: "/var/lib/registry" }],
        }),
      ],
      "drifted",
      [
        "expected the port 0.0.0.0:5000->5000/tcp, found 127.0.0.1:5000->5000/tcp",
        "expected the volume registry-data, found /srv",
      ],
    ],
  ])("says of its container that %s", (_, containers, state, details) => {
    expect(registryRow({ containers })).toMatchObject({ state, details });
  });

  test("knows nothing of containers while docker is stopped or does not answer", () => {
    const silent = registryHost().docker!;
    delete silent.containers;
    const stopped = service({ unit: "docker.service", active: "inactive", sub: "dead" });
    const off = rows({ ...registryHost(), docker: { ...silent, service: stopped } });
    expect(off[2]).toMatchObject({ state: "not running" });
    expect(off[3]).toMatchObject({ state: "not running", details: ["docker is not running"] });
    const mute = rows({ ...registryHost(), docker: silent });
    expect(mute[3]).toMatchObject({
      state: "refused",
      details: ["docker does not answer on /var/run/docker.sock"],
    });
  });

  test("without docker misses everything", () => {
    const none = service({ unit: "docker.service", installed: false });
    const docker = { service: none, loginReachesSocket: true };
    const found = rows({ ...registryHost(), docker });
    expect(found[2]).toMatchObject({ state: "missing", details: ["docker is not installed"] });
    expect(found[3]).toMatchObject({ state: "missing", details: ["docker is not installed"] });
  });

  test("has rows for its caches and its page if the settings have them", () => {
    const upstream = "https://registry-1.docker.io";
    const more = settingsWith({ caches: [{ upstream, port: 5001 }], ui: {} });
    const page = [{ path: "/var/lib/cluster-registry-ui/nginx.conf", contents: "events {}\n" }];
    const host = registryHost({
      containers: [
        container(),
        container({
          name: "registry-ui",
          labels: { "io.cluster-registry.owner": ids.page },
          ports: [],
          mounts: [],
        }),
      ],
    });
    const found = rowsOf(more, survey(seen("cp", host), seen("n1", node("n1"))), ids, page);
    expect(found.slice(4).map(({ what, state, files }) => [what, state, files])).toEqual([
      ["container registry-cache-5001", "missing", []],
      ["page", "missing", ["/var/lib/cluster-registry-ui/nginx.conf"]],
      ["container registry-ui", "in sync", []],
    ]);
  });

  test("that is no node has only the registry's rows", () => {
    const alone = settingsWith({
      nodes: [{ name: "n1", address: "10.0.0.12", role: "worker" }],
    });
    expect(rows(registryHost(), node("n1"), alone).map(({ host, what }) => [host, what])).toEqual([
      ["n1", "containerd"],
      ["cp", "docker"],
      ["cp", "container registry"],
    ]);
  });
});
