import { refusals } from "../../decision/refusals";
import type { Seen, Surveyed } from "../../observation/hosts";
import type { Observation, ObservedContainer } from "../../observation/observation";
import { recordIds } from "../../observation/records";
import { parseSettings } from "../../settings/parse";
import { file, observation, service } from "../helper/observations";

const ids = recordIds("cluster-registry", "test");
const settings = parseSettings({
  registry: { host: "cp", address: "10.0.0.1" },
  nodes: [
    { name: "cp", address: "10.0.0.1", role: "master" },
    { name: "node01", address: "10.0.0.2", role: "worker" },
  ],
});

const CONFIG = `version = 2
[plugins."io.containerd.grpc.v1.cri".registry.mirrors]
  [plugins."io.containerd.grpc.v1.cri".registry.mirrors."docker.io"]
    endpoint = ["https://registry-1.docker.io"]
`;

function node(changes: Partial<Observation> = {}): Observation {
  return observation({
    files: [file("/etc/containerd/config.toml", CONFIG), file("/etc/docker/daemon.json", "{}\n")],
    containerd: { version: "1.6.20", service: service(), dump: CONFIG, hostsToml: [] },
    ...changes,
  });
}

const docker = (
  changes: Partial<NonNullable<Observation["docker"]>> = {},
): NonNullable<Observation["docker"]> => ({
  version: "20.10.24",
  service: service({ unit: "docker.service", execStart: "/usr/sbin/dockerd -H fd://" }),
  insecureRegistries: [],
  loginReachesSocket: true,
  containers: [],
  ...changes,
});

const container = (labels: Record<string, string>): ObservedContainer => ({
  id: "1",
  name: "registry",
  image: "registry:2",
  running: true,
  status: "running",
  exitCode: 0,
  labels,
  ports: ["0.0.0.0:5000->5000/tcp"],
  mounts: [],
  restartPolicy: "no",
});

function access(name: string, login: Partial<Seen["access"]["login"]> = {}): Seen["access"] {
  return {
    name,
    login: { host: name, port: 22, user: "root", privateKey: "KEY", ...login },
    sudo: false,
    waitSeconds: 0,
    identityFile: "/key",
    knownHostsFiles: ["/known_hosts"],
    keyInFiles: true,
    learnHostKey: false,
    notes: [],
  };
}

function problemsOf(hosts: Surveyed[], of = settings): string[] {
  const surveyed = new Map(hosts.map((host) => [host.access?.name ?? "", host]));
  return refusals(of, surveyed, ids).map(({ host, reason }) => `${host}: ${reason}`);
}

const node01: Seen = { access: access("node01"), observation: node({ hostId: "node01-id" }) };
const cp = (changes: Partial<Observation>, login = {}): Seen => ({
  access: access("cp", login),
  observation: node({ hostId: "cp-id", docker: docker(), ...changes }),
});

