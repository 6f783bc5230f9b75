import * as pulumi from "@pulumi/pulumi";
import { imagePrefix } from "../decision/plan";
import { refusals } from "../decision/refusals";
import { type Skipped, skippedNote, skippedOf } from "../decision/skipped";
import { registryNotes } from "../decision/registry";
import { formerName, renamedNote, underName } from "../decision/renamed";
import { shapeNotes } from "../decision/shape-notes";
import { timerNotes } from "../decision/timer";
import { uiNotes } from "../decision/ui-notes";
import { readNodes } from "../kube/nodes";
import { resolveSettings } from "../observation/cluster-nodes";
import { gone, goneNote } from "../observation/gone";
import { withLacking } from "../observation/hosts";
import { leaving, undoNote } from "../observation/leaving";
import { clusterNews, listDifferences } from "../observation/membership";
import { moved, oldHost } from "../observation/moved";
import { pastOf } from "../observation/past";
import { recordIds } from "../observation/records";
import { rowsOf } from "../report/rows";
import { glanceText } from "../report/text";
import { accessOrProblem } from "../settings/access";
import { type ClusterAccess, clusterOf, usingCluster } from "../settings/cluster";
import { isConfiguration } from "../settings/config";
import { problemList, SettingsError } from "../settings/problem";
import type { Settings } from "../settings/schema";
import { loginOf } from "../ssh/connection-input";
import { expand, type Surroundings, surroundings } from "../ssh/surroundings";
import type {
  CacheArgs,
  DockerArgs,
  EndpointArgs,
  FailOrSkip,
  GcTimerArgs,
  HealthArgs,
  KubernetesArgs,
  NodesArgs,
  RegistryArgs,
  Role,
  RolloutArgs,
  SshArgs,
  UiArgs,
} from "./args";
import { declareCluster, type DeclaredCluster } from "./declare-cluster";
import { gatesOf } from "./gates";
import { imageNotes } from "./image-notes";
import { knownInputs, withoutDependencies } from "./known-inputs";
import { observeHosts } from "./observe-hosts";
import { pageFiles } from "./page-files";
import { provisional, requireKnownSource } from "./provisional";
import { refusal } from "./refusal";
import { chosenNodes } from "./targets";
import { timerFiles } from "./timer-files";
import { waitingNote } from "./waiting";

/** Arguments of {@link ClusterRegistry}. */
export interface ClusterRegistryArgs {
  /** The registry: the host that runs it, and the address that every node pulls from. */
  registry: pulumi.Input<RegistryArgs>;
  /** The nodes that pull from the registry: a list, or `{fromKubeconfig, ...}` for those of a cluster. */
  nodes: pulumi.Input<NodesArgs>;
  /** How to reach the hosts. @default by the ssh config, as root */
  ssh?: pulumi.Input<SshArgs>;
  /** Mirrors of public registries, by registry name, e.g. `{"docker.io": ["https://mirror.gcr.io"]}`. @default none */
  mirrors?: pulumi.Input<Record<string, pulumi.Input<pulumi.Input<EndpointArgs>[]>>>;
  /** Caches of other registries, on the registry's host. Nodes ask a cache first, then its upstream. @default none */
  caches?: pulumi.Input<pulumi.Input<CacheArgs>[]>;
  /** The source of Docker on the registry's host. @default apt */
  docker?: pulumi.Input<DockerArgs>;
  /** Time limits for a change on a host. */
  health?: pulumi.Input<HealthArgs>;
  /** Move existing `mirrors` to hosts.toml files on nodes that mix both ways, or would. @default false */
  migrate?: pulumi.Input<boolean>;
  /** If a configuration file was deleted, write a new one that contains only our lines. @default false */
  recreateDeleted?: pulumi.Input<boolean>;
  /** Change the nodes in batches, and stop after a batch with a failure. @default all nodes at once */
  rollout?: pulumi.Input<RolloutArgs>;
  /** A node that cannot be reached: `fail` changes no host, `skip` leaves out this node. @default fail */
  onUnreachable?: pulumi.Input<FailOrSkip>;
  /** A node whose configuration cannot be changed with certainty: `fail` or `skip`. @default fail */
  onProblem?: pulumi.Input<FailOrSkip>;
  /** Publish the registry in the cluster (KEP-1755), and check its nodes. @default the cluster is not touched */
  kubernetes?: pulumi.Input<KubernetesArgs>;
  /** Run a page for the images on the registry's host, see `RegistryUi`. @default no page */
  ui?: pulumi.Input<UiArgs>;
  /** Clean up on the registry's host at fixed times, see `RegistryGcTimer`. @default only `npm run gc` cleans up */
  gcTimer?: pulumi.Input<GcTimerArgs>;
}

