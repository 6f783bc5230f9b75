import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { checked, type HostDefinition, type LabDefinition } from "./definition";
import type { FlavourName } from "./image/flavours";
import {
  bootHost,
  cutPower,
  HostWentDown,
  installHost,
  keeperFolder,
  makeKey,
  readRecord,
  untilReady,
  updateNames,
} from "./host/lifecycle";
import { makeDisks, startKeeper } from "./host/start-keeper";
import { ensureCertificates } from "./hub/certificates";
import { ensureHubImage, HUB_TLS } from "./hub/hub-image";
import { ensureImage } from "./image/image";
import { withLock } from "./lock";
import { childGroups, labCgroup, removeEmptyGroups } from "./machine/cgroups";
import { raiseInotifyLimit } from "./machine/inotify";
import { listens } from "./machine/listens";
import { makeNetwork, networkIsUp, refuseOverlap, removeNetwork } from "./machine/network";
import { ensureTools, whyNoLab } from "./machine/tools";
import { cacheFolder, labPaths } from "./paths";
import { writeKnownHosts } from "./known-hosts";
import { RunningLab } from "./running-lab";

export interface LabOptions {
  /** Called with each line of progress. @default silent */
  log?: (line: string) => void;
}

/** The name of the hub's machine in a lab. */
const HUB = "hub";

/** How long the hub may take to listen, in ms: it bounds a hang, and a hundred hosts may boot beside it. */
const HUB_STARTS_WITHIN = 180_000;

/**
 * Brings a lab up. It creates missing parts, repairs parts after a crash, and does not touch running hosts. Resolves
 * when every host has booted and answers SSH.
 */
export async function startLab(
  definition: LabDefinition,
  options: LabOptions = {},
): Promise<RunningLab> {
  const lab = checked(definition);
  const log = options.log ?? (() => undefined);
  assertPossible();
  return locked(lab.name, log, async () => {
    await ensureTools(log);
    const running = await sweep(lab, log);
    if (!networkIsUp(lab)) refuseOverlap(lab);
    const { images, hub } = await ensureImages(lab, log);
    await makeFoundations(lab);
    raiseInotifyLimit();
    // Before the hosts: among a hundred that boot, the hub would not come up within its time.
    await ensureHub(lab, hub, running);
    await all(lab.hosts.map((host) => ensureHost(lab, host, imageOf(images, host), running, log)));
    writeKnownHosts(lab);
    return new RunningLab(lab, () => stopLab(lab.name));
  });
}

/** Waits for all of them, and then throws all errors: nothing may continue after the lock is released. */
async function all(work: Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(work)).flatMap((result) =>
    result.status === "rejected" ? [result.reason as Error] : [],
  );
  const [first, ...others] = failed;
  if (first && others.length === 0) throw first;
  if (first) throw new AggregateError(failed, failed.map(({ message }) => message).join("\n"));
}

/** A lab that this checkout has brought up on this machine, by name; undefined if there is none. */
export function findLab(name: string): RunningLab | undefined {
  const path = labPaths(name).definition;
  if (!existsSync(path)) return undefined;
  const definition = JSON.parse(readFileSync(path, "utf8")) as LabDefinition;
  return new RunningLab(definition, () => stopLab(name));
}

/**
 * Takes a lab down: none of its processes, mounts, namespaces, interfaces and files stay. Does nothing if there is no
 * such lab.
 */
export async function stopLab(name: string, options: LabOptions = {}): Promise<void> {
  const log = options.log ?? (() => undefined);
  assertPossible();
  await locked(name, log, async () => {
    refuseForeign(name);
    await Promise.all(childGroups(labCgroup(name)).map((host) => cutPower(name, host)));
    removeEmptyGroups(name);
    await removeNetwork(name);
    rmSync(labPaths(name).folder, { recursive: true, force: true });
  });
}

function assertPossible(): void {
  const reason = whyNoLab();
  if (reason) throw new Error(reason);
}

function locked<T>(name: string, log: (line: string) => void, work: () => Promise<T>): Promise<T> {
  return withLock(
    `lab/${name}`,
    () => log(`lab ${name}: waiting for another process that changes it`),
    work,
  );
}

/** Ends everything that belongs to no living host of this lab, and returns the names of the living hosts. */
async function sweep(lab: LabDefinition, log: (line: string) => void): Promise<Set<string>> {
  refuseForeign(lab.name);
  const running = new Set<string>();
  const network = networkIsUp(lab);
  for (const name of childGroups(labCgroup(lab.name))) {
    const wanted = name === HUB || lab.hosts.some((host) => host.name === name);
    if (wanted && network && keeperFolder(lab.name, name)) {
      running.add(name);
      continue;
    }
    log(wanted ? `${name}: clearing away what a crash left` : `${name}: not in the lab any more`);
    await cutPower(lab.name, name);
  }
  const { hosts } = labPaths(lab.name);
  for (const name of existsSync(hosts) ? readdirSync(hosts) : []) {
    if (lab.hosts.some((host) => host.name === name)) continue;
    rmSync(join(hosts, name), { recursive: true, force: true });
  }
  return running;
}

