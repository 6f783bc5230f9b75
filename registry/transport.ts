/** A request to a registry's HTTP API. */
export interface ApiRequest {
  readonly method: "GET" | "HEAD" | "PUT" | "POST" | "DELETE";
  /** The path with its query, from `/v2/` on. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

/** A registry's answer. An error status is an answer too. */
export interface ApiAnswer {
  readonly status: number;
  /** A header's value; undefined if the answer does not have it. */
  header(name: string): string | undefined;
  readonly body: Uint8Array;
}

/**
 * The way to one registry: `fetch` in a browser, a connection through SSH elsewhere.
 * @throws Error if the registry does not answer
 */
export type Transport = (request: ApiRequest) => Promise<ApiAnswer>;

/** A request whose body, if it has one, is a stream. Its length is in the headers. */
export interface StreamRequest extends Omit<ApiRequest, "body"> {
  readonly body?: AsyncIterable<Uint8Array>;
}

/** An answer whose body is a stream. */
export interface StreamAnswer extends Omit<ApiAnswer, "body"> {
  readonly body: AsyncIterable<Uint8Array>;
}

/**
 * The way to one registry for content that does not fit in memory.
 * @throws Error if the registry does not answer
 */
export type StreamTransport = (request: StreamRequest) => Promise<StreamAnswer>;