/** The state of a node. */
export interface NodeState {
  role: Role;
  /** E.g. `applied revision 1`. */
  state: string;
}

/** Commands to copy. */
export interface Commands {
  build: string;
  tag: string;
  push: string;
}

/**
 * A private registry, and every node of a cluster that pulls from it.
 *
 * It observes every host first. Before any host is changed, it reports in one error everything that it cannot do with
 * certainty. A preview still shows the other changes, so that a problem of one host does not hide the drift of the
 * others. For a machine that the same program creates, the plan is shown once its address is known.
 */
export class ClusterRegistry extends pulumi.ComponentResource {
  /** `http://ADDRESS:PORT`, once the registry runs. */
  readonly registryUrl: pulumi.Output<string>;
  /** `ADDRESS:PORT`, the prefix of an image's name. */
  readonly imagePrefix: pulumi.Output<string>;
  /** Each node's role and state, by name. */
  readonly nodes: pulumi.Output<Record<string, NodeState>>;
  /** How to build, tag and push an image. */
  readonly commands: pulumi.Output<Commands>;
  /** With `kubernetes.pullCheck`: each node of the cluster, by name, with `pulled`. */
  readonly pullCheck: pulumi.Output<Record<string, string> | undefined>;
  /** With `caches`: the URL of each cache, by the registry's name, once it runs. */
  readonly caches: pulumi.Output<Record<string, string> | undefined>;
  /** With `ui`: the page's address, once it answers. */
  readonly uiUrl: pulumi.Output<string | undefined>;
  /** The nodes that the last run skipped, by name, with the reason: see `onUnreachable` and `onProblem`. */
  readonly skipped: pulumi.Output<Record<string, string>>;

  constructor(name: string, args: ClusterRegistryArgs, opts?: pulumi.ComponentResourceOptions) {
    super("cluster-registry:index:ClusterRegistry", name, {}, opts);
    const declared = lookAndDeclare(this, name, args, opts);
    const outputs = pulumi.output(declared.then((all) => all.outputs));
    this.registryUrl = outputs.registryUrl;
    this.imagePrefix = outputs.imagePrefix;
    this.nodes = outputs.nodes;
    this.commands = outputs.commands;
    this.caches = pulumi.output(declared.then((all) => all.caches));
    // Apart from the others, which need not wait for the check.
    this.pullCheck = pulumi.output(declared.then((all) => all.pullCheck));
    this.uiUrl = pulumi.output(declared.then((all) => all.uiUrl));
    this.skipped = pulumi.output(declared.then((all) => all.skipped));
    this.registerOutputs({
      registryUrl: this.registryUrl,
      imagePrefix: this.imagePrefix,
      nodes: this.nodes,
      commands: this.commands,
      pullCheck: this.pullCheck,
      caches: this.caches,
      uiUrl: this.uiUrl,
      skipped: this.skipped,
    });
  }
}

