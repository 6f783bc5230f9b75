/** A systemd unit of the cluster, and the files that it reads. It restarts if one of them changes. */
export interface Unit {
  name: string;
  text: string;
  /** Contents by path on the host. */
  files: Record<string, string>;
}

interface Service {
  description: string;
  program: string;
  flags: Record<string, string>;
  after?: string;
  /** Whether it tells systemd when it is ready. @default false */
  notifies?: boolean;
  before?: string;
}

/** A service that systemd always starts again, because the parts of a cluster may start in any order. */
export function serviceText(service: Service): string {
  const {
    description,
    program,
    flags,
    after = "network.target",
    notifies = false,
    before,
  } = service;
  const words = Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`);
  return [
    "[Unit]",
    `Description=${description}`,
    `After=${after}`,
    "StartLimitIntervalSec=0",
    "",
    "[Service]",
    `Type=${notifies ? "notify" : "simple"}`,
    ...(before === undefined ? [] : [`ExecStartPre=${before}`]),
    `ExecStart=${[program, ...words].join(" \\\n  ")}`,
    "Restart=always",
    "RestartSec=1",
    // Containers are children of containerd's shims, not of kubelet, so none of them ends with kubelet.
    "KillMode=process",
    "",
    "[Install]",
    "WantedBy=multi-user.target",
    "",
  ].join("\n");
}
