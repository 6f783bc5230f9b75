import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Props, Value } from "../../../engine/providers/provider";

interface StateResource {
  urn: string;
  id?: string;
  inputs: Props;
  outputs: Props;
}

/** A resource of the stack that the real CLI wrote. */
export function fixtureResource(urn: string): StateResource {
  const text = readFileSync(join(__dirname, "../../fixtures/state/dev.json"), "utf8");
  const { checkpoint } = JSON.parse(text) as {
    checkpoint: { latest: { resources: StateResource[] } };
  };
  const found = checkpoint.latest.resources.find((resource) => resource.urn === urn);
  if (found === undefined) throw new Error(`the fixture has no ${urn}`);
  return found;
}

/** What a host or a daemon made up: ids, addresses, and what depends on its version. */
const OF_THE_HOST = [
  /^[0-9a-f]{64}$/,
  /^[0-9a-f]{12}$/,
  /^sha256:[0-9a-f]{64}/,
  /@sha256:[0-9a-f]{64}$/,
  /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/,
];

/** A value with everything that the host made up replaced, and the rest as it is. */
export function shape(value: Value | undefined): Value | undefined {
  if (typeof value === "string") {
    return OF_THE_HOST.some((pattern) => pattern.test(value)) ? "(of the host)" : value;
  }
  if (Array.isArray(value)) return value.map((item) => shape(item) ?? null);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, shape(item) ?? null]));
}
