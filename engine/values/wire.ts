/** Converts property maps to and from the SDK's protobuf structs. */
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { UNKNOWN } from "../providers/provider";
import {
  ARCHIVE_SIGNATURE,
  ASSET_SIGNATURE,
  OUTPUT_SIGNATURE,
  SECRET_SIGNATURE,
  SIGNATURE,
  Secret,
  UNKNOWN_TEXT,
  isSecret,
  withPackageVersion,
  type Json,
  type PropertyMap,
  type PropertyValue,
} from "./property";

export function fromWire(struct: Struct | undefined): PropertyMap {
  return struct ? (read(struct.toJavaScript()) as PropertyMap) : {};
}

function read(json: Json): PropertyValue {
  if (json === UNKNOWN_TEXT) return UNKNOWN;
  if (Array.isArray(json)) return json.map(read);
  if (typeof json !== "object" || json === null) return json;
  const signature = json[SIGNATURE];
  if (signature === SECRET_SIGNATURE) return new Secret(read(json["value"] ?? null));
  if (signature === OUTPUT_SIGNATURE) {
    const value = "value" in json ? read(json["value"] ?? null) : UNKNOWN;
    return json["secret"] === true ? new Secret(value) : value;
  }
  if (signature === ASSET_SIGNATURE || signature === ARCHIVE_SIGNATURE) {
    throw new Error(
      "assets and archives: not supported by the embedded engine; use --engine pulumi for this program",
    );
  }
  return withPackageVersion(Object.fromEntries(Object.entries(json).map(([k, v]) => [k, read(v)])));
}

export function toWire(map: PropertyMap): Struct {
  return Struct.fromJavaScript(write(map) as { [key: string]: Json });
}

function write(value: PropertyValue): Json {
  if (value === UNKNOWN) return UNKNOWN_TEXT;
  if (isSecret(value)) return { [SIGNATURE]: SECRET_SIGNATURE, value: write(value.value) };
  if (Array.isArray(value)) return value.map(write);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, write(v)]));
}
