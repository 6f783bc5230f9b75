import { probeReference, publishProbe } from "../check/probe";
import { imagePrefix } from "../decision/plan";
import { overSsh, streamsOverSsh } from "../images/over-ssh";
import { namesOf } from "../images/names";
import { asRoot } from "../images/read-host";
import { askFor } from "../observation/ask";
import type { RecordIds } from "../observation/records";
import { RegistryClient } from "../registry/client";
import type { HostAccess } from "../settings/access";
import { settingsOn } from "../settings/node";
import type { Settings } from "../settings/schema";
import { type Cause, examine } from "./cause";
import type { Commands } from "./commands";
import { IMAGE } from "./image-checks";
import { type ImageFacts, readImageFacts } from "./image-facts";
import { lookAt, type Seen, stuckOn } from "./look-at";
import { NETWORK } from "./network-checks";
import { LOCAL } from "./node-checks";
import { pullCause } from "./pull-cause";
import { type Asked, askedImage } from "./reference";
import { REGISTRY } from "./registry-checks";
import type { Diagnosis } from "./report";
import { digestsOn, pull, withRuntime } from "./runtime";

const PULLED = "a real pull succeeds";

/** What a person asks the doctor. */
export interface Question {
  readonly settings: Settings;
  readonly access: ReadonlyMap<string, HostAccess>;
  readonly ids: RecordIds;
  readonly commands: Commands;
  /** The nodes to examine, by name. */
  readonly nodes: readonly string[];
  /** NAME:TAG or a full reference. @default the probe image of `npm run check` */
  readonly image?: string;
}

/**
 * Finds out why nodes cannot pull an image. Nothing changes on any host, apart from a pull, which is taken back.
 */
export async function diagnose(
  question: Question,
  say: (line: string) => void,
): Promise<{ image: string; all: Diagnosis[] }> {
  const { settings, access, nodes } = question;
  const prefix = imagePrefix(settings);
  const asked = askedImage(question.image ?? probeReference(prefix), prefix);
  const { registry } = settings;
  const look = (name: string, role: "node" | "registry") => {
    const host = access.get(name)!;
    const wide = askFor(settings, host);
    const isNode = role === "node";
    const ask = { ...wide, containerd: isNode, docker: !isNode };
    return settled(lookAt(host, role, ask, registry, say));
  };
  const [registryHost, ...hosts] = await Promise.all([
    look(registry.host, "registry"),
    ...nodes.map((name) => look(name, "node")),
  ]);
  try {
    const doctor = new Doctor(question, prefix, asked);
    const ofRegistry = await doctor.registry(registryHost);
    const all = await Promise.all(
      hosts.map((host, index) => doctor.node(nodes[index]!, host, ofRegistry)),
    );
    const found = [ofRegistry.diagnosis, ...all];
    return { image: asked.onNode, all: inOrderOfFixes(found, question.commands.npm("up")) };
  } finally {
    for (const host of [registryHost, ...hosts])
      if (!(host instanceof Error)) host.connection.close();
  }
}

/** `up` changes no host while it refuses one. So a fix on one host alone comes before a fix by `up`. */
export function inOrderOfFixes(all: readonly Diagnosis[], up: string): Diagnosis[] {
  const rank = ({ cause }: Diagnosis) =>
    cause === undefined ? 2 : cause.fix === up ? 1 : cause.fix.endsWith(up) ? 0.5 : 0;
  return [...all].sort((a, b) => rank(a) - rank(b));
}

interface OfRegistry {
  readonly diagnosis: Diagnosis;
  readonly seen?: Seen;
  readonly image?: ImageFacts;
}

class Doctor {
  constructor(
    private readonly question: Question,
    private readonly prefix: string,
    private readonly asked: Asked,
  ) {}

