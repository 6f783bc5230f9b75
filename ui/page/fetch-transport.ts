import type { ApiAnswer, Transport } from "../../registry/transport";

/** The registry, or the server of this page, gives no answer: what is not read yet can be read later. */
export class NoAnswer extends Error {
  override readonly name = "NoAnswer";
}

/** A proxy answers so if it cannot reach the registry. */
const FROM_A_PROXY = [502, 503, 504];

/**
 * The way to the registry from a page of the same origin.
 * @param limit the requests at the same time
 */
export function fetchTransport(limit: number): Transport {
  const waiting: (() => void)[] = [];
  let free = limit;
  const slot = async () => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
  };
  const leave = () => {
    const next = waiting.shift();
    if (next === undefined) free++;
    else next();
  };
  return async ({ method, path, headers, body }) => {
    await slot();
    try {
      // A blob never changes. A tag does.
      const cache = path.includes("/blobs/sha256:") ? "default" : "no-store";
      const sent = body === undefined ? {} : { body: body as BodyInit };
      const response = await fetch(path, { method, cache, ...(headers && { headers }), ...sent });
      const answer = await read(response);
      if (FROM_A_PROXY.includes(answer.status)) throw new NoAnswer(messageOf(answer));
      return answer;
    } catch (error) {
      if (error instanceof NoAnswer) throw error;
      throw new NoAnswer("The server of this page does not answer. Is it still running?", {
        cause: error,
      });
    } finally {
      leave();
    }
  };
}

async function read(response: Response): Promise<ApiAnswer> {
  const body = new Uint8Array(await response.arrayBuffer());
  return {
    status: response.status,
    header: (name) => response.headers.get(name) ?? undefined,
    body,
  };
}

function messageOf({ status, body }: ApiAnswer): string {
  const text = new TextDecoder().decode(body);
  try {
    const { errors } = JSON.parse(text) as { errors: { message: string }[] };
    const [error] = errors;
    if (error !== undefined) return sentence(error.message);
  } catch {
    // A proxy's own page says no more than the status.
  }
  return `The registry does not answer (status ${status}).`;
}

const sentence = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
