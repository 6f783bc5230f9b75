import { UNKNOWN } from "../provider";
import type { CheckFailure, CheckResult, Props, Value } from "../provider";
import type { DaemonSettings } from "./daemon";

/** The provider's settings that are honoured. Lists arrive as JSON in a string, as the SDK sends them. */
const KNOWN = new Set(["host", "sshOpts", "disableDockerDaemonCheck", "version"]);

const LOCAL = "unix:///var/run/docker.sock";

/** Fills in the host as the real provider does, and refuses what would change the connection in a way not built here. */
export function checkProviderConfig(news: Props): CheckResult {
  const failures: CheckFailure[] = [];
  for (const [property, value] of Object.entries(news)) {
    if (KNOWN.has(property) || property.startsWith("__") || isEmpty(value)) continue;
    failures.push({
      property,
      reason: "it is not supported by the embedded engine, which has host and sshOpts",
    });
  }
  const host = news["host"] ?? process.env["DOCKER_HOST"] ?? LOCAL;
  if (typeof host !== "string" && host !== UNKNOWN) {
    failures.push({ property: "host", reason: "expected a string" });
  } else if (typeof host === "string" && !/^(ssh|unix|tcp):\/\/./.test(host)) {
    failures.push({
      property: "host",
      reason: `expected ssh://USER@HOST:PORT, unix:///PATH or tcp://HOST:PORT; found ${JSON.stringify(host)}`,
    });
  }
  if (news["sshOpts"] !== undefined && news["sshOpts"] !== UNKNOWN && !readList(news["sshOpts"])) {
    failures.push({ property: "sshOpts", reason: "expected a list of strings" });
  }
  return { inputs: { ...news, host }, failures };
}

export function daemonSettings(inputs: Props): DaemonSettings {
  return { host: inputs["host"] as string, sshOpts: readList(inputs["sshOpts"]) ?? [] };
}

function readList(value: Value | undefined): string[] | undefined {
  if (value === undefined || value === null) return [];
  let list: unknown = value;
  if (typeof value === "string") {
    try {
      list = JSON.parse(value);
    } catch {
      return undefined;
    }
  }
  return Array.isArray(list) && list.every((item) => typeof item === "string") ? list : undefined;
}

function isEmpty(value: Value): boolean {
  return value === null || value === "" || value === "null" || value === "[]";
}
