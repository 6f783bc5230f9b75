import * as pulumi from "@pulumi/pulumi";
import { enrolledId } from "../decision/decide";
import { planPage } from "../decision/page";
import { planInsecureRegistry, planMirror } from "../decision/plan";
import { planTimer } from "../decision/timer";
import type { Past, PastRegistry } from "../observation/past";
import { settingsOn } from "../settings/node";
import { connectionArgs } from "./connection";
import type { ContainerdMirrorArgs } from "./containerd-mirror";
import type { DaemonJsonPatchArgs } from "./daemon-json-patch";
import type { DockerHostArgs } from "./docker-host";
import { dockerAddress, dockerSshOptions } from "./docker-ssh";
import type { HostPatchPlan } from "./host-patch";
import { isKnown, knownInputs } from "./known-inputs";
import { type Job, jobOf, lookAt, type LookedAt } from "./look";
import { pageAddress } from "./page-files";
import type {
  ContainerPlan,
  DockerHostPlan,
  HostPlan,
  PullCheckPlan,
  RegistryContainerPlan,
  RegistryUiPlan,
} from "./plans";
import type { RegistryContainerArgs } from "./registry-container";
import type { RegistryGcTimerArgs } from "./registry-gc-timer";
import type { RegistryUiArgs } from "./registry-ui";
import { adoptedData, roomFor } from "./room";
import { timerFiles } from "./timer-files";
import { dependencies, waitingNote } from "./waiting";

/** The components that this program uses alone, by type and name. */
const declared = new Set<string>();

/** Does the program declare a component of this type and name outside of a ClusterRegistry? */
export function isDeclaredAlone(type: string, name: string): boolean {
  return declared.has(`${type} ${name}`);
}

/** The plan of a {@link ContainerdMirror} that is used alone. */
export function mirrorAlone(
  name: string,
  args: ContainerdMirrorArgs,
  opts?: pulumi.ComponentResourceOptions,
): HostPatchPlan {
  const host = new HostAlone("ContainerdMirror", "mirror", name, args, opts);
  return {
    ...host.shared,
    recordId: host.job.ids.mirror(host.job.host),
    decision: host.seen.apply(({ observation, settings }) =>
      planMirror(
        observation,
        settingsOn(settings, host.job.host),
        host.job.ids.mirror(host.job.host),
      ),
    ),
  };
}

/** The plan of a {@link DaemonJsonPatch} that is used alone. */
export function daemonJsonAlone(
  name: string,
  args: DaemonJsonPatchArgs,
  opts?: pulumi.ComponentResourceOptions,
): HostPatchPlan {
  const host = new HostAlone("DaemonJsonPatch", "daemonJson", name, args, opts);
  const recordId = host.job.ids.daemonJson;
  return {
    ...host.shared,
    recordId,
    decision: host.seen.apply(({ observation, settings }) =>
      planInsecureRegistry(observation, settings, recordId),
    ),
  };
}

/** The plan of a {@link DockerHost} that is used alone. */
export function dockerAlone(
  name: string,
  args: DockerHostArgs,
  opts?: pulumi.ComponentResourceOptions,
): DockerHostPlan {
  const host = new HostAlone("DockerHost", "docker", name, args, opts);
  return { ...host.shared, source: host.seen.apply(({ settings }) => settings.docker) };
}

/** The plan of a {@link RegistryContainer} that is used alone. */
export function containerAlone(
  name: string,
  args: RegistryContainerArgs,
  opts?: pulumi.ComponentResourceOptions,
): RegistryContainerPlan {
  const host = new HostAlone("RegistryContainer", "container", name, args, opts);
  const { seen, job } = host;
  const registry = <K extends keyof LookedAt["settings"]["registry"]>(key: K) =>
    seen.apply(({ settings }) => settings.registry[key]);
  return {
    ...host.shared,
    recordId: job.ids.container,
    dockerHost: seen.apply(({ access }) => dockerAddress(access)),
    sshOpts: seen.apply(({ access }) => dockerSshOptions(access)),
    address: registry("address"),
    port: registry("port"),
    image: registry("image"),
    volume: registry("volume"),
    bind: registry("bind"),
    deleteEnabled: registry("deleteEnabled"),
    ...(args.retainVolume !== undefined && { retainVolume: args.retainVolume }),
    ...(args.adopt !== undefined && { adopt: args.adopt }),
    adopted: seen.apply(({ observation }) => adoptedData(observation, job.ids)),
    room: roomAlone(seen, job.ids.container, ({ registries }) => registries),
  };
}

