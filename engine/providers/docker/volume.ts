import type { VolumeCreateOptions } from "dockerode";
import { pollUntil } from "../poll";
import type { Props, Value } from "../provider";
import { objects, output, refused, required, string } from "./attributes";
import type { ResourceType } from "./bridged";
import { DaemonError, request } from "./daemon";

/** A container's labels: a set of pairs. */
export const labels = () =>
  objects(
    "set",
    { label: required(string()), value: required(string()) },
    { replaces: true, computed: true },
  );

/** How long to wait for a volume that a removed container still uses. */
const IN_USE_SECONDS = 30;

/** docker:index/volume:Volume */
export const volume: ResourceType = {
  attributes: {
    cluster: refused("single"),
    driver: refused("value", { computed: true }),
    driverOpts: refused("map", { unsetOnceRead: {} }),
    labels: refused("set", { unset: [], elements: { label: string(), value: string() } }),
    mountpoint: output("value"),
    name: required(string({ computed: true, replaces: true })),
  },
  deleteBeforeReplace: true,
  meta: { schema_version: "1" },

  async create(daemon, inputs, ctx) {
    const name = inputs["name"] as string;
    const made = await daemon.call(`create volume ${name}`, ctx, (docker) =>
      docker.createVolume(request<VolumeCreateOptions>({}, { Name: name })),
    );
    return made.name;
  },

  async read(daemon, id, _held, ctx) {
    const found = await daemon.find(`inspect volume ${id}`, ctx, (docker) =>
      docker.getVolume(id).inspect(),
    );
    if (found === undefined) return undefined;
    return {
      id: found.Name,
      properties: {
        name: found.Name,
        driver: found.Driver,
        driverOpts: found.Options,
        labels: toPairs(found.Labels),
        mountpoint: found.Mountpoint,
      },
    };
  },

  update: () => Promise.resolve(),

  async delete(daemon, id, _held, ctx) {
    await pollUntil(IN_USE_SECONDS, ctx.signal, async (last) => {
      try {
        await daemon.find(`remove volume ${id}`, ctx, (docker) =>
          docker.getVolume(id).remove({ force: true }),
        );
        return true;
      } catch (error) {
        if (error instanceof DaemonError && error.status === 409 && !last) return false;
        throw error;
      }
    });
  },
};

/** Converts the program's pairs to the daemon's labels. */
export function fromPairs(pairs: Value | undefined): Record<string, string> {
  return Object.fromEntries(
    ((pairs ?? []) as { label: string; value: string }[]).map(({ label, value }) => [label, value]),
  );
}

/** Converts the daemon's labels to pairs, sorted by name. */
function toPairs(map: Record<string, string> | null | undefined): Props[] {
  return Object.entries(map ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([label, value]) => ({ label, value }));
}
