import * as pulumi from "@pulumi/pulumi";
import { enrolledId } from "../decision/decide";
import { planPage } from "../decision/page";
import { planTimer } from "../decision/timer";
import type { WholeFile } from "../decision/whole-files";
import { planInsecureRegistry, planMirror } from "../decision/plan";
import { batchesOf, orderText } from "../decision/rollout";
import { askFor } from "../observation/ask";
import { type Seen, type Surveyed, withCommands } from "../observation/hosts";
import { guardTriggers } from "../observation/moved";
import { observe } from "../observation/observe";
import { cacheName, type Past, pastCache, type PastGuard } from "../observation/past";
import { checkReach } from "../observation/reach";
import { DEFAULT_CLUSTER, type RecordIds } from "../observation/records";
import type { HostAccess } from "../settings/access";
import { cachesOf } from "../settings/caches";
import type { ClusterAccess } from "../settings/cluster";
import { settingsOn } from "../settings/node";
import type { Settings } from "../settings/schema";
import { isDeclaredAlone } from "./alone";
import { connectionArgs } from "./connection";
import { ContainerdMirror } from "./containerd-mirror";
import { DaemonJsonPatch } from "./daemon-json-patch";
import { DockerHost } from "./docker-host";
import { dockerAddress, dockerSshOptions } from "./docker-ssh";
import { GoneHost } from "./gone-host";
import type { HostPatchPlan } from "./host-patch";
import { KeptNode } from "./kept-node";
import { withoutDependencies } from "./known-inputs";
import { LocalRegistryHosting } from "./local-registry-hosting";
import { pageAddress } from "./page-files";
import { planned } from "./planned";
import type {
  ContainerPlan,
  DockerHostPlan,
  HostPlan,
  PullCheckPlan,
  RegistryContainerPlan,
  RegistryUiPlan,
  ServerPlan,
} from "./plans";
import { PullCheck } from "./pull-check";
import { withoutStack } from "./refusal";
import { RegistryCache } from "./registry-cache";
import { RegistryContainer } from "./registry-container";
import { RegistryGcTimer } from "./registry-gc-timer";
import { RegistryUi } from "./registry-ui";
import { Rollout } from "./rollout";
import { adoptedData, roomFor } from "./room";

/** The observations and plans of a ClusterRegistry, before it declares resources. */
export interface Findings {
  readonly settings: Settings;
  readonly surveyed: ReadonlyMap<string, Surveyed>;
  readonly ids: RecordIds;
  /** Hosts that a preview leaves out, because they could not be observed or planned for. */
  readonly troubled: ReadonlySet<string>;
  /** Nodes that this run leaves as they are, with what the state has of them. */
  readonly kept: ReadonlyMap<string, PastGuard | undefined>;
  /** Hosts whose arguments are not known yet, in a preview. */
  readonly waiting: ReadonlySet<string>;
  /** For each host, an output that is known once its arguments are. It depends on the resources that they come from. */
  readonly gates: ReadonlyMap<string, pulumi.Output<unknown>>;
  /** The last run, as the state records it, under the present name of the registry's host. */
  readonly past: Past;
  /** The name of the registry's host in the last run, if the same machine has another name now. */
  readonly formerHost: string | undefined;
  /** The patches of nodes that left and whose hosts do not answer. */
  readonly gone: readonly PastGuard[];
  /** The files of the registry's page; none if it has no page. */
  readonly page: readonly WholeFile[];
  /** The files of its timer; none if it has no timer. */
  readonly timer: readonly WholeFile[];
  /** A cluster may run the registry's images. */
  readonly usesCluster: boolean;
  /** The cluster in which the registry is published, as the last step. */
  readonly cluster?: ClusterAccess;
  /** The nodes are those of a cluster, so their names are the cluster's. */
  readonly ofCluster: boolean;
}

/** The declared resources, for the outputs. */
export interface DeclaredCluster {
  readonly registry: RegistryContainer | undefined;
  readonly caches: readonly { name: string; cache: RegistryCache }[];
  readonly mirrors: readonly { name: string; mirror: ContainerdMirror | KeptNode }[];
  readonly pullCheck: PullCheck | undefined;
  readonly ui: RegistryUi | undefined;
}

/**
 * Declares the registry and every node, in the lesson's order: Docker, its daemon.json, the registry, then containerd
 * on each node once the registry runs and every node can reach it.
 */
