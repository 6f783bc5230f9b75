import { DAEMON_JSON } from "../observation/ask";
import { fileBytes, type Observation } from "../observation/observation";
import type { Settings } from "../settings/schema";

/*
 * A dockerd that starts while the kernel forwards no packets turns forwarding on, and makes DROP the policy of the chain
 * FORWARD: Pods of that node are then cut off from those of other nodes. Where packets are forwarded already, it leaves the
 * policy as it is.
 */

const FIX =
  "run `echo 'net.ipv4.ip_forward = 1' > /etc/sysctl.d/k8s.conf && sysctl --system` there";

/** Why docker, which does not run, must not be started on this node now; undefined: it may be. */
export function forwardingProblem(
  settings: Settings,
  observation: Observation,
): string | undefined {
  if (observation.docker?.forwards?.now !== false || !wouldDrop(settings, observation))
    return undefined;
  return (
    "expected net.ipv4.ip_forward = 1, as on every node, found 0: docker would turn it on when it starts, and set the policy of FORWARD to DROP, " +
    `which cuts Pods on this node off from those on others; ${FIX}`
  );
}

/** What a person should know of this node's next boot. */
export function forwardingNote(settings: Settings, observation: Observation): string | undefined {
  const atBoot = observation.docker?.forwards?.atBoot;
  if (atBoot === undefined || atBoot === "1" || !wouldDrop(settings, observation)) return undefined;
  const found = atBoot === "0" ? "set it to 0" : "do not set it";
  return (
    `the files of sysctl ${found}: net.ipv4.ip_forward is 0 when docker starts at the next boot. docker then sets the policy of FORWARD to DROP, ` +
    `which cuts Pods on this node off from those on others, unless the Pod network has rules of its own: ${FIX}`
  );
}

/** Are there Pods, and does docker set up packet filters on this host? */
function wouldDrop({ registry, nodes }: Settings, observation: Observation): boolean {
  if (!nodes.some(({ name }) => name === registry.host)) return false;
  if (/ --?(iptables|ip-forward)=false/.test(observation.docker?.service.execStart ?? ""))
    return false;
  const { iptables = true, "ip-forward": forward = true } = daemonJson(observation);
  return iptables !== false && forward !== false;
}

/** The settings of daemon.json; none where it cannot be read, which is refused elsewhere. */
function daemonJson(observation: Observation): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(fileBytes(observation, DAEMON_JSON)?.toString() ?? "{}");
    return typeof parsed === "object" && parsed !== null ? (parsed as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
