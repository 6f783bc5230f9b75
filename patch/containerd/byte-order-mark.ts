import { type Source } from "../source";
import { type DaemonVersion } from "./version";

/** go-toml 1, in containerd 1.x, skips a byte-order mark; go-toml 2, in 2.x, takes it for a wrong key. */
export function refuseByteOrderMark(source: Source, daemon: DaemonVersion): void {
  if (!source.hasByteOrderMark || daemon.major < 2) return;
  throw source.refuse(0, {
    expected: "TOML without a byte-order mark",
    found: `a byte-order mark, which containerd ${daemon.text} does not take`,
    fix: "take the first three bytes (EF BB BF) out of the file",
  });
}