export function declareCluster(
  parent: pulumi.Resource,
  name: string,
  findings: Findings,
): DeclaredCluster {
  const { settings, ids, cluster, gone, kept } = findings;
  const hosts = new Hosts(parent, name, findings);
  const registry = declareRegistry(hosts, findings);
  const caches = registry === undefined ? [] : declareCaches(hosts, findings, registry);
  const nodes = settings.nodes.flatMap((node) => {
    const host = hosts.find(node.name);
    return host === undefined ? [] : [{ ...node, host }];
  });
  const plans = nodes.map((node) => ({
    ...node,
    decision:
      node.host.seen &&
      planMirror(
        node.host.seen.observation,
        settingsOn(settings, node.name),
        ids.mirror(node.name),
      ),
  }));
  const changing = plans.flatMap(({ host, decision }) =>
    decision === undefined || decision.inSync || host.seen === undefined ? [] : [host.seen.access],
  );
  const { address, port } = settings.registry;
  // Which nodes change differs from run to run. If their Commands depended on the container, the state would differ with them.
  const reachable =
    registry &&
    withoutDependencies(
      registry.containerId.apply(() => withoutStack(checkReach(changing, address, port))),
    );
  const batches = batchesOf(settings, new Set(changing.map((access) => access.name)));
  const rollout = new Rollout(batches, settings.rollout?.pause ?? "0s");
  const order = orderText(batches, settings);
  if (order !== undefined) void pulumi.log.info(order);
  rollout.start(reachable);
  const changed = plans.map(({ name: node, role, host, decision }) => {
    const turn = rollout.turnOf(node);
    const plan: HostPatchPlan = {
      ...host.shared,
      ...hosts.triggers(node, "containerd"),
      host: node,
      recordId: ids.mirror(node),
      decision: host.after(() => decision),
      ...(decision?.inSync !== true && { after: turn ? pulumi.all([reachable, turn]) : reachable }),
    };
    const mirror = new ContainerdMirror(
      hosts.nameOf(node),
      planned({ host: { address: host.address }, registry: "", role }, plan),
      // So that a destroy takes a cache away only once no node asks it any more.
      hosts.options("ContainerdMirror", node, registry, ...caches.map(({ cache }) => cache)),
    );
    rollout.follow(node, mirror.state);
    return { name: node, mirror };
  });
  const same = settings.nodes.flatMap(({ name: node, role }) => {
    const guard = kept.get(node);
    if (guard === undefined) return [];
    const options = hosts.options("ContainerdMirror", node, registry);
    return [{ name: node, mirror: new KeptNode(hosts.nameOf(node), guard, role, options) }];
  });
  const mirrors = [...changed, ...same];
  for (const guard of gone)
    new GoneHost(hosts.nameOf(guard.host), guard, hosts.options("ContainerdMirror", guard.host));
  if (cluster !== undefined && registry !== undefined) {
    // Published only once every node pulls from it.
    const nodes = mirrors.map(({ mirror }) => mirror);
    const options = hosts.options("LocalRegistryHosting", settings.registry.host, ...nodes);
    // The cluster has one such ConfigMap, also if the registry was on another host before.
    const before = findings.past.registries
      .filter(({ host }) => host !== settings.registry.host)
      .map(({ host }) => ({ name: hosts.nameOf(host) }));
    new LocalRegistryHosting(
      hosts.nameOf(settings.registry.host),
      { registry: registry.imagePrefix, ...cluster },
      { ...options, aliases: [...(options.aliases ?? []), ...before] },
    );
  }
  const pullCheck = registry && declarePullCheck(hosts, findings, registry, mirrors);
  const own = mirrors.find(({ name: node }) => node === settings.registry.host)?.mirror;
  const ui = registry && declareUi(hosts, findings, registry, own);
  if (registry !== undefined) declareTimer(hosts, findings, registry);
  return { registry, caches, mirrors, pullCheck, ui };
}

/**
 * The page is there once the registry runs. Where the registry's host is a node too, Docker cannot start a container while
 * containerd restarts for the node's mirror.
 */
function declareUi(
  hosts: Hosts,
  { settings, ids, past, page }: Findings,
  registry: RegistryContainer,
  mirror: pulumi.Resource | undefined,
): RegistryUi | undefined {
  const { ui } = settings;
  const { host: name } = settings.registry;
  const host = hosts.find(name);
  if (ui === undefined || host === undefined) return undefined;
  const { seen, after } = host;
  const before = past.pages?.find((one) => one.host === name);
  const plan: RegistryUiPlan = {
    ...planOn(host, name, ids.page),
    ...hosts.triggers(name, "page"),
    decision: after(() => seen && planPage(seen.observation, settings, ids.page, page)),
    image: ui.image,
    address: pageAddress(settings),
    port: ui.port,
    ...(seen && roomFor(settings, seen, ids.page, before)),
  };
  const args = planned({ host: { address: host.address }, registry: "" }, plan);
  const options = {
    parent: hosts.parent,
    dependsOn: [registry, ...(mirror ? [mirror] : [])],
    ...hosts.renamed(),
  };
  return new RegistryUi(hosts.nameOf(name), args, options);
}

