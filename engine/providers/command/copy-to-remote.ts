import { readFile } from "node:fs/promises";
import { basename, posix } from "node:path";
import type { SFTPWrapper, Stats } from "ssh2";
import { describeLogin } from "../../../ssh/login";
import { ASSET_SIGNATURE, SIGNATURE } from "../../values/property";
import { UNKNOWN } from "../provider";
import type { Props, StepContext, Value } from "../provider";
import { checkSchema, isProps } from "../schema";
import type { ConnectionPool } from "./connection-pool";
import { copyToRemoteInputs } from "./inputs";
import { refusal, uniqueId } from "./lifecycle";
import type { CommandResource } from "./lifecycle";
import { connect } from "./remote-command";

/** command:remote:CopyToRemote, for one file: a StringAsset or a FileAsset of a plain file. */
export function copyToRemote(pool: ConnectionPool): CommandResource {
  return {
    check(news) {
      const checked = checkSchema(copyToRemoteInputs, news);
      const { source } = checked.inputs;
      if (source !== undefined && source !== UNKNOWN && contentOf(source) === undefined) {
        checked.failures.push(
          refusal(
            "source",
            "the embedded engine copies a StringAsset or a FileAsset; archives and remote assets are not supported",
          ),
        );
      }
      return checked;
    },
    async create(inputs, ctx) {
      if (ctx.preview) return { id: "", outputs: inputs };
      await copy(pool, inputs, ctx);
      return { id: uniqueId(""), outputs: inputs };
    },
    async update(oldOutputs, news, ctx) {
      const same =
        hashOf(oldOutputs["source"]) === hashOf(news["source"]) &&
        oldOutputs["remotePath"] === news["remotePath"];
      if (!ctx.preview && !same) await copy(pool, news, ctx);
      return { outputs: news };
    },
    // The file stays, as with the real provider.
    delete: () => Promise.resolve(),
  };
}

interface Content {
  /** The source's own name, for a destination that is a directory. */
  name?: string;
  read(): Promise<Buffer>;
}

function contentOf(source: Value): Content | undefined {
  if (!isProps(source) || source[SIGNATURE] !== ASSET_SIGNATURE) return undefined;
  const { path, text } = source;
  if (typeof path === "string" && path !== "") {
    return { name: basename(path), read: () => readFile(path) };
  }
  // An empty text is left out of an asset altogether.
  if (source["uri"] !== undefined) return undefined;
  return { read: () => Promise.resolve(Buffer.from(typeof text === "string" ? text : "")) };
}

function hashOf(source: Value | undefined): Value | undefined {
  return isProps(source) ? source["hash"] : undefined;
}

async function copy(pool: ConnectionPool, inputs: Props, ctx: StepContext): Promise<void> {
  const content = contentOf(inputs["source"] ?? null);
  const path = inputs["remotePath"];
  if (content === undefined || typeof path !== "string") throw new Error("source or remotePath");
  const bytes = await content.read();
  const connection = await connect(pool, inputs, ctx);
  const sftp = await connection.sftp();
  const stop = (): void => sftp.end();
  ctx.signal.addEventListener("abort", stop);
  try {
    await write(sftp, path, content.name, bytes);
  } catch (error) {
    if (ctx.signal.aborted) throw ctx.signal.reason;
    throw new Error(`${describeLogin(connection.login)}: ${(error as Error).message}`, {
      cause: error,
    });
  } finally {
    ctx.signal.removeEventListener("abort", stop);
    sftp.end();
  }
}

async function write(
  sftp: SFTPWrapper,
  path: string,
  name: string | undefined,
  bytes: Buffer,
): Promise<void> {
  let target = path;
  if ((await stat(sftp, path))?.isDirectory() === true) {
    if (name === undefined) {
      throw new Error(`${path} is a directory; a text needs the path of a file as remotePath`);
    }
    target = posix.join(path, name);
  } else {
    await makeFolders(sftp, posix.dirname(path));
  }
  // Into the file that is there, so that its mode, owner and links stay.
  await new Promise<void>((resolve, reject) => {
    sftp.writeFile(target, bytes, (error) =>
      error ? reject(new Error(`${target} cannot be written (${error.message})`)) : resolve(),
    );
  });
}

async function makeFolders(sftp: SFTPWrapper, path: string): Promise<void> {
  if ((await stat(sftp, path))?.isDirectory() === true) return;
  const parent = posix.dirname(path);
  if (parent !== path) await makeFolders(sftp, parent);
  await new Promise<void>((resolve, reject) => {
    sftp.mkdir(path, (error) =>
      error ? reject(new Error(`folder ${path} cannot be made (${error.message})`)) : resolve(),
    );
  });
}

/** SFTP's status code for a path that is not there. */
const NO_SUCH_FILE = 2;

function stat(sftp: SFTPWrapper, path: string): Promise<Stats | undefined> {
  return new Promise((resolve, reject) => {
    sftp.stat(path, (error, stats) => {
      if (error === undefined || error === null) resolve(stats);
      else if ((error as { code?: number }).code === NO_SUCH_FILE) resolve(undefined);
      else reject(new Error(`${path} cannot be looked at (${error.message})`));
    });
  });
}
