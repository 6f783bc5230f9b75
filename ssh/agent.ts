import { connect } from "node:net";
import { BaseAgent, createAgent, utils } from "ssh2";
import type { ParsedKey, PublicKeyEntry, SignCallback, SigningRequestOptions } from "ssh2";
import { fingerprint, keyType } from "./host-key";

/** A key that an agent holds. */
export interface AgentKey {
  blob: Buffer;
  comment: string;
  /** Undefined if this client cannot use keys of this type. */
  usable: ParsedKey | undefined;
}

const ANSWER_MILLISECONDS = 10_000;
const REQUEST_IDENTITIES = Buffer.from([0, 0, 0, 1, 11]);
const IDENTITIES_ANSWER = 12;

/**
 * The keys of the agent at `socket`, in its order. The library's own list silently omits keys that it cannot parse.
 * @throws Error with the reason why the agent did not answer
 */
export async function agentKeys(socket: string): Promise<AgentKey[]> {
  const answer = await ask(socket, REQUEST_IDENTITIES);
  if (answer[0] !== IDENTITIES_ANSWER) throw new Error("it does not list its keys");
  const keys: AgentKey[] = [];
  let at = 5;
  const next = (): Buffer => {
    const length = answer.readUInt32BE(at);
    at += 4 + length;
    return answer.subarray(at - length, at);
  };
  for (let left = answer.readUInt32BE(1); left > 0; left--) {
    const blob = next();
    const parsed = utils.parseKey(blob);
    const usable = parsed instanceof Error ? undefined : [parsed].flat()[0];
    keys.push({
      blob,
      comment: next().toString("utf8"),
      usable: /-cert-v\d\d@/.test(keyType(blob)) ? undefined : usable,
    });
  }
  return keys;
}

/** `SHA256:... (me@desk)` */
export function describeAgentKey({ blob, comment }: AgentKey): string {
  return `${fingerprint(blob)}${comment === "" ? "" : ` (${comment})`}`;
}

/** Why a key of this type cannot be used. */
export function unusable(type: string): string {
  if (/-cert-v\d\d@/.test(type))
    return `is a certificate (${type}), which this client cannot offer`;
  if (type.startsWith("sk-"))
    return `is of a hardware token (${type}), which this client cannot use`;
  return `is of a type that this client cannot use (${type})`;
}

/** An agent with only one of an agent's keys: the library can only offer all keys of an agent. */
export class OneKey extends BaseAgent<ParsedKey> {
  constructor(
    private readonly socket: string,
    private readonly key: ParsedKey,
  ) {
    super();
  }

  override getIdentities(done: (error: Error | undefined, keys?: ParsedKey[]) => void): void {
    done(undefined, [this.key]);
  }

  override sign(
    key: ParsedKey | Buffer | string | PublicKeyEntry,
    data: Buffer,
    options: SigningRequestOptions | SignCallback,
    done?: SignCallback,
  ): void {
    const agent = createAgent(this.socket);
    (agent.sign as (...all: unknown[]) => void)(key, data, options, done);
  }
}

function ask(path: string, request: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    const settle = (): void => void socket.destroy();
    const chunks: Buffer[] = [];
    socket.setTimeout(ANSWER_MILLISECONDS, () => socket.destroy(new Error("it does not answer")));
    socket.once("connect", () => socket.write(request));
    socket.on("error", (error: NodeJS.ErrnoException) => {
      reject(error.code === undefined ? error : new Error(`it cannot be reached (${error.code})`));
    });
    socket.once("close", () => reject(new Error("it closed the connection")));
    socket.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      const all = Buffer.concat(chunks);
      if (all.length < 4 || all.length < 4 + all.readUInt32BE(0)) return;
      resolve(all.subarray(4, 4 + all.readUInt32BE(0)));
      settle();
    });
  });
}
