import { type ContainerdInput } from "../../../patch";
import { generateHostsFiles, HOSTS_FILES } from "./hosts-files";
import { generateImport, IMPORTS, type Merged } from "./imported";
import { Random } from "./random";
import { type Model, type ModelValue, Raw, SPELLINGS, TomlWriter } from "./toml-writer";
import { DOCKER_MIRRORS, generateWanted, type Wanted, WISHES } from "./wanted";

/** The registry settings of a generated config.toml. */
export const STATES = [
  "no registry table",
  "an empty registry table",
  "an empty config_path",
  "one directory as config_path",
  "a list as config_path",
  "mirrors",
  "mirrors and an empty config_path",
  "an empty mirrors table",
  "mirrors and config_path",
  "our host, another endpoint",
  "our host already there",
  "our host there in another spelling",
  "our host among others' endpoints",
  "docker.io in another order",
  "docker.io partly there",
  "a star in mirrors",
  "auth for a registry",
  "a TLS table without a mirror",
  "registry keys in other letters",
  "certificates of the registry as Docker has them",
  "certificates of another registry as Docker has them",
  "certificates in Docker's own folder",
  "pulls by itself",
  "tables without a version, which 2.3 reads",
  "no version line",
  "version 1",
  "version 2",
  "version 3",
  "version 4",
  "containerd 1.x",
  "containerd 2.x",
  "a file of no keys",
  "migrate",
  "registry settings in another version's table",
  "a table twice",
  "a byte-order mark",
  "taken out again",
] as const;

type State = (typeof STATES)[number];

export const FEATURES: readonly string[] = [
  ...SPELLINGS,
  ...STATES,
  ...WISHES,
  ...HOSTS_FILES,
  ...IMPORTS,
];

/** One generated file, and the input of its plan. */
export interface Case {
  seed: number;
  text: string;
  input: ContainerdInput;
  features: ReadonlySet<string>;
  /** Path of the registry table. */
  registry: string[];
  /** The version line that the plan has to add. */
  addVersion: number | undefined;
  mirrors: Record<string, string[]>;
  configPath: string;
  /** Whether it has a TLS table that this containerd reads. */
  tls: boolean;
  /** The plugin's table in the file. */
  cri: Model;
  /** Our registry first. */
  wanted: Wanted[];
  merged: Merged | undefined;
}

/** The file number `seed`. */
export function generateConfig(seed: number): Case {
  const random = new Random(seed);
  const features = new Set<string>();
  const note = (feature: string): void => void features.add(feature);

  const major = random.pick([1, 1, 2, 2]);
  note(major === 1 ? "containerd 1.x" : "containerd 2.x");
  const daemonVersion =
    major === 1 ? random.pick(["1.6.20", "1.7.28"]) : random.pick(["2.0.11", "2.2.3", "2.3.4"]);
  const versions: (number | undefined)[] =
    major === 1 ? [2, 2, 2, 2, 1, undefined] : [2, 3, 3, 3, undefined];
  if (daemonVersion === "2.3.4") versions.push(4, 4, 4);
  const version = random.pick(versions);
  note(version === undefined ? "no version line" : `version ${version}`);

  const wanted = generateWanted(random, note);
  const nothing = random.chance(0.02);
  if (nothing) note("a file of no keys");
  const isRead = version === undefined && daemonVersion === "2.3.4" && !nothing;
  if (isRead) note("tables without a version, which 2.3 reads");
  const plugin = pluginOf(isRead ? random.pick([1, 2, 3]) : (version ?? 1));
  const part = generateRegistry(random, wanted[0] as Wanted, major, note);
  const model = nothing ? {} : generateModel(random, version, plugin, isRead, part.registry);
  if (!nothing && major === 2 && !isRead && version === undefined) delete model["plugins"];
  const table = (model["plugins"] as Model | undefined)?.[plugin] as Model | undefined;
  if (table !== undefined && random.chance(0.1)) {
    note("pulls by itself");
    table["max_concurrent_downloads"] = 5;
  }
  const plugins = model["plugins"] as Model | undefined;
  // Without a version line and a configured plugin, the version comes with the first table.
  const bare = model["version"] === undefined && Object.keys(plugins ?? {}).length === 0;
  const addVersion = bare ? (major === 1 ? 2 : 3) : undefined;
  const isThere = plugins !== undefined && part.registry !== undefined && plugin in plugins;
  const mirrors = isThere ? part.mirrors : {};
  const configPath = isThere ? part.configPath : "";
  const tls = isThere && part.tls;
  if (!isThere) features.delete("registry keys in other letters");
  const cri = (plugins?.[plugin] ?? {}) as Model;

  const own = { cri, mirrors, configPath };
  const merged = random.chance(0.25)
    ? generateImport(random, daemonVersion, own, wanted)
    : undefined;
  if (merged !== undefined) note(merged.kind);
  if (merged !== undefined && merged.kind !== "a dump, nothing imported") {
    if (!nothing) model["imports"] = ["conf.d/*.toml"];
  }
  if (plugins !== undefined && version !== undefined && random.chance(0.03)) {
    note("registry settings in another version's table");
    plugins[version === 1 ? pluginOf(2) : "cri"] = { registry: { config_path: "/wrong" } };
  }
  const writer = new TomlWriter(random);
  const text = spoilt(random, writer.write(model), note);
  for (const feature of writer.features) features.add(feature);

  const directory = (merged ?? own).configPath.split(":")[0] ?? "";
  const folder = directory === "" ? "/etc/containerd/certs.d" : directory;
  const certsD = generateHostsFiles(random, folder, wanted[0] as Wanted, note);
  const certificates = generateCertificates(random, folder, wanted[0] as Wanted, note);
  const migrate = random.chance(0.15);
  if (migrate) note("migrate");
  if (random.chance(0.3)) note("taken out again");
  const [ours, ...others] = wanted as [Wanted, ...Wanted[]];
  return {
    seed,
    text,
    features,
    registry: ["plugins", addVersion === undefined ? plugin : pluginOf(addVersion), "registry"],
    addVersion,
    mirrors,
    configPath,
    tls,
    cri,
    wanted,
    merged,
    input: {
      configPath: "/etc/containerd/config.toml",
      bytes: Buffer.from(text),
      daemonVersion,
      ...(merged !== undefined && { dump: merged.dump }),
      certsD,
      certificates,
      registry: { address: ours.host, endpoints: ours.endpoints },
      mirrors: Object.fromEntries(others.map(({ host, endpoints }) => [host, endpoints])),
      migrate,
    },
  };
}

