import { contentOf } from "../build-context/labelled";
import { configOf, type ImageConfig } from "../oci/config";
import { describeLogin } from "../ssh/login";
import type { Connection } from "../ssh/connection";
import type { ImageArguments } from "./image-arguments";
import { refusal } from "./refusal";

/** How long the registry may take to answer, in seconds. */
const PATIENCE = 30;

/**
 * Refuses a version that the registry has with other content.
 *
 * @param hash       of the content
 * @param connection to the registry's host: the registry is asked from there
 * @param host       the host's name in messages
 * @throws RunError, also if the registry does not answer
 */
export async function refuseOtherContent(
  { registry, name, version }: ImageArguments,
  hash: string,
  connection: Connection,
  host: string,
  seconds = PATIENCE,
): Promise<void> {
  let found: ImageConfig | undefined;
  try {
    found = await inTime(seconds, configOf(through(connection, registry), name, version));
  } catch (error) {
    throw refusal(
      `${host}: the registry ${registry} does not say whether it has ${name}:${version}, so nothing was built. ` +
        "Check that it runs ('docker ps' on its host), and that the argument registry has its address and port. " +
        `Tried GET http://${registry}/v2/${name}/manifests/${version} from ${describeLogin(connection.login)}: ` +
        (error as Error).message,
    );
  }
  if (found === undefined || contentOf(found) === hash) return;
  throw refusal(
    `${host}: the registry ${registry} has ${name}:${version} with other content: bump the version, ` +
      "or set mutable: true to overwrite it. Nothing was built",
  );
}

/** The registry as its host reaches it. @param registry  `ADDRESS:PORT` */
function through(connection: Connection, registry: string) {
  const [, address = "", port = ""] = /^\[?(.*?)\]?:(\d+)$/.exec(registry) ?? [];
  return async () => {
    const stream = await connection.forward(address, Number(port));
    return { createConnection: () => stream };
  };
}

async function inTime<T>(seconds: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`it did not answer within ${seconds} seconds`)),
      seconds * 1000,
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