/** The timer cleans up a registry that runs. */
function declareTimer(
  hosts: Hosts,
  { settings, ids, timer, usesCluster }: Findings,
  registry: RegistryContainer,
): void {
  const { gcTimer } = settings;
  const { host: name } = settings.registry;
  const host = hosts.find(name);
  if (gcTimer === undefined || host === undefined) return;
  const { seen, shared, after } = host;
  const plan: HostPatchPlan = {
    ...shared,
    ...hosts.triggers(name, "timer"),
    host: name,
    recordId: ids.timer,
    decision: after(
      () => seen && planTimer(seen.observation, settings, ids.timer, timer, usesCluster),
    ),
  };
  const args = planned({ host: { address: host.address }, registry: "", ...gcTimer }, plan);
  const options = { parent: hosts.parent, dependsOn: [registry], ...hosts.renamed() };
  new RegistryGcTimer(hosts.nameOf(name), args, options);
}

/** Every node pulls once the registry runs and all nodes are configured, and again when one of these changes. */
function declarePullCheck(
  hosts: Hosts,
  { settings, cluster, ofCluster, troubled }: Findings,
  registry: RegistryContainer,
  mirrors: DeclaredCluster["mirrors"],
): PullCheck | undefined {
  const { pullCheck = false } = settings.kubernetes ?? {};
  const host = hosts.find(settings.registry.host);
  if (cluster === undefined || pullCheck === false || host === undefined) return undefined;
  const states = mirrors.map(({ name, mirror }) => [name, mirror.state] as const);
  const args = {
    host: { address: host.address },
    registry: registry.imagePrefix,
    ...cluster,
    ...pullCheck,
    ...(ofCluster && {
      nodes: settings.nodes.flatMap(({ name }) => (troubled.has(name) ? [] : [name])),
    }),
    triggers: {
      registry: registry.containerId,
      nodes: pulumi.output(Object.fromEntries(states)).apply((all) => JSON.stringify(all)),
    },
  };
  const plan: PullCheckPlan = { connection: host.shared.connection };
  const after = [registry, ...mirrors.map(({ mirror }) => mirror)];
  return new PullCheck(hosts.cluster, planned(args, plan), {
    parent: hosts.parent,
    dependsOn: after,
  });
}

/** A host that can be declared. */
interface Host {
  readonly address: string;
  /** Undefined: in a preview, if the host's arguments are not known yet. */
  readonly seen: Seen | undefined;
  /** The arguments that every component of the host needs. */
  readonly shared: Omit<HostPlan, "host">;
  /** A value of the host's plan. It is unknown as long as the host's arguments are. */
  readonly after: <T>(make: () => pulumi.Input<T | undefined>) => pulumi.Output<T>;
}

class Hosts {
  constructor(
    readonly parent: pulumi.Resource,
    readonly cluster: string,
    private readonly findings: Findings,
  ) {}

  find(name: string): Host | undefined {
    const { surveyed, troubled, waiting, gates } = this.findings;
    const found = surveyed.get(name);
    const seen = found === undefined || "error" in found || troubled.has(name) ? undefined : found;
    if (seen === undefined && !waiting.has(name)) return undefined;
    const gate = gates.get(name) ?? pulumi.output(undefined);
    const after = <T>(make: () => pulumi.Input<T | undefined>) =>
      gate.apply(make) as unknown as pulumi.Output<T>;
    return {
      address: seen?.access.login.host ?? "",
      seen,
      after,
      shared: {
        connection: after(() => seen && connectionArgs(seen.access.login)),
        sudo: after(() => seen?.access.sudo),
        enrolled: after(() => seen && enrolledId(seen.observation)),
      },
    };
  }

  /** If the host's arguments are not known yet, the triggers keep their values from the state. */
  triggers(host: string, daemon: PastGuard["daemon"]): Pick<HostPatchPlan, "triggers"> {
    const found = this.findings.surveyed.get(host);
    const enrolled = found === undefined || "error" in found ? "" : enrolledId(found.observation);
    const triggers = guardTriggers(this.findings.past, { host, daemon, enrolled });
    return triggers === undefined ? {} : { triggers };
  }

  /** The name of a component for a host. */
  nameOf(host: string): string {
    return `${this.cluster}-${host}`;
  }

  /**
   * The alias of a component of the registry's host that was renamed: its resources stay, and only their names change.
   *
   * @param called the component's name after that of its cluster. @default the host's name
   */
  renamed(called = (host: string) => host): Pick<pulumi.ComponentResourceOptions, "aliases"> {
    const { formerHost } = this.findings;
    return formerHost === undefined ? {} : { aliases: [{ name: this.nameOf(called(formerHost)) }] };
  }

