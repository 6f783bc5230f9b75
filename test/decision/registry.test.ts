import { ownLeftovers } from "../../components/make-room";
import { leftovers, registryNotes } from "../../decision/registry";
import type { Seen, Surveyed } from "../../observation/hosts";
import type { Observation, ObservedContainer } from "../../observation/observation";
import type { Past, PastRegistry } from "../../observation/past";
import { recordIds } from "../../observation/records";
import { parseSettings } from "../../settings/parse";
import { observation, service } from "../helper/observations";

const ids = recordIds("cluster-registry", "test");
const OWNER = { "io.cluster-registry.owner": ids.container };
const settingsWith = (registry: Record<string, unknown> = {}) =>
  parseSettings({
    registry: { host: "cp", address: "10.0.0.1", ...registry },
    nodes: [{ name: "cp", address: "10.0.0.1", role: "master" }],
  });

type Docker = NonNullable<Observation["docker"]>;
const docker = (changes: Partial<Docker> = {}): Docker => ({
  version: "20.10.24",
  service: service({ unit: "docker.service" }),
  loginReachesSocket: true,
  containers: [container()],
  volume: "images",
  ...changes,
});

function container(changes: Partial<ObservedContainer> = {}): ObservedContainer {
  return {
    id: "ab12".repeat(16),
    name: "registry",
    image: "registry",
    running: true,
    status: "running",
    exitCode: 0,
    labels: OWNER,
    ports: [],
    mounts: [
      { type: "volume", name: "registry-data", source: "/v", destination: "/var/lib/registry" },
    ],
    restartPolicy: "always",
    ...changes,
  };
}

const before: PastRegistry = {
  host: "cp",
  claimed: true,
  container: { id: "ab12".repeat(16), labels: OWNER },
  data: { volume: "registry-data" },
};

function notes(
  of: Docker | undefined,
  registries: readonly PastRegistry[] = [before],
  settings = settingsWith(),
): string[] {
  const access = { name: "cp" } as Seen["access"];
  const host: Surveyed =
    of === undefined
      ? { access, error: new Error("no answer") }
      : { access, observation: observation({ docker: of }) };
  const past: Past = { registries, guards: [] };
  return registryNotes(settings, new Map([["cp", host]]), ids, past);
}

describe("a preview's notes about the registry's container", () => {
  test("there are none if nothing has changed, or at the first up", () => {
    expect(notes(docker())).toEqual([]);
    expect(notes(docker({ containers: [], volume: "absent" }), [])).toEqual([]);
  });

  test("a registry host that is a node, and does not forward packets after its next boot, is said to be", () => {
    expect(notes(docker({ forwards: { now: true, atBoot: "unset" } }))).toEqual([
      expect.stringMatching(/^cp: the files of sysctl do not set it: net\.ipv4\.ip_forward is 0 /),
    ]);
    expect(notes(docker({ forwards: { now: true, atBoot: "1" } }))).toEqual([]);
  });

  test("a volume with less than a tenth of its disk free is a warning", () => {
    const size = 50e9;
    expect(notes(docker({ disk: { size, free: size / 10 } }))).toEqual([]);
    expect(notes(docker({ disk: { size, free: 4.96e9 } }))).toEqual([
      "cp: only 4.96 GB (9 %) are free for the registry in the volume registry-data; a full disk ends every push: see what `npm run gc -- --dry-run` would free",
    ]);
  });

  test("a docker that is not running is reported as such, and never as a removed container", () => {
    const stopped = docker({ service: service({ active: "inactive", sub: "dead" }) });
    delete stopped.containers;
    delete stopped.volume;
    expect(notes(stopped)).toEqual([
      "cp: docker is not running (docker.service is inactive, dead), so the registry is not running either: up starts docker, then checks its containers",
    ]);
    expect(
      notes({ ...stopped, service: service({ active: "failed", sub: "failed" }) })[0],
    ).toContain("(docker.service is failed)");
  });

  test("there are none if docker is not installed or the host does not answer", () => {
    const none = docker({ service: service({ active: "inactive", sub: "dead" }) });
    delete none.version;
    delete none.containers;
    delete none.volume;
    expect(notes(none, [])).toEqual([]);
    expect(notes(undefined)).toEqual([]);
  });

  test.each([
    [
      { running: false, status: "exited", exitCode: 137 },
      "cp: the container registry is not running (exited with code 137): up starts it",
    ],
    [
      { running: false, status: "created" },
      "cp: the container registry is not running (created): up starts it",
    ],
    [
      { status: "paused" },
      "cp: the container registry is paused, so pulls fail; up does not resume it: run `docker unpause registry` there",
    ],
    [
      { status: "restarting", exitCode: 2 },
      "cp: the container registry keeps restarting (exit code 2); up cannot repair it: see `docker logs registry` there",
    ],
    [
      { name: "aside" },
      "cp: the container registry was renamed to aside: up replaces it with one of that name, on the same volume",
    ],
  ])("a container that is %j is said in words", (changes, text) => {
    expect(notes(docker({ containers: [container(changes)] }))).toEqual([text]);
  });

  test("a removed container is named, with the volume of the new one", () => {
    expect(notes(docker({ containers: [] }))).toEqual([
      "cp: the container registry was removed outside of this stack: up recreates it on the volume registry-data",
    ]);
  });
});

