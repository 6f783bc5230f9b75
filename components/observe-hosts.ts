import * as pulumi from "@pulumi/pulumi";
import { packedHelper } from "../helper/helper-text";
import { askFor } from "../observation/ask";
import { type Surveyed, surveyHosts } from "../observation/hosts";
import { configNotes } from "../observation/notes";
import type { Past, ResourceOutputs } from "../observation/past";
import type { HostAccess } from "../settings/access";
import type { Settings } from "../settings/schema";
import { isLent } from "../ssh/borrow";
import { refusal } from "./refusal";
import { stackResources } from "./stack-resources";

/**
 * Observes the hosts, and at the same time reads the last run from the stack's own state. Before that, it logs the
 * options of the ssh config that are not honoured; while it waits for a host, it says so.
 *
 * @param pastFrom selects the last run's part of this component
 */
export async function observeHosts(
  settings: Settings,
  hosts: readonly HostAccess[],
  pastFrom: (resources: ResourceOutputs) => Past,
): Promise<[ReadonlyMap<string, Surveyed>, Past]> {
  refuseChains(hosts);
  for (const note of configNotes(hosts)) void pulumi.log.warn(note);
  return Promise.all([
    surveyHosts(
      hosts,
      (host) => askFor(settings, host),
      (text) => void pulumi.log.info(text, undefined, undefined, true),
    ),
    stackResources().then((resources) => {
      // Whoever plans needs it packed, and the hosts do not answer yet.
      packedHelper();
      return pastFrom(resources);
    }),
  ]);
}

/** The provider of the Pulumi CLI goes through one bastion. The embedded engine has a provider of its own. */
function refuseChains(hosts: readonly HostAccess[]): void {
  if (isLent()) return;
  for (const { name, bastion } of hosts) {
    const before = bastion?.bastion?.login.host;
    if (before === undefined) continue;
    throw refusal(
      `${name}: expected one bastion, found ${before} before ${bastion?.login.host}. No host was changed. ` +
        "With the Pulumi CLI, @pulumi/command goes through one: use the embedded engine (--engine embedded), or run this on the outer bastion",
    );
  }
}
