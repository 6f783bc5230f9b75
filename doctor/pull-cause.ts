import type { HostAccess } from "../settings/access";
import type { Cause } from "./cause";
import type { Commands } from "./commands";

/** A pull that failed although every check has passed: the runtime's own message is all that is known. */
export function pullCause(message: string, access: HostAccess, commands: Commands): Cause {
  return {
    cause: "the pull failed, although every check has passed",
    evidence: [message],
    fix: commands.on(access, "journalctl -u containerd -n 50 --no-pager"),
  };
}