describe("a preview's notes about a cache", () => {
  const name = "registry-cache-5001";
  const OF_CACHE = { "io.cluster-registry.owner": ids.cache(5001) };
  const id = "ef56".repeat(16);
  const cache = (changes: Partial<ObservedContainer> = {}) =>
    container({ id, name, labels: OF_CACHE, mounts: [], ...changes });
  const settings = parseSettings({
    registry: { host: "cp", address: "10.0.0.1" },
    nodes: [{ name: "cp", address: "10.0.0.1", role: "master" }],
    caches: [{ upstream: "https://quay.io", port: 5001 }],
  });

  function notesOf(caches: readonly ObservedContainer[], past?: PastRegistry["container"]) {
    const access = { name: "cp" } as Seen["access"];
    const of = observation({ docker: docker({ containers: [container(), ...caches] }) });
    const known: PastRegistry = {
      host: "cp-cache-5001",
      claimed: true,
      ...(past && { container: past }),
    };
    const before_: Past = { registries: [before], guards: [], caches: [known] };
    return registryNotes(settings, new Map([["cp", { access, observation: of }]]), ids, before_);
  }
  const known = { id, labels: OF_CACHE };

  test("there are none if it is as it was", () => {
    expect(notesOf([cache()], known)).toEqual([]);
  });

  test.each([
    [
      { status: "paused" },
      "cp: the container registry-cache-5001 is paused, so pulls wait for it in vain before they go on; " +
        "up does not resume it: run `docker unpause registry-cache-5001` there",
    ],
    [
      { status: "restarting", exitCode: 1 },
      "cp: the container registry-cache-5001 keeps restarting (exit code 1); up cannot repair it: see `docker logs registry-cache-5001` there",
    ],
    [
      { name: "aside" },
      "cp: the container registry-cache-5001 was renamed to aside: up replaces it with one of that name, on the same volume",
    ],
  ])("one that is %j is said in words", (changes, text) => {
    expect(notesOf([cache(changes)], known)).toEqual([text]);
  });

  test("a removed one is named, with the volume of the new one", () => {
    expect(notesOf([], known)).toEqual([
      "cp: the container registry-cache-5001 was removed outside of this stack: up recreates it on the volume registry-cache-5001-quay.io",
    ]);
  });

  test("one that the state does not know is replaced", () => {
    expect(notesOf([cache({ status: "created" })])).toEqual([
      "cp: the container registry-cache-5001 (ef56ef56ef56, created) belongs to this stack but is not in its state, as after an interrupted run: up replaces it and keeps its volume",
    ]);
  });
});

