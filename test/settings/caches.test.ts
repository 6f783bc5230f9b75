import { cachesOf, dockerMirrors, mirrorsOf } from "../../settings/caches";
import { parseSettings } from "../../settings/parse";
import { SettingsError } from "../../settings/problem";

const HUB = { upstream: "https://registry-1.docker.io", port: 5001 };

const raw = (caches: unknown, more: Record<string, unknown> = {}) => ({
  registry: { host: "cp", address: "10.0.0.11" },
  nodes: [{ name: "cp", address: "10.0.0.11", role: "master" }],
  caches,
  ...more,
});

function problemsOf(caches: unknown, more: Record<string, unknown> = {}): string[] {
  try {
    parseSettings(raw(caches, more));
  } catch (error) {
    if (error instanceof SettingsError)
      return error.problems.map(({ path, reason }) => `${path}: ${reason}`);
    throw error;
  }
  return [];
}

describe("caches", () => {
  test("an upstream and a port are enough", () => {
    const settings = parseSettings(raw([HUB]));
    expect(cachesOf(settings)).toEqual([
      {
        name: "docker.io",
        upstream: "https://registry-1.docker.io",
        port: 5001,
        url: "http://10.0.0.11:5001",
        container: "registry-cache-5001",
        volume: "registry-cache-5001-docker.io",
        keepsVolume: false,
      },
    ]);
    expect(parseSettings(raw(undefined)).caches).toEqual([]);
  });

  test.each([
    ["https://registry-1.docker.io", "docker.io"],
    ["https://index.docker.io/", "docker.io"],
    ["https://quay.io", "quay.io"],
    ["https://quay.io:443", "quay.io"],
    ["https://quay.io:8443", "quay.io:8443"],
    ["http://10.9.0.5:5000/", "10.9.0.5:5000"],
    ["http://[FD00::1]:5000", "[fd00::1]:5000"],
  ])("of %s is a cache of %s", (upstream, name) => {
    const [cache] = cachesOf(parseSettings(raw([{ upstream, port: 5001 }])));
    expect(cache).toMatchObject({ name, upstream: upstream.replace(/\/$/, "") });
  });

  test("a volume's name has no colons and brackets", () => {
    const [cache] = cachesOf(parseSettings(raw([{ upstream: "http://[fd00::1]:50", port: 5001 }])));
    expect(cache?.volume).toBe("registry-cache-5001-fd00__1_50");
  });

  test("take a name, a volume that stays, and a login", () => {
    const cache = {
      ...HUB,
      name: "hub.lan",
      volume: "hub",
      username: "robot",
      password: "secret",
    };
    expect(cachesOf(parseSettings(raw([cache])))).toEqual([
      expect.objectContaining({
        name: "hub.lan",
        volume: "hub",
        keepsVolume: true,
        login: { username: "robot", password: "secret" },
      }),
    ]);
  });

  test("come before the mirrors of the same name", () => {
    const mirrors = { "docker.io": ["https://mirror.gcr.io"], "quay.io": ["https://quay.lan"] };
    expect(mirrorsOf(parseSettings(raw([HUB], { mirrors })))).toEqual({
      "docker.io": ["http://10.0.0.11:5001", "https://mirror.gcr.io"],
      "quay.io": ["https://quay.lan"],
    });
  });

  test("have an upstream over plain HTTP behind them, since containerd would ask it over HTTPS", () => {
    const caches = [{ upstream: "http://10.9.0.5:5000/", port: 5001 }];
    const name = "10.9.0.5:5000";
    expect(mirrorsOf(parseSettings(raw(caches)))).toEqual({
      [name]: ["http://10.0.0.11:5001", "http://10.9.0.5:5000"],
    });
    const mirrors = { [name]: [{ url: "http://10.9.0.5:5000/" }] };
    expect(mirrorsOf(parseSettings(raw(caches, { mirrors })))).toEqual({
      [name]: ["http://10.0.0.11:5001", { url: "http://10.9.0.5:5000/" }],
    });
    const named = [{ upstream: "http://10.9.0.5:5000", port: 5001, name: "docker.io" }];
    expect(mirrorsOf(parseSettings(raw(named)))).toEqual({
      "docker.io": ["http://10.0.0.11:5001"],
    });
  });

  test.each([
    ["another name", { name: "site-b.example:5000", upstream: "http://10.9.0.5:5000" }],
    ["capitals", { upstream: "http://Site-B.local:5000" }],
    ["the scheme's own port", { upstream: "http://10.9.0.5:80" }],
  ])("have such an upstream behind them with %s, too", (_, cache) => {
    const settings = parseSettings(raw([{ ...cache, port: 5001 }]));
    expect(Object.values(mirrorsOf(settings))).toEqual([["http://10.0.0.11:5001", cache.upstream]]);
  });

  test("keep the mirrors of all names behind them, which containerd would not ask any more", () => {
    const mirrors = { _default: ["https://all.lan"], "quay.io": ["https://quay.lan"] };
    const caches = [HUB, { upstream: "https://quay.io", port: 5002 }];
    expect(mirrorsOf(parseSettings(raw(caches, { mirrors })))).toEqual({
      _default: ["https://all.lan"],
      "docker.io": ["http://10.0.0.11:5001", "https://all.lan"],
      "quay.io": ["http://10.0.0.11:5002", "https://quay.lan"],
    });
  });

  test("are Docker's mirrors for docker.io alone", () => {
    const caches = [{ upstream: "https://quay.io", port: 5002 }, HUB];
    expect(dockerMirrors(parseSettings(raw(caches)))).toEqual(["http://10.0.0.11:5001"]);
  });

  test("without them, the mirrors are as they were", () => {
    const mirrors = { "docker.io": ["https://mirror.gcr.io"] };
    const settings = parseSettings(raw([], { mirrors }));
    expect(mirrorsOf(settings)).toEqual(settings.mirrors);
    expect(dockerMirrors(settings)).toEqual([]);
  });

  test.each([
    [
      "an upstream that is no address",
      [{ upstream: "registry-1.docker.io", port: 5001 }],
      'caches[0].upstream: expected an http:// or https:// address without path, user, query or fragment, found "registry-1.docker.io"',
    ],
    [
      "an upstream with a path",
      [{ upstream: "https://a.lan/hub", port: 5001 }],
      'caches[0].upstream: expected an http:// or https:// address without path, user, query or fragment, found "https://a.lan/hub"',
    ],
    [
      "docker.io as the upstream, which is no registry's address",
      [{ upstream: "https://docker.io", port: 5001 }],
      'caches[0].upstream: expected https://registry-1.docker.io, which serves the images of docker.io, found "https://docker.io"',
    ],
    [
      "the website of Docker Hub",
      [{ upstream: "https://hub.docker.com", port: 5001 }],
      'caches[0].upstream: expected https://registry-1.docker.io, which serves the images of docker.io, found "https://hub.docker.com"',
    ],
    [
      "an upstream on the registry host's loopback address, which is the cache itself",
      [{ upstream: "http://127.0.0.1:5002", port: 5001, name: "a.lan" }],
      'caches[0].upstream: expected an address that the registry host reaches (not loopback or 0.0.0.0), found "http://127.0.0.1:5002"',
    ],
    [
      "localhost as the upstream",
      [{ upstream: "http://localhost:5000", port: 5001 }],
      'caches[0].upstream: expected an address that the registry host reaches (not loopback or 0.0.0.0), found "http://localhost:5000"',
    ],
    [
      "no port",
      [{ upstream: "https://quay.io" }],
      "caches[0].port: missing: expected a port from 1 to 65535",
    ],
    [
      "an unknown key",
      [{ ...HUB, ttl: "24h" }],
      "caches[0].ttl: unknown key (known here: upstream, port, name, volume, username, password)",
    ],
    [
      "the registry's port",
      [{ ...HUB, port: 5000 }],
      "caches[0].port: 5000 is registry.port already",
    ],
    [
      "one port twice",
      [HUB, { upstream: "https://quay.io", port: 5001 }],
      "caches[1].port: 5001 is caches[0].port already",
    ],
    [
      "one name twice",
      [HUB, { upstream: "https://quay.io", port: 5002, name: "docker.io" }],
      "caches[1].name: docker.io is the name of caches[0] already",
    ],
    [
      "one volume twice",
      [
        { ...HUB, volume: "v1" },
        { upstream: "https://quay.io", port: 5002, volume: "v1" },
      ],
      "caches[1].volume: v1 is the volume of caches[0] already",
    ],
    [
      "the registry's volume",
      [{ ...HUB, volume: "registry-data" }],
      "caches[0].volume: registry-data holds the registry's own images: expected another volume",
    ],
    [
      "a cache of this registry",
      [{ upstream: "http://10.0.0.11:5000", port: 5001, name: "a.lan" }],
      "caches[0].upstream: expected another registry, found this registry itself: nodes pull from 10.0.0.11:5000 directly; leave the cache out",
    ],
    [
      "a cache of itself",
      [{ upstream: "http://10.0.0.11:5001", port: 5001 }],
      "caches[0].upstream: expected another registry, found a cache on the same host: nodes pull from 10.0.0.11:5001 directly; leave the cache out",
    ],
    [
      "this registry's name",
      [{ ...HUB, name: "10.0.0.11:5000" }],
      "caches[0].name: expected another registry's name, found this one's: its images are not cached; leave the cache out",
    ],
    [
      "an upstream whose host cannot be in an image name",
      [{ upstream: "http://mirror", port: 5001 }],
      "caches[0].name: missing: no image name can begin with mirror, the upstream's host; expected the registry's name in image names",
    ],
    [
      "a name for all registries, since a cache has one upstream",
      [{ ...HUB, name: "_default" }],
      `caches[0].name: expected a registry's host as in image names (docker.io, 10.0.0.5:5000; one without a dot needs its port), found "_default"`,
    ],
    [
      "a login without a password",
      [{ ...HUB, username: "robot" }],
      "caches[0].password: missing: expected one together with username, or none of both",
    ],
    [
      "a password alone",
      [{ ...HUB, password: "secret" }],
      "caches[0].username: missing: expected one together with password, or none of both",
    ],
    [
      "a password that is no text",
      [{ ...HUB, username: "r", password: 7 }],
      "caches[0].password: expected a password, found another value",
    ],
  ])("refuses %s", (_, caches, problem) => {
    expect(problemsOf(caches)).toEqual([problem]);
  });

  test("refuses a cache that is among the mirrors of its name too", () => {
    const mirrors = { "docker.io": ["http://10.0.0.11:5001/"] };
    expect(problemsOf([HUB], { mirrors })).toEqual([
      'caches[0].name: the cache is in mirrors["docker.io"] already: leave it out there',
    ]);
  });
});
