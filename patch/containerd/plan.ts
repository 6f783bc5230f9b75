import { isRegistryHost, parseRegistryAddress } from "../address";
import { type Plan } from "../plan";
import { type Problem, Refusal } from "../problem";
import { proxyProblem } from "../proxy";
import { Source } from "../source";
import { type SourcedLine } from "../sourced-line";
import { type CriConfig, readCriConfig } from "./config";
import { endpointProblems, toEndpoint, withoutTwins } from "./endpoint";
import { refuseGenerated } from "./generated";
import { planHosts } from "./plan-hosts-toml";
import { type ContainerdInput, type OwnRegistry, type WantedHost } from "./input";
import { planMigration } from "./migrate";
import {
  importNames,
  importOffset,
  mergedRegistry,
  type MergedRegistry,
  refuseHidden,
  refuseSwitchedOff,
} from "./merged";
import { sameMirror } from "./mirrors";
import { mirrorsInForce, planMirrors, refuseSpecial } from "./plan-mirrors";
import { readToml } from "./read-toml";
import { MixedWays } from "./mixed-ways";
import { planRemoval } from "./remove";
import { tlsTables } from "./tls";
import { type DaemonVersion, isAtLeast, parseDaemonVersion, shown } from "./version";

/**
 * Plans how containerd's CRI plugin finds the registry: in `registry.mirrors` if the file uses these already, or else
 * by config_path and hosts.toml files. It never uses both, because that disables CRI while containerd itself keeps
 * running.
 *
 * @throws Refusal if the file cannot be edited with certainty, or if CRI does not work with it
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
  const document = readToml(source, daemon);
  const removing = input.present === false;
  const config = readCriConfig(document, daemon, removing);
  const merged = mergedRegistry(config, input.dump, dumpedConfig(input, config));
  if (removing) return planRemoval(input, config, merged, wanted);

  const proxies = proxyProblems(wanted, input.environment ?? []);
  if (proxies.length > 0) throw new Refusal(proxies);

  refuseUnnamed(wanted, daemon);
  refuseSwitchedOff(config, merged);
  const tls = daemon.major < 2 ? tlsTables(config) : [];
  // The TLS tables of 1.x work with mirrors, but not with config_path.
  const usesMirrors =
    Object.keys(merged.mirrors).length > 0 || (tls.length > 0 && merged.configPath === "");
  if (input.migrate && (usesMirrors || tls.length > 0)) {
    refuseHidden(config, merged);
    const plan = planMigration(input, config, merged, wanted, tls);
    refuseGenerated(source, plan);
    return plan;
  }
  const broken = brokenStates(config, usesMirrors, merged, tls);
  if (broken.length > 0) throw new MixedWays(broken);
  if (usesMirrors) refuseSpecial(config, wanted);
  const inForce = usesMirrors ? mirrorsInForce(input, config, merged, wanted) : undefined;
  if (inForce !== undefined) return inForce;
  refuseHidden(config, merged);
  const plan = usesMirrors
    ? planMirrors(input, config, merged, wanted)
    : planHosts(input, config, merged, wanted);
  refuseGenerated(source, plan);
  plan.notes.push(...importsNote(input, config, merged, plan));
  return plan;
}

/** The configuration at the time of the dump, if it differs. */
function dumpedConfig({ dumped, bytes, present }: ContainerdInput, config: CriConfig): CriConfig {
  if (dumped === undefined || bytes?.equals(dumped) === true) return config;
  const source = Source.decode(config.document.source.path, dumped);
  return readCriConfig(readToml(source, config.daemon), config.daemon, present === false);
}

/**
 * Whether a node mixes both ways, or would with the plan. Without `migrate`, such a plan is refused; with it, the
 * existing entries are moved.
 */
export function mixesWays(input: Omit<ContainerdInput, "migrate">): boolean {
  try {
    planContainerd({ ...input, migrate: false });
    return false;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return error instanceof MixedWays;
  }
}

/** Checks the proxy for our own registry only: mirrors of public registries are often behind a proxy. */
function proxyProblems(
  wanted: readonly WantedHost[],
  environment: readonly SourcedLine[],
): Problem[] {
  if (environment.length === 0) return [];
  return wanted
    .filter(({ own }) => own)
    .flatMap(({ endpoints }) => endpoints)
    .flatMap(({ url }) => proxyProblem(url, environment) ?? []);
}

