import { decide } from "../../decision/decide";
import { obstacles } from "../../decision/obstacles";
import type { Observation, ObservedService } from "../../observation/observation";
import { planContainerd } from "../../patch";
import { file, observation, service } from "../helper/observations";
import { runWithParts, userlands } from "../helper/shells";

const CONFIG = "/etc/containerd/config.toml";
const TEXT = "version = 2\n";

type Containerd = NonNullable<Observation["containerd"]>;

function node(changes: Partial<Observation> = {}, daemon: Partial<Containerd> = {}): Observation {
  return observation({
    files: [file(CONFIG, TEXT)],
    systemd: { version: 252, bus: true },
    containerd: {
      version: "1.7.28",
      service: service({ canReload: false }),
      dump: TEXT,
      hostsToml: [],
      ctr: true,
      ...daemon,
    },
    ...changes,
  });
}

/** The obstacles for a first apply. */
function found(observed: Observation): string[] {
  const plan = planContainerd({
    configPath: CONFIG,
    bytes: Buffer.from(TEXT),
    daemonVersion: "1.7.28",
    dump: TEXT,
    certsD: new Map(),
    registry: { address: "10.0.0.1:5000", endpoints: ["http://10.0.0.1:5000"] },
    mirrors: {},
    migrate: false,
  });
  const decision = decide({
    observation: observed,
    id: "test.dev.containerd-n1",
    daemon: "containerd",
    plan: () => plan,
    spec: {},
    claims: [],
    health: {},
  });
  return obstacles(observed, "containerd", decision);
}

const of = (changes: Partial<ObservedService>) =>
  found(node({}, { service: service(changes), ctr: true }));

test("a healthy host has none", () => {
  expect(found(node())).toEqual([]);
});

test("a fact that an older observation lacks is not an obstacle", () => {
  const observed = observation({
    files: [file(CONFIG, TEXT)],
    containerd: { version: "1.7.28", service: service(), dump: TEXT, hostsToml: [] },
  });
  expect(found(observed)).toEqual([]);
});

test("a host that is in sync has none, whatever else is wrong", () => {
  const observed = node({ systemd: { version: 230, bus: false } }, { dumpError: "broken" });
  const inSync = { inSync: true, activate: "none", payload: "" } as const;
  expect(obstacles(observed, "containerd", inSync)).toEqual([]);
});

test.each([
  [
    node({ systemd: { version: 235, bus: true } }),
    "expected systemd 236 or later, whose systemd-run has --collect; found 235",
  ],
  [
    node({ systemd: { bus: false } }),
    "expected D-Bus on this host, through which systemd-run waits for a change; found that it does not answer: install dbus, or run `systemctl start dbus`",
  ],
  [
    node({ files: [file(CONFIG, TEXT, { fixed: "expected a file that can be replaced" })] }),
    `${CONFIG}: expected a file that can be replaced`,
  ],
  [node({}, { ctr: false }), "cannot query containerd: the ctr command is not installed"],
  [
    node({}, { dumpError: "first\ncontainerd: failed to load TOML", configPath: CONFIG }),
    `expected a configuration that containerd can read (\`containerd config dump\` of ${CONFIG}); found that it cannot: first\n  containerd: failed to load TOML`,
  ],
])("each is one sentence: %#", (observed, text) => {
  expect(found(observed)).toEqual([text]);
});

test("a change without a restart does not check the unit", () => {
  const observed = node(
    {},
    { service: service({ killMode: "mixed", needsDaemonReload: true }), ctr: false },
  );
  const none = { inSync: false, activate: "none", payload: "cluster-registry 1\nend\n" } as const;
  expect(obstacles(observed, "containerd", none)).toEqual([]);
});

describe.each(userlands)("the helper, with $name,", (userland) => {
  /** The helper's message about the same unit. */
  function refused(daemon: string, activate: string, facts: string): string {
    const script = `systemctl() { printf '%s\\n' ${facts}; }
      if stands_in_the_way "$1" "$2"; then printf '%s' "$problem"; fi`;
    const parts = ["00-start.sh", "40-daemon.sh"];
    const result = runWithParts(userland, parts, script, {
      args: [`${daemon}.service`, activate],
    });
    expect(result.stderr).toBe("");
    return result.stdout.toString();
  }

  test.each([
    ["LoadState=loaded ActiveState=active KillMode=process", {}],
    [
      "LoadState=masked ActiveState=active KillMode=process",
      { installed: false, enabled: "masked" },
    ],
    ["LoadState=loaded ActiveState=active KillMode=mixed", { killMode: "mixed" }],
    [
      "LoadState=loaded ActiveState=active KillMode=process NeedDaemonReload=yes",
      { needsDaemonReload: true },
    ],
  ])("says the same of containerd: %s", (facts, changes) => {
    expect(refused("containerd", "restart", facts)).toBe(of(changes).join("\n"));
  });

  test("says the same about a missing unit, with systemd's word for it", () => {
    expect(
      refused("containerd", "restart", "LoadState=not-found").replace(" (not-found)", ""),
    ).toBe(of({ installed: false, enabled: "" }).join("\n"));
  });

  test("says the same about a docker that cannot be reloaded", () => {
    const docker = service({ unit: "docker.service", canReload: false });
    const observed = observation({
      docker: {
        version: "26.1.5",
        service: docker,
        loginReachesSocket: true,
        asks: true,
      },
    });
    const decision = {
      inSync: false,
      activate: "reload",
      payload: "cluster-registry 1\nend\n",
    } as const;
    const said = obstacles(observed, "docker", decision);
    expect(said).toHaveLength(1);
    expect(refused("docker", "reload", "LoadState=loaded ActiveState=active CanReload=no")).toBe(
      said.join("\n"),
    );
    expect(refused("docker", "reload", "LoadState=loaded ActiveState=inactive CanReload=no")).toBe(
      "",
    );
  });

  test.each([
    ["restart", "active", true],
    ["reload", "inactive", true],
    ["reload", "active", false],
  ] as const)(
    "says the same of a docker whose socket is masked: %s while %s",
    (activate, active, refusing) => {
      const observed = observation({
        docker: {
          version: "26.1.5",
          service: service({
            unit: "docker.service",
            active,
            canReload: true,
            needsMasked: "docker.socket",
          }),
          loginReachesSocket: true,
          asks: true,
        },
      });
      const decision = { inSync: false, activate, payload: "cluster-registry 1\nend\n" } as const;
      const said = refusing
        ? [
            "docker.service cannot start because it requires docker.socket, which is masked: run `systemctl unmask docker.socket`",
          ]
        : [];
      expect(obstacles(observed, "docker", decision)).toEqual(said);
      const script = `systemctl() { case "$*" in
        *Requires*) echo 'sysinit.target docker.socket' ;;
        *Id*) printf '%s\\n' LoadState=loaded Id=sysinit.target '' Id=docker.socket LoadState=masked ;;
        *) printf '%s\\n' LoadState=loaded ActiveState=${active} CanReload=yes ;;
      esac; }
      if stands_in_the_way docker.service ${activate}; then printf '%s' "$problem"; fi`;
      const result = runWithParts(userland, ["00-start.sh", "40-daemon.sh"], script);
      expect(result.stderr).toBe("");
      expect(result.stdout.toString()).toBe(said.join(""));
    },
  );
});