async function lookAndDeclare(
  parent: pulumi.Resource,
  name: string,
  args: ClusterRegistryArgs,
  opts: pulumi.ComponentResourceOptions | undefined,
) {
  const dryRun = pulumi.runtime.isDryRun();
  const { values, unknown } = await knownInputs(args);
  const around = surroundings(process.cwd());
  const ids = orRefuse(name, args, () => recordIds(pulumi.getProject(), pulumi.getStack(), name));
  const { settings, notes, server } = await orRefuse(name, args, () => {
    requireKnownSource(unknown);
    return resolveSettings(provisional(values, unknown), around);
  });
  for (const note of notes) void pulumi.log.info(note);
  const { gates, waiting } = await gatesOf(settings, args, opts, unknown);
  for (const [host, path] of waiting) void pulumi.log.info(waitingNote(host, path));
  const nodes = settings.nodes.map((node) => node.name);
  const chosen = await chosenNodes(parent, name, nodes);
  const isRead = (host: string) =>
    chosen.has(host) || host === settings.registry.host || !nodes.includes(host);
  // A node that is skipped for its problems may be one that nobody can log in to yet.
  const { access, lacking } = orRefuse(name, args, () =>
    accessOrProblem(
      settings,
      around,
      (host) => !waiting.has(host) && isRead(host),
      (host) => settings.onProblem === "skip" && host !== settings.registry.host,
    ),
  );
  const published = !unknown.some((path) => path.startsWith("kubernetes"));
  const cluster = orRefuse(name, args, () => (published ? clusterOf(settings, around) : undefined));
  const [read, last] = await observeHosts(settings, [...access.values()], (resources) =>
    pastOf(resources, name),
  );
  const surveyed = withLacking(read, lacking);
  const { host: registryHost } = settings.registry;
  const formerHost = formerName(settings, surveyed, last);
  const past = formerHost === undefined ? last : underName(last, formerHost, registryHost);
  if (dryRun && formerHost !== undefined)
    void pulumi.log.info(renamedNote(formerHost, registryHost));
  if (!waiting.has(settings.registry.host))
    for (const note of [
      ...registryNotes(settings, surveyed, ids, past),
      ...uiNotes(settings, surveyed, ids, past),
      ...timerNotes(settings, surveyed),
    ])
      void pulumi.log.warn(note);
  const using = dryRun && published ? usingCluster(settings, values["nodes"], around) : undefined;
  const images = dryRun ? imageNotes(settings, surveyed, using) : undefined;
  const left = leaving(past.guards, settings, surveyed);
  const lost = server === undefined ? [] : await gone(left);
  for (const one of lost) void pulumi.log.warn(goneNote(one));
  const lostGuards = lost.map(({ guard }) => guard);
  if (dryRun) {
    if (server !== undefined)
      for (const news of clusterNews(past, settings, lostGuards)) void pulumi.log.info(news);
    else if (cluster !== undefined)
      for (const note of await differences(settings, cluster, around)) void pulumi.log.warn(note);
    const undone = left
      .filter((guard) => !lostGuards.includes(guard))
      .map((guard) => undoNote(guard, loginOf(guard.connection)));
    for (const { known, text } of await Promise.all(undone))
      void (known ? pulumi.log.info(text) : pulumi.log.warn(text));
  }
  for (const note of (await images)?.warnings ?? []) void pulumi.log.warn(note);
  for (const note of (await images)?.infos ?? []) void pulumi.log.info(note);
  const old = moved(past.guards, settings, surveyed);
  const kept = await Promise.all(old.map((guard) => oldHost(guard, loginOf(guard.connection))));
  for (const { undone, text } of kept)
    if (text !== undefined) void (undone ? pulumi.log.info(text) : pulumi.log.warn(text));
  const undone = old.filter((_, index) => kept[index]?.undone);
  const page = await pageFiles(settings, pulumi.getStack());
  const usesCluster = settings.kubernetes !== undefined || server !== undefined;
  const timer = timerFiles(settings, usesCluster);
  const rows = rowsOf(settings, surveyed, ids, page, timer).filter(({ host }) =>
    surveyed.has(host),
  );
  const glance = glanceText({ stack: pulumi.getStack(), registry: imagePrefix(settings), rows });
  void pulumi.log.info(glance, undefined, undefined, true);
  const found = refusals(settings, surveyed, ids, undefined, page, timer);
  const { skipped, remaining: problems } = skippedOf(settings, surveyed, found);
  const guardOf = (host: string) =>
    past.guards.find((guard) => guard.host === host && guard.daemon === "containerd");
  for (const one of skipped)
    void pulumi.log.warn(skippedNote(one, guardOf(one.host) !== undefined));
  if (dryRun)
    for (const note of shapeNotes(
      settings,
      past,
      skipped.map(({ host }) => host),
    ))
      void pulumi.log.warn(note);
  const trouble = problems.map(({ host, reason }) => `${host}: ${reason}`).join("\n");
  const refuse = refusal(`No host was changed. Resolve these problems first:\n${trouble}`);
  if (problems.length > 0 && !dryRun) throw refuse;
  const troubled = new Set([
    ...problems.flatMap(({ host, planned }) => (planned ? [] : [host])),
    ...skipped.map(({ host }) => host),
  ]);
  const unread = nodes.filter((node) => !isRead(node) && !waiting.has(node));
  const unchanged = [...skipped.map(({ host }) => host), ...unread];
  const declared = declareCluster(parent, name, {
    settings,
    surveyed,
    ids,
    troubled,
    kept: new Map(unchanged.map((host) => [host, guardOf(host)])),
    waiting: new Set(waiting.keys()),
    gates,
    past: { ...past, undone },
    formerHost,
    gone: lostGuards,
    page,
    timer,
    usesCluster,
    ...(cluster && { cluster }),
    ofCluster: server !== undefined,
  });
  if (problems.length > 0) throw refuse;
  return {
    outputs: outputsOf(settings, declared, unknown),
    pullCheck: declared.pullCheck?.results ?? pulumi.output(undefined),
    caches: cacheUrls(declared),
    uiUrl: declared.ui?.url ?? pulumi.output(undefined),
    skipped: pulumi.output(reasonsOf(skipped)),
  };
}