/** containerd 1.6 does not accept `[fd00::1]:5000/image` as an image name, so a pull never asks a server. */
function refuseUnnamed(wanted: readonly WantedHost[], daemon: DaemonVersion): void {
  const host = wanted.find((one) => one.host.startsWith("["))?.host;
  if (host === undefined || isAtLeast(daemon, 1, 7)) return;
  throw new Refusal([
    {
      file: "settings",
      expected: `an IPv4 address or a host name: containerd ${daemon.text} takes no image name with an IPv6 address`,
      found: `\`${host}\``,
      fix: "name the registry by a host name, or upgrade containerd to 1.7",
    },
  ]);
}

/** Each host once, after a check of its endpoints. */
function wantedHosts(input: ContainerdInput): WantedHost[] {
  const problems: Problem[] = [];
  const own = [input.registry].flat().map(({ address, endpoints }: OwnRegistry) => {
    const parsed = parseRegistryAddress(address);
    if (parsed === undefined) {
      problems.push({
        file: "settings",
        expected: "registry.address as HOST:PORT, such as 172.30.1.2:5000 or [fd00::1]:5000",
        found: `\`${address}\``,
        fix: "name the host and the port alone, without scheme and path",
      });
    }
    return {
      host: parsed?.text ?? address,
      setting: "registry.endpoints",
      endpoints,
      own: true,
    };
  });
  const others = Object.entries(input.mirrors).map(([name, list]) => ({
    host: name === "*" ? "_default" : name,
    setting: `mirrors.${name}`,
    endpoints: list,
    own: false,
  }));
  const twins = others.filter(({ host }) => own.some((one) => one.host === host));
  for (const { setting } of twins) {
    problems.push({
      file: "settings",
      expected: "the registry's own endpoints in registry.endpoints only",
      found: setting,
      fix: "leave that entry out",
    });
  }
  if ("*" in input.mirrors && "_default" in input.mirrors) {
    problems.push({
      file: "settings",
      expected: "one list of mirrors for any other host",
      found: "mirrors.* and mirrors._default",
      fix: "join the two into mirrors._default",
    });
  }
  const hosts = [...own, ...others].map(({ host, setting, endpoints: list, own: isOwn }) => {
    const checked = list.map(toEndpoint);
    problems.push(...hostProblems(setting, host), ...endpointProblems(setting, checked));
    return { host, endpoints: withoutTwins(checked, sameMirror), own: isOwn };
  });
  if (problems.length > 0) throw new Refusal(problems);
  return hosts;
}

function hostProblems(setting: string, host: string): Problem[] {
  if (host === "_default" || isRegistryHost(host)) return [];
  return [
    {
      file: "settings",
      expected: `${setting}: a registry host as in image names, or _default`,
      found: `\`${host}\``,
      fix: "write HOST or HOST:PORT, without scheme and path",
    },
  ];
}

/** States in which the CRI plugin does not load, although containerd itself runs. */
function brokenStates(
  config: CriConfig,
  usesMirrors: boolean,
  merged: MergedRegistry,
  tls: readonly string[][],
): Problem[] {
  const { document, registry, daemon } = config;
  const { configPath } = merged;
  const mirrorsPath = [...registry, "mirrors"];
  const mirrorsAt = (): number => document.offsetOf(mirrorsPath) ?? importOffset(config);
  const from = (path: readonly string[]): string =>
    document.offsetOf(path) === undefined ? ` from ${importNames(merged)}` : "";
  const migrate = "set migrate: true, which moves mirrors to hosts.toml files";
  if (usesMirrors && configPath !== "") {
    const key = [...registry, "config_path"];
    const mirrors = document.offsetOf(mirrorsPath) === undefined ? from(mirrorsPath) : " here";
    const note = document.lineNote(key) || from(key);
    return [
      document.source.problem(mirrorsAt(), {
        expected: `either mirrors or config_path: with both, containerd's CRI plugin does not load`,
        found: `mirrors${mirrors}, and ${shown(document, key)} = "${configPath}"${note}`,
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
        found: `mirrors${from(mirrorsPath)}`,
        fix: `upgrade containerd to 2.2.2 or later, or ${migrate}`,
      }),
    ];
  }
  return [];
}

/** A note about imports, which may hide settings that are only partly visible here. */
function importsNote(
  input: ContainerdInput,
  config: CriConfig,
  merged: MergedRegistry,
  plan: Plan,
): string[] {
  if (merged.imports.length === 0) return [];
  const names = merged.imports.join(", ");
  if (merged.dump === undefined) {
    return [`${input.configPath}: what it imports (${names}) was not looked at`];
  }
  const edited = plan.files.some(
    ({ path, edits }) => path === input.configPath && edits.length > 0,
  );
  if (config.daemon.major >= 2 || !edited) return [];
  return [
    `${input.configPath}: if ${names} has a table of the CRI plugin, containerd 1.x takes that one alone; then the next preview says that this file is not in force`,
  ];
}
