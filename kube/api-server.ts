import * as http from "node:http";
import * as https from "node:https";
import type { KubeConfig } from "@kubernetes/client-node";
import { ApiError, statusOf } from "./api-error";

/** The limit for one request. The API server itself gives up after a minute. */
const REQUEST_SECONDS = 60;

/** An object as the API server sends it. */
export type ApiObject = { [key: string]: Json };
type Json = null | boolean | number | string | Json[] | ApiObject;

export interface ApiRequest {
  method: "GET" | "POST" | "PATCH" | "DELETE";
  /** The path below the cluster's address: `/api/v1/namespaces/NAMESPACE/configmaps/NAME`. */
  path: string;
  query?: Record<string, string>;
  body?: unknown;
  /** @default application/json */
  contentType?: string;
  signal: AbortSignal;
}

/**
 * Sends requests to one cluster, with its address, certificates and login. Answers keep the server's text, because the
 * state stores them: the client library's typed calls would change how times are written.
 */
export class ApiServer {
  constructor(private readonly config: KubeConfig) {}

  /**
   * The answer's object. @throws ApiError if the server refuses the request; another error, with the server's name, if
   * it does not answer.
   */
  async request({
    method,
    path,
    query,
    body,
    contentType,
    signal,
  }: ApiRequest): Promise<ApiObject> {
    const server = this.config.getCurrentCluster()?.server ?? "";
    const url = new URL(server.replace(/\/$/, "") + path);
    for (const [key, value] of Object.entries(query ?? {})) url.searchParams.set(key, value);
    const sent = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const options: https.RequestOptions = {
      method,
      headers: {
        accept: "application/json",
        ...(sent && {
          "content-type": contentType ?? "application/json",
          // For a DELETE, Node sets neither this header nor chunked encoding, and the server then reads the body as
          // another request.
          "content-length": sent.length,
        }),
      },
    };
    await this.config.applyToHTTPSOptions(options);
    options.signal = AbortSignal.any([signal, AbortSignal.timeout(REQUEST_SECONDS * 1000)]);
    let answer: Answer;
    try {
      answer = await send(url, options, sent);
    } catch (error) {
      if (signal.aborted) throw error;
      throw new Error(
        `the Kubernetes cluster at ${server} does not answer: ${(error as Error).message}; check the kubeconfig and the network`,
        { cause: error },
      );
    }
    const { status, text } = answer;
    if (status < 300) return JSON.parse(text) as ApiObject;
    const { reason, message } = statusOf(text);
    const hint = status === 401 ? "; check the login that the kubeconfig's context has" : "";
    throw new ApiError(
      status,
      reason,
      `${server}: ${message} (${method} ${path}: ${status})${hint}`,
    );
  }
}

interface Answer {
  status: number;
  text: string;
}

function send(url: URL, options: https.RequestOptions, body?: Buffer): Promise<Answer> {
  const { request } = url.protocol === "http:" ? http : https;
  return new Promise((resolve, reject) => {
    const asked = request(url, options, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          text: Buffer.concat(chunks).toString("utf8"),
        }),
      );
    });
    asked.on("error", reject);
    asked.end(body);
  });
}
