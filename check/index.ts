import { imagePrefix, planMirror } from "../decision/plan";
import { askFor } from "../observation/ask";
import { type Seen, type Surveyed, surveyHosts } from "../observation/hosts";
import type { RecordIds } from "../observation/records";
import type { HostAccess } from "../settings/access";
import { settingsOn } from "../settings/node";
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
        configurationOf(node, settingsOn(settings, name), ids.mirror(name)),
        await pullTrouble(node.access, image),
      ];
      return { name, role, ...state, ...(trouble !== undefined && { trouble }) };
    }),
  );
  return { image, nodes };
}

/** The reason why the host was not read. */
function unread(host: Extract<Surveyed, { error: unknown }> | undefined): string {
  return host?.error.message ?? "this host was not read";
}

function configurationOf(
  { observation }: Seen,
  settings: Settings,
  id: string,
): Pick<NodeReport, "configuration" | "inSync"> {
  try {
    const { inSync, why } = planMirror(observation, settings, id);
    return { inSync, configuration: inSync ? "in sync" : (why ?? "not in sync") };
  } catch (error) {
    return { inSync: false, configuration: (error as Error).message };
  }
}

async function pullTrouble(node: HostAccess, image: string): Promise<string | undefined> {
  try {
    await pullOn(node, image);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
