import type { AnyAuthMethod, AuthHandlerMiddleware, Prompt } from "ssh2";
import { type AgentKey, agentKeys, describeAgentKey, OneKey, unusable } from "./agent";
import { SshError } from "./error";
import { keyType, parseHostKey } from "./host-key";
import { describeLogin } from "./login";
import type { Login } from "./login";
import { checkPrivateKey, privateKeyFingerprint } from "./private-key";

/** A way to log in, and its name in messages. */
interface Offer {
  readonly name: string;
  readonly method: AnyAuthMethod;
}

/**
 * Offers each way to log in of `login` once: the private key, then the password, then the agent's keys. Nothing is
 * offered twice, because repeated failures lock accounts and block addresses.
 */
export class Authentication {
  private readonly offered: string[] = [];
  private readonly notes: string[] = [];
  /** The offers that the server accepted but that were not enough. */
  private readonly taken: string[] = [];
  private readonly questions: string[] = [];
  /** The methods that it still asked for. */
  private wanted: readonly string[] = [];
  private accepts: readonly string[] | null = null;

  /** @throws SshError of kind `authentication` if the login cannot work, before anything is sent */
  constructor(private readonly login: Login) {
    if (
      login.privateKey === undefined &&
      login.password === undefined &&
      login.agentSocket === undefined
    ) {
      throw new SshError(
        "authentication",
        `${describeLogin(login)}: no way to log in was given; set a private key, an agent or a password`,
      );
    }
    if (login.privateKey !== undefined) {
      checkPrivateKey(login.privateKey, login.privateKeyPassphrase, `for ${describeLogin(login)}`);
    }
  }

  /** For ssh2's `authHandler`, which asks for the next method after the server has refused one or wants another one. */
  readonly handler: AuthHandlerMiddleware = (_left, _partial, next) => {
    void this.nextOffer(this.accepts).then((offer) => {
      if (offer !== undefined && offer.name !== "") this.offered.push(offer.name);
      // ssh2 accepts `false` for "nothing left", but its types do not.
      next((offer?.method ?? false) as AnyAuthMethod);
    });
  };

  /** Receives the server's answer to an offer that did not log in. ssh2 does not pass it on for an agent's key. */
  answered(methods: readonly string[], partial: boolean): void {
    this.accepts = methods;
    const last = this.offered.at(-1);
    if (!partial || last === undefined) return;
    this.taken.push(last);
    this.wanted = methods;
  }

  /** Records why an offer could not be made, such as an agent that does not answer. */
  note(text: string): void {
    this.notes.push(text);
  }

  /** The error for a login that the server refused. */
  refused(cause?: unknown): SshError {
    const { login } = this;
    const offered = this.offered.length === 0 ? "nothing" : this.offered.join(", then ");
    const { accepts: methods } = this;
    const accepts = methods?.length ? `; the server takes ${methods.join(", ")}` : "";
    const notes = [
      ...this.notes,
      ...this.questions.map((question) => `the server asked ${JSON.stringify(question)}`),
      ...(login.notOffered ?? []).map((what) => `not offered: ${what}`),
    ].map((note) => ` (${note})`);
    const text =
      this.taken.length > 0
        ? `${describeLogin(login)}: login refused halfway: the server took ${this.taken.join(" and ")}, and wants ` +
          `${this.wanted.join(" or ")} as well, a second factor${notes.join("")}. ` +
          `A program cannot give one: let this user in by one factor (AuthenticationMethods publickey under ` +
          `"Match User ${login.user}" in sshd_config), or take a user who needs one only. Not tried again, so that no ` +
          `account is locked.`
        : `${describeLogin(login)}: login refused. Offered, once: ${offered}${notes.join("")}${accepts}. ` +
          `Check the user name, and that its authorized_keys has this key, or the password is right. Not tried again, ` +
          `so that no account is locked.`;
    return new SshError("authentication", text, { cause });
  }

