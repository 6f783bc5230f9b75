/** Property maps to and from the protobuf structs that the SDK speaks. */
import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
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
  type PropertyMap,
  type PropertyValue,
} from "./property";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** `folder`: where the program runs; paths of assets are relative to it. */
export function fromWire(struct: Struct | undefined, folder: string): PropertyMap {
  if (!struct) return {};
  return read(struct.toJavaScript(), folder) as PropertyMap;
}

function read(json: Json, folder: string): PropertyValue {
  if (json === UNKNOWN_TEXT) return UNKNOWN;
  if (Array.isArray(json)) return json.map((item) => read(item, folder));
  if (typeof json !== "object" || json === null) return json;
  const signature = json[SIGNATURE];
  if (signature === SECRET_SIGNATURE) return new Secret(read(json["value"] ?? null, folder));
  if (signature === OUTPUT_SIGNATURE) {
    const value = "value" in json ? read(json["value"] ?? null, folder) : UNKNOWN;
    return json["secret"] === true ? new Secret(value) : value;
  }
  if (signature === ASSET_SIGNATURE) return hashAsset(json, folder);
  if (signature === ARCHIVE_SIGNATURE) {
    throw new Error(
      "archives are not supported by the embedded engine; use FileAsset or StringAsset",
    );
  }
  return withPackageVersion(
    Object.fromEntries(Object.entries(json).map(([k, v]) => [k, read(v, folder)])),
  );
}

/** An asset is told from another by the hash of its bytes, which the state keeps. */
function hashAsset(json: { [key: string]: Json }, folder: string): PropertyMap {
  const { path: file, text, uri } = json;
  if (typeof uri === "string" && uri !== "") {
    throw new Error(`remote assets (${uri}) are not supported by the embedded engine`);
  }
  const bytes =
    typeof file === "string" && file !== ""
      ? fs.readFileSync(path.resolve(folder, file))
      : Buffer.from(typeof text === "string" ? text : "");
  const hash = crypto.createHash("sha256").update(bytes).digest("hex");
  return {
    [SIGNATURE]: ASSET_SIGNATURE,
    hash,
    ...(typeof file === "string" && file !== ""
      ? { path: file }
      : { text: typeof text === "string" ? text : "" }),
  };
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
