import { parseRegistryAddress } from "../address";
import { type FilePlan, filePlan, type Plan } from "../plan";
import { type Problem, Refusal } from "../problem";
import { proxyProblem, type SourcedLine } from "../proxy";
import { Source } from "../source";
import { TomlDocument } from "../toml/document";
import { type CriConfig, readCriConfig } from "./config";
import {
  type Endpoint,
  type EndpointInput,
  endpointProblems,
  toEndpoint,
  withoutTwins,
} from "./endpoint";
import { planHosts } from "./hosts-way";
import { planMigration } from "./migrate";
import { mergedRegistry } from "./merged";
import { sameMirror } from "./mirrors";
import { planMirrors } from "./mirrors-way";
import { planRemoval } from "./remove";
import { tlsTables } from "./tls";
import { type DaemonVersion, isAtLeast, parseDaemonVersion, shown } from "./version";

export interface ContainerdInput {
  /** Where config.toml is on the host, most often /etc/containerd/config.toml. */
  configPath: string;
  /** Its bytes; undefined: there is no such file. */
  bytes: Buffer | undefined;
  /** `1.7.28`, or what `containerd --version` prints. */
  daemonVersion: string;
  /** What `containerd config dump` prints: the file with all it imports. Without it, the file alone counts. */
  dump?: string;
  /** The hosts.toml files that exist in the directories of config_path and /etc/containerd/certs.d. */
  certsD: ReadonlyMap<string, Buffer>;
  /** Lines that set containerd's environment: units, drop-ins, environment files. */
  environment?: readonly SourcedLine[];
  /** The registry of our own, by the name that images are named with, and where it really is. */
  registry: { address: string; endpoints: readonly EndpointInput[] };
  /** Mirrors of other registries, by host (`docker.io`, `_default` for any other). */
  mirrors: Readonly<Record<string, readonly EndpointInput[]>>;
  /** Move `mirrors` entries that are there to hosts.toml files. */
  migrate: boolean;
  /**
   * `false` takes our registry and mirrors out again.
   * @default true
   */
  present?: boolean;
}

/** What a registry's pulls are to be led to. */
export interface WantedHost {
  host: string;
  endpoints: readonly Endpoint[];
  /** Is it the registry of our own (else a mirror of somebody else's)? */
  own: boolean;
}

/**
 * Plans how containerd's CRI plugin finds the registry: in `registry.mirrors` where the file uses that
 * already, else by config_path and hosts.toml files. Never by both, which switches CRI off while
 * containerd itself stays up.
 *
 * @throws Refusal for a file that cannot be edited with certainty, or a state in which CRI does not work
 */
export function planContainerd(input: ContainerdInput): Plan {
  const wanted = wantedHosts(input);
  const daemon = parseDaemonVersion(input.daemonVersion);
  if (daemon === undefined) {
    throw new Refusal([
      {
        file: "settings",
        expected: "containerd's version, such as 1.7.28",
        found: `\`${input.daemonVersion}\``,
        fix: "give what `containerd --version` prints",
      },
    ]);
  }
  const source = Source.decode(input.configPath, input.bytes ?? Buffer.alloc(0));
  refuseByteOrderMark(source, daemon);
  const config = readCriConfig(TomlDocument.parse(source), daemon);
  if (input.present === false) return planRemoval(input, config, wanted);

  const proxies = wanted
    .filter(({ own }) => own)
    .flatMap(({ endpoints }) => endpoints)
    .flatMap(({ url }) => proxyProblem(url, input.environment ?? []) ?? []);
  if (proxies.length > 0) throw new Refusal(proxies);

  const merged = mergedRegistry(config, input.dump);
  const usesMirrors = Object.keys(merged.mirrors).length > 0;
  const tls = daemon.major < 2 ? tlsTables(config) : [];
  if (input.migrate && (usesMirrors || tls.length > 0)) {
    return planMigration(input, config, merged, wanted, tls);
  }
  const broken = brokenStates(config, usesMirrors, merged.configPath, tls);
  if (broken.length > 0) throw new Refusal(broken);
  const plan = usesMirrors
    ? planMirrors(input, config, wanted)
    : planHosts(input, config, merged, wanted);
  plan.notes.push(...importsNote(input, config));
  return plan;
}

