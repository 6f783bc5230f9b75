import { parse, stringify } from "smol-toml";

import type * as patch from "../../../patch";
import { type Case } from "./containerd-config";
import { make, show, type Tree } from "./expected";

/** The patcher under test: the real one, or one with a bug. */
export type Patcher = Pick<typeof patch, "planContainerd" | "hunks" | "revert" | "Refusal">;

/** The output of `containerd config dump` after the plan is applied. */
export function dumpAfter({ registry, merged, mirrors }: Case, after: Tree): string {
  if (merged?.replaced === true) return merged.dump;
  const dump: Tree = parse(merged?.dump ?? "");
  const [plugin] = Object.keys(dump["plugins"] ?? {});
  const table = make(dump, ["plugins", plugin ?? "", "registry"]);
  const own = make(structuredClone(after), registry);
  const theirs = Object.entries((table["mirrors"] ?? {}) as Tree).filter(
    ([host, value]) => !(host in mirrors) || show(value) !== show({ endpoint: mirrors[host] }),
  );
  table["mirrors"] = { ...((own["mirrors"] ?? {}) as Tree), ...Object.fromEntries(theirs) };
  if (merged?.kind !== "an import with another directory") {
    table["config_path"] = own["config_path"] ?? "";
  }
  return stringify(dump);
}