describe("refusals", () => {
  test("hosts without problems give none", () => {
    expect(problemsOf([cp({}), node01])).toEqual([]);
  });

  test("a host that could not be observed is one, and the other hosts are still checked", () => {
    const broken: Surveyed = {
      access: access("node01"),
      observation: node({
        hostId: "x",
        files: [file("/etc/containerd/config.toml", "version = = 2\n")],
      }),
    };
    const problems = problemsOf([{ access: access("cp"), error: new Error("no answer") }, broken]);
    expect(problems[0]).toBe("cp: no answer");
    expect(problems[1]).toMatch(/^node01: \/etc\/containerd\/config\.toml:1:/);
    expect(problems).toHaveLength(2);
  });

  test("docker that is to start on a node without forwarding is one, and docker that runs there is not", () => {
    const forwards = { now: false };
    const stopped = service({ unit: "docker.service", active: "inactive", sub: "dead" });
    const [problem, ...more] = problemsOf([
      cp({ docker: docker({ forwards, service: stopped }) }),
      node01,
    ]);
    expect(problem).toMatch(/^cp: expected net\.ipv4\.ip_forward = 1, as on every node, found 0: /);
    expect(more).toEqual([]);
    expect(problemsOf([cp({ docker: docker({ forwards }) }), node01])).toEqual([]);
  });

  test("a node without containerd is named", () => {
    const none: Surveyed = {
      access: access("node01"),
      observation: node({
        hostId: "x",
        containerd: { service: service({ installed: false }), hostsToml: [] },
      }),
    };
    expect(problemsOf([cp({}), none])).toEqual([
      "node01: containerd is not installed: install it first, or remove the host from nodes",
    ]);
  });

  const on = (changes: Partial<ReturnType<typeof service>>, more = {}): Surveyed => ({
    access: access("node01"),
    observation: node({
      hostId: "x",
      containerd: {
        version: "1.6.20",
        service: service(changes),
        dump: CONFIG,
        hostsToml: [],
        ...more,
      },
    }),
  });

  test("obstacles for up are refused, although what it would do is known", () => {
    const surveyed = new Map([["node01", on({ killMode: "mixed" }, { ctr: false })]]);
    expect(refusals(settings, surveyed, ids)).toEqual([
      {
        host: "node01",
        reason:
          "expected KillMode=process in containerd.service, so that a restart leaves the containers running; found KillMode=mixed: set it with `systemctl edit containerd`\n" +
          "cannot query containerd: the ctr command is not installed",
        planned: true,
      },
    ]);
  });

  test("a proxy that the process has without its unit is refused, unless the registry is excepted", () => {
    const processEnvironment = [
      { name: "HTTP_PROXY", value: "http://me:pw@proxy:3128", source: "/proc/47/environ" },
    ];
    const [problem] = problemsOf([cp({}), on({ processEnvironment })]);
    expect(problem).toContain(
      "node01: /proc/47/environ: expected 10.0.0.1 in NO_PROXY, since HTTP_PROXY is set",
    );
    expect(problem).not.toContain("me:pw");
    const noProxy = { name: "no_proxy", value: "10.0.0.0/8", source: "/proc/47/environ" };
    expect(
      problemsOf([cp({}), on({ processEnvironment: [...processEnvironment, noProxy] })]),
    ).toEqual([]);
  });

  test("a node whose containerd reads an uncertain file is refused with the unit's line", () => {
    const unit = {
      path: "/etc/systemd/system/containerd.service",
      text: "[Service]\nExecStart=/opt/start\n",
    };
    const unknown = on(
      { execStart: "/opt/start", unitFiles: [unit] },
      { configDoubt: "its unit does not say which, and it does not run" },
    );
    expect(problemsOf([cp({}), unknown])).toEqual([
      "node01: /etc/systemd/system/containerd.service:2: expected a command line that says which file containerd reads; " +
        "found `ExecStart=/opt/start`: its unit does not say which, and it does not run\n" +
        "  fix: name the file in the unit's own ExecStart, as `--config /etc/containerd/config.toml`, or take `--config` away",
    ]);
  });

  test("a node whose containerd is masked and stopped is refused for that, not for a missing containerd", () => {
    const masked = on(
      { installed: false, enabled: "masked", active: "inactive", execStart: "", unitFiles: [] },
      { configDoubt: "its unit does not say which, and it does not run" },
    );
    expect(problemsOf([cp({}), masked])).toEqual([
      "node01: expected a unit containerd.service that can be started; found it masked: run `systemctl unmask containerd`",
    ]);
  });

  test("a registry host without docker is refused if the settings say present, or without apt", () => {
    const bare = service({ installed: false });
    const without = (apt: boolean) => {
      const missing = docker({ service: bare });
      delete missing.version;
      return cp({ docker: missing, apt });
    };
    expect(problemsOf([without(true), node01])).toEqual([]);
    expect(problemsOf([without(true), node01], { ...settings, docker: "present" })).toEqual([
      "cp: docker is not installed on this host (docker: present): install it, or set docker: apt",
    ]);
    for (const source of ["apt", { packages: "/srv/debs" }] as const) {
      expect(problemsOf([without(false), node01], { ...settings, docker: source })).toEqual([
        "cp: cannot install docker, because this host has no apt-get: install docker by hand and set docker: present",
      ]);
    }
    const present = cp({ apt: false });
    expect(problemsOf([present, node01], { ...settings, docker: "present" })).toEqual([]);
  });

  test("a container created by hand is refused with its image and ports, and adopted with registry.adopt", () => {
    const hand = cp({ docker: docker({ containers: [container({})] }) });
    expect(problemsOf([hand, node01])).toEqual([
      "cp: expected no container named registry, found one that was made by hand (registry:2, 0.0.0.0:5000->5000/tcp): " +
        "set registry.adopt: true to take it over with its images, or remove it",
    ]);
    const adopting = { ...settings, registry: { ...settings.registry, adopt: true } };
    expect(problemsOf([hand, node01], adopting)).toEqual([]);
  });

  test("a container of this stack is not a problem, one of another stack is", () => {
    const owned = (owner: string) =>
      cp({ docker: docker({ containers: [container({ "io.cluster-registry.owner": owner })] }) });
    expect(problemsOf([owned(ids.container), node01])).toEqual([]);
    expect(problemsOf([owned("other.prod.registry"), node01])).toEqual([
      "cp: expected no container named registry, found that of other.prod.registry (0.0.0.0:5000->5000/tcp): one registry host serves one stack",
    ]);
  });

  test("a login without access to Docker's socket is refused, with the command to run", () => {
    const ops = (there: ReturnType<typeof docker>) => cp({ docker: there }, { user: "ops" });
    expect(problemsOf([ops(docker({ loginReachesSocket: false })), node01])).toEqual([
      "cp: the user ops cannot access Docker's socket: " +
        "log in as root on this host, or run 'usermod -aG docker ops' there",
    ]);
    expect(problemsOf([ops(docker()), node01])).toEqual([]);
  });

  const sshOnly = (what: string, found: string) =>
    `cp: expected ${what} by agent, or by privateKeyPath and a key without a passphrase, found ${found}: ` +
    "@pulumi/docker runs ssh, which takes no secrets (ssh-add the key and set agent: true)";

  test("a login that OpenSSH cannot repeat is refused on the registry host only", () => {
    const byPassword: Surveyed = {
      access: access("node01", { password: "pw" }),
      observation: node({ hostId: "node01-id" }),
    };
    expect(problemsOf([cp({}), byPassword])).toEqual([]);
    expect(problemsOf([cp({}, { password: "pw" }), node01])).toEqual([
      sshOnly("a login", "one by password"),
    ]);
    expect(problemsOf([cp({}, { privateKeyPassphrase: "pw" }), node01])).toEqual([
      sshOnly("a login", "a key with a passphrase"),
    ]);
    const inline = access("cp");
    Reflect.deleteProperty(inline, "identityFile");
    const byKey: Surveyed = { ...cp({}), access: inline };
    expect(problemsOf([byKey, node01])).toEqual([sshOnly("a login", "one by privateKey")]);
  });

  test("the same holds for the bastion of the registry host", () => {
    const bastion = {
      ...access("b"),
      login: { host: "b", port: 22, user: "jump", password: "pw" },
    };
    const behind: Surveyed = { ...cp({}), access: { ...access("cp"), bastion } };
    expect(problemsOf([behind, node01])).toEqual([
      sshOnly("a login at the bastion", "one by password"),
    ]);
  });

  test("a host key that is only in the settings is refused on the registry host, with the line to add", () => {
    const explicit = (host: Seen): Seen => ({
      ...host,
      access: {
        ...host.access,
        keyInFiles: false,
        login: { ...host.access.login, port: 2222, hostKeys: ["ssh-ed25519 AAAA"] },
      },
    });
    expect(problemsOf([explicit(cp({})), explicit(node01)])).toEqual([
      "cp: expected the host key of [cp]:2222 in /known_hosts, found it in ssh.hostKey alone: " +
        "@pulumi/docker runs ssh, which takes host keys from files only; add the line '[cp]:2222 ssh-ed25519 AAAA' there",
    ]);
  });

  test("two names for one host are refused, because each would undo the other's patch", () => {
    const twin: Surveyed = { access: access("node01"), observation: node({ hostId: "cp-id" }) };
    expect(problemsOf([cp({}), twin])).toEqual([
      "node01: this is the same host as cp (enrolment cp-id): remove one of them from the configuration",
    ]);
  });
});

describe("a container at the place of a cache", () => {
  const cached = parseSettings({
    registry: { host: "cp", address: "10.0.0.1" },
    nodes: [{ name: "cp", address: "10.0.0.1", role: "master" }],
    caches: [{ upstream: "https://quay.io", port: 5001 }],
  });
  const withCache = (labels: Record<string, string>): string[] => {
    const containers = [{ ...container(labels), id: "2", name: "registry-cache-5001" }];
    const found = node({ docker: docker({ containers }) });
    return problemsOf([{ access: access("cp"), observation: found }], cached);
  };

  test("that was made by hand is refused before anything is touched", () => {
    expect(withCache({})).toEqual([
      "cp: expected no container named registry-cache-5001, found one that was made by hand (registry:2): remove or rename it, or choose another port for caches[0]",
    ]);
  });

  test("of another stack is refused with that stack's name, and our own is not", () => {
    expect(withCache({ "io.cluster-registry.owner": "p.other.cache-5001" })).toEqual([
      "cp: expected no container named registry-cache-5001, found that of p.other.cache-5001: remove or rename it, or choose another port for caches[0]",
    ]);
    expect(withCache({ "io.cluster-registry.owner": ids.cache(5001) })).toEqual([]);
  });
});
