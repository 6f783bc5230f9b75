import type { Props } from "../provider";
import { boolean, objects, output, string, stringMap, withDefault } from "./attributes";
import type { ResourceType } from "./bridged";
import { DaemonError, request } from "./daemon";
import { pollUntil } from "../poll";
import { fromPairs, isMap, labels, toPairs } from "./volume";

/** Containers that are being removed still hold their network for a moment. */
const IN_USE_SECONDS = 30;

/** docker:index/network:Network */
export const network: ResourceType = {
  attributes: {
    attachable: boolean({ replaces: true }),
    driver: string({ computed: true, replaces: true }),
    ingress: boolean({ replaces: true }),
    internal: boolean({ computed: true, replaces: true }),
    ipamConfigs: objects(
      "set",
      {
        auxAddress: stringMap({ replaces: true }),
        gateway: string({ unset: "" }),
        ipRange: string({ unset: "" }),
        subnet: string({ unset: "" }),
      },
      { computed: true, replaces: true, terraformName: "ipam_config" },
    ),
    ipamDriver: withDefault(string({ replaces: true }), "default"),
    ipamOptions: stringMap({ replaces: true }),
    ipv6: boolean({ replaces: true }),
    labels: labels(),
    name: string({ replaces: true }),
    options: stringMap({ computed: true, replaces: true }),
    scope: output("value"),
  },
  namesItself: true,
  deleteBeforeReplace: false,
  meta: JSON.stringify({ schema_version: "1" }),

  async create(daemon, inputs, ctx) {
    const name = inputs["name"] as string;
    const made = await daemon.call(`create network ${name}`, ctx, (docker) =>
      docker.createNetwork(
        request(
          {},
          {
            Name: name,
            Driver: (inputs["driver"] as string | undefined) ?? "bridge",
            Internal: inputs["internal"] === true,
            Attachable: inputs["attachable"] === true,
            Ingress: inputs["ingress"] === true,
            EnableIPv6: inputs["ipv6"] === true,
            Labels: fromPairs(inputs["labels"]),
            ...(isMap(inputs["options"]) && { Options: inputs["options"] }),
            IPAM: {
              Driver: (inputs["ipamDriver"] as string | undefined) ?? "default",
              ...(isMap(inputs["ipamOptions"]) && { Options: inputs["ipamOptions"] }),
              Config: ((inputs["ipamConfigs"] ?? []) as Props[]).map(toIpam),
            },
          },
        ),
      ),
    );
    return made.id;
  },

  async read(daemon, id, held, ctx) {
    const found = (await daemon.find(`inspect network ${id}`, ctx, (docker) =>
      docker.getNetwork(id).inspect(),
    )) as NetworkInfo | undefined;
    if (found === undefined) return undefined;
    // As the real one: when it is made as the program said there is nothing here, ever after an empty map.
    const asAsked = held["scope"] === undefined && Array.isArray(held["ipamConfigs"]);
    return {
      id: found.Id,
      properties: {
        name: found.Name,
        driver: found.Driver,
        internal: found.Internal,
        attachable: found.Attachable,
        ingress: found.Ingress,
        ipv6: found.EnableIPv6,
        ipamDriver: found.IPAM?.Driver ?? "default",
        ipamOptions: found.IPAM?.Options ?? null,
        ipamConfigs: (found.IPAM?.Config ?? []).map((config) => ({
          subnet: config.Subnet ?? "",
          gateway: config.Gateway ?? "",
          ipRange: config.IPRange ?? "",
          auxAddress: config.AuxiliaryAddresses ?? (asAsked ? null : {}),
        })),
        labels: toPairs(found.Labels),
        options: found.Options ?? {},
        scope: found.Scope,
      },
    };
  },

  update: () => Promise.resolve(),

  async delete(daemon, id, _held, ctx) {
    await pollUntil(IN_USE_SECONDS, ctx.signal, async (last) => {
      try {
        await daemon.find(`remove network ${id}`, ctx, (docker) => docker.getNetwork(id).remove());
        return true;
      } catch (error) {
        const held = error instanceof DaemonError && /active endpoints/.test(error.message);
        if (held && !last) return false;
        throw error;
      }
    });
  },
};

/** What is used of the daemon's answer; the library's types lack parts of it. */
interface NetworkInfo {
  Id: string;
  Name: string;
  Driver: string;
  Internal: boolean;
  Attachable: boolean;
  Ingress: boolean;
  EnableIPv6: boolean;
  Scope: string;
  Labels: Record<string, string> | null;
  Options: Record<string, string> | null;
  IPAM?: {
    Driver: string;
    Options: Record<string, string> | null;
    Config?: {
      Subnet?: string;
      Gateway?: string;
      IPRange?: string;
      AuxiliaryAddresses?: Record<string, string>;
    }[];
  };
}

function toIpam(config: Props): Record<string, string> & { AuxiliaryAddresses?: never } {
  const entries = [
    ["Subnet", config["subnet"]],
    ["Gateway", config["gateway"]],
    ["IPRange", config["ipRange"]],
    ["AuxiliaryAddresses", config["auxAddress"]],
  ].filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Record<string, string> & { AuxiliaryAddresses?: never };
}
