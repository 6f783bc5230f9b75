import { Refusal } from "../../../patch";
import { CONTAINERD, STARTS } from "../../../patch/containerd/readers";
import { parseDaemonVersion } from "../../../patch/containerd/version";
import { planFor } from "./plan";

/** All versions in the matrix suite, which include the newest one. */
export const VERSIONS = ["1.6.20", "1.7.24", "2.2.3", "2.3.7"];

const rows = Object.entries({ ...CONTAINERD, "a start": STARTS }).flatMap(([reader, facts]) =>
  facts.map((fact) => [`${reader}: containerd ${fact.does}`, fact] as const),
);

describe.each(rows)("%s", (_, fact) => {
  it.each(VERSIONS)(
    "%s: is refused with its line where that is so, and planned as its fix has it",
    (version) => {
      const daemon = parseDaemonVersion(version);
      const ofThis = daemon !== undefined && fact.of(daemon);
      const refusal = (text: string): Refusal | undefined => {
        try {
          planFor(text, { daemonVersion: version });
        } catch (error) {
          if (error instanceof Refusal) return error;
          throw error;
        }
        return undefined;
      };
      const isV3 = fact.example.includes("version = 3");
      if (isV3 && !ofThis) return;
      const refused = refusal(fact.example);
      if (ofThis)
        expect(refused?.problems.map(({ line, fix }) => [typeof line, fix !== ""])).toEqual([
          ["number", true],
        ]);
      else expect(refused).toBeUndefined();
      if (ofThis) expect(refusal(fact.instead)).toBeUndefined();
    },
  );
});

const CRI = 'plugins."io.containerd.grpc.v1.cri"';

/** The description, the file, and the versions that do not start with it or do not load CRI. */
const STOPPED: readonly [string, string, string[]][] = [
  ["a port that is a number", `version = 2\n[${CRI}]\nstream_server_port = 10010\n`, VERSIONS],
  [
    "a TLS setting in quotes, which 2.x does not look at",
    `version = 2\n[${CRI}.registry.configs."a.lan".tls]\ninsecure_skip_verify = "true"\n`,
    VERSIONS.slice(0, 2),
  ],
  [
    "a value of another type in a version 1 file",
    '[plugins.cri.registry.mirrors."docker.io"]\nendpoint = "https://a"\n',
    ["1.6.20", "1.7.24", "2.3.7"],
  ],
  [
    "a value of another type in a version 3 table",
    'version = 2\n[plugins."io.containerd.cri.v1.images"]\nmax_concurrent_downloads = "3"\n',
    VERSIONS.slice(2),
  ],
  ["an unknown log format", 'version = 2\n[debug]\nformat = "xml"\n', VERSIONS],
  [
    "runtimes without the default one",
    `version = 2\n[${CRI}.containerd.runtimes.nvidia]\nruntime_type = "io.containerd.runc.v2"\n`,
    VERSIONS.slice(0, 2),
  ],
  [
    "runtime_engine",
    `version = 2\n[${CRI}.containerd.runtimes.runc]\nruntime_type = "io.containerd.runc.v2"\nruntime_engine = "/x"\n`,
    VERSIONS.slice(0, 2),
  ],
  [
    "a pull timeout without its unit, which 1.6 does not know",
    `version = 2\n[${CRI}]\nimage_pull_progress_timeout = "5"\n`,
    VERSIONS.slice(1),
  ],
  ["a plugin that CRI needs, by its short name", 'disabled_plugins = ["overlayfs"]\n', VERSIONS],
];

describe.each(STOPPED)("a file that containerd does not start with: %s", (_, text, refusing) => {
  it.each(VERSIONS)("is refused for %s if that is true", (version) => {
    const plan = (): unknown => planFor(text, { daemonVersion: version });
    if (refusing.includes(version)) expect(plan).toThrow(Refusal);
    else if (version !== "2.2.3") expect(plan).not.toThrow();
  });
});

describe("a file that containerd starts with, although it resembles one of those", () => {
  it.each([
    `version = 2\n[${CRI}.containerd]\nsnapshotter = "native"\n`,
    `version = 2\nimports = ["/etc/containerd/conf.d/*.toml"]\n[${CRI}.containerd]\ndefault_runtime_name = "nvidia"\n`,
    `version = 2\n[${CRI}.containerd.default_runtime]\nruntime_type = "io.containerd.runc.v2"\n`,
    'version = 2\n[debug]\nlevel = "WARN"\n',
    'version = 2\n[timeouts]\n"a" = "0"\n',
    `version = 2\n[${CRI}.containerd.runtimes.runc]\nruntime_type = "io.containerd.runc.v2"\nruntime_root = ""\n`,
  ])("is planned: %j", (text) => {
    for (const daemonVersion of VERSIONS)
      expect(() => planFor(text, { daemonVersion })).not.toThrow();
  });
});
