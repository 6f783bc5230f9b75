/**
 * Shared code of the gRPC services: creates messages from their fields and handlers from plain functions, and starts a
 * server on loopback.
 */
import * as grpc from "@grpc/grpc-js";
import * as protobuf from "google-protobuf";
import { CheckFailure } from "@pulumi/pulumi/proto/provider_pb";
import type * as provider from "../providers/provider";
import { speedUpText } from "./wire-text";

speedUpText(protobuf);

const MESSAGE_BYTES = 400 * 1024 * 1024;

type Fields<M> = {
  [
    Setter in keyof M as Setter extends `set${infer Name}` ? Uncapitalize<Name> : never
  ]?: M[Setter] extends (value: infer Value) => unknown ? Value : never;
};

/** A message with these fields, each named after its setter. */
export function message<M extends object>(Type: new () => M, fields: Fields<M>): M {
  const made = new Type();
  for (const [name, value] of Object.entries(fields)) {
    const setter = `set${name.charAt(0).toUpperCase()}${name.slice(1)}`;
    (made as Record<string, (value: unknown) => void>)[setter]?.(value);
  }
  return made;
}

export const checkFailures = (failures: provider.CheckFailure[]): CheckFailure[] =>
  failures.map((failure) => message(CheckFailure, { ...failure }));

/** `errorOf` converts an error for the caller. */
export function unary<Request, Response>(
  handle: (request: Request) => Response | Promise<Response>,
  errorOf: (error: unknown) => Partial<grpc.StatusObject>,
): grpc.handleUnaryCall<Request, Response> {
  return (call, callback) => {
    void Promise.resolve(call.request)
      .then(handle)
      .then(
        (response) => callback(null, response),
        (error: unknown) => callback(errorOf(error)),
      );
  };
}

export function newServer(): grpc.Server {
  return new grpc.Server({
    "grpc.max_receive_message_length": MESSAGE_BYTES,
    "grpc.max_send_message_length": MESSAGE_BYTES,
  });
}

/** Resolves to the port, on loopback. */
export function listen(server: grpc.Server): Promise<number> {
  return new Promise((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) =>
      error ? reject(error) : resolve(port),
    ),
  );
}
