import type { Decision } from "../decision/decide";
import { mirrorNow, unread } from "../decision/live";
import { imagePrefix } from "../decision/plan";
import { askFor } from "../observation/ask";
import { surveyHosts } from "../observation/hosts";
import type { RecordIds } from "../observation/records";
import type { HostAccess } from "../settings/access";
import type { Settings } from "../settings/schema";
import { probeReference, publishProbe } from "./probe";
import { pullOn } from "./pull";
import type { NodeReport } from "./report";

export { isWell, reportText, type NodeReport } from "./report";

/** The result, node by node. */
export interface Report {
  image: string;
  nodes: NodeReport[];
}

/**
 * Checks the live configuration of every node, and pulls a probe image from the registry on each. Changes no
 * configuration.
 * @throws Error if the probe cannot be pushed to the registry: then no node can be checked
 */
export async function checkNodes(
  settings: Settings,
  access: ReadonlyMap<string, HostAccess>,
  ids: RecordIds,
  onWaiting: (text: string) => void,
): Promise<Report> {
  const image = probeReference(imagePrefix(settings));
  const surveyed = await surveyHosts(access.values(), (host) => askFor(settings, host), onWaiting);
  const { host, address, port } = settings.registry;
  const registryHost = surveyed.get(host);
  if (registryHost === undefined || "error" in registryHost)
    throw new Error(`${host}: ${unread(registryHost)}`);
  try {
    await publishProbe(registryHost.access, address, port);
  } catch (error) {
    throw new Error(
      `cannot push the probe image to the registry at ${imagePrefix(settings)}: ${(error as Error).message}`,
      { cause: error },
    );
  }
  const nodes = await Promise.all(
    settings.nodes.map(async ({ name, role }): Promise<NodeReport> => {
      const node = surveyed.get(name);
      if (node === undefined || "error" in node) {
        return { name, role, configuration: "unknown", inSync: false, trouble: unread(node) };
      }
      const [state, trouble] = [
        configurationOf(mirrorNow(node, settings, name, ids)),
        await pullTrouble(node.access, image),
      ];
      return { name, role, ...state, ...(trouble !== undefined && { trouble }) };
    }),
  );
  return { image, nodes };
}

function configurationOf(live: Decision | Error): Pick<NodeReport, "configuration" | "inSync"> {
  if (live instanceof Error) return { inSync: false, configuration: live.message };
  const { inSync, why } = live;
  return { inSync, configuration: inSync ? "in sync" : (why ?? "not in sync") };
}

async function pullTrouble(node: HostAccess, image: string): Promise<string | undefined> {
  try {
    await pullOn(node, image);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
