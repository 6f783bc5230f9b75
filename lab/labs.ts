import { checked, type LabDefinition } from "./definition";

/** The lab of the stack `dev`: the lesson's names and addresses, with the registry on the master. */
export const dev: LabDefinition = checked({
  name: "dev",
  prefixLength: 16,
  gateway: "172.30.0.1",
  hub: "172.30.0.2",
  hosts: [
    { name: "controlplane", address: "172.30.1.2", flavour: "debian-12" },
    { name: "node01", address: "172.30.2.2", flavour: "debian-12" },
    { name: "node02", address: "172.30.3.2", flavour: "debian-12" },
  ],
});

/** The lab of the stack `dedicated`: the registry is on a separate host outside the cluster. */
export const dedicated: LabDefinition = checked({
  name: "dedicated",
  prefixLength: 24,
  gateway: "10.88.200.1",
  hub: "10.88.200.2",
  hosts: [
    { name: "registry", address: "10.88.200.11", flavour: "debian-12" },
    { name: "controlplane", address: "10.88.200.12", flavour: "debian-12" },
    { name: "node01", address: "10.88.200.13", flavour: "debian-12" },
    { name: "node02", address: "10.88.200.14", flavour: "debian-12" },
  ],
});

/** The labs with a name on the command line. */
export const LABS: Record<string, LabDefinition> = { dev, dedicated };