/**
 * Refuses a lab of the same name from another checkout, because it has the same addresses. If the folder of that
 * checkout was deleted, its lab has no owner.
 */
function refuseForeign(lab: string): void {
  const own = labPaths(lab).folder;
  for (const host of childGroups(labCgroup(lab))) {
    const folder = keeperFolder(lab, host);
    if (folder && !folder.startsWith(own + "/") && !folder.endsWith(" (deleted)")) {
      throw new Error(
        `lab ${lab} is up already, from another checkout: ${host} runs in ${folder}; take it down there first`,
      );
    }
  }
}

/** The hub's root in the cache, made at the first call. Its `bin/registry` is Debian's registry server, version 2.8. */
export async function ensureHubRoot(log: (line: string) => void): Promise<string> {
  return (await ensureImages({ hosts: [] }, log)).hub;
}

async function ensureImages(lab: Pick<LabDefinition, "hosts">, log: (line: string) => void) {
  const cache = cacheFolder();
  const waiting = () => log("waiting for another process that fills the cache");
  return withLock(`cache/${cache}`, waiting, async () => {
    mkdirSync(cache, { recursive: true });
    const certificates = await ensureCertificates(cache);
    const images = new Map<FlavourName, string>();
    // The hub is always built from one flavour, so that all labs share it.
    const hubSource = await ensureImage(cache, "debian-12", certificates, log);
    images.set("debian-12", hubSource.rootfs);
    for (const { flavour } of lab.hosts) {
      if (!images.has(flavour)) {
        images.set(flavour, (await ensureImage(cache, flavour, certificates, log)).rootfs);
      }
    }
    return { images, hub: await ensureHubImage(cache, hubSource, certificates, log) };
  });
}

function imageOf(images: Map<FlavourName, string>, host: HostDefinition): string {
  const image = images.get(host.flavour);
  if (!image) throw new Error(`no image was made for ${host.name}'s flavour ${host.flavour}`);
  return image;
}

/** Creates the parts that hosts share: the lab's folder, its key, and its network. */
async function makeFoundations(lab: LabDefinition): Promise<void> {
  const paths = labPaths(lab.name);
  mkdirSync(paths.hosts, { recursive: true });
  writeFileSync(paths.definition, JSON.stringify(lab, undefined, 2) + "\n");
  if (!existsSync(paths.privateKey))
    await makeKey(paths.privateKey, `cluster-registry lab ${lab.name}`);
  if (!networkIsUp(lab)) await makeNetwork(lab);
}

async function ensureHub(lab: LabDefinition, image: string, running: Set<string>): Promise<void> {
  const folder = labPaths(lab.name).hub;
  const current = existsSync(folder) && readlinkSync(join(folder, "image")) === image;
  if (running.has(HUB) && current && (await staysUp(untilHubListens(lab)))) return;
  await cutPower(lab.name, HUB);
  rmSync(folder, { recursive: true, force: true });
  makeDisks(folder, image);
  startKeeper(lab, {
    name: HUB,
    address: lab.hub,
    folder,
    image,
    script: join(__dirname, "hub/keeper.sh"),
    env: {
      REGISTRY_HTTP_ADDR: ":443",
      REGISTRY_HTTP_TLS_CERTIFICATE: HUB_TLS.certificate,
      REGISTRY_HTTP_TLS_KEY: HUB_TLS.key,
    },
  });
  await untilHubListens(lab);
}

async function untilHubListens(lab: LabDefinition): Promise<void> {
  const started = Date.now();
  while (!(await listens(lab.hub, 443))) {
    const waited = Date.now() - started;
    const wentDown = waited > 1000 && !keeperFolder(lab.name, HUB);
    if (wentDown || waited > HUB_STARTS_WITHIN) {
      const said = readFileSync(join(labPaths(lab.name).hub, "keeper.log"), "utf8").slice(-2000);
      const message = `the hub of lab ${lab.name} does not listen on ${lab.hub}:443:\n${said}`;
      throw wentDown ? new HostWentDown(message) : new Error(message);
    }
    await sleep(50);
  }
}

async function ensureHost(
  lab: LabDefinition,
  host: HostDefinition,
  image: string,
  running: Set<string>,
  log: (line: string) => void,
): Promise<void> {
  const record = readRecord(lab.name, host.name);
  const asDefined = record?.address === host.address && record.image === image;
  if (record && !asDefined) log(`${host.name}: its address or image has changed: recreating it`);
  if (!asDefined && running.delete(host.name)) await cutPower(lab.name, host.name);
  if (!asDefined) await installHost(lab, host, image);
  await updateNames(lab, host.name);
  if (running.has(host.name) && (await staysUp(untilReady(lab.name, host)))) return;
  const started = Date.now();
  await cutPower(lab.name, host.name);
  bootHost(lab, host);
  await untilReady(lab.name, host);
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  log(`${host.name}: up at ${host.address} after ${seconds} s`);
}

/** Whether a machine with a living keeper is ready or becomes so. False if it was just going down. */
async function staysUp(ready: Promise<void>): Promise<boolean> {
  try {
    await ready;
    return true;
  } catch (error) {
    if (error instanceof HostWentDown) return false;
    throw error;
  }
}
