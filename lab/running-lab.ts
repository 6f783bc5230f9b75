import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ContainerImage } from "../oci/image";
import type { LabDefinition } from "./definition";
import { offerImage } from "./hub/offer";
import { labPaths } from "./paths";
import { RunningHost } from "./running-host";

/** A running lab. */
export class RunningLab {
  readonly name: string;
  /** The hosts by name, in the definition's order. */
  readonly hosts: ReadonlyMap<string, RunningHost>;
  /** The private key for root, ops and nosudo on every host. */
  readonly privateKeyPath: string;

  constructor(
    readonly definition: LabDefinition,
    private readonly takeDown: () => Promise<void>,
  ) {
    this.name = definition.name;
    this.hosts = new Map(
      definition.hosts.map((host) => [host.name, new RunningHost(definition, host)]),
    );
    this.privateKeyPath = labPaths(this.name).privateKey;
  }

  /** The SSH key of every host under its address and its name, in OpenSSH's known_hosts format. */
  get knownHostsPath(): string {
    return labPaths(this.name).knownHosts;
  }

  /** A host by name. Throws if the lab has no host with that name. */
  host(name: string): RunningHost {
    const host = this.hosts.get(name);
    if (!host) {
      throw new Error(
        `lab ${this.name} has no host ${name}; it has ${[...this.hosts.keys()].join(", ")}`,
      );
    }
    return host;
  }

  /** The access log of the stand-in for the public registries, one request per line. */
  hubLog(): string {
    return readFileSync(join(labPaths(this.name).hub, "keeper.log"), "utf8");
  }

  /** Adds an image to the stand-in for the public registries, until the lab goes down. */
  offer(name: string, tags: string[], image: ContainerImage): Promise<void> {
    return offerImage(this.definition.hub, name, tags, image);
  }

  /** Takes the lab down and removes everything of it. */
  down(): Promise<void> {
    return this.takeDown();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.down();
  }
}