describe("a container of this stack that its state does not know", () => {
  const other = container({ id: "cd34".repeat(16), status: "created", running: false });
  const note =
    "cp: the container registry (cd34cd34cd34, created) belongs to this stack but is not in its state, as after an interrupted run: up replaces it and keeps its volume";

  test("is replaced by up, without a manual step", () => {
    const claimed: PastRegistry = { host: "cp", claimed: true };
    expect(notes(docker({ containers: [other] }), [claimed])).toEqual([note]);
    expect(notes(docker({ containers: [other] }), [])).toEqual([note]);
    expect(notes(docker({ containers: [other] }), [before])).toEqual([note]);
  });

  test("is another operator's if its label names another state and our own claim is made", () => {
    const labels = { ...OWNER, "io.cluster-registry.state": "theirs" };
    const theirs = leftovers([{ ...other, labels }], ids.container, before);
    expect(() => ownLeftovers(theirs, "ours")).toThrow(
      "the container registry (cd34cd34cd34) belongs to this stack but was created from another state: " +
        "another operator manages the same stack with a separate state. Share one backend, or destroy the other stack, then run again",
    );
    expect(ownLeftovers(theirs, "theirs")).toHaveLength(1);
    // A new state takes over the containers of a lost one.
    expect(
      ownLeftovers(leftovers([{ ...other, labels }], ids.container, undefined), "ours"),
    ).toHaveLength(1);
  });

  test("a container of another stack, or one created by hand, is not ours", () => {
    expect(leftovers([container({ labels: {} })], ids.container, undefined)).toEqual([]);
    expect(
      leftovers(
        [container({ labels: { "io.cluster-registry.owner": "x" } })],
        ids.container,
        undefined,
      ),
    ).toEqual([]);
  });
});

describe("a preview's notes of the images", () => {
  test("a new registry.volume does not have them; an existing volume may have other ones", () => {
    const settings = settingsWith({ volume: "new" });
    expect(notes(docker({ volume: "absent" }), [before], settings)).toEqual([
      "cp: the registry will be empty: the volume registry-data, which holds its present images, remains, unused. To keep them, set registry.volume: registry-data",
    ]);
    expect(notes(docker({ volume: "images" }), [before], settings)).toEqual([
      "cp: the registry will have the images that are in the volume new: the volume registry-data, which holds its present images, remains, unused. To keep them, set registry.volume: registry-data",
    ]);
    const going = settingsWith({ volume: "new", retainVolume: false });
    expect(notes(docker({ volume: "absent" }), [before], going)[0]).toContain(
      "the volume registry-data, which holds its present images, is deleted (registry.retainVolume is false)",
    );
  });

  test("without adopt, the images of the adopted container stay unused", () => {
    const mounts = [{ type: "bind", source: "/srv/images", destination: "/var/lib/registry" }];
    const adopted = docker({ volume: "absent", containers: [container({ mounts })] });
    expect(notes(adopted)).toEqual([
      "cp: the registry will be empty: the folder /srv/images, which holds its present images, remains, unused. To keep them, set registry.adopt: true",
    ]);
    expect(notes(adopted, [before], settingsWith({ adopt: true }))).toEqual([]);
  });

  test("with another registry host, they stay on the old one", () => {
    const old: PastRegistry = { ...before, host: "old" };
    expect(notes(docker({ containers: [], volume: "absent" }), [old])).toEqual([
      "cp: the registry will be empty: it moves here from old, where its images remain in the volume registry-data. Push them again, or copy them first",
    ]);
    expect(notes(docker({ containers: [], volume: "images" }), [old])[0]).toMatch(
      /^cp: the registry will have the images that are in the volume registry-data: it moves here from old/,
    );
    expect(notes(undefined, [old])).toHaveLength(1);
  });

  test("they are gone if the volume and its container were removed by hand", () => {
    expect(notes(docker({ containers: [], volume: "absent" }))).toEqual([
      "cp: the container registry was removed outside of this stack: up recreates it on the volume registry-data",
      "cp: the registry will be empty: the volume registry-data, which held its images, is gone",
    ]);
  });

  test("there are none about a volume while docker is not running", () => {
    const stopped = docker({ service: service({ active: "inactive", sub: "dead" }) });
    delete stopped.containers;
    delete stopped.volume;
    expect(notes(stopped, [before], settingsWith({ volume: "new" }))[1]).toMatch(
      /^cp: the registry will be empty, unless there are images in the volume new: /,
    );
  });
});