/** The plan of a {@link RegistryUi} that is used alone. */
export function uiAlone(
  name: string,
  args: RegistryUiArgs,
  opts?: pulumi.ComponentResourceOptions,
): RegistryUiPlan {
  const host = new HostAlone("RegistryUi", "page", name, args, opts);
  const { seen, job } = host;
  const recordId = job.ids.page;
  return {
    ...host.shared,
    recordId,
    decision: seen.apply(({ observation, settings, page }) =>
      planPage(observation, settings, recordId, page),
    ),
    dockerHost: seen.apply(({ access }) => dockerAddress(access)),
    sshOpts: seen.apply(({ access }) => dockerSshOptions(access)),
    image: seen.apply(({ settings }) => settings.ui?.image ?? ""),
    address: seen.apply(({ settings }) => pageAddress(settings)),
    port: seen.apply(({ settings }) => settings.ui?.port ?? 0),
    room: roomAlone(seen, recordId, ({ pages = [] }) => pages),
  };
}

/** The plan of a {@link RegistryGcTimer} that is used alone. It knows no cluster. */
export function timerAlone(
  name: string,
  args: RegistryGcTimerArgs,
  opts?: pulumi.ComponentResourceOptions,
): HostPatchPlan {
  const { seen, job, shared } = new HostAlone("RegistryGcTimer", "timer", name, args, opts);
  const recordId = job.ids.timer;
  return {
    ...shared,
    recordId,
    decision: seen.apply(({ observation, settings }) =>
      planTimer(observation, settings, recordId, timerFiles(settings, false), false),
    ),
  };
}

/** Makes room for the container once its host is observed. */
function roomAlone(
  seen: pulumi.Output<LookedAt>,
  owner: string,
  pasts: (past: Past) => readonly PastRegistry[],
): NonNullable<ContainerPlan["room"]> {
  return (state) =>
    new Promise((resolve, reject) =>
      seen.apply(({ settings, past, ...host }) => {
        const before = pasts(past).find((one) => one.host === host.access.name);
        const { room } = roomFor(settings, host, owner, before);
        (room?.(state) ?? Promise.resolve()).then(resolve, reject);
      }),
    );
}

/** The login of the host that builds an AppImage, and its Docker's address. */
export function imageAlone(name: string, args: object, opts?: pulumi.ComponentResourceOptions) {
  const { seen } = new HostAlone("AppImage", "image", name, args, opts);
  return {
    access: seen.apply(({ access }) => access),
    dockerHost: seen.apply(({ access }) => dockerAddress(access)),
    sshOpts: seen.apply(({ access }) => dockerSshOptions(access)),
  };
}

/** The plan of a PullCheck that is used alone: its host pushes an image, as that of an AppImage does. */
export function pullCheckAlone(
  name: string,
  args: object,
  opts?: pulumi.ComponentResourceOptions,
): PullCheckPlan {
  const { connection } = new HostAlone("PullCheck", "image", name, args, opts).shared;
  return { connection };
}

/** The host of one component. It is observed once everything that the component needs is known. */
class HostAlone {
  readonly job: Job;
  readonly seen: pulumi.Output<LookedAt>;
  readonly shared: HostPlan;

  constructor(
    type: string,
    task: Job["task"],
    name: string,
    args: object,
    opts: pulumi.ComponentResourceOptions | undefined,
  ) {
    declared.add(`${type} ${name}`);
    const job = jobOf(type, task, name);
    // A secret argument does not make the computed values secret: the connection is marked separately.
    const given = pulumi.unsecret(pulumi.all([pulumi.output(args), dependencies(opts)]));
    void sayWaiting(job.host, args, given);
    this.job = job;
    this.seen = given.apply(([values]) => lookAt(job, values as Record<string, unknown>));
    this.shared = {
      host: job.host,
      connection: this.seen.apply(({ access }) => connectionArgs(access.login)),
      sudo: this.seen.apply(({ access }) => access.sudo),
      enrolled: this.seen.apply(({ observation }) => enrolledId(observation)),
    };
  }
}

async function sayWaiting(host: string, args: object, given: pulumi.Output<unknown>) {
  if (await isKnown(given)) return;
  const { unknown } = await knownInputs(args);
  await pulumi.log.info(waitingNote(host, unknown[0]));
}
