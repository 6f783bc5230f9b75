import { isMasked } from "../decision/obstacles";
import { processProxies, proxyEnvironment } from "../decision/sourced-lines";
import type { Observation } from "../observation/observation";
import { proxyProblem } from "../patch";
import type { HostAccess } from "../settings/access";
import type { Settings } from "../settings/schema";
import type { Cause, Check } from "./cause";
import { type Commands, plainWord } from "./commands";
import { configurationCause } from "./configuration";
import type { Look } from "./look";

/** What is known of one node. */
export interface NodeFacts {
  readonly access: HostAccess;
  readonly observation: Observation;
  readonly look: Look;
  /** The settings for this node. */
  readonly settings: Settings;
  /** The name of this stack's record on the node. */
  readonly id: string;
  /** `ADDRESS:PORT` of the registry. */
  readonly prefix: string;
  readonly commands: Commands;
}

const CONTAINERD = "containerd.service";

/** A file that containerd cannot read is the reason, and the check of the file names its line. */
const hasReadableFile = ({ observation }: NodeFacts) =>
  observation.containerd?.dumpError === undefined;

/** What has to be well on the node itself. */
export const LOCAL: readonly Check<NodeFacts>[] = [
  {
    passed: ({ observation }) => `containerd ${observation.containerd?.version} runs`,
    find: (facts) => (hasReadableFile(facts) ? notRunning(facts) : undefined),
  },
  { passed: () => "no proxy stands between containerd and the registry", find: proxied },
  {
    passed: ({ observation: { containerd }, prefix }) =>
      `${containerd?.configPath ?? "/etc/containerd/config.toml"} sends ${prefix} to the registry, and containerd runs with it`,
    find: configurationCause,
  },
  {
    passed: () => "the CRI plugin is loaded",
    find: (facts) => notRunning(facts) ?? pluginMissing(facts),
  },
  { passed: ({ look }) => `${look.disk?.mount ?? "containerd's disk"} has room`, find: full },
];

function notRunning({ observation, access, look, commands }: NodeFacts): Cause | undefined {
  const { containerd } = observation;
  if (containerd?.version === undefined)
    return {
      cause: "containerd is not installed",
      evidence: ["`containerd --version` was not found"],
      fix: commands.on(access, "apt-get install -y containerd"),
    };
  const { active, sub } = containerd.service;
  if (active === "active" || active === "reloading") return undefined;
  const said = containerd.dumpError?.split("\n").slice(-1) ?? [];
  const evidence = [`${CONTAINERD}: ${active} (${sub})`, ...look.log, ...said];
  return isMasked(containerd.service)
    ? {
        cause: "containerd does not run, and its unit is masked",
        evidence,
        fix: commands.on(access, "systemctl unmask containerd && systemctl start containerd"),
      }
    : {
        cause: "containerd does not run",
        evidence,
        fix: commands.on(access, "systemctl start containerd"),
      };
}

function pluginMissing({
  look: { plugins, pluginError },
  access,
  commands,
}: NodeFacts): Cause | undefined {
  const bad = plugins.filter(({ state }) => state !== "ok");
  if (bad.length === 0) return undefined;
  const evidence = bad.map(({ name, state }) => `ctr plugins ls: ${name} is ${state}`);
  return {
    cause: "containerd runs without its CRI plugin, so the kubelet cannot pull",
    evidence: [...evidence, ...(pluginError === undefined ? [] : [pluginError])],
    fix: commands.on(access, "systemctl restart containerd"),
  };
}

function proxied(facts: NodeFacts): Cause | undefined {
  const { observation, prefix, access, commands, settings } = facts;
  const service = observation.containerd?.service;
  const lines = service === undefined ? [] : processProxies(service);
  const url = `http://${prefix}`;
  const running = proxyProblem(url, lines);
  if (service === undefined || running === undefined) return undefined;
  // The unit's files have a line to look at; the process has only the value.
  const problem = proxyProblem(url, proxyEnvironment(service)) ?? running;
  const listed = lines
    .map(({ text }) => /^no_proxy=(.*)$/i.exec(text)?.[1])
    .find((each) => each)
    ?.replace(/\s/g, "");
  const exceptions = [...(listed === undefined ? [] : [listed]), settings.registry.address].join(
    ",",
  );
  const file = `/etc/systemd/system/${CONTAINERD}.d/zz-no-proxy.conf`;
  const folder = file.replace(/\/[^/]*$/, "");
  const place = problem.line === undefined ? problem.file : `${problem.file}:${problem.line}`;
  return {
    cause: `containerd asks a proxy for the registry, because NO_PROXY does not have ${settings.registry.address}`,
    evidence: [`${place}: ${problem.found}`],
    fix: commands.on(
      access,
      `mkdir -p ${folder} && printf "%s\\n" "[Service]" "Environment=NO_PROXY=${exceptions}" >${file} && ` +
        "systemctl daemon-reload && systemctl restart containerd",
    ),
  };
}

/** Less than this is too little for any layer, in KiB. */
const LITTLE = 1024;

function full({ look: { disk, inodes }, access, commands }: NodeFacts): Cause | undefined {
  const isFull = disk !== undefined && disk.free < LITTLE;
  const hasNoInodes = inodes !== undefined && inodes.free === 0;
  if (!isFull && !hasNoInodes) return undefined;
  const { mount } = (isFull ? disk : inodes)!;
  return {
    cause: `the disk of containerd's images is full (${mount})`,
    evidence: [
      isFull
        ? `df ${mount}: ${disk.free} KiB free of ${disk.size} KiB`
        : `df -i ${mount}: no inode free of ${inodes?.size}`,
    ],
    fix: `${commands.on(access, `du -xk -d 3 ${plainWord(mount)} | sort -n | tail -n 20`)} shows what takes the space: free some of it`,
  };
}
