import { HOSTS_NOT_ASKED, HOSTS_THROWN_AWAY } from "./hosts-facts";
import { CONFIG } from "./config-facts";
import { type Fact } from "./fact";
import { STARTS } from "./start-facts";
import { GO_TOML, GO_TOML_1, GO_TOML_2 } from "./go-toml";

/** What containerd makes of config.toml where it is not what TOML, or its manual, says: one table a reader. */
export const CONTAINERD: Readonly<Record<string, readonly Fact[]>> = {
  "go-toml 1": GO_TOML_1,
  "go-toml 2": GO_TOML_2,
  "go-toml 1 and 2": GO_TOML,
  "config.toml": CONFIG,
};

/** The same of hosts.toml. */
export const HOSTS: readonly Fact[] = [...HOSTS_THROWN_AWAY, ...HOSTS_NOT_ASKED];

/** What containerd does not start with, or its CRI plugin does not load with, although it reads the file. */
export { STARTS };