/** The first line of each node's reason. */
const reasonsOf = (skipped: readonly Skipped[]) =>
  Object.fromEntries(skipped.map(({ host, reason }) => [host, reason.split("\n")[0] ?? ""]));

/** How the list of nodes differs from the cluster that publishes the registry. No answer is no reason to stop. */
async function differences(
  settings: Settings,
  { kubeconfig, context }: ClusterAccess,
  around: Surroundings,
): Promise<string[]> {
  try {
    const found = await readNodes({ file: expand(kubeconfig, around), context });
    return listDifferences(settings, found);
  } catch (error) {
    const { message } = error as Error;
    return [`the setting nodes could not be compared with the cluster's nodes: ${message}`];
  }
}

function outputsOf(
  settings: Settings,
  { registry, mirrors }: DeclaredCluster,
  unknown: readonly string[],
) {
  const known = !unknown.some((path) => /^registry\.(address|port)$/.test(path));
  const prefix = known ? pulumi.output(imagePrefix(settings)) : registry?.imagePrefix;
  const states = mirrors.map(
    ({ name, mirror }) => [name, { role: mirror.role, state: mirror.state }] as const,
  );
  // An image may be built on that host. Docker cannot run a step of the build while containerd restarts for the mirror, so the
  // name is given after that. In a preview nothing restarts.
  const restarts = pulumi.runtime.isDryRun()
    ? undefined
    : mirrors.find(({ name }) => name === settings.registry.host)?.mirror.state;
  return {
    registryUrl: registry?.url ?? pulumi.output(""),
    imagePrefix: pulumi
      .all([registry?.imagePrefix ?? "", restarts && withoutDependencies(restarts)])
      .apply(([at]) => at),
    nodes: pulumi.output(Object.fromEntries(states)),
    commands: pulumi.output(prefix ?? "").apply((at) => ({
      build: "docker build -t mynginx:1.0 .",
      tag: `docker tag mynginx:1.0 ${at}/mynginx:1.0`,
      push: `docker push ${at}/mynginx:1.0`,
    })),
  };
}

function cacheUrls({ caches }: DeclaredCluster): pulumi.Output<Record<string, string> | undefined> {
  if (caches.length === 0) return pulumi.output(undefined);
  return pulumi.output(Object.fromEntries(caches.map(({ name, cache }) => [name, cache.url])));
}

/** The user has to correct wrong arguments: a stack trace of this component does not help. */
function orRefuse<T>(name: string, args: object, work: () => Promise<T>): Promise<T>;
function orRefuse<T>(name: string, args: object, work: () => T): T;
function orRefuse(name: string, args: object, work: () => unknown): unknown {
  const refuse = (error: unknown): never => {
    throw refused(name, args, error);
  };
  try {
    const result = work();
    return result instanceof Promise ? result.catch(refuse) : result;
  } catch (error) {
    return refuse(error);
  }
}

function refused(name: string, args: object, error: unknown): pulumi.RunError {
  if (!(error instanceof SettingsError)) return refusal((error as Error).message);
  return refusal(
    isConfiguration(args) ? error.message : problemList(`ClusterRegistry ${name}`, error.problems),
  );
}
