import type { HostAccess } from "../settings/access";
import type { Cause, Check } from "./cause";
import { admitting, refusing, sourceIn } from "./firewall";
import { isRegistry, type Look, statusLine } from "./look";
import type { NodeFacts } from "./node-checks";

/** The node's way to a registry that answers on its own host. */
export interface NetworkFacts extends NodeFacts {
  /** The registry's address as its own host has it, if the settings have a name. */
  readonly registryNumber?: string;
  /** The registry's host, whose firewall may refuse this node. */
  readonly registryHost: { readonly access: HostAccess; readonly look: Look };
}

export const NETWORK: readonly Check<NetworkFacts>[] = [
  {
    passed: ({ settings, look }) => `${settings.registry.address} is ${look.numbers.join(", ")}`,
    find: noSuchHost,
  },
  { passed: ({ prefix }) => `${prefix} takes connections from this node`, find: noConnection },
  {
    passed: ({ prefix, look }) => `http://${prefix}/v2/ answers: ${statusLine(look)}`,
    find: otherServer,
  },
];

function noSuchHost({
  settings,
  look,
  access,
  commands,
  registryNumber,
}: NetworkFacts): Cause | undefined {
  const { address } = settings.registry;
  if (look.numbers.length > 0) return undefined;
  return {
    cause: `this node cannot find the address of ${address}: a node asks its own DNS and /etc/hosts, not the cluster's DNS`,
    evidence: [`getent ahosts ${address}: no such host`],
    fix:
      registryNumber === undefined
        ? `add ${address} to the DNS that this node asks, or to its /etc/hosts`
        : commands.on(access, `echo ${registryNumber} ${address} >>/etc/hosts`),
  };
}

function noConnection(facts: NetworkFacts): Cause | undefined {
  const { look, prefix, settings, access, commands, registryHost } = facts;
  const { refused, route = "", rules, numbers } = look;
  if (refused === undefined) return undefined;
  const { address, port } = settings.registry;
  const evidence = [`${prefix}: ${refused}`];
  const number = numbers[0] ?? address;
  if (look.blocked.length > 0)
    return {
      cause: "this node has no route to the registry",
      evidence: [...evidence, ...look.blocked.map((each) => `ip route: ${each}`)],
      fix: commands.on(access, look.blocked.map((each) => `ip route del ${each}`).join(" && ")),
    };
  if (rules.length > 0)
    return {
      cause: "this node's own firewall refuses the registry",
      evidence: [...evidence, ...rules.map((rule) => `iptables -S: ${rule}`)],
      fix: commands.on(access, deleting(rules)),
    };
  const source = sourceIn(route) ?? access.login.host;
  const closed = refusing(registryHost.look.rules, source);
  if (closed.length > 0)
    return {
      cause: "the firewall of the registry's host refuses this node",
      evidence: [
        ...evidence,
        ...closed.map((rule) => `${registryHost.access.name}: iptables -S: ${rule}`),
      ],
      fix: commands.on(registryHost.access, admitting(closed, source, port)),
    };
  const says = /refused/i.test(refused)
    ? `something between this node and the registry refuses the connection, since the registry answers on its own host`
    : `nothing answers this node at ${prefix}, although the registry answers on its own host`;
  return {
    cause: says,
    evidence: [...evidence, ...(route === "" ? [] : [`ip route get ${number}: ${route}`])],
    fix: `open TCP port ${port} from ${access.name} to ${number} in the firewall between them`,
  };
}

/** Takes the rules away as `iptables -S` has listed them. */
const deleting = (rules: readonly string[]) =>
  rules.map((rule) => `iptables ${rule.replace(/^-A/, "-D")}`).join(" && ");

function otherServer({ look, prefix, settings, access }: NetworkFacts): Cause | undefined {
  if (isRegistry(look)) return undefined;
  return {
    cause: `something that is no registry answers this node at ${prefix}`,
    evidence: [
      statusLine(look),
      ...look.answer.slice(1).filter((line) => /^(server|via|location):/i.test(line)),
    ],
    fix: `find out what has the address ${look.numbers[0] ?? settings.registry.address} in the network of ${access.name}`,
  };
}