  /** Examines the registry, and what it has of the image. */
  async registry(seen: Seen | Error): Promise<OfRegistry> {
    const { settings, commands } = this.question;
    const name = "registry";
    const { host, address, port } = settings.registry;
    if (seen instanceof Error)
      return { diagnosis: { name, passed: [], cause: this.unreachable(host, seen) } };
    const { access, observation, look, connection } = seen;
    const { prefix } = this;
    const examined = examine(REGISTRY, { access, observation, look, settings, prefix, commands });
    if (examined.cause !== undefined) return { diagnosis: { name, ...examined }, seen };
    try {
      if (this.question.image === undefined) await publishProbe(access, address, port);
      const client = new RegistryClient(overSsh(connection, address, port));
      const streams = streamsOverSsh(connection, address, port);
      const image = await readImageFacts(client, streams, this.asked);
      return { diagnosis: { name, ...examined }, seen, image };
    } catch (error) {
      const cause = {
        cause: "the registry answers, but refuses to be read or pushed to",
        evidence: [(error as Error).message, ...look.log],
        fix: commands.on(access, "docker logs --tail 20 registry"),
      };
      return { diagnosis: { name, ...examined, cause }, seen };
    }
  }

  /** Examines one node, as far as the registry allows it. */
  async node(name: string, seen: Seen | Error, registry: OfRegistry): Promise<Diagnosis> {
    if (seen instanceof Error) return { name, passed: [], cause: this.unreachable(name, seen) };
    const { settings, ids, commands } = this.question;
    const { access, observation, look } = seen;
    const own = settingsOn(settings, name);
    const id = ids.mirror(name);
    const { prefix } = this;
    const facts = { access, observation, look, settings: own, id, prefix, commands };
    const local = examine(LOCAL, facts);
    if (local.cause !== undefined) return { name, ...local };
    const { seen: registryHost, image } = registry;
    if (registryHost === undefined || image === undefined)
      return { name, ...local, skipped: "well in itself; it cannot pull because of the registry" };
    const number = registryHost.look.numbers[0];
    const network = examine(NETWORK, {
      ...facts,
      registryHost,
      ...(number !== undefined && { registryNumber: number }),
    });
    const passed = [...local.passed, ...network.passed];
    if (network.cause !== undefined) return { name, passed, cause: network.cause };
    const rest = await settled(this.imageOn(seen, registryHost, image));
    if (rest instanceof Error)
      return {
        name,
        passed,
        cause: {
          cause: "containerd's socket does not answer through SSH, so no pull can be tried",
          evidence: [rest.message],
          fix: commands.on(access, "ctr --connect-timeout 5s version"),
        },
      };
    return { name, passed: [...passed, ...rest.passed], ...(rest.cause && { cause: rest.cause }) };
  }

  private imageOn(seen: Seen, registryHost: Seen, image: ImageFacts) {
    const { access, connection, look } = seen;
    const { settings, commands } = this.question;
    const containerd = seen.observation.containerd?.version;
    const mirrored = namesOf(settings);
    const { onNode: reference, elsewhere } = this.asked;
    // The node's mirrors send a name of theirs to the registry, if it has the image.
    const isFromHere =
      elsewhere === undefined || (mirrored.includes(elsewhere) && image.digest !== undefined);
    return withRuntime(connection, access.sudo, async (runtime) => {
      const run = (command: string) => connection.exec(asRoot(access), { stdin: command });
      // Another registry, or a cache or mirror of it, may well have what this one has not.
      const refused = isFromHere ? undefined : await pull(runtime, reference, run);
      if (!isFromHere && refused === undefined) return { passed: [PULLED] };
      const present = await digestsOn(runtime, reference);
      const { registry } = settings;
      const stuck = image.large && (await stuckOn(seen, registry, image.large));
      const examined = examine(IMAGE, {
        ...image,
        access,
        arch: look.arch,
        ...(containerd !== undefined && { containerd }),
        prefix: this.prefix,
        mirrored,
        registryHost: { access: registryHost.access, images: registryHost.look.images },
        commands,
        ...(present !== undefined && { present }),
        ...(refused !== undefined && { refused }),
        ...(stuck !== undefined && { stuck }),
        address: registry.address,
      });
      if (examined.cause !== undefined) return examined;
      const message = await pull(runtime, reference, run);
      if (message !== undefined)
        return {
          ...examined,
          cause: pullCause(message, access, registry.address, commands),
        };
      return { ...examined, passed: [...examined.passed, PULLED] };
    });
  }

  private unreachable(name: string, error: Error): Cause {
    const access = this.question.access.get(name)!;
    return {
      cause: `${name} cannot be read over SSH`,
      evidence: error.message.split("\n"),
      fix: this.question.commands.on({ ...access, sudo: false }, "true"),
    };
  }
}

/** A host that does not answer is a result too. */
const settled = <T>(work: Promise<T>): Promise<T | Error> =>
  work.catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))));
