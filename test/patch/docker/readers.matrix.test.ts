import { KEYS } from "../../../patch/docker/keys";
import { DOCKERD, type ReaderFact, takes } from "../../../patch/docker/readers";
import { defineLab, type RunningHost, type RunningLab, startLab } from "../../../lab";
import { describeLab } from "../../lab-only";
import { planAsked, SUGGESTIONS } from "./suggestions";
import { PLAIN_HTTP, startRegistry, write } from "../real-daemons";

const MINUTE = 60_000;
const PATH = "/root/reader.json";

/** The result of a dockerd that was started beside the host's own. */
interface Start {
  /** The insecure registries in its API; undefined if it did not start. */
  insecure: string[] | undefined;
  /** Its last messages. */
  log: string;
}

/** Starts dockerd with a file and flags, reads its insecure registries, and ends it by its process id. */
async function startDockerd(
  host: RunningHost,
  file: Buffer,
  flags: readonly string[] = [],
): Promise<Start> {
  await write(host, PATH, file);
  // In its own network, because a dockerd without a bridge would remove the other one's.
  const { stdout } = await host.exec(`
    rm -f /run/reader/docker.sock
    unshare --net dockerd --config-file ${PATH} --pidfile /run/reader/pid --data-root /root/reader \
      --exec-root /run/reader --host unix:///run/reader/docker.sock --bridge none --iptables=false \
      --containerd /run/containerd/containerd.sock --containerd-namespace reader \
      --containerd-plugins-namespace reader-plugins ${flags.join(" ")} >/root/reader.out 2>&1 &
    pid=$!
    for i in $(seq 200); do
      kill -0 $pid 2>/dev/null || break
      curl -fs --unix-socket /run/reader/docker.sock http://localhost/info && break
      sleep 0.1
    done
    kill $pid 2>/dev/null; wait $pid 2>/dev/null
    echo; tail -n 3 /root/reader.out`);
  const [first = "", ...log] = stdout.split("\n");
  if (!first.startsWith("{")) return { insecure: undefined, log: stdout };
  const { RegistryConfig: config } = JSON.parse(first) as {
    RegistryConfig: {
      InsecureRegistryCIDRs: string[];
      IndexConfigs: Record<string, { Secure: boolean }>;
    };
  };
  const hosts = Object.entries(config.IndexConfigs).filter(([, { Secure }]) => !Secure);
  const networks = config.InsecureRegistryCIDRs.filter(
    (network) => !["127.0.0.0/8", "::1/128"].includes(network),
  );
  return { insecure: [...hosts.map(([name]) => name), ...networks], log: log.join("\n") };
}

describeLab("patch/docker/readers.ts and the real dockerd", () => {
  let lab: RunningLab;
  let registry: string;
  beforeAll(async () => {
    lab = await startLab(
      defineLab({
        name: "readers",
        octet: 25,
        hosts: ["bookworm", { name: "trixie", flavour: "debian-13" }],
      }),
    );
    registry = await startRegistry(lab.host("bookworm"));
    await lab
      .host("trixie")
      .succeed("DEBIAN_FRONTEND=noninteractive apt-get install -y docker.io docker-cli");
  }, 10 * MINUTE);
  afterAll(() => lab?.down(), MINUTE);

  describe.each([
    ["bookworm", "20.10"],
    ["trixie", "26.1"],
  ])("on %s, dockerd %s", (name, version) => {
    let host: RunningHost;
    let dockerVersion: string;
    beforeAll(async () => {
      host = lab.host(name);
      dockerVersion = await host.succeed("docker version -f '{{.Server.Version}}'");
      expect(dockerVersion).toContain(version);
    });

    const facts = Object.entries(DOCKERD) as [keyof typeof DOCKERD, ReaderFact][];
    it.each(facts.map(([key, fact]) => [fact.does, key, fact] as const))(
      "%s",
      async (_, key, { example, flags, insecure }) => {
        const { log, ...start } = await startDockerd(host, Buffer.from(example), flags);
        const expected = takes(key, dockerVersion) ? insecure : undefined;
        expect({ ...start, log: start.insecure === expected ? "" : log }).toEqual({
          insecure: expected,
          log: expect.any(String) as string,
        });
      },
      MINUTE,
    );

    it(
      "knows every key of the table of keys that is said to be of it, and no other",
      async () => {
        const major = Number(version.split(".")[0]);
        const isKnown = ({ after = 0, before = Infinity }: { after?: number; before?: number }) =>
          major > after && major < before;
        const names = (known: boolean) =>
          [...KEYS].filter(([, key]) => isKnown(key) === known).map(([name]) => name);
        const file = (keys: string[]) =>
          Buffer.from(JSON.stringify(Object.fromEntries(keys.map((key) => [key, null]))));
        const unknown = [...names(false), "nonsense"].sort();
        for (const keys of [[...names(true), "nonsense"], unknown]) {
          const { log } = await startDockerd(host, file(keys));
          const listed = /don't match any configuration option: (.*)/.exec(log)?.[1];
          expect(listed?.split(", ").sort()).toEqual(keys === unknown ? unknown : ["nonsense"]);
        }
      },
      MINUTE,
    );

    it.each(SUGGESTIONS.map((one) => [one.name, one] as const))(
      "starts with the file that is planned once a suggestion was followed: %s",
      async (_, { followed }) => {
        const plan = planAsked({ ...followed, dockerVersion });
        const words = (followed.flags ?? []).flatMap((line) =>
          (typeof line === "string" ? line : line.text).split(" ").slice(1),
        );
        const { insecure, log } = await startDockerd(
          host,
          plan.files[0]?.desired ?? Buffer.alloc(0),
          words,
        );
        expect([insecure, log]).toEqual([
          expect.arrayContaining(["10.0.0.11:5000"]),
          expect.any(String),
        ]);
      },
      MINUTE,
    );

    it.each([
      [
        "PORT with a zero",
        (address: string) => address.replace(":", ":0"),
        (address: string) => address,
      ],
      ["capitals", () => "REGISTRY.lan:5000", () => "registry.lan:5000"],
      ["small letters", () => "registry.lan:5000", () => "REGISTRY.lan:5000"],
    ])(
      "does not pull by http what an entry names in other letters: %s",
      async (_, entryOf, otherOf) => {
        const entry = entryOf(registry);
        const other = otherOf(registry);
        const [address = ""] = registry.split(":");
        await host.succeed(`echo '${address} registry.lan' >>/etc/hosts`);
        const file = Buffer.from(JSON.stringify({ "insecure-registries": [entry] }));
        await write(host, "/etc/docker/daemon.json", file);
        await host.succeed("systemctl reload docker");
        await host.waitUntilSucceeds(`docker info | grep -F '${entry}'`);
        expect((await host.exec(`docker pull ${other}/tiny:1`)).stderr).toContain(PLAIN_HTTP);

        const plan = planAsked({ text: file, dockerVersion }, other);
        await write(host, "/etc/docker/daemon.json", plan.files[0]?.desired);
        await host.succeed("systemctl reload docker");
        await host.waitUntilSucceeds(`docker info | grep -F '${other}'`);
        expect(await host.succeed(`docker pull ${other}/tiny:1`)).toContain(
          "Downloaded newer image",
        );
        await host.succeed(`docker rmi ${other}/tiny:1`);
      },
      2 * MINUTE,
    );
  });
});
