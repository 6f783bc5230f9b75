import type { Decision } from "./decide";
import type { ObservedService, Observation } from "./observation";
import { type Daemon, parsePayload } from "./payload";

/**
 * What a change of a daemon's files would be refused for on its host, found before the host is asked. The helper refuses the
 * same by the same words (`stands_in_the_way`, `need_systemd`, `fixed_file`, `containerd_health`): what it sees counts.
 *
 * @returns one sentence for each; none where nothing is to be done
 */
export function obstacles(
  observation: Observation,
  daemon: Daemon,
  decision: Pick<Decision, "inSync" | "activate" | "payload">,
): string[] {
  const observed = observation[daemon];
  // A docker that is yet to be installed is looked at once it is there.
  if (decision.inSync || observed?.version === undefined) return [];
  return [
    ...systemdObstacles(observation),
    ...fileObstacles(observation, decision.payload),
    ...(daemon === "containerd" ? dumpObstacles(observation) : []),
    ...(decision.activate === "none"
      ? []
      : [
          ...serviceObstacles(observed.service, daemon, decision.activate),
          ...askObstacles(observation, daemon),
        ]),
  ];
}

/** The first systemd whose systemd-run has --collect. */
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

/** Files that are to change, and cannot. */
function fileObstacles(observation: Observation, payload: string): string[] {
  const looked = [...observation.files, ...(observation.containerd?.hostsToml ?? [])];
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

/** A masked unit says nothing of the daemon, so that this is asked before anything that the unit is to say. */
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

/** A change could not be checked. */
function askObstacles({ containerd, docker }: Observation, daemon: Daemon): string[] {
  if (daemon === "containerd" && containerd?.ctr === false) {
    return ["cannot query containerd: the ctr command is not installed"];
  }
  if (daemon === "docker" && docker?.asks === false) {
    return ["cannot query the docker daemon: install one of curl, docker, python3, perl"];
  }
  return [];
}

/** What a preview warns of: a daemon that does not run is started by `up`, which is more than a file's change. */
export function notRunning(service: ObservedService | undefined): string | undefined {
  if (service === undefined || !service.installed) return undefined;
  if (service.active === "active" || service.active === "reloading") return undefined;
  return `${service.unit} is not running (${service.active}, ${service.sub}): \`up\` starts it`;
}
