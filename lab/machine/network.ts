import { existsSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { hexAddress, sameSubnet, type LabDefinition } from "../definition";
import { must, run } from "../process";

/**
 * The hosts of a lab are connected by a bridge in its own network namespace, the switch. The machine has one interface
 * in it, the leg, with the gateway's address. The bridge is not in the machine's own namespace, where a packet filter
 * (such as Docker's) can drop packets on a bridge.
 */
export const switchName = (lab: string) => `cluster-registry.${lab}`;

/** The name of the machine's leg. An interface's name has at most 15 characters. */
export const legName = (lab: string) => `cr-${lab}`;

export const switchExists = (lab: string) => existsSync(`/run/netns/${switchName(lab)}`);

/** Whether switch and leg exist with the right settings. */
export function networkIsUp({ name, gateway, prefixLength }: LabDefinition): boolean {
  const leg = networkInterfaces()[legName(name)] ?? [];
  return switchExists(name) && leg.some(({ cidr }) => cidr === `${gateway}/${prefixLength}`);
}

/** Creates the switch and the machine's leg, after it has removed existing ones. */
export async function makeNetwork(definition: LabDefinition): Promise<void> {
  const { name, gateway, prefixLength } = definition;
  await removeNetwork(name);
  const [netns, leg] = [switchName(name), legName(name)];
  await must("ip", ["netns", "add", netns]);
  await must("ip", ["-n", netns, "-batch", "-"], {
    stdin: lines("link set lo up", "link add switch type bridge", "link set switch up"),
  });
  await must("ip", ["-batch", "-"], {
    stdin: lines(
      `link add ${leg} type veth peer name uplink netns ${netns}`,
      `address add ${gateway}/${prefixLength} dev ${leg}`,
      `link set ${leg} up`,
    ),
  });
  await must("ip", ["-n", netns, "link", "set", "uplink", "master", "switch", "up"]);
}

/** Unplugs a host's cable from the switch, or plugs it in. Open connections are neither closed nor notified. */
export async function setPlugged(lab: string, address: string, plugged: boolean): Promise<void> {
  const state = plugged ? "up" : "down";
  await must("ip", ["-n", switchName(lab), "link", "set", portName(address), state]);
}

/** The switch's port of the host with this address. */
export const portName = (address: string) => `port${hexAddress(address)}`;

/** Removes switch and leg. Does nothing if they do not exist. */
export async function removeNetwork(lab: string): Promise<void> {
  if (networkInterfaces()[legName(lab)] || existsSync(`/sys/class/net/${legName(lab)}`)) {
    await run("ip", ["link", "delete", legName(lab)]);
  }
  if (switchExists(lab)) await must("ip", ["netns", "delete", switchName(lab)]);
}

/** Throws if an address of the lab is in another network of this machine. */
export function refuseOverlap({ name, gateway, prefixLength }: LabDefinition): void {
  for (const [device, addresses] of Object.entries(networkInterfaces())) {
    if (device === legName(name)) continue;
    const taken = addresses?.find((entry) => {
      const bits = Number(entry.cidr?.split("/")[1]);
      return (
        entry.family === "IPv4" && sameSubnet(entry.address, gateway, Math.min(bits, prefixLength))
      );
    });
    if (taken) {
      throw new Error(
        `lab ${name} needs the addresses ${gateway}/${prefixLength}, and this machine's interface ${device} ` +
          `has ${taken.cidr}: take that interface down, or change the lab's addresses`,
      );
    }
  }
}

const lines = (...commands: string[]) => commands.join("\n") + "\n";