/** Faults that some or all daemons reject: a duplicate table, a byte-order mark. */
function spoilt(random: Random, text: string, note: (feature: State) => void): string {
  if (random.chance(0.03)) {
    note("a table twice");
    const newline = text === "" || text.endsWith("\n") ? "" : "\n";
    return `${text}${newline}[twice]\na = 1\n[twice]\n`;
  }
  if (!random.chance(0.04)) return text;
  note("a byte-order mark");
  return `\uFEFF${text}`;
}

function pluginOf(version: number): string {
  if (version === 1) return "cri";
  return version === 2 ? "io.containerd.grpc.v1.cri" : "io.containerd.cri.v1.images";
}

interface RegistryPart {
  registry: Model | undefined;
  mirrors: Record<string, string[]>;
  configPath: string;
  /** Whether there is a TLS table that this containerd reads. */
  tls: boolean;
}

/** Folders of certificates beside hosts.toml files, in Docker's layout. */
function generateCertificates(
  random: Random,
  folder: string,
  { host }: Wanted,
  note: (feature: State) => void,
): string[] {
  const found: [State, string][] = [
    ["certificates of the registry as Docker has them", `${folder}/${host}/ca.crt`],
    ["certificates of another registry as Docker has them", `${folder}/other.lan/client.cert`],
    ["certificates in Docker's own folder", "/etc/docker/certs.d/other.lan/ca.crt"],
  ];
  return found.flatMap(([kind, path]) => {
    if (!random.chance(0.1)) return [];
    note(kind);
    return [path];
  });
}

function generateRegistry(
  random: Random,
  ours: Wanted,
  major: number,
  note: (feature: State) => void,
): RegistryPart {
  const urls = ours.endpoints.map(({ url }) => url);
  const state = random.pick([
    "no registry table",
    "an empty registry table",
    "an empty config_path",
    "one directory as config_path",
    "a list as config_path",
    "mirrors",
    "mirrors",
    "mirrors",
    "mirrors",
    "mirrors and an empty config_path",
    "an empty mirrors table",
    "mirrors and config_path",
  ] as const);
  note(state);
  if (state === "no registry table") {
    return { registry: undefined, mirrors: {}, configPath: "", tls: false };
  }
  const registry: Model = {};
  const configPath =
    state === "one directory as config_path" || state === "mirrors and config_path"
      ? random.pick(["/etc/containerd/certs.d", "/srv/certs.d"])
      : state === "a list as config_path"
        ? "/etc/containerd/certs.d:/etc/docker/certs.d"
        : "";
  if (configPath !== "" || state.includes("empty config_path"))
    registry["config_path"] = configPath;
  const configs: Model = {};
  if (random.chance(0.15)) {
    note("auth for a registry");
    configs["ghcr.io"] = { auth: { username: "me", password: "x # y" } };
  }
  if (random.chance(0.15)) {
    note("a TLS table without a mirror");
    configs["tls.lan:5000"] = { tls: { ca_file: "/etc/tls.lan.crt" } };
  }
  if (Object.keys(configs).length > 0) registry["configs"] = configs;
  const mirrors: Record<string, string[]> = {};
  if (state.startsWith("mirrors")) {
    if (random.chance(0.7)) mirrors["docker.io"] = dockerMirrors(random, note);
    if (random.chance(0.3)) mirrors["quay.io"] = ["https://quay.example.org"];
    if (random.chance(0.1)) {
      note("a star in mirrors");
      mirrors["*"] = ["https://any.example.org"];
    }
    const kind = random.pick(["", "", "", "other", "same", "spelt", "among"]);
    if (kind === "other") {
      note("our host, another endpoint");
      mirrors[ours.host] = ["https://old.example.org:5000"];
    } else if (kind === "same") {
      note("our host already there");
      mirrors[ours.host] = urls;
    } else if (kind === "spelt") {
      note("our host there in another spelling");
      mirrors[ours.host] = urls.map((url) =>
        url.endsWith("/v2")
          ? `${url}/`
          : url.replace("http", "HTTP") + random.pick(["/v2", "/v2/"]),
      );
    } else if (kind === "among") {
      note("our host among others' endpoints");
      mirrors[ours.host] = ["https://a.example.org", ...urls, "https://b.example.org"];
    }
    if (Object.keys(mirrors).length === 0) mirrors["gcr.io"] = ["https://mirror.gcr.io"];
  }
  if (state.startsWith("mirrors") || state === "an empty mirrors table") {
    registry["mirrors"] = Object.fromEntries(
      Object.entries(mirrors).map(([host, endpoint]): [string, ModelValue] => [host, { endpoint }]),
    );
  }
  const inOthers = random.chance(0.06);
  if (inOthers && Object.keys(registry).length > 0) note("registry keys in other letters");
  const name = (key: string): string =>
    inOthers ? `${key[0]?.toUpperCase()}${key.slice(1)}` : key;
  const entries = Object.entries(registry).map(([key, value]) => [name(key), value] as const);
  const shuffled = Object.fromEntries(random.shuffled(entries));
  // Then 1.x reads none of these, and no other version is planned for.
  return inOthers
    ? { registry: shuffled, mirrors: {}, configPath: "", tls: false }
    : { registry: shuffled, mirrors, configPath, tls: "tls.lan:5000" in configs && major === 1 };
}