  private keyDone = false;
  private methodsAsked = false;
  private passwordDone = false;
  private agentOffers: Offer[] | undefined;

  /** @param left the methods that the server accepts; null if it was not asked yet */
  private async nextOffer(left: readonly string[] | null): Promise<Offer | undefined> {
    const { login } = this;
    const username = login.user;
    const takesKeys = left === null || left.includes("publickey");
    if (login.privateKey !== undefined && !this.keyDone && takesKeys) {
      this.keyDone = true;
      const { privateKey: key, privateKeyPassphrase: passphrase } = login;
      return {
        name: `private key ${privateKeyFingerprint(key, passphrase)}`,
        method: { type: "publickey", username, key, passphrase },
      };
    }
    if (login.password !== undefined && !this.passwordDone) {
      if (left === null && !this.methodsAsked) {
        // The password belongs to one of two methods. An attempt with `none`, which is not a login, shows which one.
        this.methodsAsked = true;
        return { name: "", method: { type: "none", username } };
      }
      this.passwordDone = true;
      const offer = this.passwordOffer(left ?? [], login.password);
      if (offer !== undefined) return offer;
    }
    if (login.agentSocket === undefined || !takesKeys) return undefined;
    this.agentOffers ??= await this.offersOfAgent(login.agentSocket);
    return this.agentOffers.shift();
  }

  /** Each of the agent's keys is a separate offer, so that each answer belongs to one key. */
  private async offersOfAgent(socket: string): Promise<Offer[]> {
    let held: AgentKey[];
    try {
      held = await agentKeys(socket);
    } catch (error) {
      this.note(`agent at ${socket}: ${(error as Error).message}`);
      return [];
    }
    const chosen = chosenKeys(this.login, held);
    if (chosen.length === 0) {
      const wanted = this.login.agentKeys?.only === true ? "none of the chosen keys" : "no key";
      this.note(`agent at ${socket}: it holds ${wanted}`);
    }
    return chosen.flatMap((key): Offer[] => {
      const name = `key ${describeAgentKey(key)} of the agent at ${socket}`;
      if (key.usable === undefined) {
        this.note(`not offered: ${name}, which ${unusable(keyType(key.blob))}`);
        return [];
      }
      const agent = new OneKey(socket, key.usable);
      return [{ name, method: { type: "agent", username: this.login.user, agent } }];
    });
  }

  private passwordOffer(left: readonly string[], password: string): Offer | undefined {
    const username = this.login.user;
    if (left.includes("password"))
      return { name: "password", method: { type: "password", username, password } };
    if (!left.includes("keyboard-interactive")) return undefined;
    let given = false;
    const answer = ({ prompt, echo }: Prompt): string => {
      // A second question means that the first answer was wrong, or that the server wants something else, such as a code.
      if (!given && echo !== true && !CODE.test(prompt)) {
        given = true;
        return password;
      }
      this.questions.push(prompt.trim());
      return "";
    };
    return {
      name: "password (keyboard-interactive)",
      method: {
        type: "keyboard-interactive",
        username,
        prompt: (_name, _instructions, _language, prompts, finish) => finish(prompts.map(answer)),
      },
    };
  }
}

/** Prompts for the code of a second factor instead of a password. */
const CODE =
  /code|token|otp|one-time|factor|authenticator|duo|\bpin\b|yubi|\b[2m]fa\b|challenge|response|\bpush\b|approve|verif/i;

/** The agent's keys to offer: the selected ones in their given order, then the others if that is allowed. */
export function chosenKeys<K extends { blob: Buffer }>(
  { agentKeys: choice }: Login,
  held: readonly K[],
): K[] {
  if (choice === undefined) return [...held];
  const blobs = choice.keys.map((line) => parseHostKey(line).blob);
  const chosen = blobs.flatMap((blob) => held.filter((key) => key.blob.equals(blob)));
  return choice.only ? chosen : [...chosen, ...held.filter((key) => !chosen.includes(key))];
}
