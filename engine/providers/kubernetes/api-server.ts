import * as http from "node:http";
import * as https from "node:https";
import type { KubeConfig } from "@kubernetes/client-node";
import type { Props } from "../provider";
import { ApiError, statusOf } from "./api-error";

/** How long one request may take; the API server itself gives up on its own after a minute. */
const REQUEST_SECONDS = 60;

export interface ApiRequest {
  method: "GET" | "POST" | "PATCH" | "DELETE";
  /** Below the cluster's address: `/api/v1/namespaces/NAMESPACE/configmaps/NAME`. */
  path: string;
  query?: Record<string, string>;
  body?: unknown;
  /** @default application/json */
  contentType?: string;
  signal: AbortSignal;
}

/**
 * Requests of one cluster, with its own address, certificates and login. The answers stay as the server wrote them, since the state
 * holds them: the client library's typed calls would make other texts of the times in them.
 */
export class ApiServer {
  constructor(private readonly config: KubeConfig) {}

  /** The answer's object. @throws ApiError where the server says no; another error, naming it, where it does not answer. */
  async request({ method, path, query, body, contentType, signal }: ApiRequest): Promise<Props> {
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
          // Node gives a DELETE neither this nor chunks by itself, and the server then takes the body for another request.
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
    if (status < 300) return JSON.parse(text) as Props;
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
