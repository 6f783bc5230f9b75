import { listens } from "./machine/listens";
import type { RunningHost } from "./running-host";
import type { RunningLab } from "./running-lab";

/** A table of a lab's hosts and their status, for people. */
export async function statusTable(lab: RunningLab): Promise<string> {
  const hosts = [...lab.hosts.values()];
  const rows = await Promise.all(hosts.map((host) => row(host)));
  const hub = (await listens(lab.definition.hub, 443)) ? "up" : "down";
  return [
    table([["HOST", "ADDRESS", "STATE", "SSH", "CONTAINERD", "DOCKER"], ...rows]),
    `public registries: a stand-in at ${lab.definition.hub}, ${hub}`,
    `log in: ssh -i ${lab.privateKeyPath} -o UserKnownHostsFile=${lab.knownHostsPath} root@${hosts[0]?.address ?? ""}`,
  ].join("\n");
}

async function row(host: RunningHost): Promise<string[]> {
  if (!host.leader) return [host.name, host.address, "off", "-", "-", "-"];
  // One command for everything: systemd's state, then each daemon's version and state.
  const { stdout } = await host.exec(
    "systemctl is-system-running; " +
      "for daemon in containerd docker; do " +
      "version=$(dpkg-query -W -f '${Version}' $([ $daemon = docker ] && echo docker.io || echo $daemon) 2> /dev/null); " +
      'echo "${version:-not installed}${version:+ ($(systemctl is-active $daemon))}"; done',
  );
  const [state = "", containerd = "", docker = ""] = stdout.split("\n");
  const ssh = (await listens(host.address, 22)) ? "yes" : "no";
  return [host.name, host.address, state, ssh, containerd, docker];
}

/** Rows with their columns aligned by spaces. */
export function table(rows: string[][]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
