import { recordId } from "../hosts";

/** Names of this stack's records on the hosts, by what they are for. */
export interface RecordIds {
  mirror(node: string): string;
  readonly daemonJson: string;
  readonly container: string;
}

/** Records carry project and stack, since two stacks can share a host. */
export function recordIds(project: string, stack: string): RecordIds {
  return {
    mirror: (node) => recordId(project, stack, `containerd-${node}`),
    daemonJson: recordId(project, stack, "daemon-json"),
    container: recordId(project, stack, "registry"),
  };
}
