import type { HostAccess } from "../settings/access";
import type { Cause } from "./cause";
import { type Commands, plainWord } from "./commands";

/**
 * A pull that failed although every check has passed. The runtime's message is all that is known, and there are two that say
 * enough: containerd asks by https only if it has no entry for the registry, which its files have; and a pull without an end
 * waits for something that small answers do not need.
 */
export function pullCause(
  message: string,
  access: HostAccess,
  registry: string,
  commands: Commands,
): Cause {
  if (message.includes("server gave HTTP response to HTTPS client"))
    return {
      cause:
        "containerd asks the registry by https: it runs with another configuration than its files have",
      evidence: [message],
      fix: commands.on(access, "systemctl restart containerd"),
    };
  // The first words are of this machine's client, and the others of containerd.
  if (/^Deadline exceeded|context (deadline exceeded|canceled)/.test(message))
    // The rest is about this machine's own connection.
    return noEnd(
      [message.replace(/^(Deadline exceeded[^,]*),.*$/, "$1")],
      access,
      registry,
      commands,
    );
  return {
    cause: "the pull failed, although every check has passed",
    evidence: [message],
    fix: commands.on(access, "journalctl -u containerd -n 50 --no-pager"),
  };
}

/** Small answers come, and large ones do not. */
export function noEnd(
  evidence: readonly string[],
  access: HostAccess,
  registry: string,
  commands: Commands,
): Cause {
  return {
    cause:
      "a pull begins and does not end: large packets may be lost between this node and the registry " +
      "(a smaller MTU on the way), or the registry's disk is slow",
    evidence,
    // Packets of 1500 bytes with their headers, as Ethernet has them, which nothing on the way may split.
    fix: commands.on(
      access,
      `ping -M do -s ${registry.includes(":") ? 1452 : 1472} -c 3 ${plainWord(registry)}`,
    ),
  };
}
