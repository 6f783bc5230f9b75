/**
 * Pulumi's passphrase secrets provider. The salt text `v1:SALT:v1:NONCE:CIPHERTEXT` holds the key's salt and the word
 * "pulumi" encrypted with the key, so that a wrong passphrase is detected at once.
 */
import * as crypto from "node:crypto";
import { promisify } from "node:util";

const ITERATIONS = 1_000_000;
const PROBE = "pulumi";
const deriveKey = promisify(crypto.pbkdf2);

export class WrongPassphrase extends Error {}

/** Encrypts and decrypts the secrets of one stack. */
export class Crypter {
  private constructor(
    private readonly key: Buffer,
    /** The text that Pulumi.STACK.yaml (`encryptionsalt`) and the state hold. */
    readonly salt: string,
  ) {}

  /** Throws WrongPassphrase if the passphrase does not fit the salt. */
  static async open(passphrase: string, salt: string): Promise<Crypter> {
    const [version, encoded, ...probe] = salt.split(":");
    if (version !== "v1" || !encoded || probe.length !== 3) {
      throw new Error(
        `the encryption salt ${JSON.stringify(salt)} is not of the form v1:SALT:v1:NONCE:CIPHERTEXT`,
      );
    }
    const key = await derive(passphrase, Buffer.from(encoded, "base64"));
    const crypter = new Crypter(key, salt);
    try {
      if (crypter.decrypt(probe.join(":")) === PROBE) return crypter;
    } catch {
      // Continues below: an authentication failure means another key.
    }
    throw new WrongPassphrase("incorrect passphrase");
  }

  /** For a new stack: creates a random salt. */
  static async create(passphrase: string): Promise<Crypter> {
    const salt = crypto.randomBytes(8);
    const key = await derive(passphrase, salt);
    const probe = new Crypter(key, "").encrypt(PROBE);
    return new Crypter(key, `v1:${salt.toString("base64")}:${probe}`);
  }

  /** `v1:NONCE:CIPHERTEXT`, with a new nonce at each call. */
  encrypt(plaintext: string): string {
    const nonce = crypto.randomBytes(12);
    const cipher = crypto.createCipheriv("aes-256-gcm", this.key, nonce);
    const sealed = Buffer.concat([
      cipher.update(plaintext, "utf8"),
      cipher.final(),
      cipher.getAuthTag(),
    ]);
    return `v1:${nonce.toString("base64")}:${sealed.toString("base64")}`;
  }

  /** Throws if the text was encrypted with another key, or was changed. */
  decrypt(ciphertext: string): string {
    const [version, nonce, encoded] = ciphertext.split(":");
    if (version !== "v1" || !nonce || encoded === undefined) {
      throw new Error("a secret's ciphertext is not of the form v1:NONCE:CIPHERTEXT");
    }
    const sealed = Buffer.from(encoded, "base64");
    const cipher = crypto.createDecipheriv("aes-256-gcm", this.key, Buffer.from(nonce, "base64"));
    cipher.setAuthTag(sealed.subarray(-16));
    return Buffer.concat([cipher.update(sealed.subarray(0, -16)), cipher.final()]).toString("utf8");
  }
}

function derive(passphrase: string, salt: Buffer): Promise<Buffer> {
  return deriveKey(passphrase, salt, ITERATIONS, 32, "sha256");
}
