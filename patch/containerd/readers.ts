import { HOSTS_NOT_ASKED, HOSTS_THROWN_AWAY } from "./hosts-facts";
import { CONFIG } from "./config-facts";
import { type Fact } from "./fact";
import { STARTS } from "./start-facts";
import { GO_TOML, GO_TOML_1, GO_TOML_2 } from "./go-toml";

/** Facts about config.toml where containerd differs from TOML or from its manual: one table for each reader. */
export const CONTAINERD: Readonly<Record<string, readonly Fact[]>> = {
  "go-toml 1": GO_TOML_1,
  "go-toml 2": GO_TOML_2,
  "go-toml 1 and 2": GO_TOML,
  "config.toml": CONFIG,
};

/** The same for hosts.toml. */
export const HOSTS: readonly Fact[] = [...HOSTS_THROWN_AWAY, ...HOSTS_NOT_ASKED];

/** Facts about files that containerd reads, but with which it does not start or does not load its CRI plugin. */
export { STARTS };
