import { BlockList, isIPv4 } from "node:net";

/** What a rule of `iptables -S` says, as far as it matters here. */
interface Rule {
  readonly chain: string;
  /** Set if the rule is for some sources alone; with `not`, for all others. */
  readonly source?: { readonly network: string; readonly not: boolean };
  readonly refuses: boolean;
  /** Whether nothing but the source and the port decides. */
  readonly isPlain: boolean;
}

/** The rules that refuse connections from this address: of each chain the first one that is for it. */
export function refusing(rules: readonly string[], address: string): string[] {
  const decided = new Set<string>();
  return rules.filter((line) => {
    const rule = parse(line);
    if (rule === undefined || decided.has(rule.chain) || !concerns(rule, address)) return false;
    // A rule with more conditions may let the connection go on to the next one.
    if (rule.refuses || rule.isPlain) decided.add(rule.chain);
    return rule.refuses;
  });
}

/** Opens the port to one address, before the rules that refuse it. Nobody else gets in. */
export function admitting(refused: readonly string[], address: string, port: number): string {
  const chains = [...new Set(refused.flatMap((line) => parse(line)?.chain ?? []))];
  return chains
    .map((chain) => `iptables -I ${chain} -s ${address} -p tcp --dport ${port} -j ACCEPT`)
    .join(" && ");
}

/** The address that a host has for the other end, in `ip route get`. */
export const sourceIn = (route: string) => /\bsrc (\S+)/.exec(route)?.[1];

function parse(line: string): Rule | undefined {
  const [, chain, not, network, rest = ""] = /^-A (\S+)(?: (! )?-s (\S+))?( .*)$/.exec(line) ?? [];
  const action = / -j (\S+)/.exec(rest)?.[1];
  if (chain === undefined || action === undefined) return undefined;
  return {
    chain,
    ...(network !== undefined && { source: { network, not: not !== undefined } }),
    refuses: action === "DROP" || action === "REJECT",
    isPlain: /^ -p tcp(?: -m tcp)? --dport \d+ -j \S+$/.test(rest),
  };
}

function concerns({ source }: Rule, address: string): boolean {
  if (source === undefined) return true;
  const [base = "", bits = "32"] = source.network.split("/");
  // iptables also takes masks that are no number of bits. Such a rule is not judged.
  if (!isIPv4(base) || !isIPv4(address) || !/^\d+$/.test(bits)) return true;
  const network = new BlockList();
  network.addSubnet(base, Number(bits));
  return network.check(address) !== source.not;
}
