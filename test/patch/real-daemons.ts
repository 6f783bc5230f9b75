import { parse } from "smol-toml";

import type { RunningHost } from "../../lab";
import { type ContainerdInput, planContainerd } from "../../patch";
import { generateConfig } from "./generate/containerd-config";
import { sameEndpoint } from "./generate/wanted";

export const CONFIG = "/etc/containerd/config.toml";
export const CERTS_D = "/etc/containerd/certs.d";
export const PLAIN_HTTP = "http: server gave HTTP response to HTTPS client";

/** Installs docker on a host, runs the lesson's registry there, and pushes `tiny:1` to it. */
export async function startRegistry(host: RunningHost): Promise<string> {
  await host.succeed(
    "DEBIAN_FRONTEND=noninteractive apt-get install -y docker.io docker-cli || DEBIAN_FRONTEND=noninteractive apt-get install -y docker.io",
  );
  await host.waitUntilSucceeds("docker info");
  await host.succeed(
    "docker run -dit -p 5000:5000 --restart=always --name registry -e REGISTRY_STORAGE_DELETE_ENABLED=true registry",
  );
  await host.waitUntilSucceeds("curl -fsS http://127.0.0.1:5000/v2/");
  await host.succeed(
    "docker pull busybox && docker tag busybox 127.0.0.1:5000/tiny:1 && docker push 127.0.0.1:5000/tiny:1",
  );
  return `${host.address}:5000`;
}

export async function read(host: RunningHost, path: string): Promise<Buffer | undefined> {
  const { code, stdout } = await host.exec(`base64 '${path}'`);
  return code === 0 ? Buffer.from(stdout, "base64") : undefined;
}

export async function write(
  host: RunningHost,
  path: string,
  bytes: Buffer | undefined,
): Promise<void> {
  if (bytes === undefined) {
    await host.succeed(
      `rm -f '${path}' && rmdir -p --ignore-fail-on-non-empty "$(dirname '${path}')"`,
    );
    return;
  }
  await host.succeed(`mkdir -p "$(dirname '${path}')"`);
  const { code, stderr } = await host.exec(`base64 -d >'${path}'`, {
    stdin: bytes.toString("base64"),
  });
  if (code !== 0) throw new Error(`${path}: ${stderr}`);
}

/** Restarts containerd and waits until its CRI plugins are all loaded. */
export async function restartContainerd(host: RunningHost, timeoutSeconds = 30): Promise<void> {
  // If a daemon does not start, the check below fails and shows that.
  await host.exec("systemctl reset-failed containerd; systemctl restart containerd");
  // 1.x has one CRI plugin. 2.x has three, and the one that answers also has the old name.
  await host.waitUntilSucceeds(
    "ctr plugins ls | awk '$1 ~ /cri/ || $2 ~ /^(cri|images|runtime)$/ { n++; if ($NF != \"ok\") bad = 1 } END { exit bad || !n }'",
    { timeoutSeconds },
  );
  await host.waitUntilSucceeds("test -S /run/containerd/containerd.sock");
}

/** Pulls an image again: `pulled`, or the runtime's message. */
export async function pull(host: RunningHost, image: string): Promise<string> {
  await host.removeImage(image);
  try {
    await host.pullImage(image);
    return "pulled";
  } catch (error) {
    return (error as Error).message;
  }
}

/** Plans from the files on the host. */
export async function planOn(
  host: RunningHost,
  registry: string,
  asked: Partial<ContainerdInput> = {},
): Promise<ReturnType<typeof planContainerd>> {
  const certsD = new Map<string, Buffer>();
  const { stdout } = await host.exec(`find ${CERTS_D} -name hosts.toml`);
  for (const path of stdout.split("\n").filter((line) => line !== "")) {
    certsD.set(path, (await read(host, path)) ?? Buffer.alloc(0));
  }
  return planContainerd({
    configPath: CONFIG,
    bytes: await read(host, CONFIG),
    daemonVersion: await host.succeed("containerd --version"),
    dump: await host.succeed("containerd config dump"),
    certsD,
    registry: { address: registry, endpoints: [`http://${registry}`] },
    mirrors: {},
    migrate: false,
    ...asked,
  });
}

/** Writes the files of a plan, and restarts containerd if the plan needs it. */
export async function carryOut(
  host: RunningHost,
  plan: Awaited<ReturnType<typeof planOn>>,
): Promise<void> {
  for (const { path, edits, desired } of plan.files) {
    if (edits.length > 0) await write(host, path, desired);
  }
  if (plan.activate === "restart") await restartContainerd(host);
}

/** Restores the original files. */
export async function undo(
  host: RunningHost,
  plan: Awaited<ReturnType<typeof planOn>>,
): Promise<void> {
  for (const file of plan.files.filter(({ edits }) => edits.length > 0)) {
    await write(host, file.path, file.base);
  }
  if (plan.activate === "restart") await restartContainerd(host);
}

/**
 * Compares edited files in every spelling with the daemon's own view: `containerd config dump` must show our registry
 * in its table. Returns the number of checked files.
 */
export async function dumpEdited(host: RunningHost, files: number): Promise<number> {
  const version = /\d+\.\d+\.\d+/.exec(await host.succeed("containerd --version"))?.[0] ?? "";
  let shown = 0;
  for (let seed = 1; shown < files; seed++) {
    const generated = generateConfig(seed);
    const major = generated.input.daemonVersion.split(".")[0];
    const tooNew = generated.text.includes("version = 4") || generated.features.has("version 4");
    // A file without a version line gets the version of the daemon in its plan.
    if (major !== version.split(".")[0] || tooNew) continue;
    let plan;
    try {
      plan = planContainerd({
        ...generated.input,
        dump: "",
        daemonVersion: version,
        migrate: false,
      });
    } catch {
      continue; // refused on purpose: the property tests check these
    }
    const main = plan.files.find(({ path }) => path === CONFIG);
    await write(host, "/root/edited.toml", main?.desired);
    const dump = await host.succeed("containerd --config /root/edited.toml config dump");
    const registry = registryIn(dump);
    const mirrors = (registry["mirrors"] ?? {}) as Record<string, { endpoint?: string[] }>;
    const [ours] = generated.wanted;
    const [url] = ours?.endpoints ?? [];
    const found =
      mirrors[ours?.host ?? ""]?.endpoint?.some((one) => sameEndpoint(one, url?.url ?? "")) ===
        true ||
      /^\/(?:etc\/containerd|srv)\/certs\.d(?::.*)?$/.test(String(registry["config_path"]));
    if (!found)
      throw new Error(`file ${seed} is not understood:\n${main?.desired?.toString()}\n${dump}`);
    shown++;
  }
  return shown;
}

function registryIn(dump: string): Record<string, unknown> {
  const plugins = (parse(dump)["plugins"] ?? {}) as Record<string, { registry?: object }>;
  const names = ["io.containerd.cri.v1.images", "io.containerd.grpc.v1.cri", "cri"];
  const table = names.map((name) => plugins[name]?.registry).find((found) => found !== undefined);
  return (table ?? {}) as Record<string, unknown>;
}