/** Each host once, its endpoints checked. */
function wantedHosts(input: ContainerdInput): WantedHost[] {
  const problems: Problem[] = [];
  const { address, endpoints } = input.registry;
  const parsed = parseRegistryAddress(address);
  if (parsed === undefined) {
    problems.push({
      file: "settings",
      expected: "registry.address as HOST:PORT, such as 172.30.1.2:5000 or [fd00::1]:5000",
      found: `\`${address}\``,
      fix: "name the host and the port alone, without scheme and path",
    });
  }
  const own = {
    host: parsed?.text ?? address,
    setting: "registry.endpoints",
    endpoints,
    own: true,
  };
  const others = Object.entries(input.mirrors).map(([name, list]) => ({
    host: name === "*" ? "_default" : name,
    setting: `mirrors.${name}`,
    endpoints: list,
    own: false,
  }));
  const twins = others.filter(({ host }) => host === own.host);
  for (const { setting } of twins) {
    problems.push({
      file: "settings",
      expected: "the registry's own endpoints in registry.endpoints only",
      found: setting,
      fix: "leave that entry out",
    });
  }
  const hosts = [own, ...others].map(({ host, setting, endpoints: list, own: isOwn }) => {
    const checked = list.map(toEndpoint);
    problems.push(...hostProblems(setting, host), ...endpointProblems(setting, checked));
    return { host, endpoints: withoutTwins(checked, sameMirror), own: isOwn };
  });
  if (problems.length > 0) throw new Refusal(problems);
  return hosts;
}

function hostProblems(setting: string, host: string): Problem[] {
  if (host === "_default" || /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d+)?$/.test(host))
    return [];
  return [
    {
      file: "settings",
      expected: `${setting}: a registry host as in image names, or _default`,
      found: `\`${host}\``,
      fix: "write HOST or HOST:PORT, without scheme and path",
    },
  ];
}

/** go-toml 1, in containerd 1.x, skips a byte-order mark; go-toml 2, in 2.x, takes it for a wrong key. */
function refuseByteOrderMark(source: Source, daemon: DaemonVersion): void {
  if (!source.hasByteOrderMark || daemon.major < 2) return;
  throw source.refuse(0, {
    expected: "TOML without a byte-order mark",
    found: `a byte-order mark, which containerd ${daemon.text} does not take`,
    fix: "take the first three bytes (EF BB BF) out of the file",
  });
}

/** States in which the CRI plugin does not load, although containerd itself runs. */
function brokenStates(
  config: CriConfig,
  usesMirrors: boolean,
  configPath: string,
  tls: readonly string[][],
): Problem[] {
  const { document, registry, daemon } = config;
  const mirrorsAt = (): number => document.offsetOf([...registry, "mirrors"]) ?? 0;
  const migrate = "set migrate: true, which moves mirrors to hosts.toml files";
  if (usesMirrors && configPath !== "") {
    const path = shown(document, [...registry, "config_path"]);
    return [
      document.source.problem(mirrorsAt(), {
        expected: `either mirrors or config_path: with both, containerd's CRI plugin does not load`,
        found: `mirrors here, and ${path} = "${configPath}"${document.lineNote([...registry, "config_path"])}`,
        fix: `take one of them out (for the mirrors way, set config_path = ""), or ${migrate}`,
      }),
    ];
  }
  const [table] = tls;
  if (table !== undefined && !usesMirrors) {
    return [
      document.source.problem(document.offsetOf(table) ?? 0, {
        expected: `no ${shown(document, table)} beside config_path: containerd ${daemon.text} does not load CRI with both`,
        found: "a TLS table of the old way",
        fix: `move its settings to the hosts.toml of that registry, or set migrate: true, which does so`,
      }),
    ];
  }
  const listBuiltIn = isAtLeast(daemon, 2, 2) && !isAtLeast(daemon, 2, 2, 2);
  if (usesMirrors && listBuiltIn && document.get(["version"]) !== 3) {
    return [
      document.source.problem(mirrorsAt(), {
        expected: `no mirrors in a version 2 file: containerd ${daemon.text} sets config_path by itself, and does not load CRI with both`,
        found: "mirrors",
        fix: `upgrade containerd to 2.2.2 or later, or ${migrate}`,
      }),
    ];
  }
  return [];
}

/** Without a dump nobody knows what imported files say. */
function importsNote(input: ContainerdInput, config: CriConfig): string[] {
  const imports = config.document.get(["imports"]);
  if (input.dump !== undefined || !Array.isArray(imports) || imports.length === 0) return [];
  const names = imports.map((name) => String(name as string)).join(", ");
  return [`${input.configPath}: what it imports (${names}) was not looked at`];
}

/** The plan of config.toml left as it is. */
export function untouched(input: ContainerdInput): FilePlan {
  return filePlan(input.configPath, input.bytes, []);
}
