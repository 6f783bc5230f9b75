import { type Daemon, parsePayload } from "../helper/payload";
import type { ObservedService, Observation } from "../observation/observation";
import type { Decision } from "./decide";

/**
 * Reasons for which the host would refuse a change of a daemon's files, found from the observation alone. The helper
 * has the same checks with the same messages (`stands_in_the_way`, `need_systemd`, `fixed_file`, `containerd_health`),
 * and its result decides.
 *
 * @returns one sentence for each reason; none if nothing has to change
 */
export function obstacles(
  observation: Observation,
  daemon: Daemon,
  decision: Pick<Decision, "inSync" | "activate" | "payload">,
): string[] {
  if (decision.inSync) return [];
  const shared = [
    ...systemdObstacles(observation),
    ...fileObstacles(observation, decision.payload),
  ];
  if (daemon === "page" || daemon === "timer") return shared;
  const observed = observation[daemon];
  // A docker that is not installed yet is checked after its installation.
  if (observed?.version === undefined) return [];
  return [
    ...shared,
    ...(daemon === "containerd" ? dumpObstacles(observation) : []),
    ...(decision.activate === "none"
      ? []
      : [
          ...serviceObstacles(observed.service, daemon, decision.activate),
          ...askObstacles(observation, daemon),
        ]),
  ];
}

/** The first version of systemd whose systemd-run has --collect. */
const FIRST_SYSTEMD = 236;

function systemdObstacles({ systemd }: Observation): string[] {
  if (systemd === undefined) return [];
  const { version = FIRST_SYSTEMD, bus } = systemd;
  return [
    ...(version < FIRST_SYSTEMD
      ? [
          `expected systemd ${FIRST_SYSTEMD} or later, whose systemd-run has --collect; found ${version}`,
        ]
      : []),
    ...(bus
      ? []
      : [
          "expected D-Bus on this host, through which systemd-run waits for a change; found that it does not answer: " +
            "install dbus, or run `systemctl start dbus`",
        ]),
  ];
}

/** Files that have to change but cannot. */
function fileObstacles(observation: Observation, payload: string): string[] {
  const looked = [
    ...observation.files,
    ...(observation.containerd?.hostsToml ?? []),
    ...observation.managed.map(({ file }) => file),
  ];
  return parsePayload(payload)
    .files.filter(({ base, after }) => base !== undefined && base !== after)
    .flatMap(({ path }) => {
      const { fixed, realPath = path } = looked.find((one) => one.path === path) ?? {};
      const name = realPath === path ? path : `${path}, a link to ${realPath}`;
      return fixed === undefined ? [] : [`${name}: ${fixed}`];
    });
}

function dumpObstacles({ containerd }: Observation): string[] {
  if (containerd?.dumpError === undefined) return [];
  const { dumpError, configPath = "its configuration" } = containerd;
  const said = dumpError.split("\n").slice(-3).join("\n  ");
  return [
    `expected a configuration that containerd can read (\`containerd config dump\` of ${configPath}); found that it cannot: ${said}`,
  ];
}

/** A masked unit says nothing about the daemon, so this check comes before all other checks of the unit. */
export function isMasked({ enabled }: ObservedService): boolean {
  return enabled.startsWith("masked");
}

export function maskedUnit(unit: string): string {
  return `expected a unit ${unit} that can be started; found it masked: run \`systemctl unmask ${unit.replace(/\.service$/, "")}\``;
}

function serviceObstacles(
  service: ObservedService,
  daemon: Daemon,
  activate: Decision["activate"],
): string[] {
  const { unit, installed, killMode, needsDaemonReload, needsMasked, active, canReload } = service;
  if (isMasked(service)) return [maskedUnit(unit)];
  if (!installed) {
    return [
      `expected a unit ${unit} that systemd can load; found none: see \`systemctl status ${daemon}\``,
    ];
  }
  if (needsDaemonReload) {
    return [
      `expected systemd to have ${unit} as it is on the disk; found it changed since systemd read it: ` +
        `look at \`systemctl cat ${daemon}\`, then run \`systemctl daemon-reload\``,
    ];
  }
  if (daemon === "containerd" && killMode !== "process") {
    return [
      `expected KillMode=process in ${unit}, so that a restart leaves the containers running; found KillMode=${killMode}: ` +
        "set it with `systemctl edit containerd`",
    ];
  }
  if (activate === "reload" && active === "active" && canReload === false) {
    return [
      `expected ${unit} to have an ExecReload, so that it takes the file without a restart, which would stop its containers; ` +
        `found none: add \`ExecReload=/bin/kill -s HUP $MAINPID\` to its [Service] with \`systemctl edit ${daemon}\``,
    ];
  }
  if (needsMasked !== undefined && (activate === "restart" || active !== "active")) {
    return [
      `${unit} cannot start because it requires ${needsMasked}, which is masked: run \`systemctl unmask ${needsMasked}\``,
    ];
  }
  return [];
}

/** Reasons why a change could not be checked. */
function askObstacles({ containerd, docker }: Observation, daemon: Daemon): string[] {
  if (daemon === "containerd" && containerd?.ctr === false) {
    return ["cannot query containerd: the ctr command is not installed"];
  }
  if (daemon === "docker" && docker?.asks === false) {
    return ["cannot query the docker daemon: install one of curl, docker, python3, perl"];
  }
  return [];
}

/** A preview's warning about a daemon that does not run. `up` starts it, which is more than a change of a file. */
export function notRunning(service: ObservedService | undefined): string | undefined {
  if (service === undefined || !service.installed) return undefined;
  if (service.active === "active" || service.active === "reloading") return undefined;
  return `${service.unit} is not running (${service.active}, ${service.sub}): \`up\` starts it`;
}
