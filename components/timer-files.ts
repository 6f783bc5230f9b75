import type { WholeFile } from "../decision/whole-files";
import { CONTAINER_NAME, GC_FOLDER } from "../helper/commands";
import { program } from "../images/read-host";
import { GC_PROGRAMS, GC_SERVICE_FILE, GC_TIMER_FILE } from "../observation/ask";
import type { Settings } from "../settings/schema";

/**
 * The files of the registry's timer on its host; none if the settings have no timer.
 *
 * @param usesCluster a cluster may run images that have no tag, so all manifests stay
 */
export function timerFiles({ gcTimer, registry }: Settings, usesCluster: boolean): WholeFile[] {
  if (gcTimer === undefined) return [];
  const { address, port } = registry;
  const days = usesCluster ? "never" : gcTimer.untaggedDays;
  const timer = `/bin/sh ${GC_FOLDER}/timer.sh`;
  return [
    ...GC_PROGRAMS.map(({ name, path }) => ({ path, contents: program(name) })),
    {
      path: GC_SERVICE_FILE,
      contents: `${HEAD}
[Unit]
Description=Clean-up of the private registry
After=docker.service
# The timer or a person asks for every start.
StartLimitIntervalSec=0

[Service]
Type=oneshot
SyslogIdentifier=cluster-registry-gc
ExecStart=${timer} run ${CONTAINER_NAME} ${address} ${port} ${days}
ExecStopPost=${timer} restore ${CONTAINER_NAME}
TimeoutStopSec=5min
`,
    },
    {
      path: GC_TIMER_FILE,
      contents: `${HEAD}
[Unit]
Description=Times of the clean-up of the private registry

[Timer]
OnCalendar=${gcTimer.onCalendar}
Persistent=true

[Install]
WantedBy=timers.target
`,
    },
  ];
}

const HEAD =
  "# Written by cluster-registry, which shows a change by hand in a preview, and takes it back.";
