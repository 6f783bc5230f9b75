/**
 * Converts errors to Pulumi's provider protocol. The error's details carry a resource that was changed only in part.
 */
import * as grpc from "@grpc/grpc-js";
import { Any } from "google-protobuf/google/protobuf/any_pb";
import * as proto from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { message } from "../engine/rpc/service";
import { PartialFailure } from "../engine/providers/provider";
import type { ResourceState } from "../engine/state/resource";
import { toWire } from "../engine/values/wire";

const DETAILS = "grpc-status-details-bin";

/** The plugin does not serve this call: the engine then behaves as for every provider that lacks it. */
export class Unimplemented extends Error {}

/** `partial`: the resource as a PartialFailure has left it. */
export function serviceError(
  error: unknown,
  redact: (text: string) => string,
  partial?: ResourceState,
): grpc.ServerErrorResponse {
  const text = redact(error instanceof Error ? error.message : String(error));
  const code =
    error instanceof Unimplemented ? grpc.status.UNIMPLEMENTED : (grpc.status.UNKNOWN as number);
  const response = { name: "Error", message: text, code, details: text };
  if (!(error instanceof PartialFailure) || !partial) return response;
  const failed = message(proto.ErrorResourceInitFailed, {
    id: error.id,
    properties: toWire(partial.outputs),
    inputs: toWire(partial.inputs),
    reasonsList: error.reasons.map(redact),
  });
  const detail = new Any();
  detail.pack(failed.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const status = message(Status, { code, message: text, detailsList: [detail] });
  const metadata = new grpc.Metadata();
  metadata.set(DETAILS, Buffer.from(status.serializeBinary()));
  return { ...response, metadata };
}