function dockerMirrors(random: Random, note: (feature: State) => void): string[] {
  const kind = random.below(4);
  if (kind === 0) return DOCKER_MIRRORS;
  if (kind === 1) {
    note("docker.io in another order");
    return [...DOCKER_MIRRORS].reverse();
  }
  if (kind === 2) {
    note("docker.io partly there");
    return ["https://first.example.org", "https://docker-mirror.killer.sh:443"];
  }
  return ["https://dockerhub.example.org"];
}

/** Text that resembles the tables that a patcher searches for. */
const lookalikes = [
  '[plugins."io.containerd.grpc.v1.cri".registry]',
  '  [plugins."io.containerd.grpc.v1.cri".registry.mirrors]',
  "[plugins.'io.containerd.cri.v1.images'.registry]",
  "[plugins.'io.containerd.cri.v1.images'.registry.mirrors]",
  "[plugins.cri.registry.mirrors]",
].join("\n");

/** The rest of the file, with everything that is difficult for a scanner. */
function generateModel(
  random: Random,
  version: number | undefined,
  plugin: string,
  isRead: boolean,
  registry: Model | undefined,
): Model {
  const model: Model = {};
  if (version !== undefined) model["version"] = version;
  const maybe = (key: string, value: ModelValue): void => {
    if (random.chance(0.5)) model[key] = value;
  };
  maybe("root", "/var/lib/containerd");
  maybe("oom_score", -999);
  maybe("disabled_plugins", []);
  maybe("grpc", { address: "/run/containerd/containerd.sock", gid: 0 });
  maybe("debug", { address: "a # [b] = 'c'", note: 'say "]" \\ and Zürich' });
  maybe("odd", {
    when: new Raw("1979-05-27 07:32:00Z", true),
    big: new Raw("9223372036854775807", true),
    hex: new Raw("0xDEAD_BEEF", true),
    many: new Raw('"""\n[not.a.table]\nkey = \'v\' \\\n  """', false),
    raw: new Raw(`'''\n${lookalikes}\n'''`, false),
    ratio: new Raw("-1.5e-3", true),
    folder: new Raw("'C:\\temp\\'", true),
  });
  maybe("timeouts", { "io.containerd.timeout.bolt.open": "0s" });
  const cri: Model = {};
  if (random.chance(0.6)) cri["sandbox_image"] = "registry.k8s.io/pause:3.8";
  if (random.chance(0.5))
    cri["containerd"] = { runtimes: { runc: { options: { SystemdCgroup: true } } } };
  if (registry !== undefined) cri["registry"] = registry;
  const plugins: Model = {};
  const other = plugin === "cri" ? "opt" : "io.containerd.internal.v1.opt";
  if (random.chance(0.3)) plugins[other] = { path: "/opt/containerd" };
  if (random.chance(0.15) && version !== undefined && version >= 2) {
    plugins["io.containerd.transfer.v1.local"] = {
      config_path: "",
      unpack_config: [{ differ: "walking" }, { platform: "linux/amd64" }],
    };
  }
  if (Object.keys(cri).length > 0 || isRead || random.chance(0.5)) plugins[plugin] = cri;
  model["plugins"] = Object.fromEntries(random.shuffled(Object.entries(plugins)));
  return model;
}
