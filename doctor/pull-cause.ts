import type { HostAccess } from "../settings/access";
import type { Cause } from "./cause";
import type { Commands } from "./commands";

/**
 * A pull that failed although every check has passed. The runtime's message is all that is known, and there is one that says
 * enough: containerd asks by https only if it has no entry for the registry, which its files have.
 */
export function pullCause(message: string, access: HostAccess, commands: Commands): Cause {
  if (message.includes("server gave HTTP response to HTTPS client"))
    return {
      cause:
        "containerd asks the registry by https: it runs with another configuration than its files have",
      evidence: [message],
      fix: commands.on(access, "systemctl restart containerd"),
    };
  return {
    cause: "the pull failed, although every check has passed",
    evidence: [message],
    fix: commands.on(access, "journalctl -u containerd -n 50 --no-pager"),
  };
}
