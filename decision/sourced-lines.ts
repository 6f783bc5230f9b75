import type { EnvironmentVariable, ObservedService, Observation } from "../observation/observation";
import { HostRefusal } from "../observation/refusal";
import type { SourcedLine } from "../patch";
import { isMasked, maskedUnit } from "./obstacles";

/** Proxy settings of a daemon, each as `NAME=value` with its source. */
export function proxyEnvironment(service: ObservedService): SourcedLine[] {
  return service.environment
    .filter((one) => /^(https?|no|all)_proxy$/i.test(one.name))
    .map((one) => variableLine(service, one));
}

/** The proxies in the actual environment of the running process, from any source. */
export function processProxies(service: ObservedService): SourcedLine[] {
  return (service.processEnvironment ?? []).map((one) => variableLine(service, one));
}

/**
 * The file that containerd reads.
 * @throws HostRefusal with the unit's line if the file is uncertain
 */
export function containerdConfig({ containerd }: Observation): string {
  const { configPath, configDoubt, service } = containerd ?? {};
  if (configDoubt === undefined || service === undefined) return configPath ?? USUAL_CONFIG;
  if (isMasked(service)) throw new HostRefusal(maskedUnit(service.unit));
  const { file, line, text } = commandLine(service);
  throw new HostRefusal(
    `${file}${line === undefined ? "" : `:${line}`}: expected a command line that says which file containerd reads; found \`${text}\`: ${configDoubt}\n` +
      "  fix: name the file in the unit's own ExecStart, as `--config /etc/containerd/config.toml`, or take `--config` away",
  );
}

/** The path in containerd and its packages. */
const USUAL_CONFIG = "/etc/containerd/config.toml";

/**
 * Settings of a daemon in flags instead of its file: the command line, and variables that its unit may insert into it
 * (Debian's unit inserts `$DOCKER_OPTS`).
 */
export function daemonFlags(service: ObservedService): SourcedLine[] {
  return [commandLine(service), ...service.environment.map((one) => variableLine(service, one))];
}

function variableLine(
  { unitFiles }: ObservedService,
  { name, value, source }: EnvironmentVariable,
): SourcedLine {
  const [, path = source, line] = /^(.*):(\d+)$/.exec(source) ?? [];
  const text = `${name}=${value}`;
  const file = unitFiles.find((one) => one.path === path);
  return {
    file: path,
    ...(line !== undefined && { line: Number(line) }),
    text,
    ...(file !== undefined && { content: file.text }),
  };
}

/** The command line, with the last line that sets it: in a unit with drop-ins, only that one counts. */
function commandLine({ unit, execStart, unitFiles }: ObservedService): SourcedLine {
  const text = `ExecStart=${execStart}`;
  for (const { path, text: content } of [...unitFiles].reverse()) {
    const index = content
      .split("\n")
      .map((line) => /^\s*ExecStart\s*=\s*\S/.test(line))
      .lastIndexOf(true);
    if (index >= 0) return { file: path, line: index + 1, text, content };
  }
  return { file: unit, text };
}
