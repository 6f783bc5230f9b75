import { isTable, type TreeTable } from "../toml/value";
import { type CriConfig } from "./config";

/** The `configs.<host>.tls` tables. containerd 1.x does not load CRI if config_path is set as well. */
export function tlsTables(config: CriConfig): string[][] {
  return Object.entries(config.configs)
    .filter(([, entry]) => isTable(entry) && isTable(entry["tls"]))
    .map(([host]) => [...config.registry, "configs", host, "tls"]);
}

/** The TLS settings for a host (`name` or `name:port`, as in an endpoint's URL). */
export function tlsOf(config: CriConfig, host: string): TreeTable | undefined {
  const entry = config.configs[host];
  const tls = isTable(entry) ? entry["tls"] : undefined;
  return isTable(tls) ? tls : undefined;
}
