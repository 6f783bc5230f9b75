/** The inputs of the command provider 1.2.1 that this program uses, with their defaults and secret marks. */
import type { Field, Fields } from "../schema";

const endpoint: Fields = {
  host: { shape: "string", required: true },
  port: { shape: "integer", default: 22 },
  user: { shape: "string", default: "root" },
  password: { shape: "string", secret: true },
  privateKey: { shape: "string", secret: true },
  privateKeyPassword: { shape: "string", secret: true },
  agentSocketPath: { shape: "string" },
  dialErrorLimit: { shape: "integer", default: 10 },
  perDialTimeout: { shape: "integer", default: 15 },
  hostKey: { shape: "string" },
};

/** The real provider knows one bastion; here, a bastion can have one too. */
const through: Fields = {
  ...endpoint,
  get proxy(): Field {
    return { shape: { object: through } };
  },
};

const connection: Field = { shape: { object: through }, required: true, secret: true };

const lifecycle: Fields = {
  create: { shape: "string" },
  update: { shape: "string" },
  delete: { shape: "string" },
  triggers: { shape: { list: "any" } },
  stdin: { shape: "string" },
  addPreviousOutputInEnv: { shape: "boolean" },
  logging: { shape: { oneOf: ["stdout", "stderr", "stdoutAndStderr", "none"] } },
};

export const remoteCommandInputs: Fields = { ...lifecycle, connection };

export const localCommandInputs: Fields = lifecycle;