  /** Adds aliases: before ClusterRegistry existed, its parts had no parent and no prefix. */
  options(
    type: string,
    host: string,
    ...after: (pulumi.Resource | undefined)[]
  ): pulumi.ComponentResourceOptions {
    const dependsOn = after.filter((one) => one !== undefined);
    const { formerHost } = this.findings;
    // A mirror's record has the node's name, and a renamed node takes it over: see decision/claimants.ts.
    const { aliases = [] } = type === "ContainerdMirror" ? {} : this.renamed();
    const names = aliases.length > 0 && formerHost !== undefined ? [host, formerHost] : [host];
    const had = names.filter(
      (name) => this.cluster === DEFAULT_CLUSTER && !isDeclaredAlone(type, name),
    );
    const all = [...aliases, ...had.map((name) => ({ name, parent: pulumi.rootStackResource }))];
    return {
      parent: this.parent,
      ...(dependsOn.length > 0 && { dependsOn }),
      ...(all.length > 0 && { aliases: all }),
    };
  }
}

function declareRegistry(hosts: Hosts, findings: Findings): RegistryContainer | undefined {
  const { settings, ids, past } = findings;
  const { registry } = settings;
  const host = hosts.find(registry.host);
  if (host === undefined) return undefined;
  const { shared, seen, after } = host;
  const name = hosts.nameOf(registry.host);
  const args = { host: { address: host.address } };
  const dockerPlan: DockerHostPlan = { ...shared, source: settings.docker, host: registry.host };
  const docker = new DockerHost(
    name,
    planned(args, dockerPlan),
    hosts.options("DockerHost", registry.host),
  );
  const patchPlan: HostPatchPlan = {
    ...shared,
    ...hosts.triggers(registry.host, "docker"),
    host: registry.host,
    recordId: ids.daemonJson,
    decision: after(() => seen && insecureRegistry(seen, docker, settings, ids)),
  };
  const patch = new DaemonJsonPatch(
    name,
    planned({ ...args, registry: "" }, patchPlan),
    hosts.options("DaemonJsonPatch", registry.host, docker),
  );
  const adopted = seen && adoptedData(seen.observation, ids);
  const before = past.registries.find((one) => one.host === registry.host);
  const containerPlan: RegistryContainerPlan = {
    ...registry,
    ...serverPlan(host, settings, ids.container),
    ...(adopted && { adopted }),
    ...(seen && roomFor(settings, seen, ids.container, before)),
  };
  return new RegistryContainer(
    name,
    planned({ ...args }, containerPlan),
    hosts.options("RegistryContainer", registry.host, patch),
  );
}

/** What every container on a host has. */
function planOn({ shared, seen, after }: Host, host: string, owner: string): ContainerPlan {
  return {
    ...shared,
    host,
    recordId: owner,
    dockerHost: after(() => seen && dockerAddress(seen.access)),
    sshOpts: after(() => seen && dockerSshOptions(seen.access)),
  };
}

/** What the registry and its caches have in common. */
function serverPlan(on: Host, settings: Settings, owner: string): ServerPlan {
  const { host, image, bind } = settings.registry;
  return { ...planOn(on, host, owner), image, bind };
}

/** The caches are on the registry's host, and run before a node asks them. */
function declareCaches(
  hosts: Hosts,
  { settings, ids, past }: Findings,
  registry: RegistryContainer,
): DeclaredCluster["caches"] {
  const name = settings.registry.host;
  const host = hosts.find(name);
  if (host === undefined) return [];
  const { seen } = host;
  return cachesOf(settings).map((cache) => {
    const owner = ids.cache(cache.port);
    const before = pastCache(past, name, cache.port);
    const plan = {
      ...serverPlan(host, settings, owner),
      ...(seen && roomFor(settings, seen, owner, before)),
      labelled: true,
      cache,
    };
    const options = {
      parent: hosts.parent,
      dependsOn: [registry],
      ...hosts.renamed((former) => cacheName(former, cache.port)),
    };
    const component = hosts.nameOf(cacheName(name, cache.port));
    return { name: cache.name, cache: new RegistryCache(component, plan, options) };
  });
}

/** Installing Docker changes what can be observed, so the host is observed again afterwards. */
function insecureRegistry(
  { access, observation }: Seen,
  docker: DockerHost,
  settings: Settings,
  ids: RecordIds,
) {
  if (observation.docker?.version !== undefined)
    return planInsecureRegistry(observation, settings, ids.daemonJson);
  return docker.installed.apply(() => withoutStack(planAgain(access, settings, ids)));
}

async function planAgain(access: HostAccess, settings: Settings, ids: RecordIds) {
  const ask = askFor(settings, access);
  const now = await withCommands(access, (connection) => observe(connection, ask));
  return planInsecureRegistry(now, settings, ids.daemonJson);
}
