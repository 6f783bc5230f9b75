import { maskSecrets } from "../mask";
import { type Problem } from "../problem";
import { shellWords } from "../proxy";
import { problemIn, type SourcedLine } from "../sourced-line";

/** Settings on dockerd's command line that daemon.json has too. */
export interface DockerdFlags {
  /** Values of --insecure-registry, with their lines. */
  insecureRegistries: { value: string; source: SourcedLine }[];
  /** Values of --registry-mirror, with their lines. */
  registryMirrors: { value: string; source: SourcedLine }[];
  /** Value of --config-file. */
  configFile?: { value: string; source: SourcedLine };
}

/**
 * Parses the flags in lines of a unit (`ExecStart=`), of /etc/default/docker (`DOCKER_OPTS="..."`), or of the running
 * process. Comment lines are ignored.
 */
export function readFlags(lines: readonly SourcedLine[]): DockerdFlags {
  const flags: DockerdFlags = { insecureRegistries: [], registryMirrors: [] };
  // As for systemd, an empty ExecStart= discards those before it.
  const reset = lines.map(({ text }) => /^\s*ExecStart\s*=\s*$/.test(text)).lastIndexOf(true);
  for (const [index, source] of lines.entries()) {
    if (/^\s*[#;]/.test(source.text)) continue;
    if (index < reset && /^\s*ExecStart\s*=/.test(source.text)) continue;
    const words = shellWords(source.text.replace(/^\s*Environment\s*=/, "")).flatMap((word) => {
      // DOCKER_OPTS="--a --b" is one word that contains several flags.
      const value = /^\w+=(.*)$/s.exec(word)?.[1];
      return value === undefined ? [word] : shellWords(value);
    });
    words.forEach((word, at) => {
      const match = /^--(insecure-registry|registry-mirror|config-file)(?:=(.*))?$/s.exec(word);
      if (match === null) return;
      const value = match[2] ?? words[at + 1] ?? "";
      if (match[1] === "config-file") flags.configFile = { value, source };
      else if (match[1] === "registry-mirror") flags.registryMirrors.push({ value, source });
      else flags.insecureRegistries.push({ value, source });
    });
  }
  return flags;
}

/** Flags that can be repeated, and their keys in daemon.json. */
const KEYS = {
  "insecure-registry": "insecure-registries",
  "registry-mirror": "registry-mirrors",
} as const;
type Flag = keyof typeof KEYS;

/** The flag with the same setting as a key of daemon.json. */
export function flagOf(key: (typeof KEYS)[Flag]): Flag {
  return key === "insecure-registries" ? "insecure-registry" : "registry-mirror";
}

/** dockerd does not start if a setting is both a flag and in daemon.json, even with equal values. */
export function flagProblem(
  flag: Flag,
  source: SourcedLine,
  values: readonly string[],
  entry: string,
): Problem {
  const key = KEYS[flag];
  return problemIn(source, `--${flag}`, {
    expected: `${key} set in daemon.json only: dockerd does not start with both`,
    found: `\`${maskSecrets(source.text.trim())}\``,
    fix:
      `add --${flag}=${entry} to this line, or take --${flag} out of it and ` +
      `write "${key}": ${JSON.stringify([...values, entry])} in daemon.json`,
  });
}
