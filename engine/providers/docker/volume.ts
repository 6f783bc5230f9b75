import type { VolumeCreateOptions } from "dockerode";
import type { Props, Value } from "../provider";
import { objects, output, refused, required, string, stringMap } from "./attributes";
import type { ResourceType } from "./bridged";
import { DaemonError, request } from "./daemon";
import { pollUntil } from "../poll";

/** Labels of any docker object: a set of pairs. */
export const labels = (computed = false) =>
  objects(
    "set",
    { label: required(string()), value: required(string()) },
    { replaces: true, computed },
  );

/** A volume that a removed container still holds is waited for. */
const IN_USE_SECONDS = 30;

/** docker:index/volume:Volume */
export const volume: ResourceType = {
  attributes: {
    cluster: refused("single", "cluster volumes are not supported by the embedded engine"),
    driver: string({ computed: true, replaces: true }),
    driverOpts: stringMap({ replaces: true, unsetOnceRead: {} }),
    labels: labels(),
    mountpoint: output("value"),
    name: string({ computed: true, replaces: true }),
  },
  namesItself: true,
  deleteBeforeReplace: false,
  meta: JSON.stringify({ schema_version: "1" }),

  async create(daemon, inputs, ctx) {
    const name = inputs["name"] as string;
    const made = await daemon.call(`create volume ${name}`, ctx, (docker) =>
      docker.createVolume(
        request<VolumeCreateOptions>(
          {},
          {
            Name: name,
            ...(typeof inputs["driver"] === "string" && { Driver: inputs["driver"] }),
            ...(isMap(inputs["driverOpts"]) && { DriverOpts: inputs["driverOpts"] }),
            Labels: fromPairs(inputs["labels"]),
          },
        ),
      ),
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

/** Pairs of the program, as the daemon takes labels. */
export function fromPairs(pairs: Value | undefined): Record<string, string> {
  if (!Array.isArray(pairs)) return {};
  return Object.fromEntries(
    (pairs as Props[]).map((pair) => [pair["label"] as string, pair["value"] as string]),
  );
}

/** Labels of the daemon as pairs, in the order of their names. */
export function toPairs(map: Record<string, string> | null | undefined): Props[] {
  return Object.entries(map ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([label, value]) => ({ label, value }));
}

export function isMap(value: Value | undefined): value is Record<string, string> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
