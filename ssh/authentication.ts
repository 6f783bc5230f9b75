import type { AnyAuthMethod, AuthHandlerMiddleware } from "ssh2";
import { SshError } from "./error";
import { describeLogin } from "./login";
import type { Login } from "./login";
import { checkPrivateKey, privateKeyFingerprint } from "./private-key";

/**
 * Offers each way to log in that `login` has, once: the private key, then the password, then the agent's keys. Nothing
 * is ever offered twice: repeated failures lock accounts and have addresses banned.
 */
export class Authentication {
  private readonly offered: string[] = [];
  private readonly notes: string[] = [];
  private accepts: string[] = [];

  /** @throws SshError of kind `authentication` when the login cannot work, before anything is sent. */
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

  /** For ssh2's `authHandler`, which asks for the next method each time that the server refused one. */
  readonly handler: AuthHandlerMiddleware = (left, _partial, next) => {
    this.accepts = left ?? [];
    // ssh2 takes `false` for "nothing left"; its types do not know that.
    next((this.nextMethod(left) ?? false) as AnyAuthMethod);
  };

  /** Remembers why an offer could not even be made: an agent that does not answer, say. */
  note(text: string): void {
    this.notes.push(text);
  }

  /** The error for a login that the server refused. */
  refused(cause?: unknown): SshError {
    const { login } = this;
    const offered = this.offered.length === 0 ? "nothing" : this.offered.join(", then ");
    const accepts =
      this.accepts.length === 0 ? "" : `; the server takes ${this.accepts.join(", ")}`;
    const notes = this.notes.map((note) => ` (${note})`).join("");
    return new SshError(
      "authentication",
      `${describeLogin(login)}: login refused. Offered, once: ${offered}${notes}${accepts}. ` +
        `Check the user name, and that its authorized_keys has this key, or the password is right. Not tried again, ` +
        `so that no account is locked.`,
      { cause },
    );
  }

  private keyDone = false;
  private methodsAsked = false;
  private passwordDone = false;
  private agentDone = false;

  private nextMethod(left: readonly string[] | null): AnyAuthMethod | undefined {
    const { login } = this;
    const username = login.user;
    if (login.privateKey !== undefined && !this.keyDone) {
      this.keyDone = true;
      this.offered.push(
        `private key ${privateKeyFingerprint(login.privateKey, login.privateKeyPassphrase)}`,
      );
      return {
        type: "publickey",
        username,
        key: login.privateKey,
        passphrase: login.privateKeyPassphrase,
      };
    }
    if (login.password !== undefined && !this.passwordDone) {
      if (left === null && !this.methodsAsked) {
        // Which of its two methods takes the password? Asked with `none`, which is no attempt to log in.
        this.methodsAsked = true;
        return { type: "none", username };
      }
      this.passwordDone = true;
      const method = this.passwordMethod(left ?? [], login.password);
      if (method !== undefined) return method;
    }
    if (login.agentSocket !== undefined && !this.agentDone) {
      this.agentDone = true;
      this.offered.push(`the keys of the agent at ${login.agentSocket}`);
      return { type: "agent", username, agent: login.agentSocket };
    }
    return undefined;
  }

  private passwordMethod(left: readonly string[], password: string): AnyAuthMethod | undefined {
    const username = this.login.user;
    if (left.includes("password")) {
      this.offered.push("password");
      return { type: "password", username, password };
    }
    if (!left.includes("keyboard-interactive")) return undefined;
    this.offered.push("password (keyboard-interactive)");
    let asked = false;
    return {
      type: "keyboard-interactive",
      username,
      prompt: (_name, _instructions, _language, prompts, finish) => {
        // A second question means that the first answer was wrong, or wants what we do not have.
        finish(prompts.map(() => (asked ? "" : password)));
        asked = asked || prompts.length > 0;
      },
    };
  }
}
